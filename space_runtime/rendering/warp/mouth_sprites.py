"""Teeth, gums and tongue of the face model as flat pictures, and the arches that the rows of teeth are rolled onto.

Made from ICT-FaceKit (MIT) by ``python -m export mouth-sprites``. Lengths are in normalised units; the origin is the
middle of the upper incisors' edge with the jaw closed, x to the subject's left, y up, z to the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels

SPRITES: Final = Path(__file__).parent / "mouth_sprites.npz"

TALLER: Final = 1.12
"""How much higher people's crowns are than the model's: lips that smile show no gums where the model's would."""


@dataclass(frozen=True, slots=True, eq=False)
class ArchSprite:
    """A row of teeth with its gums, unrolled.

    planes: (h, w, 3) cover of teeth, cover of gums, light, 0…255. arch: (w, 3) of each column on the surface of the
    teeth x, z and what is added to a row's y, the subject's right first. top, bottom: y of the picture's upper and
    lower edge.
    """

    planes: Pixels
    arch: Floats
    top: float
    bottom: float


@dataclass(frozen=True, slots=True, eq=False)
class TongueSprite:
    """The tongue seen from the front.

    planes: (h, w, 2) cover and light, 0…255. left, right, top, bottom: its edges; depth: z of its tip.
    """

    planes: Pixels
    left: float
    right: float
    top: float
    bottom: float
    depth: float


@dataclass(frozen=True, slots=True, eq=False)
class MouthSprites:
    """Everything inside a mouth. jaw: (3,) for a chin that sinks by 1: how far the lower incisors sink, how much less a
    point sinks that lies 1 further back, and how far they go back."""

    upper: ArchSprite
    lower: ArchSprite
    tongue: TongueSprite
    jaw: Floats


@cache
def load_sprites() -> MouthSprites:
    """Return the sprites of this package."""
    with np.load(SPRITES) as file:
        arrays = dict(file)
    upper, lower = (_arch(arrays, name) for name in ("upper", "lower"))
    tongue = TongueSprite(arrays["tongue_planes"], *(float(edge) for edge in arrays["tongue_edges"]))
    return MouthSprites(upper, lower, tongue, arrays["jaw"])


def _arch(arrays: dict[str, np.ndarray], name: str) -> ArchSprite:
    top, bottom = (TALLER * float(y) for y in arrays[f"{name}_rows"])
    return ArchSprite(arrays[f"{name}_planes"], arrays[f"{name}_arch"], top, bottom)
