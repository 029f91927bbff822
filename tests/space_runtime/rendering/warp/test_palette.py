"""Laws of drawn colours: what is drawn into a photo has its tint, its light and never more than its lightest."""

from __future__ import annotations

from colorsys import rgb_to_hsv
from dataclasses import replace

import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import picture_points
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.warp.backward import Box, polygon_mask
from space_runtime.rendering.warp.mesh import EYES, LOWER_LIP, OVAL, UPPER_LIP, move
from space_runtime.rendering.warp.palette import LUMA, photo_palette
from tests.space_runtime.rendering.warp.test_warp_generator import (
    GENERATOR,
    appearance,
    blink,
    closed_lips,
    driven,
    gaze,
    jaw,
    picture,
)
from tests.support import pictures

WHOLE = Box(0, 0, 512, 512)
MOTIONS = {"open": jaw(1.0), "blink": blink(1.0), "glance": gaze(0.04), "closed": closed_lips()}
TINTS = {"sepia": (1.1, 0.9, 0.6), "blue night": (0.3, 0.5, 1.0), "red": (1.1, 0.35, 0.3), "green": (0.45, 1.0, 0.4)}


def changed(values: Floats) -> Portrait:
    return replace(pictures.portrait(), image=np.rint(np.clip(values, 0, 255)).astype(np.uint8))


def colour_photo() -> Floats:
    return pictures.portrait().image.astype(np.float32)


def grey_photo() -> Floats:
    grey: Floats = np.rint(colour_photo() @ LUMA)[..., None].repeat(3, 2)
    return grey


def shown(portrait: Portrait, motion: str) -> Pixels:
    return picture(GENERATOR.prepare(portrait), driven(MOTIONS[motion]))


def mouth(drawn: Pixels) -> Pixels:
    """The pixels between the lips of the open mouth."""
    moved = move(appearance().mesh, driven(MOTIONS["open"]))
    upper, lower = (picture_points(moved.vertices[list(row)]) for row in (UPPER_LIP, LOWER_LIP))
    inside = polygon_mask(np.concatenate([upper, lower[::-1]]), WHOLE) == 1
    return np.asarray(drawn[inside], np.uint8)


@pytest.mark.parametrize("motion", MOTIONS)
def test_a_grey_photo_stays_grey(motion: str) -> None:
    assert np.ptp(shown(changed(grey_photo()), motion).astype(int), axis=2).max() <= 1


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("tint", TINTS)
def test_a_photo_of_one_tint_keeps_it(tint: str, motion: str) -> None:
    drawn = shown(changed(grey_photo() * TINTS[tint]), motion).astype(np.float32)
    lightness = drawn @ LUMA
    factors = np.array(TINTS[tint]) / (np.array(TINTS[tint]) @ LUMA)
    assert np.abs(drawn - lightness[..., None] * factors)[lightness < 100].max() < 12


@pytest.mark.parametrize("tint", ["blue night", "red", "green"])
def test_in_coloured_light_the_mouth_has_the_hue_of_the_skin(tint: str) -> None:
    portrait = changed(colour_photo() * TINTS[tint])
    inside = mouth(shown(portrait, "open")).mean(0)
    skin = portrait.image[polygon_mask(picture_points(portrait.mesh)[[50, 205, 4]], WHOLE) == 1].mean(0)
    hues = [rgb_to_hsv(*colour)[0] * 360 for colour in (inside, skin)]
    assert abs((hues[0] - hues[1] + 180) % 360 - 180) < 35


def test_little_light_falls_into_the_mouth_too() -> None:
    bright = mouth(shown(changed(colour_photo()), "open")).mean()
    dark = mouth(shown(changed(colour_photo() * 0.2), "open")).mean()
    assert dark < 0.35 * bright


@pytest.mark.parametrize("level", [0.2, 0.5, 1.0])
def test_nothing_drawn_is_lighter_than_the_photo(level: float) -> None:
    portrait = changed(grey_photo() * level)
    face = polygon_mask(picture_points(portrait.mesh)[list(OVAL)], WHOLE) > 0.5
    assert mouth(shown(portrait, "open")).max() <= portrait.image[face].max()


def test_an_ordinary_photo_is_drawn_as_it_is() -> None:
    palette = photo_palette(pictures.portrait().image, pictures.portrait().mesh)
    assert palette.one_tint == 0 and (palette.light == 1).all()


def test_face_paint_is_no_light() -> None:
    """Green skin beside white eyes: teeth stay white."""
    portrait = pictures.portrait()
    values, points = colour_photo(), picture_points(portrait.mesh)
    eyes = np.max([polygon_mask(points[[*upper, *lower[::-1]]], WHOLE) for upper, lower in EYES], 0)[..., None]
    painted = values * TINTS["green"]
    palette = photo_palette(changed(painted + (values - painted) * eyes).image, portrait.mesh)
    assert (palette.light == 1).all()


@pytest.mark.parametrize("haze", [(100, 100, 100), (70, 90, 120)])
def test_a_faded_photo_has_no_black_and_no_foreign_hue_in_its_mouth(haze: tuple[int, int, int]) -> None:
    """As an old print, or a face behind glass: one fifth of the contrast above a grey. The mouth is a little red."""
    drawn = mouth(shown(changed(colour_photo() * 0.2 + haze), "open")).astype(np.float32)
    assert (drawn.min(0) >= np.array(haze) - 8).all()
    redness = (drawn - haze)[:, 0] - (drawn - haze)[:, 2]
    assert redness.min() > -10 and 0 < redness.mean() < 30 and redness.max() < 60


def test_tones_darker_than_the_face_keep_its_tint() -> None:
    """A soft photo of one tint: no black anywhere, and nothing but its own hue between the lips."""
    drawn = mouth(shown(changed((grey_photo() * 0.2 + 20) * (1.1, 0.95, 0.8)), "open")).astype(np.float32)
    assert (drawn[:, 0] >= drawn[:, 2] - 1).all()
