"""The judge of tracking knows what it judges: lags between rows, motion within range, angles towards the camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from export.evaluation.drawn_head import DrawnHead
from export.evaluation.judge_tracking import CAMERA, facing, lag
from export.evaluation.known_motion import known_motion
from space_runtime.head.npc_glb import HEAD
from space_runtime.rig.shapes import SHAPE

TIMES = np.arange(240) / 30


@pytest.mark.parametrize("rows", [-1.3, 0.0, 0.4, 1.7])
def test_a_lag_between_rows_is_found(rows: float) -> None:
    signal = np.sin(TIMES * 5) + np.sin(TIMES * 13)
    late = np.interp(np.arange(240) - rows, np.arange(240), signal)
    assert abs(lag(late, signal) - rows) < 0.05


def test_known_motion_begins_at_rest_and_stays_in_range() -> None:
    motion = known_motion(TIMES, seed=5)
    assert not motion.weights[:10].any() and not motion.rotation_rad[:10].any()
    assert motion.weights.min() >= 0 and motion.weights.max() <= 1
    assert motion.weights[:, SHAPE["eyeBlinkLeft"]].max() > 0.99
    assert np.ptp(np.degrees(motion.rotation_rad[:, 0])) > 10


def test_a_head_that_moves_aside_no_longer_faces_the_camera() -> None:
    head = DrawnHead((), np.asarray(HEAD, np.float64))  # it turns about the middle between its eyes
    motion = known_motion(TIMES)
    still = replace(motion, rotation_rad=np.zeros_like(motion.rotation_rad), shift_cm=np.zeros_like(motion.shift_cm))
    assert not facing(head, still).any()
    aside = np.tile(np.array([5, 0, 0], np.float32), (240, 1))
    yaw = facing(head, replace(still, shift_cm=aside))[0, 0]
    assert np.isclose(yaw, np.arctan2(5, CAMERA.distance_cm), atol=1e-6)
