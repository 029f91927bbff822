"""Arguments of public calls, checked and turned into the runtime's own values; what does not fit is a `UsageError`.

Every function takes the argument's name for the message as ``what``.
"""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from space_runtime.arrays import Doubles, Floats
from space_runtime.errors import UsageError

StrPath = str | os.PathLike[str]
"""A path as callers may give it."""

SHOWN: Final = 60
"""Characters of a wrong value in a message."""

Kind = TypeVar("Kind")
Choice = TypeVar("Choice", bound=StrEnum)
Number = TypeVar("Number", bound=np.floating)


def path_of(what: str, value: StrPath) -> Path:
    """Return a path. Raises `UsageError` for other types, empty text and what no file system can name."""
    given: object = value
    if not isinstance(given, str | os.PathLike):
        raise UsageError(f"{what} is {shown(given)}; expected a path, give text or a pathlib.Path")
    text: object = os.fspath(given)
    if not isinstance(text, str) or not text:
        raise UsageError(f"{what} is {shown(text)}; expected a path as text that is not empty")
    if "\0" in text or not _encodable(text):
        raise UsageError(f"{what} is {shown(text)}, which no file can be called; check the name")
    return Path(text)


def _encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def text_of(what: str, value: str) -> str:
    """Return a text. Raises `UsageError` for anything else."""
    given: object = value
    if not isinstance(given, str):
        raise UsageError(f"{what} is {shown(given)}; expected text")
    return given


def number(what: str, value: float) -> float:
    """Return a real number, which may be no finite one. Raises `UsageError` for anything else, truth values too."""
    if type(value) is float or type(value) is int:
        return value
    given: object = value
    if isinstance(given, bool | np.bool_) or not isinstance(given, int | float | Fraction | np.integer | np.floating):
        raise UsageError(f"{what} is {shown(given)}; expected a number")
    return int(given) if isinstance(given, int | np.integer) else float(given)


def whole(what: str, value: float, low: float, high: float) -> int:
    """Return a whole number in low…high. Raises `UsageError`."""
    checked = in_range(what, value, low, high)
    if checked != int(checked):
        raise UsageError(f"{what} is {shown(checked)}; expected a whole number")
    return int(checked)


def in_range(what: str, value: float, low: float, high: float) -> float:
    """Return ``value`` if it is a number in low…high. Raises `UsageError`."""
    checked = number(what, value)
    if not low <= checked <= high:
        raise UsageError(f"{what} is {_digits(checked)}, outside {_digits(low)}…{_digits(high)}; choose a value inside")
    return checked


def values_in_range(what: str, values: NDArray[np.number], low: float, high: float) -> None:
    """Raise `UsageError` unless all values of an array lie in low…high."""
    wrong = values[(values < low) | (values > high)]
    if wrong.size:
        raise UsageError(
            f"{what} contains {float(wrong[0]):g}; expected {_digits(low)}…{_digits(high)}, repair it first"
        )


def switch(what: str, value: bool) -> bool:
    """Return True or False. Raises `UsageError` for anything else."""
    given: object = value
    if not isinstance(given, bool | np.bool_):
        raise UsageError(f"{what} is {shown(given)}; expected True or False")
    return bool(given)


def instance(what: str, value: Kind, kind: type[object] | tuple[type[object], ...], way: str) -> Kind:
    """Return ``value`` if it is of a kind; ``way`` says in the message how to get such a one. Raises `UsageError`."""
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(f"{'an' if one.__name__[0] in 'AEIOU' else 'a'} {one.__name__}" for one in kinds)
        raise UsageError(f"{what} is {shown(value)}; expected {expected}, {way}")
    return value


def one_of(what: str, value: str, kind: type[Choice]) -> Choice:
    """Return a member of a closed set by its text. Raises `UsageError`."""
    given: object = value
    if not isinstance(given, str) or given not in set(kind):
        raise UsageError(f"{what} is {shown(given)}; expected one of {', '.join(kind)}")
    return kind(given)


def items_of(what: str, value: Iterable[Kind]) -> list[Kind]:
    """Return the items of a collection. Raises `UsageError` for what is none, and for text and bytes."""
    given: object = value
    if isinstance(given, str | bytes | bytearray) or not isinstance(given, Iterable):
        raise UsageError(f"{what} is {shown(given)}; expected a list or a tuple")
    if isinstance(given, np.ndarray) and given.ndim == 0:
        raise UsageError(f"{what} is {shown(given)}; expected a list or a tuple")
    return list(value)


def floats_of(what: str, value: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return a finite float32 array of a shape, −1 for any length from 1. Raises `UsageError`."""
    return _array_of(what, value, shape, np.float32)


def doubles_of(what: str, value: ArrayLike, shape: tuple[int, ...]) -> Doubles:
    """Return a finite float64 array of a shape, −1 for any length from 1. Raises `UsageError`."""
    return _array_of(what, value, shape, np.float64)


def numbers_of(what: str, value: ArrayLike) -> NDArray[np.number]:
    """Return an array of real numbers as they are given. Raises `UsageError` for anything else."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{what} is {shown(value)}; expected an array of numbers, rows of one length") from None
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{what} is {shown(value)} of the type {array.dtype}; expected an array of real numbers")
    return array


def _array_of(what: str, value: ArrayLike, shape: tuple[int, ...], dtype: type[Number]) -> NDArray[Number]:
    given = numbers_of(what, value)
    fits = given.ndim == len(shape) and all(
        n == m or (m == -1 and n > 0) for n, m in zip(given.shape, shape, strict=True)
    )
    if not fits:
        expected = str(shape).replace("-1", "n")
        raise UsageError(f"{what} has the shape {given.shape}; expected {expected}, give it that shape")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as such
        array = given.astype(dtype, copy=False)
    if not np.isfinite(array).all():
        raise UsageError(f"{what} contains NaN or infinity; expected finite numbers, repair it first")
    return array


def shown(value: object) -> str:
    """Return a short text for any value, on one line."""
    try:
        text = " ".join(reprlib.repr(value).split())
    except ValueError:  # of a whole number with too many digits for text
        text = type(value).__name__
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _digits(value: float) -> str:
    """A number as text; whole ones may be too large for a float and too long for a sentence."""
    text = f"{value:g}" if isinstance(value, float) else shown(value)
    return text if len(text) <= 24 else f"{text[:20]}…"
