"""Rows that stand at media times, and what lies between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Doubles, Index


class Between(NamedTuple):
    """Places between rows. before, after: (F,) rows. share: (F,) 0…1 of the way from the one to the other."""

    before: Index
    after: Index
    share: Doubles

    def of(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return (F, …) of (T, …) values, on the lines between rows, in double precision or that of the values."""
        old, new = values[self.before], values[self.after]
        between: NDArray[np.floating] = old + self.share.reshape(-1, *(1,) * (old.ndim - 1)) * (new - old)
        return between


def between_rows(samples: Doubles, wanted: Doubles, first: int = 0, last: int | None = None) -> Between:
    """Return where (F,) times lie among the rows ``first`` … ``last`` of (T,) rising times; both ends hold beyond."""
    last = len(samples) - 1 if last is None else last
    place = np.searchsorted(samples, wanted, side="right")
    before, after = np.clip(place - 1, first, last), np.clip(place, first, last)
    width = samples[after] - samples[before]
    return Between(before, after, np.where(width > 0, (wanted - samples[before]) / np.where(width > 0, width, 1), 0))
