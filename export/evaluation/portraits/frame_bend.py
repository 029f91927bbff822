"""The bend of spectacles: by how much a frame's line leaves a rigid motion when the face below it acts.

Along the line found in one picture, strips across it are looked for in another one, by correlation. What a similarity,
fitted to the shifts, leaves of them is bend. An affine motion would take a lifted upper edge for a taller frame.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from space_runtime.arrays import Doubles, Floats, Mask, Pixels
from space_runtime.geometry import picture_points
from space_runtime.portrait.spectacles import Line, find_spectacles

SPACING: Final = 3.0
"""Pixels between strips."""
HALF_STRIP: Final = (4, 4)
"""Half a strip's size across and along the line."""
FURTHEST: Final = 12.0
"""Pixels to either side in which a strip is looked for."""
FINE: Final = 4
"""Places a pixel at which it is looked for."""
PLAIN: Final = 6.0
"""Deviation of grey below which a strip shows no line."""
USUAL: Final = 0.9
"""Share of the line that bends less than what is told."""
LEAST: Final = 12
"""Strips below which nothing is told."""
ROUNDS: Final = 3


def frame_bend(before: Pixels, after: Pixels, mesh: Floats) -> float:
    """Return by how many pixels the spectacles of one picture are bent in the next; NaN where none are seen.

    mesh: (478, 3) of the face in ``before``.
    """
    found = find_spectacles(before, picture_points(mesh))
    if found is None:
        return float("nan")
    places, normals = (np.concatenate(parts) for parts in zip(*map(_strips, found.lines), strict=True))
    first, second = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (before, after))
    plain, shifts = _shifts(first, second, places, normals)
    if (~plain).sum() < LEAST:
        return float("nan")
    left = _bend(places[~plain], normals[~plain], shifts[~plain])
    return float(np.quantile(np.abs(left), USUAL))


def _strips(line: Line) -> tuple[Doubles, Doubles]:
    """Return (n, 2) places along a line and the (n, 2) unit normals there."""
    points = line.points.astype(np.float64)
    length = np.r_[0, np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()]
    at = np.arange(0, length[-1], SPACING)
    places = np.stack([np.interp(at, length, points[:, axis]) for axis in (0, 1)], 1)
    if len(places) < 2:
        return np.zeros((0, 2)), np.zeros((0, 2))
    along = np.gradient(places, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True).clip(1e-6)
    return places, along[:, ::-1] * [1, -1]


def _shifts(first: Floats, second: Floats, places: Doubles, normals: Doubles) -> tuple[Mask, Doubles]:
    """Return (n,) which strips show no line, and (n,) how far along its normal each is found in the second picture."""
    across, along = (np.arange(-half, half + 0.5) for half in HALF_STRIP)
    tried = np.arange(-FURTHEST, FURTHEST + 1 / FINE, 1 / FINE)
    own = _normed(_sampled(first, places, normals, across, along))
    reach = np.arange(across[0] - FURTHEST, across[-1] + FURTHEST + 1 / FINE, 1 / FINE)
    wide = _sampled(second, places, normals, reach, along)
    rows = np.arange(len(across)) * FINE
    scores = np.stack([(own[0] * _normed(wide[:, rows + start])[0]).mean((1, 2)) for start in range(len(tried))], 1)
    return own[1] < PLAIN, tried[scores.argmax(1)]


def _sampled(picture: Floats, places: Doubles, normals: Doubles, across: Doubles, along: Doubles) -> Floats:
    """Return (n, a, b) what a picture shows at places and so far across and along the line from them."""
    tangents = normals[:, ::-1] * [-1, 1]
    at = (
        places[:, None, None]
        + across[:, None, None] * normals[:, None, None]
        + along[:, None] * tangents[:, None, None]
    )
    flat = at.reshape(len(places), -1, 2).astype(np.float32)
    shown = cv2.remap(picture, flat[..., 0], flat[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.float32).reshape(at.shape[:3])


def _normed(strips: Floats) -> tuple[Floats, Floats]:
    """Return strips (n, a, b) with mean 0 and deviation 1, and (n,) the deviations that they had."""
    apart = strips - strips.mean((1, 2), keepdims=True)
    deviation = apart.std((1, 2))
    return apart / np.maximum(deviation, 1e-3)[:, None, None], deviation


def _bend(places: Doubles, normals: Doubles, shifts: Doubles) -> Doubles:
    """Return what the best similarity leaves of shifts (n,) along normals; mistaken strips count little."""
    x, y = (places - places.mean(0)).T
    u, v = normals.T
    terms = np.stack([u * x + v * y, v * x - u * y, u, v], 1)
    weight, left = np.ones(len(shifts)), shifts
    for _ in range(ROUNDS):
        fitted = np.linalg.lstsq(terms * weight[:, None], shifts * weight, rcond=None)[0]
        left = shifts - terms @ fitted
        weight = 1 / np.sqrt(1 + left**2)
    return left
