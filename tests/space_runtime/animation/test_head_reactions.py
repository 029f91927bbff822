"""Laws of heads that go along with glances, eyes first, and of nods."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.gaze_shift import HEAD_AFTER_S, head_along, head_s
from space_runtime.animation.glances import HEAD_BACK_S, LARGEST_DEG, MOST_NODS, NO_GLANCE
from space_runtime.animation.stages.reactions import head_reactions
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles
from space_runtime.soa import take
from space_runtime.values import Controls

SECONDS = np.arange(0, 5, 0.005)
LARGE = (1.0, 2.0, math.radians(LARGEST_DEG), 0.0)
NONE = NO_GLANCE[2:6]


def reactions(
    glance: tuple[float, ...] = NONE, nods: tuple[float, ...] = NO_GLANCE[6:], strength: float = 1.0
) -> Doubles:
    """(T, 2) degrees."""
    row = controls_at(ControlTrack.of(Controls(saccade_strength=strength)), 0.0)
    n = len(SECONDS)
    turned = head_reactions(
        take(row, np.zeros(n, np.intp)), SECONDS, *(np.tile(each, (n, 1)) for each in (glance, nods))
    )
    degrees: Doubles = np.degrees(turned)
    return degrees


def test_the_head_goes_along_with_a_large_glance_after_the_eyes_and_comes_back() -> None:
    yaw = reactions(LARGE)[:, 0]
    wanted = float(np.degrees(head_along(np.array([LARGE[2], 0.0], np.float32)))[0])
    assert 2 < wanted < LARGEST_DEG / 2
    assert yaw[SECONDS <= 1.0 + HEAD_AFTER_S].max() < 1e-9, "eyes first"
    assert yaw[(SECONDS > 1.7) & (SECONDS < 2.1)] == pytest.approx(wanted)
    assert not yaw[SECONDS > 2.0 + HEAD_BACK_S].any()
    assert np.abs(np.diff(yaw)).max() / 0.005 < 40, "degrees a second"


def test_heads_are_back_before_the_next_glance() -> None:
    largest = math.hypot(*head_along(np.radians([2 * LARGEST_DEG, 20.0]).astype(np.float32)))
    assert HEAD_AFTER_S + head_s(largest) < HEAD_BACK_S + 0.3


def test_small_glances_and_eyes_without_saccades_do_not_turn_the_head() -> None:
    assert np.abs(reactions((1.0, 2.0, math.radians(8.0), 0.0))).max() < 0.1
    assert not reactions(LARGE, strength=0.0).any()


def test_nods_go_down_and_get_smaller() -> None:
    pitch = reactions(nods=(1.0, 0.3, float(MOST_NODS), math.radians(3.0)))[:, 1]
    tops = [pitch[(1 + 0.3 * k <= SECONDS) & (1.3 + 0.3 * k > SECONDS)].max() for k in range(MOST_NODS)]
    assert tops[0] == pytest.approx(3, abs=0.01) and all(b < a for a, b in pairwise(tops))
    assert (pitch >= 0).all() and not pitch[SECONDS < 1].any() and pitch[SECONDS > 1.01 + 0.3 * MOST_NODS].max() < 1e-9
    assert np.abs(np.diff(pitch, 2)).max() < 0.1, "without a jump"
