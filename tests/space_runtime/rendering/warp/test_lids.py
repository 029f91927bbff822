"""Laws of a shut lid's skin: it is that of the skin below the eye, a like crease tints it, a dark one does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import picture_points
from space_runtime.rendering.warp.lids import lid_skin
from space_runtime.rendering.warp.mesh import CREASES, EYES
from tests.support.pictures import portrait

SKINS = ((236, 188, 160), (150, 100, 72), (70, 46, 36), (128, 128, 128))


def face(skin: tuple[int, int, int], crease: Floats, noise: float = 0.0) -> tuple[Pixels, Floats]:
    """A picture of one skin with creases of another colour, and its mesh points in it."""
    points = picture_points(portrait().mesh)
    picture = np.full((512, 512, 3), skin, np.float32)
    for row in CREASES:
        cv2.polylines(picture, [np.rint(points[list(row)]).astype(np.int32)], False, crease.tolist(), 6)
    picture += np.random.default_rng(1).normal(0, noise, (512, 512, 1))
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), points


def lid(picture: Pixels, points: Floats, eye: int) -> Floats:
    """The colours (n, 3) of the shut lid where the eye is open."""
    upper, lower = (points[list(row)] for row in EYES[eye])
    mask = np.zeros((512, 512), np.uint8)
    cv2.fillPoly(mask, [np.rint(np.concatenate([upper, lower[::-1]])).astype(np.int32)], 1)
    return lid_skin(picture, points, eye)[mask > 0]


@pytest.mark.parametrize("eye", [0, 1])
@pytest.mark.parametrize("skin", SKINS)
def test_a_dark_crease_does_not_darken_the_lid(skin: tuple[int, int, int], eye: int) -> None:
    picture, points = face(skin, np.array(skin, np.float32) * 0.25)
    assert np.abs(lid(picture, points, eye) - skin).max() < 3


@pytest.mark.parametrize("eye", [0, 1])
@pytest.mark.parametrize("skin", SKINS)
def test_a_like_crease_tints_the_lid_less_than_half(skin: tuple[int, int, int], eye: int) -> None:
    tint = np.array([12, 0, -12], np.float32)
    picture, points = face(skin, np.array(skin, np.float32) + tint)
    share = ((lid(picture, points, eye) - skin) @ tint / (tint @ tint)).mean()
    assert 0.03 < share < 0.5


def test_the_lid_has_the_grain_of_the_photo() -> None:
    skin = np.array(SKINS[1], np.float32)
    deviations = [lid(*face(SKINS[1], skin, noise), 0).std(0).mean() for noise in (0, 4, 8)]
    assert deviations[0] < 0.5 and 1 < deviations[1] < 6
    assert deviations[2] == pytest.approx(2 * deviations[1], rel=0.3)
