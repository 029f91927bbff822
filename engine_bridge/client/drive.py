"""Rows of motion that a caller gives a stream: kept until they are sent, and as long as they may be needed again."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine_bridge.protocol.errors import BridgeError
from engine_bridge.protocol.field_types import Floats
from engine_bridge.protocol.messages import Motion
from engine_bridge.protocol.motion_row import (
    CONFIDENCE,
    EYES,
    LAST_OFFSET,
    MAX_ROWS,
    ROTATION,
    ROW_NUMBERS,
    TRANSLATION,
    WEIGHTS,
    rows_fault,
)
from engine_bridge.protocol.server_ranges import LAST_SAMPLE

ROWS_AHEAD: Final = 512
"""Rows beyond the newest frame that are sent: half of what a server keeps."""
MAX_WAITING: Final = 65_536
"""Rows that may wait to be sent."""


@dataclass(frozen=True, slots=True, eq=False)
class MotionRows:
    """T rows as a caller gives them: arrays, or what makes some. See `SessionCommands.drive`."""

    samples: ArrayLike
    blendshapes: ArrayLike
    head: ArrayLike | None = None
    eyes_rad: ArrayLike | None = None
    confidence: ArrayLike | None = None


class Drive:
    """The rows of one stream, oldest first. Times are samples at the stream's rate."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, Floats]] = deque()
        self._newest = -math.inf
        self._sent = -math.inf

    def give(self, given: MotionRows) -> None:
        """Append rows. Raises `BridgeError` for what no server takes, and for times that do not rise."""
        times = _array("samples", given.samples, (-1,), np.float64).astype(np.float64, copy=False)
        n = len(times)
        rows = np.zeros((n, ROW_NUMBERS), np.float32)
        rows[:, WEIGHTS.columns] = _array("blendshapes", given.blendshapes, (n, WEIGHTS.n_numbers))
        rows[:, CONFIDENCE.first] = 1 if given.confidence is None else _array("confidence", given.confidence, (n,))
        if given.head is not None:
            rows[:, ROTATION.first : TRANSLATION.columns.stop] = _array("head", given.head, (n, 6))
        if given.eyes_rad is not None:
            rows[:, EYES.columns] = _array("eyes_rad", given.eyes_rad, (n, 2, 2)).reshape(n, EYES.n_numbers)
        self._check(times, rows)
        self._rows += zip(times.tolist(), rows, strict=True)
        self._newest = max(self._newest, times.max(initial=-math.inf))

    def messages(self, animated: float, until: float, shift: float) -> Iterator[Motion]:
        """Yield what is to be sent now; its session and stream are 0.

        animated: time of the newest frame. until: no later row. shift: samples that the server counts too few.
        """
        n_ahead = sum(animated < time <= self._sent for time, _ in self._rows)
        due = [item for item in self._rows if self._sent < item[0] <= until][: max(0, ROWS_AHEAD - n_ahead)]
        self._sent = due[-1][0] if due else self._sent
        due = [(time - shift, row) for time, row in due if time >= shift]
        while due:
            first = math.floor(due[0][0])
            n = sum(time - first <= LAST_OFFSET for time, _ in due[:MAX_ROWS])
            rows = np.array([row for _, row in due[:n]])
            rows[:, 0] = [time - first for time, _ in due[:n]]
            yield Motion(session=0, stream=0, at_sample=first, rows=rows.reshape(-1))
            due = due[n:]

    def rewind(self, sample: float) -> None:
        """Send what is later than a sample again."""
        self._sent = min(self._sent, sample)

    def forget(self, before: float) -> None:
        """Drop rows that were sent and are older than a sample."""
        while self._rows and self._rows[0][0] < min(before, self._sent):
            self._rows.popleft()

    def _check(self, times: NDArray[np.float64], rows: Floats) -> None:
        if times.size and not 0 <= times[0] <= times[-1] <= LAST_SAMPLE:
            raise BridgeError(f"samples of a drive run from {times[0]:g} to {times[-1]:g}; expected 0 to 2^53")
        if (np.diff(times, prepend=self._newest) <= 0).any():
            raise BridgeError("the times of a drive do not rise; give every row a later sample than the one before")
        for start in range(0, len(rows), MAX_ROWS):
            part = rows[start : start + MAX_ROWS].copy()
            part[:, 0] = np.arange(len(part))
            if fault := rows_fault(part):
                raise BridgeError(f"drive: {fault}")
        if sum(time > self._sent for time, _ in self._rows) + len(rows) > MAX_WAITING:
            raise BridgeError(f"more than {MAX_WAITING} rows wait to be sent; give them more slowly")


def _array(
    name: str, values: ArrayLike, shape: tuple[int, ...], kind: type[np.float32] | type[np.float64] = np.float32
) -> NDArray[np.floating]:
    try:
        array: NDArray[np.floating] = np.asarray(values, kind)
        fits = array.ndim == len(shape) and all(want in (-1, n) for want, n in zip(shape, array.shape, strict=True))
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise BridgeError(f"{name} of a drive are no numbers of the shape {shape}; give one row for every sample")
    if not np.isfinite(array).all():
        raise BridgeError(f"{name} of a drive have numbers that are not finite; give others, or a confidence of 0")
    return array
