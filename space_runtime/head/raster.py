"""Triangles drawn into a grid of pixels: which one covers each, at which place in it, and how deep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Longs, Mask

_CHUNK: Final = 1 << 15
"""Pixels of boxes around triangles that are tested at once."""
_EDGE: Final = -1e-4
"""Least weight of a corner inside a triangle; below 0, so that no pixel on an edge is missed."""
_NO_AREA: Final = 1e-9
_Covered = tuple[Longs, Longs, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Surface at each pixel. triangle: (h, w), −1 for none. weights: (h, w, 3) of its corners. depth: (h, w), −inf."""

    triangle: Longs
    weights: Floats
    depth: Floats

    @property
    def covered(self) -> Mask:
        """(h, w): pixels that a triangle covers."""
        covered: Mask = self.triangle >= 0
        return covered


def rasterise(points: Floats, triangles: Longs, size: tuple[int, int], depth: Floats | None = None) -> Raster:
    """Return the raster of (T, 3) triangles with corners at (n, 2) columns and rows, in size = (height, width) pixels.

    depth: (n,), the larger the nearer, linear in the picture; of triangles at one depth, and of all where it is None,
    the last wins.
    """
    heights = np.zeros(len(points), np.float32) if depth is None else depth
    drawn = Raster(np.full(size, -1, np.int64), np.zeros((*size, 3), np.float32), np.full(size, -np.inf, np.float32))
    fragments = list(_fragments(np.asarray(points, np.float64), triangles, size))
    if not fragments:
        return drawn
    triangle, pixel, weights = (np.concatenate(part) for part in zip(*fragments, strict=True))
    place = (weights * heights[triangles[triangle]]).sum(1).astype(np.float32)
    nearest = drawn.depth.reshape(-1)
    np.maximum.at(nearest, pixel, place)
    winners = np.flatnonzero(place >= nearest[pixel])
    winners = winners[np.argsort(triangle[winners], kind="stable")]
    drawn.triangle.reshape(-1)[pixel[winners]] = triangle[winners]
    drawn.weights.reshape(-1, 3)[pixel[winners]] = weights[winners]
    return drawn


def _fragments(points: np.ndarray, triangles: Longs, size: tuple[int, int]) -> Iterator[_Covered]:
    """Yield triangles, pixels and weights of what is covered, for groups of triangles of about one size."""
    corners = points[triangles]
    low = np.maximum(np.floor(corners.min(1)), 0).astype(np.int64)
    high = np.minimum(np.ceil(corners.max(1)), np.array(size[::-1]) - 1).astype(np.int64)
    extent = (high - low + 1).max(1)
    shown = np.flatnonzero((high >= low).all(1) & (np.abs(_area(corners)) > _NO_AREA))
    side = 1 << np.ceil(np.log2(np.maximum(extent, 1))).astype(np.int64)
    for length in np.unique(side[shown]):
        group = shown[side[shown] == length]
        step = max(1, _CHUNK // int(length) ** 2)
        for start in range(0, len(group), step):
            part = group[start : start + step]
            yield _covered(part, corners[part], low[part], high[part], int(length), size[1])


def _covered(number: Longs, corners: np.ndarray, low: Longs, high: Longs, side: int, width: int) -> _Covered:
    """Return what triangles cover in boxes of side × side pixels from low, no further than high."""
    area = _area(corners)
    columns, rows = (low[:, axis, None] + np.arange(side) for axis in (0, 1))
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    second = _linear(columns - a[:, :1], rows - a[:, 1:], (c - a) / area[:, None])
    third = _linear(columns - a[:, :1], rows - a[:, 1:], (a - b) / area[:, None])
    first = 1 - second - third
    inside = (first >= _EDGE) & (second >= _EDGE) & (third >= _EDGE)
    inside &= (rows <= high[:, 1:])[:, :, None] & (columns <= high[:, :1])[:, None, :]
    box, row, column = np.nonzero(inside)
    weights = np.stack([part[box, row, column] for part in (first, second, third)], -1)
    return number[box], rows[box, row] * width + columns[box, column], weights.astype(np.float32)


def _linear(columns: np.ndarray, rows: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """Return the cross products (n, h, w) of the vectors to (n, w) columns and (n, h) rows with (n, 2) others."""
    return np.asarray((columns * towards[:, 1:])[:, None, :] - (rows * towards[:, :1])[:, :, None])


def _area(corners: np.ndarray) -> np.ndarray:
    """Return twice the signed areas (n,) of (n, 3, 2) corners."""
    return _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the cross products (…) of (…, 2) vectors."""
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])
