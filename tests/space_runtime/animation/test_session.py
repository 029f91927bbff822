"""Laws of a session: chunking, causality, isolation, determinism, reset, silence, the frame clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime import (
    Controls,
    Emotion,
    Frame,
    HeadMode,
    Session,
    UsageError,
    emotion_vector,
    open_portrait,
    open_tracker,
)
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE, n_frames
from tests.support.session_frames import BUNDLE, play
from tests.support.sounds import mono_speech

STILL = Controls(blinks_per_minute=0.0, head_mode=HeadMode.KEEP)


def same_bits(a: list[Frame], b: list[Frame]) -> bool:
    def key(frame: Frame) -> tuple[object, ...]:
        curves = (frame.landmarks, frame.blendshapes, frame.head_rotation_rad, frame.head_translation)
        arrays = (*curves, frame.eye_rotation_rad, np.zeros(0) if frame.rgb is None else frame.rgb)
        return (frame.frame_index, frame.media_sample, *(array.tobytes() for array in arrays))

    return len(a) == len(b) and all(key(x) == key(y) for x, y in zip(a, b, strict=True))


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 12_000), max_size=12))
def test_how_sound_is_cut_does_not_change_a_bit(cuts: list[int]) -> None:
    samples = mono_speech(0.75)
    assert same_bits(play(Session(BUNDLE), samples, cuts), play(Session(BUNDLE), samples))


@pytest.mark.parametrize("frame_index", [0, 7, 20])
def test_sound_beyond_the_look_ahead_never_changes_a_frame(frame_index: int) -> None:
    session = Session(BUNDLE)
    samples = mono_speech(1.2)
    edge = frame_index * SAMPLE_RATE // 30 + session.look_ahead_samples + 1
    changed = samples.copy()
    changed[edge:] = mono_speech(1.2, seed=9)[edge:] * 3
    before, after = play(Session(BUNDLE), samples), play(Session(BUNDLE), changed)
    assert same_bits(before[: frame_index + 1], after[: frame_index + 1])
    assert not same_bits(before, after)


def test_a_frame_appears_as_soon_as_its_look_ahead_is_in() -> None:
    session = Session(BUNDLE)
    seen = 0
    for block in np.split(mono_speech(1.0), 100):
        for frame in session.push(block):
            assert frame.media_sample + session.look_ahead_samples > seen
        seen += block.size
        due = [k for k in range(60) if Fraction(k * SAMPLE_RATE, 30) + session.look_ahead_samples <= seen]
        assert session._batch.next_frame(0) >= len(due)


def test_two_interleaved_sessions_equal_two_separate_ones() -> None:
    sounds = mono_speech(0.8, 1), mono_speech(0.8, 2)
    sessions = Session(BUNDLE), Session(BUNDLE)
    mixed: tuple[list[Frame], list[Frame]] = ([], [])
    for start in range(0, 12_800, 500):
        for session, sound, frames in zip(sessions, sounds, mixed, strict=True):
            frames += session.push(sound[start : start + 500])
    for session, sound, frames in zip(sessions, sounds, mixed, strict=True):
        assert same_bits(frames + session.finish(), play(Session(BUNDLE), sound))


def test_reset_equals_new() -> None:
    session = Session(BUNDLE)
    play(session, mono_speech(0.5, 3))
    session.reset()
    assert same_bits(play(session, mono_speech(0.5, 4)), play(Session(BUNDLE), mono_speech(0.5, 4)))


def test_silence_is_neutral() -> None:
    frames = play(Session(BUNDLE, controls=STILL), np.zeros(2 * SAMPLE_RATE, np.float32))
    rest = Session(BUNDLE, controls=STILL)._character.identity.neutral
    assert max(np.abs(frame.landmarks - rest).max() for frame in frames) < 0.01
    assert max(frame.blendshapes.max() for frame in frames) < 0.1


def test_a_face_at_rest_neither_moves_nor_speaks_while_the_sound_goes_on() -> None:
    """Before the rest it changes nothing; from the end of its fade on it leaves nothing of mouth, brows and gate."""
    controls, sound = replace(STILL, saccade_strength=0.0), mono_speech(2.0)
    plain, resting = Session(BUNDLE, controls=controls), Session(BUNDLE, controls=controls)
    resting.rest(SAMPLE_RATE, SAMPLE_RATE // 5)
    (face, speech), (rested, rested_speech) = (
        (np.concatenate([part.landmarks for part in made]), np.concatenate([part.speech for part in made]))
        for made in (one.push_batches(sound) + one.finish_batches() for one in (plain, resting))
    )
    assert np.array_equal(rested[:31], face[:31]) and np.array_equal(rested_speech[:31], speech[:31])
    assert np.ptp(face[36:], axis=0).max() > 0.05 and speech[36:].max() > 0.9
    assert np.ptp(rested[36:], axis=0).max() < 1e-6 and not rested_speech[36:].any()


def test_speech_moves_the_face() -> None:
    frames = play(Session(BUNDLE, controls=STILL), mono_speech(2.0))
    jaw = np.array([frame.landmarks[8, 1] for frame in frames])
    assert np.ptp(jaw) > 0.01


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(240)])
@pytest.mark.parametrize("n_samples", [0, 1, 319, 16_000, 16_001])
def test_frames_cover_the_sound_exactly(fps: Fraction, n_samples: int) -> None:
    frames = play(Session(BUNDLE, fps=fps), np.zeros(n_samples, np.float32))
    assert [frame.frame_index for frame in frames] == list(range(n_frames(n_samples, fps)))
    assert all(frame.media_sample < n_samples for frame in frames)
    assert Fraction(len(frames) * SAMPLE_RATE) / fps >= n_samples


def test_different_seeds_give_different_head_motion_and_equal_seeds_the_same() -> None:
    def head(seed: int) -> Floats:
        return np.stack(
            [f.head_rotation_rad for f in play(Session(BUNDLE, controls=Controls(seed=seed)), mono_speech(1.5))]
        )

    assert np.array_equal(head(1), head(1))
    assert not np.allclose(head(1), head(2))


def test_eyes_stay_on_the_viewer_while_the_head_sways() -> None:
    controls = Controls(seed=3, blinks_per_minute=0.0, saccade_strength=0.0)
    frames = play(Session(BUNDLE, controls=controls), mono_speech(3.0))
    head = np.stack([frame.head_rotation_rad[:2] for frame in frames])
    eyes = np.stack([frame.eye_rotation_rad for frame in frames])
    assert np.ptp(head) > 0.02
    assert np.abs(eyes + head[:, None]).max() < 0.01


def test_pictures_obey_the_same_laws(photo: Path) -> None:
    """Chunks, reset and repetition change no pixel; rendering changes no curve."""
    portrait = open_portrait(photo, open_tracker(BUNDLE))
    session, samples = Session(BUNDLE, portrait, STILL, pictures=True), mono_speech(0.4)
    once = play(session, samples)
    assert len({frame.rgb.tobytes() for frame in once if frame.rgb is not None}) > 1
    session.reset()
    assert same_bits(play(session, samples, [100, 2222, 3000]), once)
    curves = play(Session(BUNDLE, portrait, STILL), samples)
    assert all(np.array_equal(a.blendshapes, b.blendshapes) for a, b in zip(curves, once, strict=True))


def test_keypoints_obey_the_same_laws_and_are_those_of_the_pictures(photo: Path) -> None:
    portrait = open_portrait(photo, open_tracker(BUNDLE))
    session, samples = Session(BUNDLE, portrait, STILL, keypoints=True), mono_speech(0.4)
    once = play(session, samples)
    assert all(frame.rgb is None for frame in once)
    session.reset()
    cut = play(session, samples, [100, 2222, 3000])
    drawn = play(Session(BUNDLE, portrait, STILL, pictures=True), samples)
    for a, b, c in zip(once, cut, drawn, strict=True):
        assert a.keypoints is not None and b.keypoints is not None and c.keypoints is not None
        assert np.array_equal(a.keypoints, b.keypoints) and np.array_equal(a.keypoints, c.keypoints)
    assert play(Session(BUNDLE, portrait, STILL), samples)[0].keypoints is None


def test_what_the_api_is_given_is_checked() -> None:
    calls: list[Callable[[], object]] = [
        lambda: Session(BUNDLE, fps=Fraction(0)),
        lambda: Session(BUNDLE, fps=Fraction(10_000)),
        lambda: Session(BUNDLE, fps=Fraction(29_123_456_789, 10**9)),
        lambda: Controls(emotion=np.zeros(3, np.float32)),
        lambda: Controls(emotion=np.full(8, 50, np.float32)),
        lambda: Controls(emotion=np.full(8, np.nan, np.float32)),
        lambda: Controls(gaze_rad=np.array([0, np.nan], np.float32)),
        lambda: Controls(mouth_strength=float("nan")),
        lambda: Controls(head_track=np.zeros((0, 3), np.float32)),
        lambda: emotion_vector({Emotion.HAPPY: 7}),
        lambda: emotion_vector({"glad": 1}),
        lambda: Session(BUNDLE).push(np.full(100, 1e30, np.float32)),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            call()


@pytest.mark.parametrize("bad", [np.zeros((2, 100), np.float32), np.array([0.0, np.nan], np.float32)])
def test_samples_that_cannot_be_used_are_refused(bad: Floats) -> None:
    with pytest.raises(UsageError):
        Session(BUNDLE).push(bad)


@pytest.mark.parametrize("what", ["pictures", "keypoints"])
def test_pictures_and_keypoints_without_a_portrait_are_refused(what: str) -> None:
    with pytest.raises(UsageError, match=f"{what} need a portrait"):
        Session(BUNDLE, pictures=what == "pictures", keypoints=what == "keypoints")
