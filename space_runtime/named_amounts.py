"""Amounts by name, as callers give them for emotions and styles, and the vectors that they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from space_runtime.arguments import floats_of, in_range, instance, shown
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError


@dataclass(frozen=True, slots=True)
class NamedAmounts:
    """A kind of mix. noun, amount: its words in messages. example: of a mix. known: the names as messages list them."""

    names: type[StrEnum]
    noun: str
    amount: str
    example: str
    known: tuple[str, ...]

    def vector(self, mix: Mapping[Any, float]) -> Floats:
        """Return the (n,) amounts 0…1 in the order of ``names``. Raises `UsageError` on what is no such mix."""
        instance(f"the {self.noun}", mix, Mapping, f"for example {self.example}")
        for name, amount in mix.items():
            if name not in self.known:
                raise UsageError(f"unknown {self.noun} {shown(name)}; the known ones are {', '.join(self.known)}")
            in_range(f"the {self.amount} of {name}", amount, 0.0, 1.0)
        return np.array([mix.get(name, 0.0) for name in self.names], np.float32)

    def given(self, given: Mapping[Any, float] | ArrayLike | None) -> Floats:
        """Return the (n,) amounts of a mix, or of all of them in order; zeros, read-only, for None.

        Raises `UsageError` like `vector`.
        """
        if given is None:
            return unchanging(len(self.names))
        if isinstance(given, Mapping):
            return self.vector(given)
        amounts = floats_of(self.noun, given, (len(self.names),))
        in_range(f"the least {self.amount} of {self.noun}", float(amounts.min()), 0.0, 1.0)
        in_range(f"the greatest {self.amount} of {self.noun}", float(amounts.max()), 0.0, 1.0)
        return amounts


def unchanging(n: int) -> Floats:
    """Return (n,) zeros that cannot be written."""
    zeros = np.zeros(n, np.float32)
    zeros.flags.writeable = False
    return zeros
