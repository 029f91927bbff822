"""The parts of a face that a driver may lead, the ARKit shapes of each, and how strongly.

A strength 0…2: up to 1 it is the driver's share against speech, beyond 1 his motion grows as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arguments import floats_of, in_range, one_of, text_of
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError

STRONGEST: Final = 2.0


class DrivePart(StrEnum):
    """Parts, in the order of their strengths."""

    HEAD = "head"
    BLINKS = "blinks"
    GAZE = "gaze"
    BROWS = "brows"
    EXPRESSION = "expression"
    """Mouth corners, cheeks, nose, squinting and wide eyes: offsets on the mouth where that is speech's."""
    MOUTH = "mouth"
    """The jaw and the lips' opening, rounding and closing: in place of speech's."""


DriveLike = Mapping[DrivePart, float] | Mapping[str, float] | ArrayLike
"""Strengths as callers may give them: by part, those left out being 0, or all six in the order of `DrivePart`."""

_OF_SHAPES: Final = (
    (DrivePart.BLINKS, ("eyeBlink",)),
    (DrivePart.GAZE, ("eyeLook",)),
    (DrivePart.BROWS, ("brow",)),
    (
        DrivePart.EXPRESSION,
        ("eyeSquint", "eyeWide", "cheek", "nose", "mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch"),
    ),
    (DrivePart.MOUTH, ("jaw", "mouth", "tongue")),
)
"""Beginnings of names, the first that fits counts. The head has no shapes."""


def _part_of(shape: str) -> DrivePart:
    return next(part for part, beginnings in _OF_SHAPES if shape.startswith(beginnings))


PART_OF_SHAPE: Final = tuple(_part_of(name) for name in ARKIT_NAMES)
"""The one part that each of the 52 shapes belongs to."""
DRIVE_PARTS: Final = {
    part: tuple(row for row, owner in enumerate(PART_OF_SHAPE) if owner is part) for part in DrivePart
}
"""The rows of each part's shapes in ARKit's order; every shape is in exactly one."""

_PLACE: Final = {part: place for place, part in enumerate(DrivePart)}


def drive_of(given: DriveLike | None) -> Floats:
    """Return the (6,) strengths that a caller gives, None for the preset ``face``. Raises `UsageError`."""
    if given is None:
        return PRESETS["face"]
    if isinstance(given, Mapping):
        strengths = np.zeros(len(DrivePart), np.float32)
        for name, strength in given.items():
            part = one_of("a part of drive", name, DrivePart)
            strengths[_PLACE[part]] = in_range(f"the strength of {part.value}", strength, 0, STRONGEST)
        return strengths
    strengths = floats_of("drive", given, (len(DrivePart),))
    in_range("the least strength of drive", float(strengths.min()), 0, STRONGEST)
    in_range("the greatest strength of drive", float(strengths.max()), 0, STRONGEST)
    return strengths


def _preset(*parts: DrivePart) -> Floats:
    strengths = drive_of(dict.fromkeys(parts, 1.0))
    strengths.flags.writeable = False
    return strengths


PRESETS: Final = {
    "pose": _preset(DrivePart.HEAD),
    "expression": _preset(DrivePart.BLINKS, DrivePart.GAZE, DrivePart.BROWS, DrivePart.EXPRESSION),
    "face": _preset(*(part for part in DrivePart if part is not DrivePart.MOUTH)),
    "all": _preset(*DrivePart),
}
"""Strengths by the names that command lines take."""

DRIVE_PARTS_HELP: Final = (
    f"Parts that follow the drive: {', '.join(PRESETS)}, or strengths 0…2 of {', '.join(DrivePart)} as "
    "head=1,brows=0.5; by default face, and all of a take that is a line."
)


def parse_drive_parts(text: str) -> Floats:
    """Return the (6,) strengths of a preset's name or of ``head=1,brows=0.5``, parts left out being 0; a part alone
    means 1. Raises `UsageError`."""
    named = text_of("--drive-parts", text).strip().lower()
    if named in PRESETS:
        return PRESETS[named]
    strengths: dict[str, float] = {}
    for item in filter(None, (item.strip() for item in named.split(","))):
        part, _, strength = (piece.strip() for piece in item.partition("="))
        if part not in set(DrivePart) or part in strengths:
            fault = "named twice" if part in strengths else "unknown"
            raise UsageError(
                f"--drive-parts: {part!r:.40} is {fault}; write one of {', '.join(PRESETS)}, or strengths of "
                f"{', '.join(DrivePart)} as head=1,brows=0.5"
            )
        strengths[part] = _strength(item, strength or "1")
    if not strengths:
        raise UsageError(f"--drive-parts names no part; write one of {', '.join(PRESETS)}, or head=1,brows=0.5")
    return drive_of(strengths)


def _strength(item: str, text: str) -> float:
    try:
        strength = float(text)
    except ValueError:
        strength = -1.0
    if not 0 <= strength <= STRONGEST:
        raise UsageError(f"--drive-parts: {item!r:.40} has no strength 0…{STRONGEST:g}; write for example head=1")
    return strength
