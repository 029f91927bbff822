"""Photos with a fault: cut by their edge, eyes shut, blurred, small; and harmless ones that resemble them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np

from export.data.pictures.drawing import Scene
from space_runtime.arrays import Pixels
from space_runtime.portrait.mesh_points import EYES

Fault = Callable[[Scene], Pixels]


def _cut_below(point: int, share: float) -> Fault:
    """Return the photo cut at a share of the face's height below a mesh point."""
    return lambda scene: scene.photo[: int(scene.points[point, 1] + share * scene.height)].copy()


def _cut_above(point: int, share: float) -> Fault:
    """Return the photo cut at a share of the face's height above a mesh point."""
    return lambda scene: scene.photo[max(0, int(scene.points[point, 1] - share * scene.height)) :].copy()


def _cut_beside(point: int) -> Fault:
    """Return the photo cut at a mesh point on the picture's left."""
    return lambda scene: scene.photo[:, int(scene.points[point, 0]) :].copy()


def _shut_eyes(scene: Scene) -> Pixels:
    """Return the photo with the skin above both eyes drawn down over them, and lashes."""
    picture = scene.photo.copy()
    for upper, lower in EYES:
        left, right = (int(scene.points[place, 0]) for place in (upper[0], upper[-1]))
        top, bottom = int(scene.points[list(upper), 1].min()) - 3, int(scene.points[list(lower), 1].max()) + 2
        skin = picture[top - (bottom - top) // 2 : top, left - 3 : right + 3]
        picture[top:bottom, left - 3 : right + 3] = cv2.resize(skin, (right - left + 6, bottom - top))
        lashes = np.rint(scene.points[list(lower)]).astype(np.int32)
        cv2.polylines(picture, [lashes], False, (60, 40, 35), 2, cv2.LINE_AA)
    return picture


def _blurred(sigma: float) -> Fault:
    return lambda scene: cv2.GaussianBlur(scene.photo, (0, 0), sigma).astype(np.uint8)


def _smaller(height: float) -> Fault:
    """Return the photo with a face of that height."""

    def shrunk(scene: Scene) -> Pixels:
        factor = height / scene.height
        return cv2.resize(scene.photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8)

    return shrunk


FAULTS: Final[Mapping[str, Fault]] = {
    "cut at the eyes": _cut_below(168, 0.0),
    "cut at the nose": _cut_below(4, 0.02),
    "cut at the lips": _cut_below(14, 0.0),
    "cut below the lips": _cut_below(17, 0.03),
    "cut above the chin": _cut_below(152, -0.05),
    "cut at a cheek": _cut_beside(50),
    "cut at an eye": _cut_beside(133),
    "shut eyes": _shut_eyes,
    "blurred by 4": _blurred(4.0),
    "60 pixels high": _smaller(60),
}
HARMLESS: Final[Mapping[str, Fault]] = {
    "cut below the chin": _cut_below(152, 0.06),
    "cut above the forehead": _cut_above(10, 0.03),
    "cut at the forehead": _cut_above(10, -0.05),
    "blurred by 1": _blurred(1.0),
    "120 pixels high": _smaller(120),
}
