"""Laws of the lips' points along the mouth: rest stays rest, corners stay, points slide along their own lines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from space_runtime.arrays import Floats
from space_runtime.rendering.warp.latents import resting_keypoints
from space_runtime.rendering.warp.lip_shares import REACH, ROWS, kept_shares
from tests.support.pictures import portrait

INNER = np.unique(ROWS[:, 1:-1])


def at_rest() -> Floats:
    return resting_keypoints(portrait().mesh)


def shares(keypoints: Floats) -> Floats:
    """Of the way from the right corner to the left one, x alone."""
    x = keypoints[ROWS, 0]
    return np.asarray((x - x[:, :1]) / (x[:, -1:] - x[:, :1]), np.float32)


def pinched(by: float) -> Floats:
    """The mouth narrower by a tenth, the middle of its lips by much more."""
    keypoints = at_rest()
    x = keypoints[np.unique(ROWS), 0]
    middle, half = x.mean(), np.ptp(x) / 2
    way = (x - middle) / half
    keypoints[np.unique(ROWS), 0] = middle + 0.9 * half * way * (1 - by * (1 - np.abs(way)))
    return keypoints


def overhanging() -> Floats:
    """The photo's mouth with a point of each lip beyond the right corner, where its line turns back."""
    keypoints = at_rest()
    keypoints[ROWS[:, 1], 0] = 2 * keypoints[ROWS[:, 0], 0] - keypoints[ROWS[:, 1], 0]
    return keypoints


@pytest.mark.parametrize("mouth", [at_rest, overhanging])
def test_rest_stays_rest_bit_for_bit(mouth: Callable[[], Floats]) -> None:
    assert np.array_equal(kept_shares(mouth(), mouth()), mouth())


def test_a_narrower_mouth_is_narrower_everywhere() -> None:
    keypoints = pinched(0)
    np.testing.assert_allclose(kept_shares(keypoints, at_rest()), keypoints, atol=2e-3)


def test_the_middle_of_the_lips_is_not_pinched() -> None:
    keypoints = pinched(0.6)
    assert np.abs(shares(keypoints) - shares(at_rest())).max() > 2 * REACH
    kept = kept_shares(keypoints, at_rest())
    assert np.abs(shares(kept) - shares(at_rest())).max() < 1.05 * REACH
    others = np.setdiff1d(np.arange(len(kept)), INNER)
    assert np.array_equal(kept[others], keypoints[others])


def test_points_slide_along_their_lines() -> None:
    keypoints = pinched(0.6)
    kept = kept_shares(keypoints, at_rest())
    for row in ROWS:
        line = np.interp(kept[row, 0], keypoints[row, 0], keypoints[row, 1])
        np.testing.assert_allclose(kept[row, 1], line, atol=5e-3)
