"""The other half of a face: only turned photos need one, only turns show it, and it has the light of the photo."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import HeadPose, apply_pose, picture_points, remove_pose
from space_runtime.portrait.mirrored import MIRRORED, mirrored_mesh
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.mesh import FaceMesh, MovedMesh, build_mesh, drawing_order, move
from space_runtime.rendering.warp.mirror import Revealed, prepare_mirror, revealed, turned_to_view, without_silhouette
from tests.space_runtime.rendering.warp.test_warp_generator import WARP
from tests.support.pictures import portrait

HEAD = Box(0, 0, 512, 512)
COVERED = np.full((512, 512), 255, np.uint8)
GREY: Pixels = np.full((512, 512, 3), 120, np.uint8)


@cache
def mesh_at(yaw_deg: float, fine: int = 1) -> FaceMesh:
    """The astronaut's mesh made symmetrical, as a photo ``fine`` times as large would show it at a yaw."""
    face = remove_pose(portrait().mesh, portrait().pose)
    posed = apply_pose(np.asarray((face + mirrored_mesh(face, 1)) / 2, np.float32), pose(yaw_deg, fine))
    return build_mesh(posed, WARP["triangles"], WARP["mesh_from_keypoints"])


def pose(yaw_deg: float, fine: int = 1) -> HeadPose:
    turn = np.radians([yaw_deg, 0, 0]).astype(np.float32)
    middle = np.array([0.5, -0.5, 0], np.float32)  # of the first pixel, from the picture's corner
    place = (portrait().pose.translation + middle) * fine - middle
    return HeadPose(turn, place, portrait().pose.scale * fine)


def turned(mesh: FaceMesh, yaw_deg: float) -> MovedMesh:
    return move(mesh, apply_pose(mesh.keypoints, pose(yaw_deg)))


def shown(mesh: FaceMesh, yaw_deg: float, photo: Pixels = GREY) -> Revealed | None:
    mirror = prepare_mirror(photo, mesh)
    assert mirror is not None
    moved = turned(mesh, yaw_deg)
    order, _ = drawing_order(mesh, moved.vertices)
    return revealed(mirror, mesh, moved.vertices, turned_to_view(mirror, moved.vertices), order, COVERED, HEAD)


def test_the_mirror_image_of_a_mirror_image_is_the_point_itself() -> None:
    assert np.array_equal(MIRRORED[MIRRORED], np.arange(478))
    mesh = portrait().mesh
    np.testing.assert_allclose(mirrored_mesh(mirrored_mesh(mesh, 512), 512), mesh, atol=1e-3)


def test_a_photo_from_the_front_needs_no_other_half() -> None:
    assert prepare_mirror(GREY, mesh_at(0)) is None


@pytest.mark.parametrize("yaw", [20, -20, 30])
def test_a_turned_photo_shows_it_only_where_a_turn_reveals_skin(yaw: float) -> None:
    mesh = mesh_at(yaw)
    assert shown(mesh, yaw) is None
    found = shown(mesh, 0)
    assert found is not None and 0.5 < found.share.max() <= 1
    middle = float(picture_points(turned(mesh, 0).vertices)[4, 0])
    far = np.average(np.arange(found.box.x0, found.box.x1), weights=found.share.sum(0))
    assert (far - middle) * yaw > 0


def test_it_has_the_light_of_the_photo() -> None:
    """A photo that gets lighter to the right: its mirrored half does not get darker there, once it lies on the face."""
    mesh = mesh_at(25)
    ramp = np.linspace(60, 180, 512)[None, :, None].repeat(512, 0).repeat(3, 2).astype(np.uint8)
    mirror = prepare_mirror(ramp, mesh)
    assert mirror is not None
    well_seen = np.flatnonzero(np.minimum(mirror.facing, mirror.facing[MIRRORED[:468]]) > 0.6)

    def at(picture: Pixels, points: Floats) -> Floats:
        columns, rows = np.rint(points[well_seen]).astype(int).T
        return np.asarray(picture[rows, columns, 1], np.float32)

    own = at(ramp, picture_points(mesh.source))
    before, after = (np.abs(at(picture, mirror.source) - own).mean() for picture in (ramp[:, ::-1], mirror.photo))
    assert after < 0.6 * before


@pytest.mark.parametrize(("yaw", "colours"), [(25, (200, 20)), (-25, (20, 200))])
def test_skin_that_the_dark_side_hides_is_as_dark_as_what_is_seen_beside_it(
    yaw: float, colours: tuple[int, int]
) -> None:
    mesh = mesh_at(yaw)
    side_lit = np.linspace(*colours, 512)[None, :, None].repeat(512, 0).repeat(3, 2).astype(np.uint8)
    mirror = prepare_mirror(side_lit, mesh)
    assert mirror is not None
    columns, rows = np.rint(mirror.source[mirror.hidden]).astype(int).T
    own = side_lit[tuple(np.rint(picture_points(mesh.source)[mirror.hidden, ::-1]).astype(int).T)]
    assert (mirror.photo[rows, columns].mean(1) - own.mean(1)).max() < 30


def test_what_lies_around_leaves_the_old_silhouette_only_as_it_turns() -> None:
    mesh = mesh_at(25)
    mirror = prepare_mirror(GREY, mesh)
    assert mirror is not None
    source = picture_points(mesh.source)
    rest, front = (turned_to_view(mirror, turned(mesh, yaw).vertices) for yaw in (25, 0))
    assert np.array_equal(without_silhouette(source, mirror, mesh, rest), source)
    shift = without_silhouette(source, mirror, mesh, front) - source
    assert np.abs(shift[:478]).max() == 0
    assert np.linalg.norm(shift[mesh.seam], axis=1).max() > 4
