"""Backward maps: for each pixel of the new picture, how far away in the photo its colour lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.extras import cv2

FINER = 4
"""Samples per pixel and axis behind a mask's smooth edge."""


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

    def slices_in(self, around: Box) -> tuple[slice, slice]:
        """Rows and columns, to index what lies in a box around this one."""
        x, y = around.x0, around.y0
        return slice(self.y0 - y, self.y1 - y), slice(self.x0 - x, self.x1 - x)

    def common(self, other: Box) -> Box:
        """Return what two boxes share. It has no pixels where they are apart."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))


def bounding_box(points: Floats, margin: float, size: int) -> Box:
    """Return the box around (n, 2) picture points with a margin, on even pixels, inside a ``size``² picture."""
    across = np.ascontiguousarray(points.T)
    return even_box(across.min(1).tolist(), across.max(1).tolist(), margin, size)


def even_box(low: Sequence[float], high: Sequence[float], margin: float, size: int) -> Box:
    """Return the `bounding_box` of points whose least and whose greatest column and row are given."""
    (left, top), (right, bottom) = low, high
    x0 = min(max(2 * math.floor((left - margin) / 2), 0), size - 2)
    y0 = min(max(2 * math.floor((top - margin) / 2), 0), size - 2)
    x1, y1 = 2 * math.ceil((right + margin) / 2), 2 * math.ceil((bottom + margin) / 2)
    return Box(x0, y0, min(max(x1, x0 + 2), size), min(max(y1, y0 + 2), size))


def polygon_mask(points: Floats, box: Box) -> Floats:
    """Return (h, w) coverage 0…1 of a polygon of picture points inside the box, with smooth edges."""
    h, w = box.y1 - box.y0, box.x1 - box.x0
    mask = np.zeros((h * FINER, w * FINER), np.uint8)
    corner = np.array([box.x0, box.y0], np.float32)
    corners = np.rint((points - corner) * np.float32(16 * FINER) + np.float32(8 * (FINER - 1))).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_8, 4)
    return cv2.resize(mask, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(1 / 255)
