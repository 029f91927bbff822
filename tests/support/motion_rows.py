"""Rows of a driver as they travel on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.motion_row import CONFIDENCE, EYES, MAX_ROWS, ROTATION, ROW_NUMBERS, TRANSLATION, WEIGHTS
from space_runtime.arrays import Floats
from space_runtime.capture.drive_rows import DriveRows
from space_runtime.timebase import SAMPLE_RATE


def wire_rows(rows: DriveRows) -> Floats:
    """Return (T, 64) rows without their times."""
    out = np.zeros((len(rows.samples), ROW_NUMBERS), np.float32)
    out[:, CONFIDENCE.first] = rows.confidence
    out[:, WEIGHTS.columns] = rows.blendshapes
    out[:, ROTATION.first : TRANSLATION.columns.stop] = rows.head
    out[:, EYES.columns] = rows.eyes_rad.reshape(-1, 4)
    return out


def motion_messages(
    session: int, stream: int, rows: DriveRows, rate: int = SAMPLE_RATE, at_once: int = MAX_ROWS
) -> Iterator[m.Motion]:
    """Yield the messages of rows, so many rows in each. rate: of the stream."""
    values, times = wire_rows(rows), rows.samples * rate / SAMPLE_RATE
    for start in range(0, len(values), at_once):
        part, first = values[start : start + at_once].copy(), int(times[start])
        part[:, 0] = times[start : start + at_once] - first
        yield m.Motion(session=session, stream=stream, at_sample=first, rows=part.reshape(-1))
