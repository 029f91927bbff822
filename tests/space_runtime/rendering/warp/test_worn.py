"""Laws of spectacles on a face that acts: rest is the photo, frames do not bend, dark glass keeps its eyes hidden."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import apply_pose, picture_points
from space_runtime.inference.bundle import load_bundle
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from space_runtime.rendering.warp.generator import WarpAppearance, load_warp_generator
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF, keypoints_from_mesh
from tests.support import pictures
from tests.support.covered_faces import Draw, dark_glasses, drawn, glasses, thick_glasses

BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
UPPER_LIDS = ((161, 163), (160, 144), (159, 145), (158, 153), (157, 154))


@cache
def acting(draw: Draw) -> tuple[Portrait, WarpAppearance]:
    portrait = portrait_from_pixels(drawn(draw), pictures.tracker(), "photo.x", force=True)
    return portrait, load_warp_generator(load_bundle()).prepare(portrait)


def shown(draw: Draw, keypoints: Floats) -> Pixels:
    (picture,) = load_warp_generator(load_bundle()).render(acting(draw)[1], keypoints[None])
    return np.asarray(picture, np.uint8)


def own(draw: Draw) -> Floats:
    return keypoints_from_mesh(acting(draw)[0].mesh).copy()


def raised(draw: Draw, pixels: float) -> Floats:
    """The keypoints with brows so much higher."""
    keypoints = own(draw)
    keypoints[[KEYPOINT_OF[point] for point in BROWS if point in KEYPOINT_OF], 1] += pixels
    return keypoints


def shut(draw: Draw) -> Floats:
    keypoints = own(draw)
    for upper, lower in UPPER_LIDS:
        keypoints[KEYPOINT_OF[upper]] = keypoints[KEYPOINT_OF[lower]]
    return keypoints


def dark_rim(picture: Pixels) -> Floats:
    """The row of the rims' upper edge in each column over the eyes: the first dark pixel below the brows' height."""
    points = picture_points(acting(glasses)[0].mesh)
    columns = np.rint(points[468, 0] + np.arange(-8, 9)).astype(int)
    top, bottom = round(float(points[468, 1])) - 36, round(float(points[468, 1])) - 12
    darkness = 255 - picture[top:bottom, columns].astype(np.float32).mean(2)
    weight = np.clip(darkness - 180, 0, None)
    return np.asarray((weight * np.arange(top, bottom)[:, None]).sum(0) / weight.sum(0), np.float32)


def test_at_rest_the_photo_is_shown_with_its_spectacles() -> None:
    portrait, appearance = acting(glasses)
    assert appearance.worn is not None and len(appearance.eyes) == 2
    apart = np.abs(shown(glasses, own(glasses)).astype(int) - portrait.image)
    assert apart.mean() < 0.2 and np.quantile(apart, 0.999) < 8


def test_a_frame_ends_inside_its_box_however_thick_it_is() -> None:
    for draw in (glasses, thick_glasses):
        worn = acting(draw)[1].worn
        assert worn is not None
        assert not any(edge.any() for edge in (worn.cover[0], worn.cover[-1], worn.cover[:, 0], worn.cover[:, -1]))


@pytest.mark.parametrize("yaw", [-25, 25])
def test_a_turn_narrows_all_of_a_frame_alike(yaw: float) -> None:
    """The flanks of the nose nearly fold; the frame before them does not."""
    mesh, worn = acting(glasses)[1].mesh, acting(glasses)[1].worn
    assert worn is not None
    x, y, _ = mesh.normalised.T
    near = (np.abs(x) < np.abs(x[33])) & (np.abs(y - y[[33, 263]].mean()) < 0.3)
    turned = replace(mesh.pose, rotation_rad=mesh.pose.rotation_rad + np.radians([yaw, 0, 0]).astype(np.float32))
    triangles = mesh.triangles[mesh.n_fillings : mesh.rings.start]
    triangles = triangles[near[triangles].all(1)]

    def areas(vertices: Floats) -> Floats:
        a, b, c = picture_points(vertices)[triangles].transpose(1, 0, 2)
        return np.asarray((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0], np.float32)

    own, face, frame = map(areas, (mesh.source, apply_pose(mesh.normalised, turned), apply_pose(worn.carrier, turned)))
    assert (face / own).min() < 0.4 < 0.55 < (frame / own).min()


def test_raised_brows_and_shut_lids_leave_the_rim_where_it_is() -> None:
    still = dark_rim(shown(glasses, own(glasses)))
    for keypoints in (raised(glasses, 20), shut(glasses)):
        moved = shown(glasses, keypoints)
        assert np.abs(moved.astype(int) - acting(glasses)[0].image).max() > 60
        assert np.abs(dark_rim(moved) - still).max() < 1


def test_no_lids_are_drawn_over_dark_glass() -> None:
    portrait, appearance = acting(dark_glasses)
    assert appearance.worn is not None and appearance.worn.dark and not appearance.eyes
    points = picture_points(portrait.mesh)
    picture = shown(dark_glasses, shut(dark_glasses))
    for iris in np.rint(points[[468, 473]]).astype(int):
        part = tuple(slice(at - 6, at + 7) for at in iris[::-1])
        assert np.abs(picture[part].astype(int) - portrait.image[part]).max() < 12


def test_a_face_without_spectacles_has_none() -> None:
    assert load_warp_generator(load_bundle()).prepare(pictures.portrait()).worn is None
