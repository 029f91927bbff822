"""Many triangles on many small grids at once, without a step of Python for each: scanlines as arrays.

A sample belongs to a triangle when it lies inside, on its left or on its upper edge, so neighbours neither overlap nor
leave gaps. Later triangles cover earlier ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Doubles, Floats, Index, Longs, Mask
from space_runtime.extras import cv2
from space_runtime.rendering.warp.backward import Box

STEEPEST: Final = 2.0
"""Largest change of a value, per pixel, that a triangle may cause; steeper ones lie in folds."""
LEVEL: Final = 1e-6
"""Least height in samples of an edge that crosses rows."""
Complexes = NDArray[np.complex64]
Places = NDArray[np.complex128]
Indices = NDArray[np.int32]
STAYING: Final[Complexes] = np.array([[1], [1j]], np.complex64)
"""The first two rows of the map from a place to itself."""
Drawn = tuple[Floats, Mask]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Samples at the middles of a box's blocks of ``step``² pixels.

    order: (n,) the triangles to draw there, the last one on top. spread: by how many samples they reach beyond
    themselves into what none covers.
    """

    box: Box
    step: int
    order: Longs
    spread: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of samples."""
        return (self.box.y1 - self.box.y0) // self.step, (self.box.x1 - self.box.x0) // self.step

    @property
    def origin(self) -> tuple[float, float]:
        """Column and row of the first sample."""
        half = (self.step - 1) / 2
        return self.box.x0 + half, self.box.y0 + half


def affine_displacements(source: Floats, moved: Floats, triangles: Indices) -> Complexes:
    """Return the `affine_maps` from moved points (V, 2) to how far away from them they lie in the photo."""
    return affine_maps(source - moved, moved, triangles)


def affine_maps(values: Floats, points: Floats, triangles: Indices) -> Complexes:
    """Return (3, T + 1): per triangle the affine map from a place to a value, two numbers as a complex one.

    The value at (x, y) is ``map[0] x + map[1] y + map[2]``. values: (V, 2) at picture points (V, 2). The last column is
    zero: no triangle, no value. Slivers, whose map would tear, get their middle's value.
    """
    x, y = points.astype(np.float64).T[:, triangles.T]
    shift = _complex(values)[triangles.T]
    ax, ay, bx, by = x[1] - x[0], y[1] - y[0], x[2] - x[0], y[2] - y[0]
    area = ax * by - ay * bx
    inverse = np.where(np.abs(area) > 1e-3, 1 / np.where(area == 0, 1, area), 0.0)
    p, q = shift[1] - shift[0], shift[2] - shift[0]
    along = np.stack([(p * by - q * ay) * inverse, (q * ax - p * bx) * inverse])
    sliver = np.maximum(np.abs(along.real), np.abs(along.imag)).max(0) > STEEPEST
    along[:, sliver] = 0
    constant = np.where(sliver, shift.sum(0) / 3, shift[0] - along[0] * x[0] - along[1] * y[0])
    maps = np.zeros((3, len(triangles) + 1), np.complex64)
    maps[:2, :-1], maps[2, :-1] = along, constant
    return maps


def _complex(pairs: Floats) -> Places:
    return np.ascontiguousarray(pairs, np.float64).view(np.complex128)[:, 0]


def extents(points: Floats, triangles: Indices) -> tuple[Floats, Floats]:
    """Return the (2, T) lower and upper corners of the boxes around triangles of picture points (V, 2)."""
    a, b, c = points.T[:, triangles.T].transpose(1, 0, 2)
    return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)


def touching(low: Floats, high: Floats, box: Box) -> Mask:
    """Return which of the triangles with these `extents` reach into the box."""
    return np.asarray((high[0] >= box.x0) & (low[0] < box.x1) & (high[1] >= box.y0) & (low[1] < box.y1))


def drawn(points: Floats, triangles: Indices, maps: Complexes, grids: Sequence[Grid]) -> list[Drawn]:
    """Return per grid what the affine maps of its triangles say at each sample, and where one is.

    points: (V, 2) columns and rows. triangles: (T, 3). maps: (3, T + 1) as `affine_displacements` returns them.
    """
    found = uppermost(points, triangles, grids)
    return [(values_at(grid, part, maps), part < len(triangles)) for grid, part in zip(grids, found, strict=True)]


def uppermost(points: Floats, triangles: Indices, grids: Sequence[Grid]) -> list[Index]:
    """Return per grid the (h, w) number of the triangle on top at each sample, T where there is none; see `drawn`."""
    sizes = np.array([grid.shape[0] * grid.shape[1] for grid in grids])
    ends = np.cumsum(sizes)
    triangle = np.concatenate([grid.order for grid in grids])
    which = np.repeat(np.arange(len(grids)), [len(grid.order) for grid in grids])
    pair, start, count = _spans(_complex(points).take(triangles[triangle].T), which, grids, ends - sizes)
    nearest = np.full(ends[-1], len(triangles), np.intp)
    place = np.repeat(start - np.cumsum(count) + count, count)
    place += np.arange(len(place))
    nearest[place] = np.repeat(triangle[pair], count)
    parts = (nearest[end - size : end].reshape(grid.shape) for grid, end, size in zip(grids, ends, sizes, strict=True))
    return [
        _spread(part, len(triangles), grid.spread) if grid.spread else part
        for grid, part in zip(grids, parts, strict=True)
    ]


def _spans(corners: Places, which: Index, grids: Sequence[Grid], offsets: Index) -> tuple[Index, Index, Index]:
    """Return runs of samples in a row of a triangle, in the triangles' order: each one's triangle, start and length.

    corners: (3, n) columns + i · rows. which: (n,) the grid of each. offsets: of the grids' first samples among all.
    """
    table = np.array([(grid.step, *grid.shape, *grid.origin) for grid in grids]).T[:, which]
    step, (height, width), origin = table[0], table[1:3].astype(np.intp), table[3] + 1j * table[4]
    down = _downwards(*((corners - origin) / step))
    borders, edges = _halves(down.real, down.imag, height)
    rows = np.maximum(np.diff(borders, axis=1), 0).ravel()
    half = np.repeat(np.arange(len(rows)), rows)
    row = np.repeat(borders[:, :2].ravel() - np.cumsum(rows) + rows, rows)
    row += np.arange(len(row))
    left, left_slope, right, right_slope = edges.take(half, axis=0).T
    pair = half >> 1
    widths = width[pair]
    start = np.maximum(np.ceil(left + left_slope * row), 0).astype(np.intp)
    count = np.minimum(np.ceil(right + right_slope * row), widths).astype(np.intp) - start
    kept = np.flatnonzero(count > 0)
    first = (offsets[which][pair] + row * widths + start)[kept]
    return pair[kept], first, count[kept]


def _downwards(first: Places, second: Places, third: Places) -> Places:
    """Return the (3, n) corners of triangles, columns + i · rows, sorted from the uppermost to the lowest."""
    first, second = _upper_first(first, second)
    second, third = _upper_first(second, third)
    return np.stack([*_upper_first(first, second), third])


def _upper_first(a: Places, b: Places) -> tuple[Places, Places]:
    swap = a.imag > b.imag
    return np.where(swap, b, a), np.where(swap, a, b)


def _halves(x: Doubles, y: Doubles, height: Index) -> tuple[Index, Doubles]:
    """Return the rows between which triangles (3, n) run, above and below their middle corner, and their borders there.

    Rows: (n, 3). Borders: (2 n, 4) column in row 0 and slope, left and right; both halves of a triangle in turn.
    """
    rows = np.clip(np.ceil(y), 0, height).astype(np.intp).T
    slope = (x[_ENDS] - x[_STARTS]) / np.maximum(y[_ENDS] - y[_STARTS], LEVEL)
    level = x[_STARTS] - slope * y[_STARTS]
    long_is_left = level[0] + slope[0] * y[1] < x[1]
    table = np.empty((len(rows), 2, 4))
    for half in (0, 1):
        for part, values in enumerate((level, slope)):
            table[:, half, part] = np.where(long_is_left, values[0], values[1 + half])
            table[:, half, part + 2] = np.where(long_is_left, values[1 + half], values[0])
    return rows, table.reshape(-1, 4)


_STARTS, _ENDS = np.array([0, 0, 1]), np.array([2, 1, 2])
"""Corners of a triangle's long side and of its two short ones, upper and lower."""


def values_at(grid: Grid, numbers: Index, maps: Complexes) -> Floats:
    """Return the (h, w, 2) values of the maps of triangles with those (h, w) numbers at a grid's samples."""
    h, w = grid.shape
    x, y = (np.arange(n, dtype=np.complex64) * grid.step + start for n, start in zip((w, h), grid.origin, strict=True))
    values = maps[0].take(numbers)
    values *= x
    values += maps[1].take(numbers) * y[:, None]
    values += maps[2].take(numbers)
    pairs: Floats = values.view(np.float32).reshape(h, w, 2)
    return pairs


def _spread(nearest: Index, nothing: int, reach: int) -> Index:
    """Return (h, w) triangles with those at the rim continued by ``reach`` samples into ``nothing``, the last one."""
    around = cv2.erode(nearest.astype(np.float32), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return np.where(nearest == nothing, around.astype(np.intp), nearest)
