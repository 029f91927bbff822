"""The background behind a person goes on as it is beside it."""

from __future__ import annotations

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.rendering.warp.background import behind, strangeness
from space_runtime.rendering.warp.layers import split

SIDE, OUTLINE = 256, 128
REVEALED = 32
"""Pixels that a turn of some 20° brings to view."""
DARK, LIGHT = 40, 220


def _half() -> Mask:
    """Return what is known when a person hides the right half."""
    known: Mask = np.zeros((SIDE, SIDE), bool)
    known[:, :OUTLINE] = True
    return known


def _dotted() -> Pixels:
    """Return dots of 8² pixels in rows and columns on a dark ground, one column of them at the outline."""
    columns, rows = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    dots = ((columns - OUTLINE) % 32 >= 24) & (rows % 32 < 8)
    return np.repeat(np.where(dots, LIGHT, DARK).astype(np.uint8)[..., None], 3, 2)


def _share_between(colours: Floats | Pixels) -> float:
    """Return the share of pixels that are neither nearly dark nor nearly light."""
    return float(((colours > DARK + 20) & (colours < LIGHT - 20)).mean())


def test_what_is_known_stays() -> None:
    photo, known = _dotted(), _half()
    assert np.abs(behind(photo, known)[known] - photo[known]).max() < 1


def test_what_is_known_in_a_bay_of_the_outline_stays() -> None:
    photo, known = _dotted(), _half()
    known[100:108, OUTLINE : OUTLINE + 32] = True
    photo[100:108, OUTLINE : OUTLINE + 32] = 255, 0, 200
    assert np.array_equal(behind(photo, known)[known], photo[known])


def test_a_pattern_goes_on_as_a_pattern() -> None:
    photo = _dotted()
    found = behind(photo, _half())[64:-64]
    revealed, beside = (part[:, start : start + REVEALED] for part, start in ((found, OUTLINE), (photo[64:-64], 96)))
    assert abs(float(revealed.mean()) - float(beside.mean())) < 10
    assert _share_between(revealed) < 0.05  # colours drawn out from the outline are blots of everything between


def test_stripes_across_the_outline_go_on_straight() -> None:
    photo: Pixels = np.repeat((np.arange(SIDE) % 32 < 16) * np.uint8(LIGHT), SIDE).reshape(SIDE, SIDE, 1).repeat(3, 2)
    found = behind(photo, _half())[64:-64, OUTLINE : OUTLINE + REVEALED]
    assert np.abs(found - photo[64:-64, :REVEALED]).max() < 1


def test_a_plain_background_stays_plain() -> None:
    photo: Pixels = np.full((SIDE, SIDE, 3), 90, np.uint8)
    photo[:, OUTLINE:] = 200
    assert np.abs(behind(photo, _half()) - 90).max() < 0.5


def test_a_colour_that_the_background_has_nearby_is_not_strange() -> None:
    photo, known = _dotted(), _half()
    photo[128:132, OUTLINE + 4] = LIGHT
    photo[140:144, OUTLINE + 4] = 255, 0, 200
    found = strangeness(photo, known)[128:144, OUTLINE + 4]
    assert found[0] == 0
    assert found[-1] > 50


def test_without_a_background_nothing_is_known_of_it() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    assert np.isfinite(behind(photo, np.zeros((SIDE, SIDE), bool))).all()


def test_behind_a_person_in_a_fine_photo_no_detail_of_it_is_left() -> None:
    photo: Pixels = np.full((2 * SIDE, 2 * SIDE, 3), 90, np.uint8)
    person = slice(128, 384)
    photo[person, person] = np.random.default_rng(2).integers(100, 250, (256, 256, 3))
    matte = np.zeros((2 * SIDE, 2 * SIDE), np.float32)
    matte[person, person] = 1
    deep = split(photo, matte, fine=2).background[180:332, 180:332, :3]
    assert np.ptp(deep.astype(int)) <= 4
