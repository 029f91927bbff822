"""Controls between two others, while one change of a track comes in: what has degrees is on its way."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.values import OWN_HEAD, Controls, HeadMode

STRENGTHS: Final = tuple(
    field.name for field in fields(Controls) if field.name.endswith("_strength") and field.name != "head_strength"
)
"""The strengths that crossfade by themselves; that of the head goes with its mode."""
DEGREES: Final = (*STRENGTHS, "head_tempo")
"""All numbers that do."""


def blended(before: Controls, after: Controls, share: float) -> Controls:
    """Return the controls between two: ``after``, but what has degrees is ``share`` 0…1 of the way there."""
    mode, strength = _head(before, after, share)
    degrees = {name: _between(getattr(before, name), getattr(after, name), share) for name in DEGREES}
    return replace(
        after,
        emotion=mixed(before.emotion, after.emotion, share),
        style=mixed(before.style, after.style, share),
        head_offset=mixed(before.head_offset, after.head_offset, share),
        **degrees,  # type: ignore[arg-type]  # fields that are floats
        drive=mixed(before.drive, after.drive, share),
        head_mode=mode,
        head_strength=strength,
    )


def mixed(before: Floats, after: Floats, share: float) -> Floats:
    """Return what lies between two arrays, ``share`` 0…1 of the way; never beyond either, exact at both ends."""
    if share == 1:
        return after
    between: Floats = before + (after - before) * np.float32(share)
    return np.minimum(np.maximum(between, np.minimum(before, after)), np.maximum(before, after))


def _head(before: Controls, after: Controls, share: float) -> tuple[HeadMode, float]:
    """A kept head is one of no strength; sway and another motion meet at rest half-way.

    Speaking and listening heads are the same one, which changes over by itself. Given rotations come and go at once.
    """
    first, last = before.head_mode, after.head_mode
    if HeadMode.GIVEN in (first, last) or not {first, last} & OWN_HEAD:
        return last, after.head_strength
    if first in OWN_HEAD and last in OWN_HEAD and (first is HeadMode.IDLE) != (last is HeadMode.IDLE):
        if share < 0.5:
            return first, _between(before.head_strength, 0.0, 2 * share)
        return last, _between(0.0, after.head_strength, 2 * share - 1)
    begin, end = (side.head_strength if side.head_mode in OWN_HEAD else 0.0 for side in (before, after))
    return last if last in OWN_HEAD else first, _between(begin, end, share)


def _between(before: float, after: float, share: float) -> float:
    mixed = before + (after - before) * share
    return min(max(mixed, min(before, after)), max(before, after))
