"""Triangles drawn on grids: inside or not is what geometry says, neighbours leave no gap, the last one wins."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats, Index
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.raster import STAYING, Complexes, Grid, Indices, affine_displacements, drawn

NEAR = 1e-3
"""Distance from an edge, in shares of the triangle's height, within which either answer is right."""


def numbered(n_triangles: int) -> Complexes:
    """Maps that say the number of the triangle everywhere, and −1 where none is."""
    maps = np.zeros((3, n_triangles + 1), np.complex64)
    maps[2] = [*range(n_triangles), -1]
    return maps


def numbers(points: Floats, triangles: Indices, grid: Grid) -> Index:
    [(values, covered)] = drawn(points, triangles, numbered(len(triangles)), [grid])
    assert np.array_equal(covered, values[..., 0] >= 0)
    return np.rint(values[..., 0]).astype(np.intp)


def weights(corners: Floats, column: float, row: float) -> Floats:
    """Barycentric coordinates of a place."""
    system = np.vstack([corners.T, np.ones(3)]).astype(np.float64)
    return np.linalg.solve(system, [column, row, 1]).astype(np.float32)


@pytest.mark.parametrize("step", [1, 4])
def test_samples_belong_to_the_last_triangle_around_them(step: int) -> None:
    rng = np.random.default_rng(step)
    points = rng.uniform(-10, 70, (24, 2)).astype(np.float32)
    triangles = np.arange(24, dtype=np.int32).reshape(8, 3)
    grid = Grid(Box(4, 8, 52, 48), step, rng.permutation(8))
    found = numbers(points, triangles, grid)
    for row, column in np.ndindex(*found.shape):
        x, y = (start + step * place for start, place in zip(grid.origin, (column, row), strict=True))
        inside = [(int(t), weights(points[triangles[t]], x, y).min()) for t in grid.order]
        if min(abs(depth) for _, depth in inside) > NEAR:
            assert found[row, column] == next((t for t, depth in reversed(inside) if depth > 0), -1)


def test_neighbours_leave_no_gap_and_do_not_overlap() -> None:
    rng = np.random.default_rng(0)
    corners = np.array([[0, 0], [40, 0], [40, 40], [0, 40]], np.float32)
    points = np.vstack([corners, rng.uniform(5, 35, (1, 2))]).astype(np.float32)
    triangles = np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]], np.int32)
    there, back = (
        numbers(points, triangles, Grid(Box(1, 1, 39, 39), 1, order)) for order in (np.arange(4), np.arange(4)[::-1])
    )
    assert there.min() >= 0
    assert np.array_equal(there, back)


def test_grids_in_one_call_are_those_of_calls_of_their_own() -> None:
    rng = np.random.default_rng(1)
    source, moved = rng.uniform(0, 64, (2, 30, 2)).astype(np.float32)
    triangles = rng.permutation(30).astype(np.int32).reshape(10, 3)
    maps = affine_displacements(source, moved, triangles)
    grids = [Grid(Box(0, 0, 64, 64), 4, np.arange(10)), Grid(Box(8, 20, 40, 48), 1, rng.permutation(10)[:6], spread=1)]
    together = drawn(moved, triangles, maps, grids)
    for grid, (values, covered) in zip(grids, together, strict=True):
        [(alone, own)] = drawn(moved, triangles, maps, [grid])
        assert np.array_equal(alone, values) and np.array_equal(own, covered)


def test_displacements_lead_moved_corners_back() -> None:
    rng = np.random.default_rng(2)
    moved = np.array([[0, 0], [60, 4], [10, 50]], np.float32)
    source = (moved + rng.normal(0, 5, (3, 2))).astype(np.float32)
    across, down, constant = affine_displacements(source, moved, np.array([[0, 1, 2]], np.int32))[:, 0]
    for there, here in zip(source, moved, strict=True):
        back = across * here[0] + down * here[1] + constant
        np.testing.assert_allclose([back.real, back.imag], there - here, atol=1e-4)


def test_triangles_reach_beyond_themselves_as_far_as_asked() -> None:
    points = np.array([[8.2, 8.2], [24.2, 8.2], [8.2, 24.2]], np.float32)
    shown = [
        (numbers(points, np.array([[0, 1, 2]], np.int32), Grid(Box(0, 0, 32, 32), 1, np.array([0]), spread)) == 0)
        for spread in (0, 2)
    ]
    rows, columns = np.nonzero(shown[0])
    assert shown[1][rows.min() - 2, columns.min() - 2] and not shown[1][rows.min() - 3].any()


def test_samples_beside_triangles_continue_their_map_and_no_others() -> None:
    places = np.array([[16, 16], [48, 16], [48, 48], [16, 48]], np.float32)
    rng = np.random.default_rng(3)
    linear = np.eye(2, dtype=np.float32) + rng.normal(0, 0.2, (2, 2)).astype(np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    maps = affine_displacements(places @ linear, places, triangles)
    maps[:2] += STAYING
    box = Box(0, 0, 64, 64)
    [(_, inner)] = drawn(places, triangles, maps, [Grid(box, 8, np.arange(2))])
    [(values, covered)] = drawn(places, triangles, maps, [Grid(box, 8, np.arange(2), continued=box)])
    beside = cv2.dilate(inner.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert inner.sum() == 16 and np.array_equal(covered, beside)
    middles = np.stack(np.meshgrid(*[np.arange(3.5, 64, 8, dtype=np.float32)] * 2), -1)
    np.testing.assert_allclose(values[covered], (middles @ linear)[covered], atol=1e-3)
