"""How far a photo is turned: turns near its pose are kept, further ones stop softly where the photo would tear."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.geometry import HeadPose
from space_runtime.rendering.warp.turn_limit import limited


def pose(yaw_deg: float, column: float = 0.0) -> HeadPose:
    turn = np.radians([yaw_deg, 5, -3]).astype(np.float32)
    return HeadPose(turn, np.array([column, 7, 9], np.float32), 80.0)


def yaw_deg(asked: float, photo: float) -> float:
    return float(np.degrees(limited(pose(asked), pose(photo)).rotation_rad[0]))


@pytest.mark.parametrize(("asked", "photo"), [(25, 0), (-25, 0), (0, 20), (-25, 20), (24, 20), (20, 20), (45, 45)])
def test_a_turn_that_the_photo_can_show_stays_what_was_asked_for(asked: float, photo: float) -> None:
    assert yaw_deg(asked, photo) == pytest.approx(asked, abs=1e-4)


@pytest.mark.parametrize("photo", [0, 20, -20, 30, 45])
def test_further_turns_grow_steadily_and_end_near_the_limit(photo: float) -> None:
    for sign in (-1, 1):
        seen = [sign * yaw_deg(photo + sign * turn, photo) for turn in range(0, 61, 2)]
        assert (np.diff(seen) > -1e-4).all()
        assert seen[-1] <= max(33, sign * photo + 4) + 1e-4


def test_a_head_that_is_turned_less_goes_less_far_to_that_side() -> None:
    held = limited(pose(50, 60), pose(20, 0))
    share = (np.degrees(held.rotation_rad[0]) - 20) / 30
    assert held.translation == pytest.approx([60 * share, 7, 9], abs=1e-3)
    assert held.rotation_rad[1:] == pytest.approx(np.radians([5, -3]))
