"""A row of a `Motion` message: what a driver does at one media time, in 64 numbers.

The time of a row is the message's ``at_sample`` and its first number, so that float32 suffices however long a stream
has run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine_bridge.protocol.errors import counted
from engine_bridge.protocol.field_types import Floats

ROW_NUMBERS: Final = 64
"""Numbers of a row."""
MAX_ROWS: Final = 250
"""Rows of one message: it fits into 65,536 bytes."""
LAST_OFFSET: Final = 2.0**24
"""The greatest time within a message, samples: float32 counts whole ones up to here."""


@dataclass(frozen=True, slots=True)
class RowPart:
    """Numbers of a row that mean the same. first: of them in a row. low, high: their range."""

    name: str
    first: int
    n_numbers: int
    low: float
    high: float
    meaning: str

    @property
    def columns(self) -> slice:
        """The numbers in a row."""
        return slice(self.first, self.first + self.n_numbers)


TIME: Final = RowPart("time", 0, 1, 0, LAST_OFFSET, "samples after `at_sample`, at the stream's rate")
CONFIDENCE: Final = RowPart("confidence", 1, 1, 0, 1, "below 0.5 nobody is seen, and the other numbers do not count")
WEIGHTS: Final = RowPart("weights", 2, 52, -1, 1, "ARKit weights in the order of `welcome.weights`, as offsets")
ROTATION: Final = RowPart("rotation", 54, 3, -3.2, 3.2, "yaw, pitch, roll of the head, radians")
TRANSLATION: Final = RowPart("translation", 57, 3, -1000, 1000, "x, y, z of the head")
EYES: Final = RowPart("eyes", 60, 4, -1.6, 1.6, "yaw, pitch in the head of the left eye, then of the right, radians")
ROW_PARTS: Final = (TIME, CONFIDENCE, WEIGHTS, ROTATION, TRANSLATION, EYES)
"""In their order in a row."""


def rows_fault(rows: Floats) -> str:
    """Return a sentence about the first fault of (n, 64) rows; empty where there is none."""
    if not 1 <= len(rows) <= MAX_ROWS:
        return f"rows has {counted(len(rows), 'row')}; expected 1…{MAX_ROWS}"
    for part in ROW_PARTS:
        values = rows[:, part.columns]
        wrong = values[(values < part.low) | (values > part.high)]
        if wrong.size:
            return f"a {part.name} of rows is {wrong[0]:.6g}; expected {part.low:g}…{part.high:g}"
    if (np.diff(rows[:, 0]) <= 0).any():
        return "the times of rows do not rise; give every row a later time than the one before"
    return ""
