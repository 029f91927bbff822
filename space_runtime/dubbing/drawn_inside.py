"""Insides of the mouth drawn as the portraits' are, for a video that never opens its mouth."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.dubbing.mouth_inside import ANCHOR, EXTENT, ORIGIN, Inside, skin_light
from space_runtime.dubbing.planes import Planes
from space_runtime.geometry import HeadPose
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.interior import CHIN, interior_in, prepare_interior
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP
from space_runtime.rendering.warp.mouth import behind_closed_lips, dimming, light_let_in
from space_runtime.rendering.warp.mouth_colours import mouth_colours
from space_runtime.rendering.warp.palette import photo_palette

OPENINGS: Final = (0.015, 0.04, 0.1, 0.2, 0.32)
"""Gaps between the lips, normalised units, that are drawn."""
UNIT: Final = 128
"""Pixels per normalised unit of what is drawn."""


def drawn_insides(portrait: Portrait, rest: Floats, picture: Planes, mesh: Floats) -> list[Inside]:
    """Return drawn views. rest: (478, 3) normalised. picture, mesh: one of the video, and its face."""
    palette = photo_palette(portrait.image, portrait.mesh)
    middle = np.array([ORIGIN[0] - ANCHOR[0], -ORIGIN[1] - ANCHOR[1], 0], np.float32)
    ahead = HeadPose(np.zeros(3, np.float32), middle * UNIT, UNIT)
    colours = mouth_colours(portrait.image, portrait.mesh, palette)
    interior = prepare_interior(colours, *behind_closed_lips(rest), ahead, portrait.image, None)
    box = Box(0, 0, round(EXTENT[0] * UNIT), round(EXTENT[1] * UNIT))
    views = []
    for gap in OPENINGS:
        face = _opened(rest, gap)
        light = light_let_in(face[list(UPPER_LIP), 1] - face[list(LOWER_LIP), 1])
        inside = interior_in(box, interior, face[CHIN], ahead)
        view = palette.toned(palette.dimmed(inside, dimming(np.full(inside.shape[:2], light, np.float32))))
        values = picture.colours(view)[..., : len(picture.planes)]
        lower = face[list(LOWER_LIP), :2]
        views.append(Inside(gap, values, UNIT, lower, skin_light(picture, mesh), picture.black))
    return views


def _opened(rest: Floats, gap: float) -> Floats:
    """Return the face with a parabola of that height between its lips, and the jaw so much lower."""
    face = rest.copy()
    across = np.linspace(-1, 1, len(UPPER_LIP), dtype=np.float32)
    face[list(LOWER_LIP), 1] = face[list(UPPER_LIP), 1] - np.float32(gap) * (1 - across**2)
    face[CHIN, 1] -= np.float32(gap)
    return face
