"""Laws of a driven face: parts without strength are speech, driven ones are the driver's, and nothing jumps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime import Controls, Frame, Session
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.motion_source import MotionSource
from space_runtime.animation.pipeline import build_character, open_rig
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats
from space_runtime.capture.drive_rows import DriveEnd
from space_runtime.drive_parts import PRESETS, DriveLike, drive_of
from space_runtime.rig.shapes import LIP_PAIRS, SHAPE
from space_runtime.timebase import HOP, SAMPLE_RATE
from tests.support.drives import FPS, IDENTITY, driven, driver, only
from tests.support.session_frames import BUNDLE, play
from tests.support.sounds import bundled_line, speechlike

PARTS = ("landmarks", "blendshapes", "head_rotation_rad", "head_translation", "eye_rotation_rad")
SOUND = speechlike(2.0, seed=5)[:, 0]
CONTROLS = Controls(seed=8, blinks_per_minute=60)
EYE_SHAPES = [row for name, row in SHAPE.items() if name.startswith("eye")]
ADDED = ("mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "cheekPuff", "noseSneerLeft", "browDownLeft")
MOUTH, BROWS = [*range(48, 68)], [*range(17, 27)]


def controls(drive: DriveLike | None) -> Controls:
    return replace(CONTROLS, drive=drive_of(drive))


def frames_of(motion: MotionSource | None, drive: DriveLike | None = None, sound: Floats = SOUND) -> list[Frame]:
    return play(Session(BUNDLE, None, controls(drive), motion=motion), sound)


def column(frames: list[Frame], name: str) -> Floats:
    return np.array([getattr(frame, name) for frame in frames])


def equal(one: list[Frame], other: list[Frame]) -> bool:
    return all(np.array_equal(column(one, name), column(other, name)) for name in PARTS)


def test_a_driver_without_strength_is_speech_bit_for_bit() -> None:
    assert equal(frames_of(driven(driver()), [0] * 6), frames_of(None))


def test_pose_moves_the_head_alone_and_eyes_keep_contact() -> None:
    posed, plain = frames_of(driven(driver()), PRESETS["pose"]), frames_of(None)
    points = [*range(17), *range(27, 36), *MOUTH]
    assert np.array_equal(column(posed, "landmarks")[:, points], column(plain, "landmarks")[:, points])
    head = np.concatenate([column(posed, "head_rotation_rad"), column(posed, "head_translation")], 1)
    assert np.abs(head[:60] - driver().head).max() < 1e-6
    gazes = [column(f, "eye_rotation_rad").mean(1) + column(f, "head_rotation_rad")[:, :2] for f in (posed, plain)]
    assert np.abs(gazes[0] - gazes[1]).max() < 1e-5


def test_all_of_a_driver_is_his_face_head_and_eyes() -> None:
    rows, rig = driver(), open_rig(BUNDLE)
    frames = frames_of(driven(rows), PRESETS["all"])[:60]
    faces = [rig.face(IDENTITY, *row) for row in zip(rows.blendshapes, rows.eyes_rad, strict=True)]
    lids = [*range(36, 48)]  # which meet whatever the gaze, so that a glance down in a blink is no sum of shapes
    apart = np.abs(column(frames, "landmarks") - faces).max((0, 2))
    assert np.delete(apart, lids).max() < 1e-5 and apart[lids].max() < 0.05
    assert np.abs(column(frames, "blendshapes") - rows.blendshapes).max() < 1e-5
    assert np.abs(column(frames, "eye_rotation_rad") - rows.eyes_rad).max() < 1e-5


def test_strengths_of_controls_scale_a_drivers_weights_and_leave_his_blinks() -> None:
    half = Controls(seed=8, drive=PRESETS["all"], mouth_strength=0.5, expression_strength=0.25)
    weights = column(play(Session(BUNDLE, None, half, motion=driven(driver())), SOUND), "blendshapes")[:60]
    for name, factor in (("jawOpen", 0.5), ("mouthSmileLeft", 0.5), ("browInnerUp", 0.25), ("eyeBlinkLeft", 1)):
        assert np.abs(weights[:, SHAPE[name]] - factor * driver().blendshapes[:, SHAPE[name]]).max() < 1e-6


def test_a_mouth_that_is_speechs_has_the_weights_of_its_landmarks() -> None:
    frames = frames_of(driven(driver()), PRESETS["face"])[:60]
    smile = SHAPE["mouthSmileLeft"]
    assert np.abs(column(frames, "blendshapes")[:, smile] - driver().blendshapes[:, smile]).max() > 0.01
    jaw, plain = (column(f, "blendshapes")[:60, SHAPE["jawOpen"]] for f in (frames, frames_of(None)))
    assert np.corrcoef(jaw, plain)[0, 1] > 0.9


@pytest.mark.parametrize(("part", "points"), [("brows", BROWS), ("mouth", MOUTH)])
def test_a_part_follows_its_driver_and_the_other_speech(part: str, points: list[int]) -> None:
    frames, plain = frames_of(driven(driver()), {part: 1}), frames_of(None)
    others = MOUTH if part == "brows" else BROWS
    assert np.abs(column(frames, "landmarks")[:, others] - column(plain, "landmarks")[:, others]).max() < 0.01
    alone = driven(only(driver(), "browInnerUp", "browOuterUpLeft", "jawOpen"))
    assert np.abs(column(frames, "landmarks") - column(frames_of(alone, {part: 1}), "landmarks")).max() < 1e-6
    assert np.abs(column(frames, "landmarks")[:, points] - column(plain, "landmarks")[:, points]).max() > 0.02


def test_a_strength_beyond_one_is_a_gain_and_half_a_strength_half_the_way() -> None:
    head = {
        gain: column(frames_of(driven(driver()), {"head": gain}), "head_rotation_rad")[:60] for gain in (0, 0.5, 1, 2)
    }
    assert np.abs(head[2] - 2 * driver().head[:, :3]).max() < 1e-6
    assert np.abs(head[0.5] - (head[0] + head[1]) / 2).max() < 1e-6


def test_a_driver_blinks_each_eye_and_the_schedule_does_not() -> None:
    closed = column(frames_of(driven(only(driver(), "eyeBlinkLeft")), {"blinks": 1}), "landmarks")
    gap = closed[:60, [43, 38], 1] - closed[:60, [47, 41], 1]
    opening = IDENTITY.neutral[[43, 38], 1] - IDENTITY.neutral[[47, 41], 1]
    blink = driver().blendshapes[:, SHAPE["eyeBlinkLeft"]]
    assert np.abs(gap[:, 0] / opening[0] - (1 - blink)).max() < 0.25  # brows and gaze of speech move lids a little
    assert gap[:, 1].min() > 0.7 * opening[1]


def test_lips_that_speech_shuts_stay_shut_under_a_smile() -> None:
    """Of a line with p, b and m: the gap between the lips is speech's, whatever the driver's expression."""
    line = bundled_line()[: 4 * SAMPLE_RATE]
    nothing = only(driver(1 / FPS))
    smiling = replace(nothing, blendshapes=nothing.blendshapes.copy())
    for name in ADDED:
        smiling.blendshapes[0, SHAPE[name]] = 1
    gaps = []
    for rows in (nothing, smiling):
        faces = column(frames_of(driven(rows, DriveEnd.HOLD), {"expression": 1, "brows": 1}, line), "landmarks")
        upper, lower = zip(*LIP_PAIRS, strict=True)
        gaps.append(faces[:, upper] - faces[:, lower])
    assert np.abs(gaps[0] - gaps[1]).max() < 1e-6
    assert np.abs(faces[:, 48, 1] - IDENTITY.neutral[48, 1]).max() > 0.02


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 2 * SAMPLE_RATE), max_size=5), st.sampled_from(list(PRESETS)))
def test_how_the_sound_is_cut_does_not_change_a_frame(cuts: list[int], preset: str) -> None:
    motion, wanted = driven(driver(1.2)), controls(PRESETS[preset])
    assert equal(play(Session(BUNDLE, None, wanted, motion=motion), SOUND, cuts), frames_of(motion, PRESETS[preset]))


def test_a_driven_row_is_the_same_in_company() -> None:
    sound, character = SOUND[: 50 * HOP].reshape(50, HOP), build_character(BUNDLE)
    batch, track = StreamBatch(BUNDLE), ControlTrack.of(controls(PRESETS["all"]))
    motion = driven(driver())
    rows = np.array([batch.add(character, track, source) for source in (None, motion, None, motion)])
    made = [batch.step(rows, np.repeat(hop[None], 4, 0)) for hop in sound]
    alone = frames_of(motion, PRESETS["all"], sound.ravel())
    for row in rows[[1, 3]]:
        own = np.concatenate([frames.blendshapes[frames.row == row] for frames in made])
        assert np.abs(own - column(alone, "blendshapes")[: len(own)]).max() < 1e-6


def test_strengths_fade_as_controls_do() -> None:
    session = Session(BUNDLE, None, controls({}), motion=driven(driver()))
    session.set_controls(controls(PRESETS["all"]), SAMPLE_RATE // 2, fade=SAMPLE_RATE // 2)
    head = column(play(session, SOUND), "head_rotation_rad")
    plain, own = column(frames_of(None), "head_rotation_rad"), driver().head[:, :3]
    assert np.array_equal(head[: FPS // 2], plain[: FPS // 2])
    assert np.abs(head[FPS:60] - own[FPS:]).max() < 1e-6
    assert np.abs(np.diff(head, axis=0)).max() < 0.06
