"""One arithmetic for a number and for an array of numbers.

A recursion over time costs a call per operation and hop. For many streams that is an array operation; for one stream a
plain number is ten times as fast. IEEE 754 makes sums, products, quotients and comparisons the same to the bit in
both, so a recursion is written once and its results do not depend on the form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np

from space_runtime.arrays import Doubles

Number = TypeVar("Number", float, Doubles)
"""A number, or one per stream."""

Condition = Any
"""The result of a comparison of numbers: truth, or an array of it."""


@dataclass(frozen=True, slots=True)
class Arithmetic(Generic[Number]):
    """Operations without an operator. Conditions combine by ``&`` and ``|``.

    where: (condition, yes, no) to yes where the condition holds, else no. least, most: of two numbers.
    """

    where: Callable[[Condition, Number | float, Number | float], Number]
    least: Callable[[Number, Number | float], Number]
    most: Callable[[Number, Number | float], Number]


def _choose(condition: Condition, yes: float, no: float) -> float:
    return yes if condition else no


PLAIN: Final[Arithmetic[float]] = Arithmetic(_choose, min, max)
ROWS: Final[Arithmetic[Doubles]] = Arithmetic(np.where, np.minimum, np.maximum)
