"""Laws of framing: curves do not depend on it, pixels are the photo's own, squares hold what they promise."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.errors import UsageError
from space_runtime.portrait.framing import (
    BLOCK,
    SIDE,
    Crop,
    Framing,
    Square,
    WholePhoto,
    closer,
    fineness,
    moving_square,
    own_square,
    square_around,
    whole_square,
)
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from tests.support import pictures


@cache
def framed(crop: str = "face", size: int | None = None, transparent: bool = False) -> Portrait:
    """The astronaut, three times enlarged."""
    photo = pictures.scaled(pictures.astronaut(), 3)
    return portrait_from_pixels(photo, pictures.tracker(), "astronaut.png", framing=Framing(crop, size, transparent))


@pytest.mark.parametrize(("crop", "size"), [("full", None), ("face", 1024)], ids=("full", "1024"))
def test_a_framing_changes_no_curve(crop: str, size: int | None) -> None:
    portrait, usual = framed(crop, size), framed()
    assert np.array_equal(portrait.normalised, usual.normalised)
    assert np.array_equal(portrait.pose.rotation_rad, usual.pose.rotation_rad)


def test_points_lie_on_the_same_spots_of_every_framing() -> None:
    usual, large, full = framed(), framed(size=1024), framed("full")
    assert full.whole is not None
    middle = np.array([0.5, -0.5])
    face, square = full.whole.face, full.whole.square
    in_photo = (usual.mesh[:, :2] + middle) * (face.side / SIDE) + (face.left, -face.top)
    assert np.allclose((large.mesh[:, :2] + middle) / 2, usual.mesh[:, :2] + middle, atol=1e-3)
    assert np.allclose(full.mesh[:, :2] + middle + (square.left, -square.top), in_photo, atol=1e-3)
    assert large.pose.scale == pytest.approx(2 * usual.pose.scale)


def test_a_larger_picture_has_the_photos_own_detail() -> None:
    """An enlarged picture of 512 has none of the grain of single pixels that a photo has."""
    rng = np.random.default_rng(0)
    photo = pictures.scaled(pictures.astronaut(), 5)
    grain = rng.integers(-12, 13, photo.shape[:2])[..., None]
    photo = np.clip(photo + grain, 0, 255).astype(np.uint8)
    usual, large = (
        portrait_from_pixels(photo, pictures.tracker(), "photo", framing=Framing(size=size)) for size in (512, 1024)
    )
    enlarged = pictures.scaled(usual.image, 2)
    fine = [float(np.abs(np.diff(image.astype(int), axis=1)).mean()) for image in (large.image, enlarged)]
    assert fine[0] > 2 * fine[1]
    assert not large.note and "look soft" in framed(size=2048).note


def test_the_image_of_a_whole_photo_is_the_photo() -> None:
    full = framed("full")
    assert full.whole is not None
    assert np.array_equal(full.whole.with_square(full.image), full.whole.rgb)
    assert np.array_equal(full.whole.rgb, pictures.scaled(pictures.astronaut(), 3))


def test_a_transparent_whole_photo_is_all_in_the_square() -> None:
    full = framed("full", transparent=True)
    assert full.whole is not None and full.transparent
    assert full.whole.square == Square(0, 0, 1536) and full.matte.shape == (1536, 1536)


@given(st.integers(60, 900), st.integers(60, 900), st.integers(20, 400), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_squares_hold_what_they_promise(height: int, width: int, face: int, x: float, y: float) -> None:
    mesh = pictures.portrait().mesh.copy()
    mesh = (mesh - mesh.mean(0)) * (face / np.ptp(mesh[:, 1])) + (x * width, -y * height, 0)
    fine = fineness(square_around(mesh, height, width).side)
    for square in (moving_square(mesh, height, width, fine), whole_square(height, width, fine)):
        assert square.side % (BLOCK * fine) == 0 and square.side > 0
        assert square.left >= 0 and square.top >= 0
        assert square.left == 0 or square.left + square.side <= width
        assert square.top == 0 or square.top + square.side <= height
    assert square.side >= max(height, width)


@given(st.integers(-40, 90), st.integers(-40, 90), st.integers(8, 120))
@settings(max_examples=50, deadline=None)
def test_what_is_pasted_back_lies_where_it_was_cut_out(left: int, top: int, side: int) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (70, 100, 3), np.uint8)
    square = Square(left, top, side)
    if left + side <= 0 or top + side <= 0 or left >= 100 or top >= 70:
        return
    whole = WholePhoto(photo, square, square)
    cut = own_square(photo, square, 1)
    assert np.array_equal(whole.with_square(cut), photo)
    changed = whole.with_square(255 - cut)
    outside = np.ones(photo.shape[:2], bool)
    outside[max(0, top) : top + side, max(0, left) : left + side] = False
    assert np.array_equal(changed[outside], photo[outside])
    assert np.array_equal(changed[~outside], 255 - photo[~outside])


def test_a_closer_matte_counts_in_the_middle_and_not_at_its_sides() -> None:
    wide, close = np.zeros((40, 50), np.float32), np.ones((16, 16), np.float32)
    matte = closer(wide, close, Square(10, 4, 32))
    assert np.all(matte[12:28, 18:34] == 1) and matte[4, 10] < 0.1 and matte[0, 0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"crop": "half"}, "crop"),
        ({"size": 100}, "outside 256…2048"),
        ({"size": 1000}, "multiple of 32"),
        ({"crop": Crop.FULL, "size": 1024}, "leave size out"),
        ({"transparent": "yes"}, "True or False"),
    ],
)
def test_wrong_framings_are_refused_in_a_sentence(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Framing(**arguments)  # type: ignore[arg-type]  # which is what is tried
