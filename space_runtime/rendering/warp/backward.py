"""Backward maps: for each pixel of the new picture, how far away in the photo its colour lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Longs
from space_runtime.extras import cv2

SHIFT = 4
"""Fractional bits of the corners handed to the filler."""
FINER = 4
"""Samples per pixel and axis behind a mask's smooth edge."""
STEEPEST = 2.0
"""Largest change of the displacement, in pixels per pixel, that a triangle may cause; steeper ones lie in folds."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels: columns x0…x1−1, rows y0…y1−1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index a picture."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)


def bounding_box(points: Floats, margin: float, size: int) -> Box:
    """Return the box around (n, 2) picture points with a margin, on even pixels, inside a ``size``² picture."""
    low = np.floor((points.min(0) - margin) / 2).astype(int) * 2
    high = np.ceil((points.max(0) + margin) / 2).astype(int) * 2
    x0, y0 = np.clip(low, 0, size - 2)
    x1, y1 = np.clip(high, (x0 + 2, y0 + 2), size)
    return Box(int(x0), int(y0), int(x1), int(y1))


def picture_points(vertices: Floats) -> Floats:
    """Return (…, 2) columns and rows of (…, 3) points in pixels with y up."""
    return np.asarray(vertices[..., :2] * np.array([1, -1], np.float32), np.float32)


def polygon_mask(points: Floats, box: Box) -> Floats:
    """Return (h, w) coverage 0…1 of a polygon of picture points inside the box, with smooth edges."""
    h, w = box.y1 - box.y0, box.x1 - box.x0
    mask = np.zeros((h * FINER, w * FINER), np.uint8)
    corners = np.rint(((points - (box.x0, box.y0) + 0.5) * FINER - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_8, 4)
    return cv2.resize(mask, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(1 / 255)


def affine_displacements(source: Floats, moved: Floats, triangles: NDArray[np.int32]) -> Floats:
    """Return (T + 1, 6): per triangle the affine map from a moved point (x, y, 1) to its displacement back, (dx, dy).

    source, moved: (V, 2) picture points. The last row is zero: no triangle, no displacement. Slivers, whose map would
    tear, get their middle's shift.
    """
    corners = moved[triangles].astype(np.float64)
    shift = (source - moved)[triangles].astype(np.float64)
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    inverse = np.where(np.abs(area) > 1e-3, 1 / np.where(area == 0, 1, area), 0.0)[:, None]
    p, q = shift[:, 1] - shift[:, 0], shift[:, 2] - shift[:, 0]
    along_x = (p * b[:, 1:] - q * a[:, 1:]) * inverse
    along_y = (q * a[:, :1] - p * b[:, :1]) * inverse
    sliver = np.maximum(np.abs(along_x), np.abs(along_y)).max(1, keepdims=True) > STEEPEST
    along_x, along_y = np.where(sliver, 0, along_x), np.where(sliver, 0, along_y)
    constant = np.where(sliver, shift.mean(1), shift[:, 0]) - along_x * corners[:, 0, :1] - along_y * corners[:, 0, 1:]
    rows = np.stack([along_x, along_y, constant], 1).reshape(-1, 6)
    return np.concatenate([rows, np.zeros((1, 6))]).astype(np.float32)


def displacement_map(
    moved: Floats, triangles: NDArray[np.int32], order: Longs, maps: Floats, box: Box, step: int
) -> Floats:
    """Return (h, w, 2) displacements at the middles of the box's blocks of ``step``² pixels.

    Triangles are drawn in ``order``, the last one wins; ``maps`` are theirs from `affine_displacements`.
    """
    h, w = (box.y1 - box.y0) // step, (box.x1 - box.x0) // step
    ids = np.full((h, w), len(triangles), np.int32)
    origin = np.array([box.x0, box.y0], np.float32) + (step - 1) / 2
    scaled = np.rint((moved - origin) * ((1 << SHIFT) / step)).astype(np.int32)
    for triangle, corners in zip(order.tolist(), scaled[triangles[order]], strict=True):
        cv2.fillConvexPoly(ids, corners, triangle, cv2.LINE_8, SHIFT)
    x = (np.arange(w, dtype=np.float32) * step + origin[0])[None, :]
    y = (np.arange(h, dtype=np.float32) * step + origin[1])[:, None]
    back: Floats = np.empty((h, w, 2), np.float32)
    for axis in (0, 1):
        slope_x, slope_y, shift = (np.ascontiguousarray(maps[:, part + axis]).take(ids) for part in (0, 2, 4))
        back[..., axis] = slope_x * x + slope_y * y + shift
    return back
