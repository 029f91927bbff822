"""Laws of smiles that reach further than posed: rest stays rest, more only widens, speech stays speech."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.arrays import Floats
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF
from space_runtime.rendering.warp.latents import resting_keypoints
from space_runtime.rendering.warp.lip_shares import ROWS
from space_runtime.rendering.warp.smile_reach import BEYOND, FURTHER, LESS, MET, MOTION, further, reaching, smiles_of
from tests.support.pictures import portrait

LIPS = np.unique(ROWS)


def at_rest() -> Floats:
    return resting_keypoints(portrait().mesh)


def smiling(amount: float, side: float = 0) -> Floats:
    """The mouth with a smile beyond the photo's, of one side alone where ``side`` is 1, the left, or −1."""
    keypoints = at_rest()
    x = keypoints[LIPS, 0]
    share = (2 * x - x.min() - x.max()) / np.ptp(x)
    moves = amount * (np.ones_like(share) if side == 0 else (share * side > 0))
    keypoints[LIPS, 0] += moves * share * MOTION[0]
    keypoints[LIPS, 1] += moves * share**2 * MOTION[1]
    return keypoints


def test_rest_stays_rest_bit_for_bit() -> None:
    assert np.array_equal(reaching(at_rest(), at_rest(), 1.0), at_rest())


@pytest.mark.parametrize("amount", [0.25, -0.25])
def test_small_ways_stay_as_posed(amount: float) -> None:
    np.testing.assert_allclose(reaching(smiling(amount), at_rest(), 1.0), smiling(amount), atol=2e-4)


@pytest.mark.parametrize(("amount", "more"), [(1.0, FURTHER), (-1.2, -LESS)])
def test_wide_ways_go_further_the_way_they_went(amount: float, more: float) -> None:
    reached = smiles_of(reaching(smiling(amount), at_rest(), 1.0), at_rest())
    np.testing.assert_allclose(reached, amount + more, atol=0.01)


@pytest.mark.parametrize("side", [1, -1])
def test_one_corner_reaches_alone(side: int) -> None:
    change = reaching(smiling(1.0, side), at_rest(), 1.0) - smiling(1.0, side)
    moved = np.abs(change).max(1) > 1e-4
    assert moved.any() and (at_rest()[moved, 0] * side > -0.05).all()
    assert np.setdiff1d(np.flatnonzero(moved), LIPS).size == 0


def test_more_smile_posed_is_more_smile_seen() -> None:
    told = np.linspace(-1.5, 1.5, 301, dtype=np.float32)
    for closed in (0.0, 0.15):
        assert np.diff(told + further(told, closed)).min() > 0


def test_lips_that_have_met_get_what_their_meeting_took_unless_a_smile_is_left() -> None:
    np.testing.assert_allclose(further(np.zeros(2, np.float32), 0.1), 0.1 * MET, rtol=1e-5)
    np.testing.assert_allclose(further(np.full(2, -1.5, np.float32), 0.1), -LESS, rtol=1e-5)


def test_ways_of_speech_are_not_enlarged() -> None:
    assert not further(np.linspace(-BEYOND[0], BEYOND[0], 21, dtype=np.float32), 0.0).any()


def test_closures_of_parted_lips_widen_a_happy_mouth_alone() -> None:
    parted = at_rest()
    parted[[KEYPOINT_OF[point] for point in (13, 82, 312)], 1] += 0.06
    parted[[KEYPOINT_OF[point] for point in (14, 87, 317)], 1] -= 0.06
    calm, happy = (reaching(at_rest(), parted, amount) for amount in (0.0, 1.0))
    assert np.array_equal(calm, at_rest())
    corners = [KEYPOINT_OF[291], KEYPOINT_OF[61]]
    assert ((happy - calm)[corners, 0] * [1, -1] > 0.002).all()
