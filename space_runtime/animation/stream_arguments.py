"""Arguments of a stream batch and of sources of motion, checked at the rim."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from space_runtime.animation.track import ControlTrack, track_of
from space_runtime.arguments import numbers_of, shown
from space_runtime.arrays import Floats, Index
from space_runtime.errors import UsageError
from space_runtime.timebase import HOP
from space_runtime.values import LOUDEST, Controls

Source = TypeVar("Source")


def checked_source(what: str, source: Source) -> Source:
    """Return a source of motion. Raises `UsageError` for what has not its methods."""
    return _with_methods(what, source, ("at",), "a source of motion, for example a RecordedMotion")


def checked_head(head: Source) -> Source:
    """Return an implementation of head motion. Raises `UsageError` for what has not its methods."""
    return _with_methods("head", head, ("initial_state", "step", "at"), "a motion of heads, for example IDLE_HEAD")


def _with_methods(what: str, value: Source, methods: Iterable[str], expected: str) -> Source:
    if isinstance(value, type) or not all(callable(getattr(value, method, None)) for method in methods):
        raise UsageError(f"{what} is {shown(value)}; expected {expected}")
    return value


def no_stream(row: object) -> UsageError:
    """Return the error of a row that has no stream."""
    return UsageError(f"row {shown(row)} has no stream; add one first")


def checked_track(track: ControlTrack | Controls | None, knows_styles: bool) -> ControlTrack:
    """Return a track. Raises `UsageError` for what is none, and for a style where the network knows none."""
    checked = track_of(track)
    if checked.is_styled and not knows_styles:
        raise UsageError(NO_STYLES)
    return checked


NO_STYLES: Final = "the bundle's network knows no styles; leave the style out or use a bundle whose network has some"


def checked_rows(rows: ArrayLike) -> Index:
    """Return (B,) numbers of rows. Raises `UsageError` for another shape or type and for one that comes twice."""
    given = numbers_of("rows", rows)
    if given.ndim != 1 or (given.dtype.kind == "f" and given.size):
        raise UsageError(f"rows are {shown(rows)}; expected the numbers that `add` returned, of the shape (B,)")
    if len(set(given.tolist())) < len(given):
        raise UsageError(f"rows {shown(given.tolist())} name a stream twice; name every row once")
    return given.astype(np.intp, copy=False)


def checked_hops(hops: ArrayLike, n_rows: int) -> Floats:
    """Return (B, n · 320) samples of B rows. Raises `UsageError` for another shape or type, NaN and beyond ±64."""
    given: NDArray[np.number] = numbers_of("hops", hops)
    if given.ndim != 2 or len(given) != n_rows or not given.shape[1] or given.shape[1] % HOP:
        raise UsageError(f"hops have the shape {given.shape}; expected ({n_rows}, n · {HOP}), one row for every stream")
    if given.dtype.kind != "f" or not (np.abs(given) <= LOUDEST).all():
        raise UsageError(f"hops of {given.dtype} contain what is no sound; expected finite floats in −1…1")
    return given.astype(np.float32, copy=False)
