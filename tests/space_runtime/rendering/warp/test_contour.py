"""Laws of the face's contour: the oval where nothing is hidden, no further than the face, no jumps in time."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats
from space_runtime.geometry import apply_pose, picture_points, remove_pose
from space_runtime.rendering.warp.contour import PIECES, contour, rim_of
from space_runtime.rendering.warp.mesh import OVAL
from tests.support.pictures import portrait


def normalised() -> Floats:
    return remove_pose(portrait().mesh, portrait().pose)[:468]


def seen(yaw_deg: float) -> Floats:
    """Picture points of the portrait's face, turned from the front."""
    rotation = np.array([np.radians(yaw_deg), 0, 0], np.float32)
    return picture_points(apply_pose(normalised(), replace(portrait().pose, rotation_rad=rotation)))


def drawn(yaw_deg: float) -> Floats:
    return contour(seen(yaw_deg), rim_of(normalised()), 0)


def outside(points: Floats, outline: Floats) -> Floats:
    """Pixels by which points lie outside of a closed outline, below 0 inside."""
    places = [cv2.pointPolygonTest(outline[:, None], (float(x), float(y)), True) for x, y in points]
    return -np.array(places, np.float32)


def test_a_flat_face_has_its_oval_as_contour() -> None:
    flat = normalised() * np.array([1, 1, 0], np.float32)
    points = picture_points(portrait().pose.scale * flat)
    around = contour(points, rim_of(flat), 0)[::PIECES]
    assert np.abs(outside(around, points[list(OVAL)])).max() < 0.5


@pytest.mark.parametrize("yaw", [-25, -15, 15, 25])
def test_the_contour_goes_no_further_than_the_face_and_hardly_cuts_it(yaw: float) -> None:
    face = seen(yaw)
    assert outside(drawn(yaw), np.asarray(cv2.convexHull(face)[:, 0], np.float32)).max() < 1.2
    assert outside(face, drawn(yaw)).max() < 2.5


@pytest.mark.parametrize("yaw", [-24, -12, 0, 12, 24])
def test_the_contour_does_not_jump_while_a_head_turns(yaw: float) -> None:
    contours = [drawn(yaw + eighth / 8) for eighth in range(-12, 13)]
    assert np.abs(np.diff(contours, axis=0)).max() < 0.25


@pytest.mark.parametrize("yaw", [0, 20])
def test_room_for_further_points_changes_nothing(yaw: float) -> None:
    rim = rim_of(normalised())
    wider = np.concatenate([rim, np.full_like(rim[:, :2], -1)], 1)
    np.testing.assert_allclose(contour(seen(yaw), wider, 0), drawn(yaw), atol=1e-3)


def test_a_rim_has_each_point_once() -> None:
    rim = rim_of(normalised())
    assert rim[:, 0].tolist() == list(OVAL)
    points, counts = np.unique(rim[rim >= 0], return_counts=True)
    assert set(OVAL) <= set(points.tolist())
    assert counts[~np.isin(points, OVAL)].max() == 1


def test_a_face_without_height_has_a_contour() -> None:
    assert np.isfinite(contour(np.zeros_like(seen(0)), rim_of(normalised()), 0)).all()
