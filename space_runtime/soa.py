"""Structs of arrays: dataclasses whose fields are arrays, or such dataclasses again, with one row per stream.

A stage gets the rows that it works on and returns new ones; whoever keeps the whole puts them back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Index

Rows = TypeVar("Rows")


def take(values: Rows, rows: Index) -> Rows:
    """Return a copy of some rows, in their order."""
    kind = type(values)
    return kind(*[part[rows] if isinstance(part, np.ndarray) else take(part, rows) for part in _parts(kind)(values)])


def put(values: Rows, rows: Index, new: Rows) -> None:
    """Overwrite some rows in place."""
    parts = _parts(type(values))
    for part, source in zip(parts(values), parts(new), strict=True):
        if isinstance(part, np.ndarray):
            part[rows] = source
        else:
            put(part, rows, source)


def joined(first: Rows, second: Rows) -> Rows:
    """Return the rows of both, one after the other."""
    kind = type(first)
    pairs = zip(_parts(kind)(first), _parts(kind)(second), strict=True)
    return kind(*[np.concatenate(pair) if isinstance(pair[0], np.ndarray) else joined(*pair) for pair in pairs])


def some(flags: NDArray[Any]) -> bool:
    """Return whether any number is not 0: what `any` does, in a fifth of its time for the few numbers of one stream."""
    return bool(np.count_nonzero(flags))


def _parts(kind: type[Any]) -> Callable[[object], tuple[Any, ...]]:
    """Return a getter of the struct's fields, of which it has two or more."""
    if kind not in _KNOWN:
        _KNOWN[kind] = attrgetter(*(field.name for field in fields(kind)))
    return _KNOWN[kind]


_KNOWN: Final[dict[type[Any], Callable[[object], tuple[Any, ...]]]] = {}
