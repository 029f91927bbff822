"""Steps in the contour of a turned face: by how many pixels its edge leaves a smooth course.

Hair, collars and shadows of a photo have edges of their own, so the portrait is drawn with a plain picture: the face
light, all else dark. What is left of its outline is the renderer's alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.geometry import picture_points
from space_runtime.portrait.mesh_points import OVAL
from space_runtime.portrait.portrait import Portrait

DARK, LIGHT = 60, 200
FINER: Final = 4
"""Places a pixel at which the outline is found."""
SMOOTH: Final = 5.0
"""Pixels along the outline (sigma) over which it counts as smooth."""
USUAL: Final = 0.98
"""Share of the outline that leaves its course by less than what is told."""
LEAST: Final = 100
"""Pixels of an outline below which nothing is told."""


def plain_portrait(portrait: Portrait) -> Portrait:
    """Return the portrait with a light face before a dark ground instead of its photo."""
    image: Pixels = np.full_like(portrait.image, DARK)
    outline = np.rint(picture_points(portrait.mesh)[list(OVAL)] * 16).astype(np.int32)
    cv2.fillPoly(image, [outline], (LIGHT, LIGHT, LIGHT), cv2.LINE_AA, 4)
    return replace(portrait, image=image)


def contour_steps(picture: Pixels) -> float:
    """Return by how many pixels, peak to peak, the lower outline of a plain face is rough; NaN where there is none.

    All places but one in fifty are smoother.
    """
    line = _outline(picture)
    if len(line) < LEAST * FINER:
        return float("nan")
    along = _even(line)
    beside = np.linalg.norm(along - gaussian_filter1d(along, SMOOTH * FINER, axis=0, mode="wrap"), axis=1)
    below = along[:, 1] > np.quantile(along[:, 1], 0.5)
    return float(2 * np.quantile(beside[below], USUAL))


def _outline(picture: Pixels) -> Floats:
    """Return the (n, 2) columns and rows of the largest light shape's border, to a quarter of a pixel."""
    light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    fine = cv2.resize(light, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR)
    shapes, _ = cv2.findContours(
        (fine > (DARK + LIGHT) // 2).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    longest = max(shapes, key=len, default=np.zeros((0, 1, 2), np.int32))
    return np.asarray(longest[:, 0] / FINER, np.float32)


def _even(line: Floats) -> Doubles:
    """Return places along a closed line, a quarter of a pixel apart."""
    closed = np.concatenate([line, line[:1]]).astype(np.float64)
    length = np.r_[0, np.linalg.norm(np.diff(closed, axis=0), axis=1).cumsum()]
    at = np.linspace(0, length[-1], round(length[-1] * FINER), endpoint=False)
    return np.stack([np.interp(at, length, closed[:, axis]) for axis in (0, 1)], 1)
