"""Laws of the head's motion: kept, given, idle; and its composition with the portrait's pose."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.head_motion import IDLE_HEAD
from space_runtime.animation.session import Session
from space_runtime.animation.stages.pose import chain, compose
from space_runtime.animation.stages.pose import head_motion as head_motions
from space_runtime.animation.track import ControlTrack
from space_runtime.errors import UsageError
from space_runtime.geometry import NECK, NEUTRAL_POSE, HeadPose, apply_pose, rotation_matrix
from space_runtime.soa import take
from space_runtime.timebase import SAMPLE_RATE, frame_sample
from space_runtime.values import Controls, HeadMode
from tests.support.session_frames import BUNDLE
from tests.support.sounds import speechlike

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


def head_motion(controls: Controls, media_sample: Fraction) -> HeadPose:
    """The motion of one head."""
    sample = float(media_sample)
    row = controls_at(ControlTrack.of(controls), sample)
    samples = np.array([sample])
    (motion,) = head_motions(row, IDLE_HEAD.at(np.zeros((1, 2)), np.zeros((1, 2)), row, samples), samples)
    return HeadPose(motion[:3], motion[3:], 1.0)


def at(seconds: float) -> Fraction:
    return Fraction(seconds) * SAMPLE_RATE


def test_a_kept_head_does_not_move() -> None:
    motion = head_motion(Controls(head_mode=HeadMode.KEEP), at(3))
    assert not motion.rotation_rad.any() and not motion.translation.any() and motion.scale == 1


def test_given_rotations_are_taken_exactly_and_the_last_one_holds() -> None:
    track = np.random.default_rng(0).normal(0, 0.3, (5, 3)).astype(np.float32)
    controls = Controls(head_mode=HeadMode.GIVEN, head_track=track, head_strength=0.3, seed=9)
    for index in range(8):
        motion = head_motion(controls, frame_sample(index, Fraction(30)))
        assert np.array_equal(motion.rotation_rad, track[min(index, 4)])
        assert not motion.translation.any()


@given(st.lists(st.floats(1, 9000), min_size=1, max_size=8), st.floats(-0.1, 5), st.sampled_from((3, 6)))
@settings(max_examples=50)
def test_a_given_track_is_linear_between_its_times_and_holds_at_both_ends(
    gaps: list[float], seconds: float, n_values: int
) -> None:
    times = np.cumsum(gaps)
    track = np.random.default_rng(len(gaps)).normal(0, 0.3, (len(gaps), n_values)).astype(np.float32)
    motion = head_motion(Controls(head_mode=HeadMode.GIVEN, head_track=track, head_track_samples=times), at(seconds))
    expected = [np.interp(seconds * SAMPLE_RATE, times, values) for values in track.T] + [0.0] * (6 - n_values)
    assert np.allclose([*motion.rotation_rad, *motion.translation], expected, atol=1e-5)


@pytest.mark.parametrize("fps", [24, 30, 50, 60, 120])
def test_a_given_track_is_the_same_at_every_frame_rate(fps: int) -> None:
    """Half a second lies on every one of these grids."""
    track = np.zeros((31, 3), np.float32)
    track[:, 0] = np.linspace(0, 0.3, 31)
    session = Session(BUNDLE, None, Controls(head_mode=HeadMode.GIVEN, head_track=track), Fraction(fps))
    frames = session.push(np.zeros(16_000, np.float32)) + session.finish()
    assert float(frames[fps // 2].head_rotation_rad[0]) == pytest.approx(0.15, abs=1e-6)


@pytest.mark.parametrize("fps", [24, 60])
def test_the_frame_rate_does_not_change_the_idle_head(fps: int) -> None:
    heads = []
    for rate in (30, fps):
        session = Session(BUNDLE, None, Controls(seed=3), Fraction(rate))
        heads.append((session.push(speechlike(2.5, seed=1)[:, 0]) + session.finish())[2 * rate].head_rotation_rad)
    assert np.abs(heads[0]).max() > 0 and np.array_equal(heads[0], heads[1])


@pytest.mark.parametrize("shape", [None, (0, 3), (4, 2), (4, 3, 1), (6,)])
def test_given_rotations_that_are_missing_are_an_error(shape: tuple[int, ...] | None) -> None:
    track = None if shape is None else np.zeros(shape, np.float32)
    with pytest.raises(UsageError, match="head_track"):
        Controls(head_mode=HeadMode.GIVEN, head_track=track)


@pytest.mark.parametrize("samples", [[0.0, 1.0], [0.0, 2.0, 2.0], [0.0, 2.0, 1.0], [0.0, 1.0, np.inf]])
def test_times_that_do_not_fit_a_given_track_are_an_error(samples: list[float]) -> None:
    with pytest.raises(UsageError, match="head_track_samples"):
        Controls(head_track=np.zeros((3, 6), np.float32), head_track_samples=np.array(samples))
    with pytest.raises(UsageError, match="head_track_samples"):
        Controls(head_track_samples=np.array(samples))


@given(SEEDS)
@settings(max_examples=20)
def test_the_idle_head_starts_still_stays_small_and_is_smooth(seed: int) -> None:
    times = np.arange(0, 60, 1 / 60)
    row = controls_at(ControlTrack.of(Controls(seed=seed)), 0.0)
    nothing = np.zeros((len(times), 2))
    track = IDLE_HEAD.at(nothing, nothing, take(row, np.zeros(len(times), np.intp)), times * SAMPLE_RATE)
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
    tracks = [np.stack([head_motion(c, at(i / 30)).rotation_rad for i in range(300)]) for c in controls]
    assert np.array_equal(tracks[0], tracks[1])
    assert np.abs(tracks[0] - tracks[2]).max() > np.radians(0.5)


@given(SEEDS, st.floats(0.1, 100), st.floats(0, 2))
@settings(max_examples=30)
def test_strength_scales_the_idle_head(seed: int, seconds: float, strength: float) -> None:
    plain = head_motion(Controls(seed=seed), at(seconds))
    scaled = head_motion(Controls(seed=seed, head_strength=strength), at(seconds))
    assert np.allclose(scaled.rotation_rad, strength * plain.rotation_rad, atol=1e-6)
    assert np.allclose(scaled.translation, strength * plain.translation, atol=1e-6)


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


OFFSETS = st.tuples(st.floats(-0.43, 0.43), st.floats(-0.26, 0.26), st.floats(-0.34, 0.34))


@given(OFFSETS, st.sampled_from((HeadMode.KEEP, HeadMode.IDLE)), st.floats(0, 5))
@settings(max_examples=50)
def test_an_offset_is_added_to_whatever_the_head_does(
    offset: tuple[float, float, float], mode: HeadMode, seconds: float
) -> None:
    plain, turned = (
        head_motion(Controls(head_mode=mode, seed=4, head_offset=given), at(seconds)) for given in (None, offset)
    )
    assert np.allclose(turned.rotation_rad - plain.rotation_rad, offset, atol=1e-6)
    assert np.array_equal(turned.translation, plain.translation)


def test_an_offset_is_the_pose_that_a_given_head_has() -> None:
    offset = np.array([0.3, -0.1, 0.2], np.float32)
    kept = Session(BUNDLE, None, Controls(head_mode=HeadMode.KEEP, head_offset=offset, seed=1))
    given_head = Session(BUNDLE, None, Controls(head_mode=HeadMode.GIVEN, head_track=offset[None], seed=1))
    sound = speechlike(0.3)[:, 0]
    for a, b in zip(kept.push(sound), given_head.push(sound), strict=True):
        assert np.array_equal(a.head_rotation_rad, b.head_rotation_rad)
        assert np.array_equal(a.landmarks, b.landmarks) and np.array_equal(a.eye_rotation_rad, b.eye_rotation_rad)


def test_an_offset_stays_when_the_head_comes_home() -> None:
    session = Session(BUNDLE, None, Controls(head_offset=[0.2, 0, 0], seed=1))
    frames = session.push(speechlike(0.4)[:, 0]) + session.finish(0.3)
    assert np.allclose(frames[-1].head_rotation_rad, [0.2, 0, 0], atol=1e-4)


@pytest.mark.parametrize("offset", [[0.45, 0, 0], [0, -0.27, 0], [0, 0, 0.36], [0.1, 0.1], [float("nan"), 0, 0]])
def test_offsets_beyond_what_a_picture_shows_are_refused(offset: list[float]) -> None:
    with pytest.raises(UsageError, match="head_offset"):
        Controls(head_offset=offset)
