"""Values of tables, and the mean of those that were measured."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from export.evaluation.results import Measure

Values = dict[Measure, float]
"""Numbers by row and column."""


def mean_of(numbers: Iterable[float]) -> float:
    """Return the mean of those that are numbers, NaN where none is."""
    known = [number for number in numbers if np.isfinite(number)]
    return float(np.mean(known)) if known else float("nan")
