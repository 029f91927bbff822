"""Laws of a smile's folds: none at rest, deeper with the smile, each side its own, bounded, and on the face alone."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import picture_points
from space_runtime.inference.bundle import load_bundle
from space_runtime.rendering.warp.backward import Box, bounding_box
from space_runtime.rendering.warp.folds import CORNERS, STEP, draw_folds, layout_places, load_folds, prepare_folds
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF, N_KEYPOINTS
from tests.support import pictures

BUNDLE = load_bundle()
MODEL = load_folds(BUNDLE)
assert MODEL is not None
TRIANGLES = BUNDLE.arrays("warp")["triangles"].astype(np.int32)
POINTS = picture_points(pictures.portrait().mesh)
FOLDS = prepare_folds(MODEL, pictures.portrait().image, POINTS, TRIANGLES)
PLACES = np.stack(np.meshgrid(np.arange(512), np.arange(512)), -1).astype(np.float32)
PARTS = tuple((Box(0, row, 512, row + 64), PLACES[row : row + 64]) for row in range(0, 512, 64))
GREY = 120


def smiling(left: float, right: float) -> Floats:
    """Return (160, 3) motions of keypoints: corners of the mouth by shares of a full smile."""
    assert MODEL is not None
    motion = np.zeros((N_KEYPOINTS, 3), np.float32)
    for (point, outwards), share in zip(CORNERS, (left, right), strict=True):
        motion[KEYPOINT_OF[point], :2] = share * MODEL.motion * (outwards, 1)
    return motion


def drawn(left: float, right: float) -> Pixels:
    """Return an even grey picture under the folds of the portrait, which has not moved."""
    picture = np.full((512, 512, 3), GREY, np.uint8)
    draw_folds(picture, FOLDS, PARTS, POINTS, smiling(left, right))
    return picture


def test_a_face_at_rest_has_no_folds_and_a_bundle_may_have_none() -> None:
    assert (drawn(0, 0) == GREY).all() and (drawn(0.01, -0.01) == GREY).all()
    entries = tuple(entry for entry in BUNDLE.manifest.entries if entry.name != "smile_folds")
    assert load_folds(replace(BUNDLE, manifest=replace(BUNDLE.manifest, entries=entries))) is None


def test_a_deeper_smile_creases_more_and_lifts_the_cheeks() -> None:
    depths = [int(drawn(share, share).min()) for share in (0.25, 0.5, 1.0)]
    assert depths[0] > depths[1] > depths[2] and depths[2] < 0.85 * GREY
    assert drawn(1.0, 1.0).max() > GREY + 5


def test_smooth_skin_creases_less_and_colourless_skin_stays_colourless() -> None:
    assert MODEL is not None
    photo = pictures.portrait().image
    grey = photo.mean(2, keepdims=True).astype(np.uint8).repeat(3, 2)
    smooth = prepare_folds(MODEL, cv2.GaussianBlur(photo, (0, 0), 8).astype(np.uint8), POINTS, TRIANGLES)
    assert np.abs(smooth.log_ratios).max() < 0.8 * np.abs(FOLDS.log_ratios).max()
    assert np.ptp(FOLDS.tint) > 0.1 and np.ptp(prepare_folds(MODEL, grey, POINTS, TRIANGLES).tint) == 0


def test_folds_are_bounded_whatever_a_mouth_does() -> None:
    assert drawn(9, 9).min() >= 0.55 * GREY and drawn(9, 9).max() <= 1.25 * GREY
    assert drawn(-9, -9).min() >= 0.85 * GREY and drawn(-9, -9).max() <= 1.3 * GREY


def test_a_smile_that_is_left_takes_folds_along_but_not_all() -> None:
    deep, left = drawn(1, 1).astype(float), drawn(-1, -1).astype(float)
    crease = deep < 0.9 * GREY
    assert crease.sum() > 100 and (left[crease] > GREY).all()
    assert (left[crease] - GREY).mean() < (GREY - deep[crease]).mean()


@pytest.mark.parametrize("side", [0, 1])
def test_each_corner_creases_its_own_side(side: int) -> None:
    changed = (drawn(1 - side, side)[..., 0] != GREY).any(0)
    columns = np.flatnonzero(changed)
    middle = POINTS[164, 0]
    beyond = columns[columns < middle - 8] if side == 0 else columns[columns > middle + 8]
    assert len(columns) > 20 and not len(beyond)


def test_nothing_beside_the_face_changes() -> None:
    face = np.zeros((512, 512), np.uint8)
    cv2.fillConvexPoly(face, np.rint(cv2.convexHull(POINTS.astype(np.float32))).astype(np.int32), 1)
    face = cv2.dilate(face, np.ones((5, 5), np.uint8)).astype(np.uint8)
    assert (drawn(1, 1)[face == 0] == GREY).all()


def test_a_mesh_point_lies_at_its_place_of_the_layout() -> None:
    assert MODEL is not None
    box = bounding_box(POINTS, 4, 512)
    places = layout_places(MODEL.places, POINTS, TRIANGLES, box)
    for point in (205, 425, 50, 280, 4, 199):
        column, row = np.rint((POINTS[point] - (box.x0, box.y0) - (STEP - 1) / 2) / STEP).astype(int)
        assert np.abs(places[row, column] - MODEL.places[point]).max() < 2.5
