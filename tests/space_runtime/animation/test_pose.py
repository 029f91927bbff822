"""Laws of the head's motion: kept, given, idle; and its composition with the portrait's pose."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.schedules import sway, sway_phases
from space_runtime.animation.stages.pose import NECK, chain, compose
from space_runtime.animation.stages.pose import head_motion as head_motions
from space_runtime.animation.track import ControlTrack
from space_runtime.errors import UsageError
from space_runtime.geometry import NEUTRAL_POSE, HeadPose, apply_pose, rotation_matrix
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls, HeadMode

EYE_CORNERS_MM = 90.0
"""Outer eye corners of adults lie 88…91 mm apart (Farkas 1994, see `test_anatomy`); the unit of translations."""
SEEDS = st.integers(0, 2**32 - 1)
ANGLE = st.floats(-0.5, 0.5)
SMALL = st.floats(-0.1, 0.1)
MOTIONS = st.builds(
    lambda y, p, r, a, b: HeadPose(np.array([y, p, r], np.float32), np.array([a, b, -a], np.float32), 1.0),
    ANGLE, ANGLE, ANGLE, SMALL, SMALL,
)  # fmt: skip
PORTRAITS = st.builds(
    lambda y, p, r, s: HeadPose(np.array([y, p, r], np.float32), np.array([250, -230, 0], np.float32), s),
    ANGLE, ANGLE, ANGLE, st.floats(20, 300),
)  # fmt: skip
POINTS = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)


def head_motion(controls: Controls, frame_index: int, media_sample: Fraction) -> HeadPose:
    """The motion of one head."""
    sample = float(media_sample)
    row = controls_at(ControlTrack.of(controls), sample)
    motion = head_motions(row, np.array([frame_index]), np.array([sample]), np.zeros(1, np.float32))
    return HeadPose(motion.rotation_rad[0], motion.translation[0], 1.0)


def at(seconds: float) -> Fraction:
    return Fraction(seconds) * SAMPLE_RATE


def test_a_kept_head_does_not_move() -> None:
    motion = head_motion(Controls(head_mode=HeadMode.KEEP), 7, at(3))
    assert not motion.rotation_rad.any() and not motion.translation.any() and motion.scale == 1


def test_given_rotations_are_taken_exactly_and_the_last_one_holds() -> None:
    track = np.random.default_rng(0).normal(0, 0.3, (5, 3)).astype(np.float32)
    controls = Controls(head_mode=HeadMode.GIVEN, head_track_rad=track, head_strength=0.3, seed=9)
    for index in range(8):
        motion = head_motion(controls, index, at(index / 30))
        assert np.array_equal(motion.rotation_rad, track[min(index, 4)])
        assert not motion.translation.any()


@pytest.mark.parametrize("track", [None, np.zeros((0, 3), np.float32), np.zeros((4, 2), np.float32)])
def test_given_rotations_that_are_missing_are_an_error(track: np.ndarray | None) -> None:
    with pytest.raises(UsageError, match="head_track_rad"):
        head_motion(Controls(head_mode=HeadMode.GIVEN, head_track_rad=track), 0, at(0))


@given(SEEDS)
@settings(max_examples=20)
def test_the_idle_head_starts_still_stays_small_and_is_smooth(seed: int) -> None:
    times = np.arange(0, 60, 1 / 60)
    track = sway(sway_phases(seed)[None], times)
    assert not track[0].any()
    assert np.abs(track[times < 0.2]).max() < np.radians(0.2)
    reach = np.abs(track).max(0)
    assert np.degrees(reach[:3]).max() < 3.5, "a listener's head at rest turns by a few degrees"
    assert reach[3:].max() * EYE_CORNERS_MM < 1.0, "and moves by less than a millimetre"
    assert reach[0] > np.radians(0.8)
    speed, change = (
        np.abs(np.diff(track[:, :3], axis=0)).max() * 60,
        np.abs(np.diff(track[:, :3], 2, axis=0)).max() * 3600,
    )
    assert speed < np.radians(8) and change < np.radians(30)


def test_the_idle_head_repeats_by_seed_and_differs_between_seeds() -> None:
    controls = [Controls(seed=seed) for seed in (1, 1, 2)]
    tracks = [np.stack([head_motion(c, i, at(i / 30)).rotation_rad for i in range(300)]) for c in controls]
    assert np.array_equal(tracks[0], tracks[1])
    assert np.abs(tracks[0] - tracks[2]).max() > np.radians(0.5)


@given(SEEDS, st.floats(0.1, 100), st.floats(0, 2))
@settings(max_examples=30)
def test_strength_scales_the_idle_head(seed: int, seconds: float, strength: float) -> None:
    plain = head_motion(Controls(seed=seed), 0, at(seconds))
    scaled = head_motion(Controls(seed=seed, head_strength=strength), 0, at(seconds))
    assert np.allclose(scaled.rotation_rad, strength * plain.rotation_rad, atol=1e-6)
    assert np.allclose(scaled.translation, strength * plain.translation, atol=1e-6)


def test_the_frame_rate_does_not_change_the_idle_head() -> None:
    controls = Controls(seed=3)
    assert np.array_equal(
        head_motion(controls, 60, at(2)).rotation_rad, head_motion(replace(controls), 120, at(2)).rotation_rad
    )


@given(PORTRAITS)
def test_no_motion_leaves_the_portraits_pose(pose: HeadPose) -> None:
    moved = compose(pose, NEUTRAL_POSE)
    assert np.allclose(moved.rotation_rad, pose.rotation_rad, atol=1e-5)
    assert np.allclose(moved.translation, pose.translation, atol=1e-3)
    assert moved.scale == pose.scale


@given(PORTRAITS, MOTIONS)
def test_a_composed_pose_is_motion_about_the_neck_then_the_portraits_pose(pose: HeadPose, motion: HeadPose) -> None:
    turned = (POINTS - NECK) @ rotation_matrix(motion.rotation_rad).T + NECK + motion.translation
    expected = apply_pose(turned.astype(np.float32), pose)
    assert np.allclose(apply_pose(POINTS, compose(pose, motion)), expected, atol=1e-4 * pose.scale)


@given(PORTRAITS, MOTIONS)
def test_a_chain_does_one_pose_after_the_other(outer: HeadPose, inner: HeadPose) -> None:
    expected = apply_pose(apply_pose(POINTS, inner), outer)
    assert np.allclose(apply_pose(POINTS, chain(outer, inner)), expected, atol=1e-4 * outer.scale)


@given(MOTIONS)
def test_rotation_is_relative_to_the_portrait(motion: HeadPose) -> None:
    """The same motion turns two differently posed heads by the same angle."""
    poses = [NEUTRAL_POSE, HeadPose(np.array([0.3, -0.1, 0.2], np.float32), np.zeros(3, np.float32), 2.0)]
    relative = [rotation_matrix(p.rotation_rad).T @ rotation_matrix(compose(p, motion).rotation_rad) for p in poses]
    assert np.allclose(relative[0], relative[1], atol=1e-5)


def test_a_turning_head_swings_its_face_to_the_side() -> None:
    """Turned to the subject's left, the face moves that way: the pivot lies behind it."""
    left = HeadPose(np.array([0.2, 0, 0], np.float32), np.zeros(3, np.float32), 1.0)
    assert compose(NEUTRAL_POSE, left).translation[0] > 0.1
    nod = HeadPose(np.array([0, 0.2, 0], np.float32), np.zeros(3, np.float32), 1.0)
    assert compose(NEUTRAL_POSE, nod).translation[1] < 0
