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

from space_runtime.arrays import Doubles, Floats, Index, Longs, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.rendering.warp.backward import Box

STEEPEST: Final = 2.0
"""Largest change of a value, per pixel, that a triangle may cause; steeper ones lie in folds."""
FLAT: Final = 1e-3
"""Twice the least area of a triangle that has a map, pixels²."""
LEVEL: Final = 1e-6
"""Least height in samples of an edge that crosses rows."""
Complexes = NDArray[np.complex64]
Places = NDArray[np.complex128]
Indices = NDArray[np.integer]
STAYING: Final[Complexes] = np.array([[1], [1j]], np.complex64)
"""The first two rows of the map from a place to itself."""
Drawn = tuple[Floats, Mask]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Samples at the middles of a box's blocks of ``step``² pixels.

    order: (n,) the triangles to draw there, the last one on top. spread: by how many samples they reach beyond
    themselves into what none covers. continued: a box in which samples beside theirs get the mean of what they say.
    """

    box: Box
    step: int
    order: Longs
    spread: int = 0
    continued: Box | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of samples."""
        return (self.box.y1 - self.box.y0) // self.step, (self.box.x1 - self.box.x0) // self.step

    @property
    def origin(self) -> tuple[float, float]:
        """Column and row of the first sample."""
        half = (self.step - 1) / 2
        return self.box.x0 + half, self.box.y0 + half

    def part(self, box: Box) -> tuple[slice, slice]:
        """Return the rows and columns of the samples of a box whose edges are multiples of the step."""
        rows, columns = box.slices_in(self.box)
        step = self.step
        return slice(rows.start // step, rows.stop // step), slice(columns.start // step, columns.stop // step)


def affine_displacements(source: Floats, moved: Floats, triangles: Indices) -> Complexes:
    """Return the `affine_maps` from moved points (V, 2) to how far away from them they lie in the photo."""
    return affine_maps(source - moved, moved, triangles)


def affine_maps(values: Floats, points: Floats, triangles: Indices) -> Complexes:
    """Return (3, T + 1): per triangle the affine map from a place to a value, two numbers as a complex one.

    The value at (x, y) is ``map[0] x + map[1] y + map[2]``. values: (V, 2) at picture points (V, 2). The last column is
    zero: no triangle, no value. Slivers, whose map would tear, get their middle's value.
    """
    place, shift = _corners(points, triangles), _corners(values, triangles)
    a, b = place[1:] - place[0]
    p, q = shift[1:] - shift[0]
    area = a.real * b.imag - a.imag * b.real
    inverse = np.divide(1, area, out=np.zeros_like(area), where=np.abs(area) > FLAT)
    along = np.stack([(p * b.imag - q * a.imag) * inverse, (q * a.real - p * b.real) * inverse])
    constant = shift[0] - along[0] * place[0].real - along[1] * place[0].imag
    steepness = np.abs(along.view(np.float64)).max(0)
    slivers = np.flatnonzero(np.maximum(steepness[::2], steepness[1::2]) > STEEPEST)
    along[:, slivers] = 0
    constant[slivers] = shift[:, slivers].sum(0) / 3
    maps = np.zeros((3, len(triangles) + 1), np.complex64)
    maps[:2, :-1], maps[2, :-1] = along, constant
    return maps


def _corners(pairs: Floats, triangles: Indices) -> Places:
    """Return the (3, T) corners of triangles of points (V, 2), columns + i · rows."""
    return np.ascontiguousarray(pairs, np.float64).view(np.complex128)[:, 0].take(triangles.T)


def extents(points: Floats, triangles: Indices) -> tuple[Floats, Floats]:
    """Return the (2, T) lower and upper corners of the boxes around triangles of picture points (V, 2)."""
    a, b, c = points.T.take(triangles.T, 1).transpose(1, 0, 2)
    return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)


def touching(low: Floats, high: Floats, edges: Floats) -> Mask:
    """Return (B, T) which of the triangles with these `extents` reach into boxes with (B, 4) edges x0, y0, x1, y1."""
    x0, y0, x1, y1 = edges.T[..., None]
    return np.asarray((high[0] >= x0) & (low[0] < x1) & (high[1] >= y0) & (low[1] < y1))


def drawn(points: Floats, triangles: Indices, maps: Complexes, grids: Sequence[Grid]) -> list[Drawn]:
    """Return per grid what the affine maps of its triangles say at each sample, and where one is.

    Samples beside triangles in a `Grid.continued` box count as such.
    points: (V, 2) columns and rows. triangles: (T, 3). maps: (3, T + 1) as `affine_displacements` returns them.
    """
    found = uppermost(points, triangles, grids)
    return [_valued(grid, part, maps) for grid, part in zip(grids, found, strict=True)]


def _valued(grid: Grid, numbers: Index, maps: Complexes) -> Drawn:
    """Return the values at a grid's samples and where one is, of (h, w) triangles' numbers."""
    values, covered = values_at(grid, numbers, maps), numbers < maps.shape[1] - 1
    if grid.continued:
        _continue(values, covered, grid, numbers, maps)
    return values, covered


def uppermost(points: Floats, triangles: Indices, grids: Sequence[Grid]) -> list[Index]:
    """Return per grid the (h, w) number of the triangle on top at each sample, T where there is none; see `drawn`.

    The grids lie below one another in one sheet, so that all of them are filled at once.
    """
    shapes = np.array([grid.shape for grid in grids])
    bottoms, width = np.cumsum(shapes[:, 0]), int(shapes[:, 1].max())
    triangle, first, count = _spans(_corners(points, triangles), grids, bottoms, width)
    sheet = np.full((bottoms[-1], width), len(triangles), np.intp)
    ends = np.cumsum(count)
    span = _numbered(ends)
    place = (first - ends + count).take(span)
    place += np.arange(len(place))
    sheet.ravel()[place] = triangle.take(span)
    parts = [sheet[bottom - h : bottom, :w] for (h, w), bottom in zip(shapes.tolist(), bottoms.tolist(), strict=True)]
    return [
        _spread(part, len(triangles), grid.spread) if grid.spread else part
        for grid, part in zip(grids, parts, strict=True)
    ]


def _spans(corners: Places, grids: Sequence[Grid], bottoms: Index, width: int) -> tuple[Index, Index, Index]:
    """Return runs of samples in a row of a triangle, in the grids' orders: each one's triangle, start and length.

    corners: (3, T) columns + i · rows. bottoms: the rows of the sheet at which the grids end. width: of the sheet.
    """
    triangle, first, rows, level, slope = _halves(corners, grids, bottoms)
    last = np.cumsum(rows)
    half = _numbered(last)
    row = (first - last + rows).take(half)
    row += np.arange(len(row))
    ends = slope.take(half, 1)
    ends *= row
    ends += level.take(half, 1)
    np.minimum(np.maximum(np.ceil(ends, out=ends), 0, out=ends), width, out=ends)
    start, end = ends.astype(np.intp)
    kept = np.flatnonzero(end > start)
    row *= width
    row += start
    end -= start
    return triangle.take(half.take(kept)), row.take(kept), end.take(kept)


def _halves(corners: Places, grids: Sequence[Grid], bottoms: Index) -> tuple[Index, Index, Index, Doubles, Doubles]:
    """Return what lies above and below the middle corners of the grids' triangles and crosses rows of the sheet.

    The triangle of each such half, its first row, how many there are, and (2, n) the columns in row 0 and the slopes of
    its left and its right side; see `_spans`.
    """
    ends = bottoms.tolist()
    table = np.array([(1 / g.step, *g.origin, end - g.shape[0], end) for g, end in zip(grids, ends, strict=True)])
    which = np.repeat(np.arange(len(grids)), [len(grid.order) for grid in grids])
    order = np.concatenate([grid.order for grid in grids])
    scale, left, top, first, last = table.T.take(which, 1)
    shift = first - top * scale
    heights, level, slope, long_is_left = _outlines(corners)
    levels = heights.take(order, 1)
    levels *= scale
    levels += shift
    np.minimum(np.maximum(np.ceil(levels, out=levels), first, out=levels), last, out=levels)
    borders = levels.astype(np.intp)
    rows = (borders[1:] - borders[:-1]).T.ravel()
    half = np.flatnonzero(rows)
    pair, side = half >> 1, half & 1
    triangle, scale = order.take(pair), scale.take(pair)
    start = borders.take(side * len(order) + pair)
    side += 1
    right = side * long_is_left.take(triangle)
    lines = np.empty((2, len(half)), np.intp)
    np.subtract(side, right, out=lines[0])
    lines[1] = right
    lines *= len(corners[0])
    lines += triangle
    slope, level = slope.take(lines), level.take(lines)
    level -= left.take(pair)
    level *= scale
    level -= slope * shift.take(pair)
    return triangle, start, rows.take(half), level, slope


def _numbered(ends: Index) -> Index:
    """Return 0…n−1, number k up to place ends[k] > ends[k − 1] of (n,): `np.repeat` without a branch for each."""
    numbers = np.zeros(int(ends[-1]) if len(ends) else 0, np.intp)
    numbers[ends[:-1]] = 1
    return np.cumsum(numbers, out=numbers)


def _outlines(corners: Places) -> tuple[Doubles, Doubles, Doubles, Mask]:
    """Return the rows (3, T) of the corners of triangles (3, T) from above, and the lines of their sides.

    Column in row 0 and slope (3, T): from the uppermost corner to the lowest, to the middle one, and from there to the
    lowest; and for which triangles the first of them is on the left.
    """
    down = corners.take(_downwards(corners.imag))
    start, end = down.take(_STARTS, 0), down.take(_ENDS, 0)
    way = end - start
    slope = way.real / np.maximum(way.imag, LEVEL)
    level = start.real - slope * start.imag
    return down.imag, level, slope, level[0] + slope[0] * down[1].imag < down[1].real


_STARTS, _ENDS = np.array([0, 0, 1]), np.array([2, 1, 2])
"""Corners of a triangle's long side and of its two short ones, upper and lower."""
_SORTED: Final = np.array([[0, 1, 0, 0, 0, 1, 2, 2], [1, 0, 2, 0, 0, 2, 0, 1], [2, 2, 1, 0, 0, 0, 1, 0]])
"""The three in order, by whether the first is more than the second, the second than the third, the first than that."""


def _downwards(rows: Doubles) -> Index:
    """Return the (3, T) places, in a flat array, of the corners of triangles with (3, T) rows, from above."""
    first, second, third = rows
    more = ((first > second), (second > third), (first > third))
    code = sum(part.astype(np.intp) << bit for bit, part in enumerate(more))
    places: Index = _SORTED.take(code, 1)
    places *= rows.shape[1]
    places += np.arange(rows.shape[1])
    return places


def values_at(grid: Grid, numbers: Index, maps: Complexes) -> Floats:
    """Return the (h, w, 2) values of the maps of triangles with those (h, w) numbers at a grid's samples."""
    h, w = grid.shape
    x, y = (np.arange(n, dtype=np.complex64) * grid.step + start for n, start in zip((w, h), grid.origin, strict=True))
    values = maps[0].take(numbers)
    values *= x
    down = maps[1].take(numbers)
    down *= y[:, None]
    values += down
    values += maps[2].take(numbers)
    pairs: Floats = values.view(np.float32).reshape(h, w, 2)
    return pairs


def _continue(values: Floats, covered: Mask, grid: Grid, numbers: Index, maps: Complexes) -> None:
    """Give samples beside those of triangles, in the box of the grid, the mean of what maps around them say there.

    Between samples values are mixed, and so what lies beyond a border counts up to the border.
    """
    part, width = grid.part(grid.continued or grid.box), covered.shape[1]
    shown = covered[part].view(np.uint8)
    row, column = np.nonzero(cv2.dilate(shown, _AROUND) > shown)
    row += part[0].start
    column += part[1].start
    place = row * width + column
    beside = numbers.ravel().take(place + (_DOWN * width + _ACROSS), mode="clip")
    known = beside < maps.shape[1] - 1
    across, down, constant = (maps.take(beside, 1) * known).sum(1)
    across *= (column * grid.step + grid.origin[0]).astype(np.float32)
    down *= (row * grid.step + grid.origin[1]).astype(np.float32)
    values.view(np.complex64).ravel()[place] = (across + down + constant) / known.sum(0)
    covered.ravel()[place] = True


_DOWN, _ACROSS = np.mgrid[-1:2, -1:2].reshape(2, 9, 1)
"""Ways from a sample to those around it and to itself, which has no map."""
_AROUND: Final[Pixels] = np.ones((3, 3), np.uint8)


def _spread(nearest: Index, nothing: int, reach: int) -> Index:
    """Return (h, w) triangles with those at the rim continued by ``reach`` samples into ``nothing``, the last one."""
    around = cv2.erode(nearest.astype(np.uint16), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return np.where(nearest == nothing, around, nearest)
