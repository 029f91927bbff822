"""Numbers of every session, as arrays by ensemble row, so that a whole batch of frames is accounted for at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from space_runtime.arrays import Doubles, Longs


@dataclass(slots=True, eq=False)
class FlowControl:
    """One row per session.

    session, stream: their numbers. seq, first_seq: of the next frame, of the stream's first one. until: first seq
    without credit. sent, dropped: frames of the stream. wanted: frames in all. first_index, samples, per_frames: frame
    n inside lies at the media sample (first_index + n) · samples / per_frames.
    started_at, playout_s: seconds; playout_s is infinite where nothing is ever late. kind: which encoder.
    """

    session: Longs
    stream: Longs
    seq: Longs
    first_seq: Longs
    until: Longs
    sent: Longs
    dropped: Longs
    wanted: Longs
    first_index: Longs
    samples: Longs
    per_frames: Longs
    kind: Longs
    started_at: Doubles
    playout_s: Doubles

    @classmethod
    def of(cls, n_rows: int) -> Self:
        """Return a ledger of zeros."""
        kinds = {"Longs": np.int64, "Doubles": np.float64}
        return cls(**{column.name: np.zeros(n_rows, kinds[str(column.type)]) for column in fields(cls)})

    def grow(self, n_rows: int) -> None:
        """Make room for at least that many rows."""
        missing = n_rows - len(self.session)
        if missing > 0:
            for column in fields(self):
                old = getattr(self, column.name)
                setattr(self, column.name, np.concatenate([old, np.zeros(max(missing, len(old)), old.dtype)]))

    def clear(self, row: int) -> None:
        """Set a row to zeros."""
        for column in fields(self):
            getattr(self, column.name)[row] = 0
