"""Skin at the rim of a face: a turn that reveals it draws no pixel of the photo out to a stripe."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.arrays import Doubles, Floats
from space_runtime.geometry import picture_points
from space_runtime.portrait.mesh_points import EYES, OUTER_LIPS, OVAL
from space_runtime.rendering.warp.stretch import prepare_stretch, shared
from tests.space_runtime.rendering.warp.test_mirror import mesh_at, pose, turned

CHEEKS = {-25: (454, 447, 345, 346), 25: (234, 227, 116, 117)}
"""A row of points from the ear inwards, of the side that a yaw reveals."""


def longest(places: Floats, yaw: int) -> float:
    """Return how many pixels of the turned picture a pixel of the photo fills at most, along the row."""
    row = list(CHEEKS[yaw])
    drawn, taken = (np.abs(np.diff(points[row, 0])) for points in (_turned_points(yaw), places))
    return float((drawn / taken.clip(0.05)).max())


def _turned_points(yaw: int) -> Floats:
    return picture_points(turned(mesh_at(0), yaw).vertices)


def places_at(yaw: float) -> tuple[Floats, Floats]:
    mesh = mesh_at(0)
    source = picture_points(mesh.source)
    return source, shared(source, prepare_stretch(mesh), mesh, pose(yaw))


@pytest.mark.parametrize("yaw", [-25, 25])
def test_a_turn_stretches_the_whole_cheek_instead_of_a_pixel(yaw: int) -> None:
    source, places = places_at(yaw)
    assert longest(source, yaw) > 10
    assert longest(places, yaw) < 7


def test_at_rest_all_keeps_its_place_and_features_always_do() -> None:
    source, places = places_at(0)
    np.testing.assert_allclose(places, source, atol=1e-3)
    source, places = places_at(25)
    features = [*(point for rows in EYES for row in rows for point in row), *OUTER_LIPS, 1, 4, 10, 152]
    np.testing.assert_allclose(places[features], source[features], atol=1e-3)


def test_the_contour_moves_inwards_only_on_the_side_that_is_revealed() -> None:
    source, places = places_at(25)
    oval = list(OVAL)
    middle = source[oval].mean(0)
    nearer: Doubles = np.linalg.norm(source[oval] - middle, axis=1) - np.linalg.norm(places[oval] - middle, axis=1)
    sides = source[oval, 0] - middle[0]
    assert nearer.min() > -1e-3
    assert nearer[sides < 0].max() > 2
    np.testing.assert_allclose(nearer[sides > 0.5 * sides.max()], 0, atol=1e-3)
