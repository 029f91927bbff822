"""The rows of motion of one stream that frames may still need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from engine_bridge.protocol.messages import ErrorCode
from engine_bridge.protocol.motion_row import CONFIDENCE, EYES, ROTATION, ROW_NUMBERS, TIME, TRANSLATION, WEIGHTS
from space_runtime.animation.drive_runs import HELD
from space_runtime.arrays import Doubles, Floats
from space_runtime.capture.drive_rows import SEEN, DriveRows
from space_runtime.errors import counted
from space_runtime.server.limits import Refusal
from space_runtime.timebase import SAMPLE_RATE

KEPT: Final = SAMPLE_RATE
"""Samples before the next frame whose rows are kept: a second, in which a driver has come, gone and blended over."""
MAX_DRIVE_ROWS: Final = 1_024
"""Rows of a stream: 256 KiB, ten seconds in advance at a hundred a second."""


@dataclass(frozen=True, slots=True, eq=False)
class DriveBuffer:
    """Rows as they came. samples: (T,) at 16 kHz from the stream's first frame, rising. rows: (T, 64)."""

    samples: Doubles
    rows: Floats

    @classmethod
    def empty(cls) -> Self:
        """Return a buffer without rows."""
        return cls(np.zeros(0), np.zeros((0, ROW_NUMBERS), np.float32))

    def grown(self, samples: Doubles, rows: Floats, shown: float) -> DriveBuffer:
        """Return the buffer with the rows that are later than its newest one, and without those that no frame needs.

        shown: sample of the newest frame, −infinity before the first. Raises `Refusal` when more would be kept than may
        be.
        """
        news = samples > self.samples[-1:].max(initial=-np.inf)
        samples, rows = self._in_time(samples[news], rows[news], shown)
        kept = self.samples > shown - KEPT
        n_rows = int(kept.sum()) + len(samples)
        if not len(samples):
            return self
        if n_rows > MAX_DRIVE_ROWS:
            too_many = counted(n_rows, "row")
            raise Refusal(
                ErrorCode.TOO_FAST,
                f"{too_many} of motion would wait; at most {MAX_DRIVE_ROWS} do, send them as the face goes on",
            )
        return replace(
            self,
            samples=np.concatenate([self.samples[kept], samples]),
            rows=np.concatenate([self.rows[kept], rows]),
        )

    def _in_time(self, samples: Doubles, rows: Floats, shown: float) -> tuple[Doubles, Floats]:
        """Return the rows that change no frame that has been made, so that a face whose rows come late never jumps.

        Where the newest row is still held, it is until ``shown``; then the face catches up in as much time as it lost.
        """
        late = shown - self.samples[-1] if len(self.samples) else -np.inf
        if not 0 < late <= HELD or self.rows[-1, CONFIDENCE.first] < SEEN:
            in_time = samples >= shown
            return samples[in_time], rows[in_time]
        in_time = samples >= shown + late
        if not in_time.any():
            return samples[:0], rows[:0]
        return np.concatenate([[shown], samples[in_time]]), np.concatenate([self.rows[-1:], rows[in_time]])

    def drive_rows(self) -> DriveRows:
        """Return the rows as a motion source takes them."""
        return DriveRows(
            samples=self.samples,
            blendshapes=self.rows[:, WEIGHTS.columns],
            head=self.rows[:, ROTATION.first : TRANSLATION.columns.stop],
            eyes_rad=self.rows[:, EYES.columns].reshape(-1, 2, 2),
            confidence=self.rows[:, CONFIDENCE.first],
        )


def row_times(rows: Floats) -> Doubles:
    """Return the (T,) times of rows within their message, samples at the stream's rate."""
    return rows[:, TIME.first].astype(np.float64)
