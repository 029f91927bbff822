"""What a turn changes of a photo: no streaks on the cheek that it reveals, no line beside the nose that turns away."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import picture_points
from space_runtime.portrait.mesh_points import OVAL
from space_runtime.portrait.mirrored import MIRRORED
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.layers import enlarged
from space_runtime.rendering.warp.retouch import FLANK, NONE, Retouch, add_retouch, prepare_retouches, retouched
from space_runtime.rendering.warp.scene import prepare_scene
from space_runtime.rendering.warp.stretch import prepare_stretch, shared
from tests.space_runtime.rendering.warp.test_mirror import GREY, mesh_at, pose, turned

CHEEKS = {25: 137, -25: 366}
"""A point of the cheek's rim that each turn reveals."""
LIGHT, SHADE = 180, 90


def everywhere(fine: int = 1) -> Floats:
    """Return the cover of a person who fills the photo."""
    return np.ones((512 * fine, 512 * fine), np.float32)


def retouches(photo: Pixels) -> tuple[Retouch | None, ...]:
    mesh = mesh_at(0)
    return prepare_retouches(photo, everywhere(), mesh, prepare_stretch(mesh))


def change_by(photo: Pixels, yaw: int) -> Floats:
    """Return (512, 512, 3) what a full turn changes of a photo."""
    found = retouches(photo)[0 if yaw > 0 else 1]
    whole: Floats = np.zeros((512, 512, 3), np.float32)
    if found is not None:
        whole[found.box.slices] = found.change.astype(np.float32) - NONE
    return whole


def rows() -> Pixels:
    """Return lines across the face, each a pixel high."""
    return np.where(np.arange(512)[:, None, None] % 4 < 2, LIGHT, SHADE).astype(np.uint8).repeat(512, 1).repeat(3, 2)


@pytest.mark.parametrize("yaw", [-25, 25])
def test_lines_are_smoothed_on_the_cheek_that_is_revealed_alone(yaw: int) -> None:
    mesh, photo = mesh_at(0), rows()
    points = shared(picture_points(mesh.source), prepare_stretch(mesh), mesh, pose(yaw))
    after = photo + change_by(photo, yaw)
    contrast = {}
    for side, point in CHEEKS.items():
        column, row = np.rint(points[point]).astype(int)
        contrast[side] = float(np.ptp(after[row - 6 : row + 6, column]))
    assert contrast[-yaw] == LIGHT - SHADE
    assert contrast[yaw] < 0.4 * (LIGHT - SHADE)


@pytest.mark.parametrize("yaw", [-25, 25])
def test_the_nose_has_no_shade_on_the_side_that_turns_away(yaw: int) -> None:
    points = picture_points(mesh_at(0).source)
    sides = {-25: np.array(FLANK), 25: MIRRORED[list(FLANK)]}
    photo: Pixels = np.full((512, 512, 3), LIGHT, np.uint8)
    for side in sides.values():
        cv2.fillConvexPoly(photo, cv2.convexHull(np.rint(points[side]).astype(np.int32)), (SHADE,) * 3)
    change = change_by(photo, yaw)
    places = {side: np.rint(points[on]).astype(int) for side, on in sides.items()}
    lighter = {side: float(change[at[:, 1], at[:, 0]].mean()) for side, at in places.items()}
    assert lighter[yaw] > 0.2 * (LIGHT - SHADE)
    assert lighter[-yaw] < 0.1 * (LIGHT - SHADE)


def test_plain_skin_stays() -> None:
    assert np.abs(change_by(GREY, 25)).max() < 0.01


def test_small_turns_change_nothing_and_larger_ones_more() -> None:
    mesh, found = mesh_at(0), retouches(rows())
    shares = []
    for yaw in (0, 5, 15, 25):
        moved = turned(mesh, yaw)
        one = retouched(found, mesh, picture_points(moved.vertices), pose(yaw), 512)
        shares.append(one.share if one else 0.0)
    assert shares[:2] == [0, 0]
    assert 0.2 < shares[2] < 0.8
    assert shares[3] == 1


def test_it_is_added_where_the_photo_lies_and_no_colour_overflows() -> None:
    mesh, photo = mesh_at(0), rows()
    photo[photo == LIGHT] = 255
    found = retouched(retouches(photo), mesh, picture_points(turned(mesh, 25).vertices), pose(25), 512)
    assert found is not None
    still = np.stack(np.meshgrid(np.arange(512, dtype=np.float32), np.arange(512, dtype=np.float32)), -1)
    picture = photo.copy()
    add_retouch(picture, ((Box(0, 0, 512, 512), still),), found)
    wanted = np.zeros((512, 512, 3), np.float32)
    wanted[found.retouch.box.slices] = found.retouch.change.astype(np.float32) - NONE
    part = found.box.common(found.retouch.box).slices
    np.testing.assert_allclose(picture[part], np.clip(photo + wanted, 0, 255)[part], atol=1)


def added(fine: int) -> Floats:
    """Return (512 · fine, 512 · fine, 3) what a full turn adds to lines ``fine`` pixels high, nothing yet moved."""
    mesh, side = mesh_at(0, fine), 512 * fine
    photo, stretch, full = rows().repeat(fine, 0).repeat(fine, 1), prepare_stretch(mesh), pose(25, fine)
    points = shared(picture_points(mesh.source), stretch, mesh, full)
    found = retouched(prepare_retouches(photo, everywhere(fine), mesh, stretch, fine), mesh, points, full, side)
    assert found is not None
    line = np.arange(side, dtype=np.float32)
    picture = photo.copy()
    add_retouch(picture, ((Box(0, 0, side, side), np.stack(np.meshgrid(line, line), -1)),), found)
    return picture.astype(np.float32) - photo


def test_a_fine_photo_is_changed_as_far_as_a_coarse_one() -> None:
    assert np.abs(added(1)).max() > 0.3 * (LIGHT - SHADE)
    np.testing.assert_allclose(added(2), enlarged(added(1), 2), atol=2)


@pytest.mark.parametrize("fine", [1, 2])
def test_the_whole_change_is_added_without_a_hard_edge(fine: int) -> None:
    changed = np.abs(added(fine)).max(2)
    rows, columns = np.nonzero(changed)
    edges = changed[rows.min()], changed[rows.max()], changed[:, columns.min()], changed[:, columns.max()]
    assert max(float(edge.max()) for edge in edges) <= 3


@pytest.mark.parametrize("yaw", [-25, 25])
def test_the_background_beside_a_plain_face_stays(yaw: int) -> None:
    mesh, photo, face = mesh_at(0), rows(), np.zeros((512, 512), np.float32)
    outline = np.rint(picture_points(mesh.source)[list(OVAL)]).astype(np.int32)
    cv2.fillConvexPoly(face, cv2.convexHull(outline), 1)
    photo[face == 1] = LIGHT
    found = prepare_retouches(photo, face, mesh, prepare_stretch(mesh))[0 if yaw > 0 else 1]
    assert found is not None
    beside = face[found.box.slices] == 0
    assert beside.mean() > 0.1
    assert (found.change[beside] == NONE).all()


def test_no_turn_takes_the_lines_of_a_drawing_away() -> None:
    assert prepare_scene(rows(), everywhere(), mesh_at(0), is_drawn=True).retouches == (None, None)
    assert None not in prepare_scene(rows(), everywhere(), mesh_at(0)).retouches
