"""One arithmetic for a number and for an array of numbers.

A recursion over time costs a call per operation and hop. For many streams that is an array operation; for one stream a
plain number is ten times as fast. IEEE 754 makes sums, products, quotients and comparisons the same to the bit in
both, so a recursion is written once and its answers do not depend on who does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from space_runtime.arrays import Doubles

Number = TypeVar("Number", float, Doubles)
"""A number, or one per stream."""

Condition = Any
"""What comparisons of numbers give: truth, or an array of it."""


class Arithmetic(Protocol[Number]):
    """What operators lack. Conditions are what comparisons of numbers give, combined by ``&`` and ``|``."""

    def where(self, condition: object, yes: Number | float, no: Number | float) -> Number:
        """Return ``yes`` where the condition holds, else ``no``."""

    def least(self, one: Number, other: Number | float) -> Number:
        """Return the smaller one."""

    def most(self, one: Number, other: Number | float) -> Number:
        """Return the greater one."""


@dataclass(frozen=True, slots=True)
class _Plain:
    def where(self, condition: object, yes: float, no: float) -> float:
        return yes if condition else no

    def least(self, one: float, other: float) -> float:
        return one if one <= other else other

    def most(self, one: float, other: float) -> float:
        return one if one >= other else other


@dataclass(frozen=True, slots=True)
class _Rows:
    def where(self, condition: object, yes: Doubles | float, no: Doubles | float) -> Doubles:
        chosen: Doubles = np.where(condition, yes, no)  # type: ignore[call-overload]  # an array of bools
        return chosen

    def least(self, one: Doubles, other: Doubles | float) -> Doubles:
        return np.minimum(one, other)

    def most(self, one: Doubles, other: Doubles | float) -> Doubles:
        return np.maximum(one, other)


PLAIN: Arithmetic[float] = _Plain()
ROWS: Arithmetic[Doubles] = _Rows()
