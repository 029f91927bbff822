"""The colours of the inside of a mouth in a photo, from its skin and its lips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import picture_points
from space_runtime.rendering.warp.palette import Palette

CHEEKS: Final = (50, 280, 205, 425)
LIPS: Final = (0, 17, 37, 267, 84, 314)
TEETH_LIGHT: Final = (2.871, 0.46)
"""The logarithm of teeth's light, 0…255: this, and a share of that of the cheeks."""
AT_BEST: Final = 1.17
"""Light of an enamel in full light, a share of that of teeth on average."""
TEETH_TINT: Final[Floats] = np.array([1.12, 0.97, 0.90], np.float32)
"""Red, green and blue of teeth, shares of their light, in 174 portraits that show some."""
WARMER: Final[Floats] = np.array([1.03, 0.96, 0.96], np.float32)
"""Red, green and blue of what lies behind lips, shares of those on them: less light is lost in red."""
GREY: Final = 0.04
"""Largest spread of red, green and blue in skin and lips, 0…1, of a photo without colours."""
COLOURED: Final = 0.16
"""By how much that of a coloured photo lies above."""
GUMS: Final = 0.85
"""Light of gums, tongue and cavity, shares of that of the lips."""
TONGUE: Final = 0.60
CAVITY: Final = 0.28
TONGUE_TINT: Final[Floats] = np.array([1.04, 0.89, 0.90], np.float32)
"""Red, green and blue of the tongue, shares of those of what else lies behind lips: it is redder than pale lips are."""


@dataclass(frozen=True, slots=True, eq=False)
class MouthColours:
    """Colours (3,) 0…255 in the photo's light. veil: see `Palette`: no shade takes it away."""

    teeth: Floats
    gums: Floats
    tongue: Floats
    cavity: Floats
    veil: Floats


def mouth_colours(photo: Pixels, points: Floats, palette: Palette) -> MouthColours:
    """Return the colours of the mouth of a photo with (≥ 478, 3) mesh points in its pixels."""
    soft = cv2.blur(photo, (5, 5)).astype(np.float32)
    cheeks, lips = (mean_colour(soft, points, places) for places in (CHEEKS, LIPS))
    seen = palette.in_white_light(np.asarray(np.stack([cheeks, lips]) / 255, np.float32)) * 255
    constant, of_cheek = TEETH_LIGHT
    light = np.exp(constant + of_cheek * np.log(seen[0].mean() + 1))
    teeth = np.minimum(AT_BEST * light * TEETH_TINT, 255).astype(np.float32)
    spread = float(np.ptp(seen, axis=1).max()) / 255
    coloured = np.float32(np.clip((spread - GREY) / COLOURED, 0, 1))
    flesh = seen[1] * (1 + (WARMER - 1) * coloured)
    tongue = TONGUE * flesh * (1 + (TONGUE_TINT - 1) * coloured)
    lit = palette.lit(np.stack([teeth, GUMS * flesh, tongue, CAVITY * flesh]))
    teeth, gums, tongue, cavity = lit
    return MouthColours(teeth, gums, tongue, cavity, palette.veil)


def drawn_colours(palette: Palette) -> MouthColours:
    """Return the colours of the mouth of a drawing: those that drawings have, whose lips often are lines."""
    teeth, gums, tongue, cavity = palette.lit(_DRAWN)
    return MouthColours(teeth, gums, tongue, cavity, palette.veil)


_DRAWN: Final[Floats] = np.array([[252, 250, 246], [186, 92, 92], [214, 112, 110], [104, 38, 42]], np.float32)
"""Teeth, gums, tongue and cavity of a drawing."""


def mean_colour(soft: Floats, points: Floats, places: tuple[int, ...]) -> Floats:
    """Return the (3,) mean of a soft picture at some of the mesh points."""
    columns, rows = np.clip(np.rint(picture_points(points[list(places)])), 0, len(soft) - 1).astype(int).T
    return np.asarray(soft[rows, columns].mean(0), np.float32)
