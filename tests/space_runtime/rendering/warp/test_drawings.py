"""Laws of drawings that are animated: rest is the drawing, lids close whatever their size, brows stay."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from space_runtime.arrays import Floats
from space_runtime.geometry import apply_pose
from space_runtime.inference.bundle import load_bundle
from space_runtime.portrait.mesh_points import EYES, UPPER_LIP
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from space_runtime.rendering.warp.generator import WarpAppearance, load_warp_generator
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF
from space_runtime.rendering.warp.mesh import move
from space_runtime.rig.shapes import UPPER_LID_SHARE
from tests.support import drawn_faces, pictures

GENERATOR = load_warp_generator(load_bundle())
BROWS = [70, 63, 105, 66, 107, 336, 296, 334, 293, 300]
names = pytest.mark.parametrize("name", ["anime", "cartoon"])


@cache
def drawing(name: str) -> tuple[Portrait, WarpAppearance]:
    face = {"anime": drawn_faces.anime, "cartoon": drawn_faces.cartoon}[name]()
    portrait = portrait_from_pixels(face.picture, pictures.tracker(), name, placed=face.landmarks)
    return portrait, GENERATOR.prepare(portrait)


def posed(name: str, acted: Floats) -> Floats:
    """The drawing's (160, 3) keypoints in pixels where its stand-in has such normalised ones."""
    portrait, appearance = drawing(name)
    assert appearance.drawn is not None
    return apply_pose(appearance.drawn.of(acted), portrait.pose)


def shut(acted: Floats) -> Floats:
    """The stand-in's keypoints with shut eyes."""
    closed = acted.copy()
    for upper, lower in EYES:
        for up, low in zip(upper[1:-1], lower[1:-1], strict=True):
            a, b = KEYPOINT_OF.get(up), KEYPOINT_OF.get(low)
            if a is not None and b is not None:
                gap = acted[a] - acted[b]
                closed[a] -= np.float32(UPPER_LID_SHARE) * gap
                closed[b] += np.float32(1 - UPPER_LID_SHARE) * gap
    return closed


@names
def test_at_rest_the_drawing_is_shown(name: str) -> None:
    portrait, appearance = drawing(name)
    shown = GENERATOR.render(appearance, posed(name, appearance.keypoints)[None])[0]
    assert np.abs(shown.astype(int) - portrait.image).max() <= 4


@names
def test_shut_eyes_show_skin(name: str) -> None:
    portrait, appearance = drawing(name)
    shown = GENERATOR.render(appearance, posed(name, shut(appearance.keypoints))[None])[0]
    skin = np.median(portrait.image[330:345, 215:235].reshape(-1, 3), 0)  # a cheek
    for iris in (468, 473):
        column, row = np.rint(portrait.mesh[iris, :2] * (1, -1)).astype(int)
        lid = shown[row - 12 : row + 5, column - 8 : column + 8].reshape(-1, 3)
        assert np.abs(np.median(lid, 0) - skin).max() < 12


@names
def test_shut_eyes_leave_brows_where_they_are(name: str) -> None:
    _, appearance = drawing(name)
    moved = move(appearance.mesh, posed(name, shut(appearance.keypoints)))
    way = np.linalg.norm((moved.vertices - appearance.mesh.source)[:, :2], axis=1)
    assert way[[point for upper, _ in EYES for point in upper[2:-2]]].min() > 20
    assert way[BROWS].max() < 3


@names
def test_a_smaller_mouth_moves_less(name: str) -> None:
    portrait, appearance = drawing(name)
    assert appearance.drawn is not None and portrait.stand_in is not None and appearance.folds is None
    corner = KEYPOINT_OF[UPPER_LIP[0]]
    acted = appearance.keypoints.copy()
    acted[corner, 0] -= 0.1
    way = appearance.drawn.shown[corner, 0] - appearance.drawn.of(acted)[corner, 0]
    ends = [UPPER_LIP[0], UPPER_LIP[-1]]
    share = np.ptp(appearance.mesh.normalised[ends, 0]) / np.ptp(portrait.stand_in[ends, 0])
    np.testing.assert_allclose(way, 0.1 * share, rtol=0.05)
