"""Laws of shifts of gaze: how far the head goes along, and the time course of eyes and head."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine_bridge.protocol.field_table import GAZE_LIMIT_RAD
from space_runtime.animation.gaze_shift import (
    HEAD_AFTER_S,
    HEAD_LIMIT_RAD,
    LONGEST_S,
    eyes_come,
    eyes_s,
    head_along,
    head_comes,
    head_s,
)

ANGLES = st.floats(0.0, 1.5)


@given(ANGLES, ANGLES, st.floats(0, 2))
def test_a_head_goes_along_the_further_the_further_aside_the_target_is(one: float, other: float, follow: float) -> None:
    near, far = (head_along(np.array([angle, angle], np.float32), follow).tolist() for angle in sorted((one, other)))
    assert all(0 <= a <= b + 1e-6 for a, b in zip(near, far, strict=True))
    assert all(b <= limit + 1e-6 for b, limit in zip(far, HEAD_LIMIT_RAD, strict=True))
    mirrored = head_along(np.array([-max(one, other)] * 2, np.float32), follow)
    assert np.array_equal(mirrored, -np.array(far, np.float32))


def test_eyes_alone_look_at_what_is_near_and_the_head_takes_over_where_they_cannot() -> None:
    degrees = np.degrees(head_along(np.radians(np.array([[5.0, 3.0], [30.0, 20.0], [75.0, 55.0]], np.float32))))
    assert np.abs(degrees[0]).max() < 0.1
    assert 9 < degrees[1, 0] < 12 and 4 < degrees[1, 1] < 6
    assert 75 - degrees[2, 0] <= math.degrees(GAZE_LIMIT_RAD) + 1e-3
    assert not head_along(np.radians(np.array([60.0, 30.0], np.float32)), 0.0).any()


@given(ANGLES)
def test_eyes_are_there_before_the_head_has_come_far(angle: float) -> None:
    turn = float(head_along(np.array([angle, 0.0], np.float32))[0])
    assert eyes_come(eyes_s(angle), angle) == 1
    assert head_comes(HEAD_AFTER_S, turn) == 0 and head_comes(LONGEST_S, turn) == 1
    assert head_comes(max(HEAD_AFTER_S, eyes_s(angle)), turn) < 0.1
    assert eyes_s(angle) < head_s(turn) + HEAD_AFTER_S <= LONGEST_S


def test_larger_turns_take_longer_and_are_faster() -> None:
    angles = np.radians(np.arange(10.0, 60.0))
    assert (np.diff(head_s(angles)) > 0).all() and (np.diff(angles / head_s(angles)) > 0).all()
    assert (np.diff(eyes_s(angles)) > 0).all()
