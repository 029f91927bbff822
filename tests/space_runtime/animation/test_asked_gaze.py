"""Laws of what eyes are told to look at, over time and with a head that moves, and of blinks that are asked for."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.protocol.field_table import GAZE_LIMIT_RAD
from engine_bridge.protocol.messages import Set
from space_runtime.animation.asked_gaze import N_KINDS, PLACES, Gaze, asked_gaze
from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.gaze_shift import HEAD_AFTER_S, LONGEST_S, eyes_s
from space_runtime.animation.gaze_space import FACING, camera_view, direction_of, in_character, toward_camera
from space_runtime.animation.pipeline import open_rig
from space_runtime.animation.schedules import CLOSING_S
from space_runtime.animation.session import Session
from space_runtime.animation.stages.controls import gaze_target, lid_closure
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats
from space_runtime.errors import UsageError
from space_runtime.geometry import NECK, HeadPose, rotation_matrix
from space_runtime.rig.identity import eye_centres
from space_runtime.server.validation import controls_of
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls, Frame, LookSpace
from tests.support.session_frames import BUNDLE, play
from tests.support.sounds import mono_speech

PERSON = open_rig(BUNDLE).neutral_identity()
PLAIN = Controls(seed=1, blinks_per_minute=0, saccade_strength=0)
POINTS = st.tuples(st.floats(-6, 6), st.floats(-3, 3), st.floats(1, 12))
SPACES = st.sampled_from(list(LookSpace))
LOOKS = st.builds(lambda point, space: replace(PLAIN, look_at=point, look_space=space), POINTS, SPACES)
ANGLES = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)).map(
    lambda gaze: replace(PLAIN, gaze_rad=np.array(gaze, np.float32))
)
GAZES = st.one_of(st.just(PLAIN), ANGLES, LOOKS)
CHANGES = st.lists(st.tuples(st.integers(0, 30_000), GAZES, st.sampled_from([0, 800, 6000])), max_size=8)
NONE_EARLY = np.full((1, 2), -np.inf)


def looking(x: float, y: float, z: float, **more: object) -> Controls:
    return replace(PLAIN, look_at=(x, y, z), look_space=LookSpace.CHARACTER, **more)  # type: ignore[arg-type]


def track_of(changes: list[tuple[int, Controls, int]]) -> ControlTrack:
    track = ControlTrack.of(PLAIN)
    for at_sample, controls, fade in sorted(changes, key=lambda change: change[0]):
        track = track.changed(at_sample, controls, fade)
    return track


def spoken(track: ControlTrack, seconds: float = 3.0, fps: int = 60) -> list[Frame]:
    return play(Session(BUNDLE, controls=track, fps=Fraction(fps)), mono_speech(seconds))


def rays(frame: Frame) -> list[tuple[Floats, Floats]]:
    """Return where the eyes stand in the space of the head at rest, and where they look."""
    turn = rotation_matrix(frame.head_rotation_rad)
    centres = (eye_centres(PERSON, frame.landmarks) - NECK) @ turn.T + NECK + frame.head_translation
    yaw, pitch = frame.eye_rotation_rad.T
    ways = np.stack([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)], -1) @ turn.T
    return list(zip(centres, ways, strict=True))


@pytest.mark.parametrize("point", [(0.0, 0.0, 6.0), (3.0, 1.0, 5.0), (-0.4, -0.5, 2.0), (6.0, -1.0, 4.0)])
def test_both_eyes_stay_on_a_point_beside_a_head_that_moves(point: tuple[float, float, float]) -> None:
    frames = spoken(ControlTrack.of(looking(*point, head_strength=2.0)))
    assert np.ptp([frame.head_rotation_rad for frame in frames], 0).max() > math.radians(2)
    for frame in frames[90:]:
        for centre, way in rays(frame):
            to_point = np.array(point, np.float32) - centre
            missed = np.linalg.norm(np.cross(way, to_point)) / np.linalg.norm(to_point)
            assert missed < math.sin(math.radians(0.6))  # the rig rounds, and lids of a blinkless face move a little
        assert frame.eye_rotation_rad[0, 0] < frame.eye_rotation_rad[1, 0]  # they converge


def test_a_point_of_the_face_goes_along_with_the_head() -> None:
    frames = spoken(ControlTrack.of(replace(PLAIN, look_at=np.array([1, 0, 5], np.float32), head_strength=2.0)))
    assert np.ptp([frame.eye_rotation_rad for frame in frames], 0).max() < math.radians(0.6)


def test_the_head_takes_over_after_the_eyes_and_they_come_back_in_it() -> None:
    track = ControlTrack.of(replace(PLAIN, head_strength=0)).changed(8_000, looking(8.0, 0.0, 3.0, head_strength=0))
    frames = spoken(track, 3.0)
    yaw = np.degrees([frame.head_rotation_rad[0] for frame in frames])
    eyes = np.degrees([frame.eye_rotation_rad[:, 0].mean() for frame in frames])
    time = np.array([float(frame.media_sample) for frame in frames]) / SAMPLE_RATE - 0.5
    asked = math.degrees(math.atan2(8.0, 3.0))
    assert asked > 65 and not yaw[time <= HEAD_AFTER_S].any()
    early = int(np.searchsorted(time, eyes_s(math.radians(asked)) + 0.02))
    assert eyes[early] > 33 and yaw[early] < 3  # eyes at their limit, the head has hardly set off
    assert 34 < yaw[-1] < 46 and 24 < eyes[-1] < 35.1
    assert yaw[-1] + eyes[-1] == pytest.approx(asked, abs=4)  # the head turns about the neck, not between the eyes
    assert (np.diff(yaw) >= -1e-4).all() and np.abs(np.diff(yaw, 2)).max() < 0.6


@pytest.mark.parametrize("still", [{"head_mode": "keep"}, {"head_follow": 0.0}])
def test_a_head_that_is_kept_or_told_not_to_follow_stays(still: dict[str, object]) -> None:
    frames = spoken(ControlTrack.of(looking(8.0, 0.0, 3.0, head_strength=0, **still)), 1.0)
    assert not np.any([frame.head_rotation_rad for frame in frames])
    assert frames[-1].eye_rotation_rad[1, 0] == pytest.approx(GAZE_LIMIT_RAD, abs=0.01)


def seen(track: ControlTrack, samples: Doubles) -> Floats:
    """(n, 4) yaw, pitch of the left eye and of the head at media times."""
    rows = [controls_at(track, float(sample)) for sample in samples]
    head = np.zeros((len(rows), 6), np.float32)
    head[:, :2] = [row.turn[0] for row in rows]
    ahead = -np.repeat(head[:, None, None, :2], 2, 2)[:, 0]
    angles = [
        gaze_target(row, PERSON, PERSON.neutral[None], ahead[n : n + 1], head[n : n + 1])[0, 0]
        for n, row in enumerate(rows)
    ]
    return np.concatenate([angles, head[:, :2]], 1)


@given(CHANGES)
@settings(max_examples=25, deadline=None)
def test_nothing_jumps_and_everything_arrives(changes: list[tuple[int, Controls, int]]) -> None:
    track, step = track_of(changes), 80
    moved = np.abs(np.diff(seen(track, np.arange(0.0, 33_000.0, step)), axis=0)) / (step / SAMPLE_RATE)
    assert moved[:, :2].max() < math.radians(2_000) and moved[:, 2:].max() < math.radians(300)
    rest = 30_000 + 6_000 + LONGEST_S * SAMPLE_RATE
    now, alone = asked_gaze(track, rest, FACING), asked_gaze(ControlTrack.of(track.at(rest)), 0, FACING)
    assert now.is_steady and np.array_equal(now.row, alone.row) and np.allclose(now.turn, alone.turn, atol=1e-9)


@given(CHANGES, st.integers(0, 60_000), st.integers(0, 30_000))
@settings(max_examples=60, deadline=None)
def test_a_track_without_its_past_looks_at_the_same(
    changes: list[tuple[int, Controls, int]], sample: int, later: int
) -> None:
    track = track_of(changes)
    one, other = (asked_gaze(each, sample + later, FACING) for each in (track, track.since(sample)))
    assert np.allclose(one.row, other.row) and np.allclose(one.turn, other.turn, atol=1e-9)
    assert one.row[:N_KINDS].sum() == pytest.approx(1)


@given(POINTS, POINTS)
@settings(max_examples=40, deadline=None)
def test_eyes_travel_between_points_by_a_saccade(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> None:
    track = ControlTrack.of(looking(*one)).changed(16_000, looking(*other), 8_000)  # whatever the fade
    angle = math.dist(direction_of(*one), direction_of(*other))
    takes = math.ceil(eyes_s(angle) * SAMPLE_RATE)
    rows = [asked_gaze(track, 16_000 + sample, FACING).row for sample in (-1, 0, takes)]
    points = [row[PLACES[Gaze.CHARACTER]] for row in rows]
    assert np.allclose(points[0], one) and np.allclose(points[1], one) and np.allclose(points[2], other)


def test_a_camera_sees_a_turned_portrait_look_into_it() -> None:
    view = np.array([0.3, -0.1, 0.05], np.float32)
    row = asked_gaze(ControlTrack.of(Controls(look_at=(0, 0, 9e3), look_space="camera")), 0.0, view).row
    point = row[PLACES[Gaze.CHARACTER]].astype(np.float32)
    assert np.allclose(rotation_matrix(view) @ point, [0, 0, 9e3], atol=1)
    assert np.array_equal(in_character(point, LookSpace.CHARACTER, view), point)


@pytest.mark.parametrize("head_deg", [(0.0, 0.0), (12.0, -5.0), (-20.0, 8.0)])
def test_eyes_tell_where_the_camera_is_and_far_glances_do_not(head_deg: tuple[float, float]) -> None:
    photo = HeadPose(np.radians([*head_deg, 3.0]).astype(np.float32), np.zeros(3, np.float32), 100.0)
    by_pose = np.array(toward_camera(photo.rotation_rad))

    def found(gaze_deg: tuple[float, float]) -> Floats:
        gaze = np.tile((by_pose + np.radians(gaze_deg)) * (0.4, 1.0), (2, 1)).astype(np.float32)
        away: Floats = np.degrees(np.array(toward_camera(camera_view(photo, gaze))) - by_pose)
        return away

    assert np.allclose(found((0.0, 0.0)), 0, atol=0.3)
    assert np.allclose(found((1.0, 6.0)), (1, 5.2), atol=0.1)  # an error of tracking
    assert abs(found((22.0, 0.0))[0]) < 1.5  # a glance
    assert abs(found((0.0, 26.0))[1]) < 7


def test_changes_of_the_gaze_do_not_depend_on_how_sound_is_cut() -> None:
    changes = [(4_000, looking(5, 0, 4), 0), (9_000, looking(-5, 1, 4), 0), (9_500, PLAIN, 3_000)]
    track, sound = track_of(changes), mono_speech(1.5)
    frames = play(Session(BUNDLE, controls=track), sound)
    for cuts in ([3_000, 9_111], list(range(160, len(sound), 160))):
        for one, other in zip(frames, play(Session(BUNDLE, controls=track), sound, cuts), strict=True):
            assert np.array_equal(one.landmarks, other.landmarks)
            assert np.array_equal(one.head_rotation_rad, other.head_rotation_rad)
            assert np.array_equal(one.eye_rotation_rad, other.eye_rotation_rad)


def blinking(far: float, shut_s: float) -> Controls:
    return replace(PLAIN, blink=np.array([far, shut_s], np.float32))


def closure(track: ControlTrack, seconds: float) -> float:
    sample = seconds * SAMPLE_RATE
    return float(lid_closure(controls_at(track, sample), np.array([sample]), NONE_EARLY)[0])


@given(st.floats(0.1, 1), st.floats(0, 5))
@settings(max_examples=30)
def test_a_blink_that_is_asked_for_goes_as_far_and_lasts_as_long_as_was_said(far: float, shut_s: float) -> None:
    track = ControlTrack.of(PLAIN).changed(16_000, blinking(far, shut_s)).changed(16_800, PLAIN)
    assert closure(track, 1.0) == 0
    for at in (0.0, shut_s / 2, shut_s):
        assert closure(track, 1.0 + CLOSING_S + at) == pytest.approx(far, abs=1e-3)
    assert closure(track, 1.0 + CLOSING_S + shut_s + 0.2) == 0
    kept = track.since(round((1.0 + CLOSING_S) * SAMPLE_RATE))
    assert closure(kept, 1.0 + CLOSING_S + shut_s / 2) == pytest.approx(far, abs=1e-3)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 4))
@settings(max_examples=10, deadline=None)
def test_a_scheduled_blink_that_would_crowd_one_that_is_asked_for_is_left_out(seed: int, at: float) -> None:
    often = Controls(seed=seed, blinks_per_minute=120)
    asked = replace(often, blink=np.array([0.5, 0.3], np.float32))
    track = ControlTrack.of(often).changed(round(at * SAMPLE_RATE), asked)
    shut = np.array([closure(track, at + more) for more in np.arange(-0.1, 2.5, 0.004)])
    assert np.abs(np.diff(shut)).max() < 0.15
    alone = shut[80:200]  # 0.22…0.7 s later: the asked one goes on, and what was under way before it is over
    assert alone.max() <= 0.5 + 1e-3 and shut[200:].max() > 0.95


def test_a_blink_belongs_to_one_message_alone() -> None:
    asked = controls_of(Set(session=1, stream=1, at_sample=0, blink=np.array([0.6, 1], np.float32)), PLAIN)
    assert asked.blink is not None and np.allclose(asked.blink, [0.6, 1])
    assert controls_of(Set(session=1, stream=1, at_sample=9, mouth=0.5), asked).blink is None


def test_the_next_blink_may_begin_before_the_last_is_over() -> None:
    track = ControlTrack.of(PLAIN)
    for at in (16_000, 18_500):
        track = track.changed(at, blinking(1, 0.04))
    shut = [closure(track, second) for second in np.arange(0.9, 1.6, 0.001)]
    assert np.abs(np.diff(shut)).max() < 0.05 and max(shut) == 1 and shut[-1] == 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"blink": (1.2, 0)}, "the closure of blink is 1.2"),
        ({"blink": (1, 61)}, "the seconds of blink is 61"),
        ({"blink": (1,)}, "blink has the shape"),
        ({"look_space": "world"}, "look_space is 'world'"),
        ({"head_follow": 3}, "head_follow is 3"),
        ({"eye_contact": 2}, "eye_contact is 2"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Controls(**wrong)  # type: ignore[arg-type]  # that is the point
    assert words in str(caught.value)
