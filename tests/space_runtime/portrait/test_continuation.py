"""Laws of what is unknown of a picture: what is known stays, one colour stays one, no edge is drawn out to stripes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from space_runtime.arrays import Mask
from space_runtime.portrait.continuation import filled

SIDE = 96


def known_up_to(column: int) -> Mask:
    known = np.zeros((SIDE, SIDE), bool)
    known[:, :column] = True
    return known


@given(st.integers(1, SIDE), st.integers(0, 2**32 - 1))
def test_known_colours_stay_and_others_lie_between_them(column: int, seed: int) -> None:
    photo = np.random.default_rng(seed).integers(40, 200, (SIDE, SIDE, 3)).astype(np.uint8)
    picture = filled(photo, known_up_to(column))
    assert np.array_equal(picture[:, :column], photo[:, :column])
    assert picture.min() >= photo[:, :column].min() and picture.max() <= photo[:, :column].max()


@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(1, SIDE))
def test_one_colour_stays_one(colour: tuple[int, int, int], column: int) -> None:
    photo = np.zeros((SIDE, SIDE, 3), np.uint8)
    photo[:, :column] = colour
    assert np.abs(filled(photo, known_up_to(column)).astype(int) - colour).max() <= 1


def test_an_edge_is_not_drawn_out_to_stripes() -> None:
    photo = np.zeros((SIDE, SIDE, 3), np.uint8)
    photo[::4] = 255
    picture = filled(photo, known_up_to(SIDE // 2)).astype(float)
    spread = picture.std(0).max(1)
    assert spread[SIDE // 2 - 1] > 100 and spread[SIDE // 2 + 8 :].max() < 10
