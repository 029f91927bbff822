"""Laws of the controls: strengths, gaze and blinks on normalised landmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.protocol.field_table import GAZE_LIMIT_RAD
from engine_bridge.protocol.messages import Set
from export.rig.report import acted
from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.schedules import CLOSING_S, HOLD_S, OPENING_S, blink_profile, scheduled_blink, uniform
from space_runtime.animation.stages import controls as stage
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.option_parsing import parse_gaze
from space_runtime.rig.identity import RigIdentity, eye_centres, gaze_of
from space_runtime.rig.rig import Rig, RigState
from space_runtime.rig.shapes import IRIS_POINTS, LID_PAIRS, SHAPE
from space_runtime.server.limits import Refusal
from space_runtime.server.validation import controls_of
from space_runtime.timebase import SAMPLE_RATE, frame_sample
from space_runtime.values import Controls

with np.load(EMBEDDED / "rig.npz") as archive:
    RIG = Rig.from_arrays(dict(archive))
PERSON = RIG.neutral_identity()
STILL = Controls(blinks_per_minute=0)
PAIRS = [pair for pairs in LID_PAIRS for pair in pairs]
MOUTH = slice(48, 68)
AHEAD = np.zeros((1, 2, 2), np.float32)
STILL_HEAD = np.zeros((1, 6), np.float32)
NONE_EARLY = np.full((1, 2), -np.inf)

SEEDS = st.integers(0, 2**32 - 1)
ANGLES = st.floats(-0.6, 0.6)


def expression(seed: int) -> Floats:
    return RIG.face(PERSON, acted(np.random.default_rng(seed)) * np.float32(0.6), np.zeros((2, 2), np.float32))


def solved(landmarks: Floats) -> tuple[Floats, Floats]:
    _, weights, eyes = RIG.solve(PERSON, RigState.cold(), landmarks)
    return weights, eyes


def apply(controls: Controls, identity: RigIdentity, media_sample: Fraction, landmarks: Floats) -> Floats:
    """One frame through the stage."""
    row, sample = controls_at(ControlTrack.of(controls), float(media_sample)), np.array([float(media_sample)])
    spoken = stage.strengthen(row, identity.neutral[None], np.zeros(1, int), landmarks[None])
    lids = stage.lid_closure(row, sample, NONE_EARLY)[:, None].repeat(2, 1)
    face: Floats = stage.move_eyes(row, identity, spoken, AHEAD, lids, STILL_HEAD)[0]
    return face


def closure(controls: Controls, media_sample: Fraction) -> float:
    sample = float(media_sample)
    return float(stage.lid_closure(controls_at(ControlTrack.of(controls), sample), np.array([sample]), NONE_EARLY)[0])


def gaze_target(controls: Controls, identity: RigIdentity, landmarks: Floats) -> Floats:
    row = controls_at(ControlTrack.of(controls), 0.0)
    angles: Floats = stage.gaze_target(row, identity, landmarks[None], AHEAD, STILL_HEAD)[0]
    return angles


def test_nothing_asked_for_changes_nothing() -> None:
    face = expression(1)
    assert np.allclose(apply(STILL, PERSON, Fraction(0), face), face, atol=1e-5)


@given(SEEDS, st.floats(0, 2), st.floats(0, 2))
@settings(max_examples=25)
def test_strengths_scale_motion_and_never_the_identity(seed: int, mouth: float, rest: float) -> None:
    face = expression(seed)
    edited = apply(replace(STILL, mouth_strength=mouth, expression_strength=rest), PERSON, Fraction(0), face)
    motion, scaled = face - PERSON.neutral, edited - PERSON.neutral
    assert np.allclose(scaled[MOUTH], mouth * motion[MOUTH], atol=1e-5)
    assert np.allclose(scaled[17:27], rest * motion[17:27], atol=1e-5)
    low, high = sorted((mouth, rest))
    size = np.abs(motion[:17])
    assert (np.abs(scaled[:17]) >= low * size - 1e-5).all() and (np.abs(scaled[:17]) <= high * size + 1e-5).all()


@given(SEEDS)
@settings(max_examples=10)
def test_more_mouth_strength_opens_the_mouth_further(seed: int) -> None:
    face = PERSON.neutral + PERSON.basis[SHAPE["jawOpen"]] * np.float32(0.1 + 0.4 * uniform(seed))
    gaps = []
    for strength in (0.0, 0.5, 1.0, 1.5, 2.0):
        edited = apply(replace(STILL, mouth_strength=strength), PERSON, Fraction(0), face)
        gaps.append(float(edited[62, 1] - edited[66, 1]))
    assert gaps == sorted(gaps) and gaps[0] == pytest.approx(0, abs=1e-5)
    assert gaps[4] == pytest.approx(2 * gaps[2], rel=1e-3)


@given(SEEDS, ANGLES, ANGLES)
@settings(max_examples=30)
def test_a_blink_shuts_any_face(seed: int, yaw: float, pitch: float) -> None:
    controls = replace(STILL, blink_samples=(4000,), gaze_rad=np.array([yaw, pitch], np.float32))
    face = apply(controls, PERSON, Fraction(4000), expression(seed))
    for upper, lower in PAIRS:
        assert np.allclose(face[upper], face[lower], atol=1e-5)


def test_a_blink_is_read_as_one_by_the_rig() -> None:
    weights, _ = solved(apply(replace(STILL, blink_samples=(4000,)), PERSON, Fraction(4000), PERSON.neutral))
    assert min(weights[SHAPE["eyeBlinkLeft"]], weights[SHAPE["eyeBlinkRight"]]) >= 0.95
    others = np.delete(weights, [SHAPE["eyeBlinkLeft"], SHAPE["eyeBlinkRight"]])
    assert others.max() < 0.1


def test_a_blink_moves_the_upper_lid_down_and_nothing_but_lids() -> None:
    half = stage.close_lids(PERSON.neutral[None], np.full((1, 2), 0.5))[0]
    moved = {int(row) for row in np.flatnonzero(np.abs(half - PERSON.neutral).sum(1) > 1e-6)}
    assert moved == {point for pair in PAIRS for point in pair}
    for upper, lower in PAIRS:
        fall, rise = PERSON.neutral[upper, 1] - half[upper, 1], half[lower, 1] - PERSON.neutral[lower, 1]
        assert fall > 5 * rise > 0


def test_a_blink_closes_fast_opens_slower_and_only_once() -> None:
    before = blink_profile(-np.linspace(0, CLOSING_S, 30)).tolist()
    after = blink_profile(np.linspace(0, HOLD_S + OPENING_S, 60)).tolist()
    assert before == sorted(before, reverse=True) and after == sorted(after, reverse=True)
    assert before[0] == after[0] == 1 and before[-1] == after[-1] == 0
    assert not blink_profile(np.array([-2 * CLOSING_S, 2 * (HOLD_S + OPENING_S)])).any()
    assert CLOSING_S < OPENING_S
    steps = np.diff(blink_profile(np.arange(-0.2, 0.4, 0.001)))
    assert np.abs(steps).max() < 0.05


@given(SEEDS, st.floats(1, 120))
@settings(max_examples=40)
def test_the_schedule_repeats_by_seed_and_keeps_its_rate(seed: int, per_minute: float) -> None:
    times = [scheduled_blink(seed, per_minute, index) for index in range(64)]
    assert times == [scheduled_blink(seed, per_minute, index) for index in range(64)]
    assert len(times) / times[-1] * 60 == pytest.approx(per_minute)
    assert min(np.diff([-CLOSING_S, *times])) >= CLOSING_S + HOLD_S + OPENING_S - 0.08
    controls = Controls(seed=seed, blinks_per_minute=per_minute)
    assert min(closure(controls, Fraction(time) * SAMPLE_RATE) for time in times) > 0.999


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30), Fraction(30000, 1001), Fraction(60)])
def test_every_scheduled_blink_shows_a_shut_eye(fps: Fraction) -> None:
    controls = Controls(seed=5, blinks_per_minute=20)
    shut_frames = [closure(controls, frame_sample(index, fps)) > 0.999 for index in range(int(49 * fps))]
    starts = np.flatnonzero(np.diff(np.array([0, *shut_frames], int)) == 1)
    assert len(starts) == 16


def test_blinks_are_irregular_and_differ_between_seeds() -> None:
    one, other = ([scheduled_blink(seed, 15, index) for index in range(50)] for seed in (1, 2))
    assert one != other
    assert np.std(np.diff(one)) > 0.5


def test_no_blinks_when_they_are_switched_off_and_none_at_the_start() -> None:
    assert not any(
        closure(Controls(seed=seed, blinks_per_minute=0), Fraction(s)) for seed in range(5) for s in (0, 9999)
    )
    assert not any(closure(Controls(seed=seed, blinks_per_minute=120), Fraction(0)) for seed in range(20))
    assert closure(Controls(blink_samples=()), Fraction(12345)) == 0


@given(SEEDS, ANGLES, ANGLES)
@settings(max_examples=30)
def test_gaze_in_is_gaze_out_and_the_mouth_stays(seed: int, yaw: float, pitch: float) -> None:
    face = expression(seed)
    edited = apply(replace(STILL, gaze_rad=np.array([yaw, pitch], np.float32)), PERSON, Fraction(0), face)
    eyes = solved(edited)[1]
    assert np.allclose(eyes, [[yaw, pitch]] * 2, atol=5e-3)
    assert np.abs((edited - face)[MOUTH]).max() < 1e-4
    assert (
        all(np.abs(edited[iris] - face[iris]).max() > 0.02 for iris in IRIS_POINTS) or max(abs(yaw), abs(pitch)) < 0.3
    )


def test_lids_follow_the_gaze_up_and_down() -> None:
    heights = []
    for pitch in (-0.4, -0.2, 0.0, 0.2, 0.4):
        face = apply(replace(STILL, gaze_rad=np.array([0, pitch], np.float32)), PERSON, Fraction(0), PERSON.neutral)
        heights.append(float(np.mean([face[upper, 1] for upper, _ in PAIRS])))
    assert heights == sorted(heights, reverse=True)


@given(st.floats(-3, 3), st.floats(-2, 2), st.floats(0.8, 20))
@settings(max_examples=60)
def test_both_eyes_meet_at_the_point_they_look_at(x: float, y: float, z: float) -> None:
    point = np.array([x, y, z], np.float32)
    face = apply(replace(STILL, look_at=point), PERSON, Fraction(0), PERSON.neutral)
    gaze = gaze_of(PERSON, face)
    assert np.abs(gaze).max() <= GAZE_LIMIT_RAD + 2e-3
    if np.abs(gaze).max() < GAZE_LIMIT_RAD - 0.01:
        assert gaze[0, 0] <= gaze[1, 0] + 1e-3  # the left eye turns right of the right eye: they converge
        for centre, (yaw, pitch) in zip(eye_centres(PERSON, face), gaze, strict=True):
            ray = np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
            way = point - centre
            assert np.linalg.norm(np.cross(ray, way)) < 0.01 * np.linalg.norm(way)


def test_a_near_point_crosses_the_eyes_and_a_far_one_does_not() -> None:
    near, far = (
        gaze_target(replace(STILL, look_at=np.array([0, 0, z], np.float32)), PERSON, PERSON.neutral) for z in (1.5, 1e4)
    )
    assert near[0, 0] < -0.1 and near[1, 0] > 0.1
    assert np.abs(far).max() < 1e-3


def test_a_point_wins_over_angles_and_eyes_have_a_limit() -> None:
    controls = replace(STILL, look_at=np.array([0, 0, 1e4], np.float32), gaze_rad=np.array([0.5, 0], np.float32))
    assert np.abs(gaze_target(controls, PERSON, PERSON.neutral)).max() < 1e-3
    wide = replace(STILL, look_at=np.array([1e4, 1e4, 1], np.float32))
    assert np.allclose(np.abs(gaze_target(wide, PERSON, PERSON.neutral)), GAZE_LIMIT_RAD)


def test_angles_beyond_the_limit_of_eyes_are_refused_everywhere_in_the_same_words() -> None:
    limit = Controls(gaze_rad=(GAZE_LIMIT_RAD, -GAZE_LIMIT_RAD))
    at_limit = gaze_target(limit, PERSON, PERSON.neutral)
    assert np.array_equal(at_limit, np.array([[GAZE_LIMIT_RAD, -GAZE_LIMIT_RAD]] * 2, np.float32))
    assert np.array_equal(np.asarray(parse_gaze("35,-35")), at_limit[0])
    words = "gaze 39°,0° is outside ±35 degrees, which is as far as eyes turn; choose smaller angles"
    asked = np.array([np.radians(39), 0], np.float32)
    calls: list[Callable[[], object]] = [
        lambda: parse_gaze("39,0"),
        lambda: Controls(gaze_rad=asked),
        lambda: controls_of(Set(session=1, stream=1, at_sample=0, gaze=asked), Controls()),
    ]
    for call in calls:
        with pytest.raises((UsageError, Refusal)) as caught:
            call()
        assert words in str(caught.value)


@given(SEEDS, st.integers(0, 200_000))
@settings(max_examples=20)
def test_a_moment_does_not_depend_on_how_one_came_there(seed: int, sample: int) -> None:
    controls, face = Controls(seed=seed, blinks_per_minute=40), expression(3)
    first = apply(controls, PERSON, Fraction(sample), face)
    apply(controls, PERSON, Fraction(sample + 777), face)
    assert np.array_equal(apply(controls, PERSON, Fraction(sample), face), first)
