"""Measures of motion that was taken over: a driver is like himself, and an offset of the pose is no error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from export.evaluation.transfer import distance, expression_measures, gaze_measures, pose_measures
from tests.support.drives import driver, take_of

TAKE = take_of(driver(3.0))


def test_a_driver_is_like_himself() -> None:
    for measured in (*pose_measures(TAKE, TAKE), *gaze_measures(TAKE, TAKE)):
        assert measured.r > 0.999 and measured.error_deg == 0 and abs(measured.slope - 1) < 1e-6
    assert all(measured.r > 0.999 and measured.accepted for measured in expression_measures(TAKE, TAKE))


def test_an_offset_is_no_error_and_half_the_motion_is_one() -> None:
    moved = replace(TAKE, head=TAKE.head + np.float32(0.1))
    assert all(measured.error_deg is not None and measured.error_deg < 1e-4 for measured in pose_measures(TAKE, moved))
    yaw = next(pose_measures(TAKE, replace(TAKE, head=TAKE.head * np.float32(0.5))))
    assert abs(yaw.slope - 0.5) < 1e-6 and not yaw.accepted


def test_a_still_driven_face_has_taken_nothing_over() -> None:
    still = replace(TAKE, head=0 * TAKE.head, blendshapes=0 * TAKE.blendshapes)
    assert not any(measured.accepted for measured in (*pose_measures(TAKE, still), *expression_measures(TAKE, still)))


def test_a_face_is_at_no_distance_from_itself() -> None:
    face = np.random.default_rng(1).normal(size=(68, 3)).astype(np.float32)
    assert distance(face, face) == 0 and abs(distance(face, face + np.array([0, 3, 4], np.float32)) - 5) < 1e-5
