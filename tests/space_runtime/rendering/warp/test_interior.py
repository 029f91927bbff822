"""Laws of the inside of the mouth: upper teeth stay on the skull, lower ones follow the jaw, turns show the side."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.arrays import Floats
from space_runtime.geometry import HeadPose
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.interior import Interior, interior_in, prepare_interior
from space_runtime.rendering.warp.mouth_colours import MouthColours, mouth_colours
from space_runtime.rendering.warp.mouth_sprites import load_sprites
from space_runtime.rendering.warp.palette import LUMA, photo_palette
from tests.support.pictures import portrait

SCALE, SIDE = 200, 160
WHITE, RED, DARK = (np.array(colour, np.float32) for colour in ((250, 250, 250), (150, 60, 60), (20, 8, 8)))
BOX = Box(0, 0, SIDE, SIDE)
CHIN = np.array([0, -0.5, 0], np.float32)


def ahead(yaw_deg: float = 0, roll_deg: float = 0) -> HeadPose:
    """The origin of the sprites in the middle of the box."""
    rotation = np.radians([yaw_deg, 0, roll_deg]).astype(np.float32)
    return HeadPose(rotation, np.array([(SIDE - 1) / 2, -(SIDE - 1) / 2, 0], np.float32), SCALE)


def mouth() -> Interior:
    colours = MouthColours(WHITE, RED, RED, DARK, np.zeros(3, np.float32))
    return prepare_interior(colours, np.zeros(3, np.float32), CHIN, ahead(), portrait().image, None)


def drawn(opened: float, pose: HeadPose | None = None, tongue: float = 0) -> Floats:
    return interior_in(BOX, mouth(), CHIN - np.array([0, opened, 0], np.float32), pose or ahead(), tongue)


def teeth(picture: Floats) -> np.ndarray:
    return np.asarray(picture.min(2) > 110)


def test_upper_teeth_stay_and_lower_ones_follow_the_jaw() -> None:
    half, wide = (drawn(opened) for opened in (0.15, 0.25))
    above = slice(0, SIDE // 2 - 10)
    assert np.array_equal(half[above, 60:100], wide[above, 60:100])
    assert teeth(half[above]).sum() > 500
    lowest = [np.flatnonzero(teeth(picture)[:, SIDE // 2 - 8]).max() for picture in (half, wide)]
    assert lowest[1] - lowest[0] == pytest.approx(0.1 * SCALE * load_sprites().jaw[0], abs=2)


def test_the_upper_incisors_end_at_the_origin() -> None:
    column = np.flatnonzero(teeth(drawn(0.3))[: SIDE // 2 + 20, SIDE // 2 - 8])
    assert column.max() == pytest.approx((SIDE - 1) / 2, abs=3)


@pytest.mark.parametrize(("depth", "photographed"), [((0.1, 0.13), 0.59), ((0.13, 0.16), 0.38), ((0.16, 0.2), 0.21)])
def test_teeth_further_back_are_as_dark_as_photos_show_them(depth: tuple[float, float], photographed: float) -> None:
    row = mouth().upper
    cover, light = row.sprite[..., 3] > 250, row.sprite[..., :3].mean(2)
    behind = np.abs(row.arch[:, 1])
    front, back = behind < 0.02, (behind >= depth[0]) & (behind < depth[1])
    assert np.median(light[:, back][cover[:, back]]) / np.median(light[:, front][cover[:, front]]) == pytest.approx(
        photographed, abs=0.1
    )


@pytest.mark.parametrize("yaw_deg", [0.0, 20.0])
def test_mirrored_turns_give_mirrored_mouths(yaw_deg: float) -> None:
    left, right = (drawn(0.2, ahead(turn)) for turn in (yaw_deg, -yaw_deg))
    assert np.abs(left - right[:, ::-1]).mean() < 6
    assert np.abs(left - drawn(0.2)).mean() > 6 or yaw_deg == 0


def test_a_tilt_tilts_teeth_about_the_origin() -> None:
    edges = [np.flatnonzero(teeth(drawn(0.3, ahead(roll_deg=12)))[:95, column]).max() for column in (65, 95)]
    assert (edges[0] - edges[1]) / 30 == pytest.approx(np.tan(np.radians(12)), abs=0.12)


def test_a_raised_tongue_lies_higher() -> None:
    rows = [np.flatnonzero(drawn(0.3, tongue=raised)[90:, SIDE // 2, 0] > 100).min() for raised in (0.0, 1.0)]
    assert rows[1] < rows[0]


def test_a_tongue_is_lit_at_its_tip_and_dark_where_it_rises_into_the_mouth() -> None:
    light = mouth().tongue[..., :3].astype(np.float32).mean(2) / mouth().tongue[..., 3].clip(1)
    height, width = light.shape
    low, middle = 7 * height // 9, width // 2
    assert light[height // 5, middle] < 0.6 * light[low, middle]
    assert light[low, width // 4] < light[low, middle]


def test_nothing_behind_the_lips_has_more_colour_than_they() -> None:
    photo, mesh = portrait().image, portrait().mesh
    colours = mouth_colours(photo, mesh, photo_palette(photo, mesh))
    assert np.ptp(colours.cavity) < np.ptp(colours.tongue) <= np.ptp(colours.gums)
    assert colours.teeth @ LUMA > colours.gums @ LUMA > colours.cavity @ LUMA
