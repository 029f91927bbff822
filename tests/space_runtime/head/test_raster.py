"""Triangles in a grid of pixels."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.head.raster import rasterise

SQUARE = np.array([[1, 1], [6, 1], [6, 6], [1, 6]], np.float32)
HALVES = np.array([[0, 1, 2], [0, 2, 3]])


def test_a_square_covers_its_pixels_once_and_its_weights_give_their_places_back() -> None:
    drawn = rasterise(SQUARE, HALVES, (8, 9))
    rows, columns = np.nonzero(drawn.covered)
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [
        (r, c) for r in range(1, 7) for c in range(1, 7)
    ]
    corners = SQUARE[HALVES[drawn.triangle[drawn.covered]]]
    places = (corners * drawn.weights[drawn.covered][..., None]).sum(1)
    np.testing.assert_allclose(places, np.stack([columns, rows], 1), atol=1e-4)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_nearest_triangle_wins_whatever_the_order(order: tuple[int, int]) -> None:
    points = np.concatenate([SQUARE[:3], SQUARE[:3]])
    depth = np.array([0, 0, 0, 5, 5, 5], np.float32)
    faces = np.array([[0, 1, 2], [3, 4, 5]])[list(order)]
    drawn = rasterise(points, faces, (8, 8), depth)
    assert set(drawn.triangle[drawn.covered].tolist()) == {order.index(1)}
    assert np.all(drawn.depth[drawn.covered] == 5)


def test_triangles_outside_or_without_area_cover_nothing() -> None:
    points = np.array([[-9, -9], [-5, -9], [-9, -5], [2, 2], [3, 3], [4, 4]], np.float32)
    drawn = rasterise(points, np.array([[0, 1, 2], [3, 4, 5]]), (8, 8))
    assert not drawn.covered.any()
    assert np.all(np.isneginf(drawn.depth))


def test_a_triangle_larger_than_the_picture_covers_all_of_it() -> None:
    points = np.array([[-100, -100], [300, -100], [-100, 300]], np.float32)
    assert rasterise(points, np.array([[0, 1, 2]]), (16, 12)).covered.all()
