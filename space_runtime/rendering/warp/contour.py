"""The face's contour in a picture: its oval, pushed out to whatever of the face reaches further on a turned head."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Index, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.portrait.mesh_points import OVAL
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.layers import Complexes

REACH: Final = 0.3
"""Depth of the rim whose points may make the contour, as a share of the way from the oval to the face's middle."""
PIECES: Final = 4
"""Parts of the curve between two oval points."""
SOFT: Final = 0.005
"""Way along the normal, in heights of the face, by which points of the rim that lie further in count less for the
contour, by a factor e: which of them makes it changes without a jump."""
AWAY: Final = 0.015
"""Way from the oval, in heights of the face, from which on the contour is smoothed in full: mesh points are corners."""
OWN: Final = 4.0
"""Weight of an oval point among the points of the rim behind it, each of which has 1: while none reaches further, the
contour stays close to the oval."""
LEAST_HEIGHT: Final = 1e-3
"""Height of a face, pixels, that lower ones count as."""
FRACTION: Final = 4
"""Fractional bits of the points handed to the filler."""


def rim_of(face: Floats) -> Index:
    """Return (36, k) for each oval point itself, then the points of the rim behind it, then −1 where there are no more.

    face: (478, 3) normalised points.
    """
    oval = face[list(OVAL), :2]
    middle = (oval[0] + oval[18]) / 2
    outward = oval - middle
    ways = face[:468, :2] - middle
    length = np.linalg.norm(outward, axis=1)
    nearest = (ways @ (outward / length[:, None]).T / np.linalg.norm(ways, axis=1)[:, None].clip(1e-6)).argmax(1)
    depth = np.linalg.norm(ways, axis=1) / length[nearest]
    behind = [np.flatnonzero((nearest == k) & (depth > 1 - REACH)) for k in range(len(OVAL))]
    most = max(map(len, behind))
    return np.array([[own, *row, *[-1] * (most - len(row))] for own, row in zip(OVAL, behind, strict=True)])


def contour(points: Floats, rim: Index, inset: float) -> Floats:
    """Return the (n, 2) closed contour of a face at (V, 2) picture points of its mesh.

    rim: see `rim_of`. inset: pixels by which it lies inside. On a flat face it is the oval, on which the two maps are
    one; relief and smoothing take it from there: on the test portrait (its face 239 high) points by up to 0.9 pixels,
    mostly along the line, which lies up to 0.3 beside the oval. Smoothed, it cuts a turned face: points of the mesh lie
    up to 2.3 pixels outside at yaw ±15°, 1.8 at ±25°.
    """
    places = np.ascontiguousarray(points, np.float32).view(np.complex64)[:, 0]
    oval = places.take(_OVAL)
    along = oval.take(_AFTER) - oval.take(_BEFORE)
    normal = _OUTWARD * along / np.maximum(np.abs(along), np.float32(1e-6))
    height = max(abs(oval[0] - oval[len(OVAL) // 2]), LEAST_HEIGHT)
    furthest = _furthest(places.take(rim), rim >= 0, normal[:, None], SOFT * height)
    share = _SMOOTHED @ np.abs(furthest - oval) * np.float32(1 / (AWAY * height))
    line = furthest.view(np.float32).reshape(-1, 2)
    line += np.minimum(share, 1)[:, None] * (_SMOOTHED @ line - line)
    furthest -= normal * np.float32(inset)
    return np.asarray(_CURVE @ line, np.float32)


def _furthest(rim: Complexes, known: Mask, normal: Complexes, soft: float) -> Complexes:
    """Return (36,) means of the known points of a rim (36, k), weighted by how far they reach along normals (36, 1).

    A point has weight 1, the first of each row, which is the oval's own, `OWN`; by a factor e less for each ``soft``
    pixels by which it reaches less far than the one that reaches furthest.
    """
    reach = np.where(known, (rim * normal.conj()).real, -np.float32(np.inf))
    reach -= reach.max(1, keepdims=True)
    weights = np.exp(reach * np.float32(1 / soft))
    weights[:, 0] *= OWN
    return np.asarray((weights * rim).sum(1) / weights.sum(1), np.complex64)


def filled(outline: Floats, box: Box) -> Pixels:
    """Return (h, w) coverage 0…255 of what a closed outline encloses in the box, with smooth edges."""
    mask = np.zeros((box.y1 - box.y0, box.x1 - box.x0), np.uint8)
    corners = np.rint((outline - (box.x0, box.y0)) * (1 << FRACTION)).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, FRACTION)
    return mask


def _closed_curve(n_points: int) -> Floats:
    """Return the matrix that turns n points into a smooth closed curve through them (Catmull-Rom), `PIECES` a gap."""
    rows = []
    here = np.eye(n_points)
    before, after, last = (np.roll(here, shift, 0) for shift in (1, -1, -2))
    for t in np.arange(PIECES) / PIECES:
        a, b, c, d = 2 * t**3 - 3 * t**2 + 1, -2 * t**3 + 3 * t**2, t**3 - 2 * t**2 + t, t**3 - t**2
        rows.append(a * here + b * after + c * (after - before) / 2 + d * (last - here) / 2)
    return np.stack(rows, 1).reshape(-1, n_points).astype(np.float32)


_OVAL, _BEFORE, _AFTER = np.array(OVAL), np.roll(np.arange(len(OVAL)), 1), np.roll(np.arange(len(OVAL)), -1)
_SMOOTHED: Final[Floats] = np.array([0.5, 0.25, 0.25], np.float32) @ np.stack(
    [np.roll(np.eye(len(OVAL), dtype=np.float32), shift, 0) for shift in (0, 1, -1)], 1
)
"""The matrix that turns points of a closed line into means with their neighbours."""
_CURVE: Final[Floats] = _closed_curve(len(OVAL))
_OUTWARD: Final = np.complex64(-1j)
