"""Laws of a batch: a row answers as if it were alone, in any company and any order."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

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
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.pipeline import Character, build_character, open_rig
from space_runtime.animation.textures import draw, initial_latents
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats, Index
from space_runtime.rig.shapes import SHAPE
from space_runtime.timebase import HOP
from tests.support.session_frames import BUNDLE
from tests.support.sounds import mono_speech

RATES = (Fraction(30), Fraction(60), Fraction(24), Fraction(30000, 1001), Fraction(120), Fraction(1))
GLAD = emotion_vector({Emotion.HAPPY: 0.7})
TRACKS = (
    ControlTrack.of(Controls(seed=1)),
    ControlTrack.of(Controls(seed=2)).changed(5000, Controls(seed=2, emotion=GLAD, mouth_strength=1.4), 4000),
    ControlTrack.of(Controls(seed=3, look_at=np.array([0.2, 0.1, 2], np.float32), blinks_per_minute=60)),
    ControlTrack.of(Controls(seed=4, expression_strength=0.5)).resting(6000, 3000),
    ControlTrack.of(
        Controls(head_mode=HeadMode.GIVEN, head_track=np.linspace(0, 0.1, 54, dtype=np.float32).reshape(9, 6))
    ),
    ControlTrack.of(Controls(head_mode=HeadMode.KEEP, blink_samples=(900, 9000), gaze_rad=np.array([0.2, 0.3]))),
)
N_HOPS = 40


@cache
def characters() -> tuple[Character, ...]:
    """Three faces, each at every rate."""
    plain = build_character(BUNDLE, None, Fraction(30), pictures=False)
    rig = open_rig(BUNDLE)
    others = [rig.adapt((rig.neutral + rig.identities[k]).astype(np.float32)) for k in range(2)]
    return tuple(replace(plain, identity=face, fps=fps) for face in (plain.identity, *others) for fps in RATES)


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """One stream: what it is made of and what it hears."""

    character: Character
    track: ControlTrack
    sound: Floats

    def hop(self, n: int) -> Floats:
        return self.sound[n * HOP : (n + 1) * HOP]


@cache
def streams(n: int) -> tuple[Stream, ...]:
    sound = mono_speech(2.0, 5)
    return tuple(
        Stream(
            characters()[k % len(characters())],
            TRACKS[k % len(TRACKS)],
            np.roll(sound, 1237 * k)[: N_HOPS * HOP] * np.float32(0.05 + k % 5 / 3),
        )
        for k in range(n)
    )


def arrays(frames: Frames) -> dict[str, np.ndarray]:
    names = ("frame_index", "media_sample", "landmarks", "blendshapes", "head")
    return {
        name: getattr(frames, name) for name in (*names, "eye_rotation_rad", "speech", "unposed_landmarks", "features")
    }


def joined(parts: Iterable[Frames], row: int | None = None) -> dict[str, np.ndarray]:
    """All frames, or those of a row, array by array."""
    chosen = [(part, slice(None) if row is None else part.row == row) for part in parts]
    return {name: np.concatenate([arrays(part)[name][some] for part, some in chosen]) for name in arrays(chosen[0][0])}


def alone(stream: Stream) -> dict[str, np.ndarray]:
    batch = StreamBatch(BUNDLE)
    row = batch.add(stream.character, stream.track)
    return joined([batch.step(np.array([row]), stream.hop(n)[None]) for n in range(N_HOPS)])


def assert_alike(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert np.array_equal(one["features"], other["features"])
    for name, values in one.items():
        assert values.shape == other[name].shape, name
        assert np.abs(values - other[name]).max(initial=0) <= 1e-6, name


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("track", TRACKS)
def test_alone_it_is_bit_for_bit_a_session(fps: Fraction, track: ControlTrack) -> None:
    session = Session(BUNDLE, controls=track.first, fps=fps)
    for change in track.changes:
        session.set_controls(change.controls, change.at_sample, change.fade)
    if track.rest_sample < np.inf:
        session.rest(int(track.rest_sample), track.rest_fade)
    stream = Stream(build_character(BUNDLE, None, fps, pictures=False), track, streams(1)[0].sound)
    frames = session.push(stream.sound)
    for name, values in alone(stream).items():
        if name in Frame.__dataclass_fields__:
            expected = np.stack([np.asarray(getattr(frame, name), values.dtype) for frame in frames])
            assert np.array_equal(values, expected), name


@pytest.mark.parametrize("n", [2, 7, len(RATES) * 3, 150])
def test_company_changes_nothing(n: int) -> None:
    """Mixed faces, rates and tracks; every step another part of them in another order."""
    batch, rng = StreamBatch(BUNDLE), np.random.default_rng(n)
    rows = np.array([batch.add(stream.character, stream.track) for stream in streams(n)])
    heard, parts = np.zeros(n, int), []
    while (heard < N_HOPS).any():
        waiting = rng.permutation(np.flatnonzero(heard < N_HOPS))
        chosen = waiting[: rng.integers(len(waiting) // 2, len(waiting) + 1)]
        if chosen.size:
            hops = np.stack([streams(n)[k].hop(heard[k]) for k in chosen])
            parts.append(batch.step(rows[chosen], hops))
            heard[chosen] += 1
    for k in sorted({0, 1, n // 2, n - 1, *rng.integers(0, n, 8).tolist()}):
        assert_alike(joined(parts, int(rows[k])), alone(streams(n)[k]))
        assert batch.n_steps(int(rows[k])) == N_HOPS


def test_frames_stand_in_the_order_of_the_rows_and_of_time() -> None:
    batch = StreamBatch(BUNDLE)
    rows = np.array([batch.add(stream.character, stream.track) for stream in streams(9)])[::-1]
    frames = batch.step(rows, np.stack([stream.sound[: 20 * HOP] for stream in streams(9)]))
    places = [int(np.flatnonzero(rows == row)[0]) for row in frames.row]
    assert places == sorted(places)
    assert sorted(zip(places, frames.frame_index, strict=True)) == list(zip(places, frames.frame_index, strict=True))
    for name, values in arrays(frames).items():
        assert values.flags.c_contiguous, name
        assert values.dtype == {"frame_index": np.int64, "media_sample": np.float64}.get(name, np.float32)
    assert batch.next_frame(int(rows[0])) == frames.frame_index[frames.row == rows[0]].max() + 1


def test_hops_may_come_many_at_a_time() -> None:
    stream = streams(4)[3]
    batch = StreamBatch(BUNDLE)
    row = np.array([batch.add(stream.character, stream.track)])
    cuts = np.split(stream.sound[None], [3 * HOP, 4 * HOP, 30 * HOP], axis=1)
    once = joined([batch.step(row, cut) for cut in cuts])
    assert all(np.array_equal(values, once[name]) for name, values in alone(stream).items())


def test_restarted_and_reused_rows_equal_new_ones() -> None:
    batch = StreamBatch(BUNDLE)
    rows = [batch.add(stream.character, stream.track) for stream in streams(3)]
    everybody = np.array(rows)
    for n in range(15):
        batch.step(everybody, np.stack([stream.hop(n) for stream in streams(3)]))
    again, other = streams(9)[7], streams(9)[8]
    batch.restart(rows[0], again.track, again.character)
    batch.remove(rows[1])
    with pytest.raises(UsageError):
        batch.remove(rows[1])
    assert batch.add(other.character, other.track) == rows[1]
    assert batch.n_steps(rows[1]) == batch.next_frame(rows[1]) == 0
    parts = [batch.step(everybody[:2], np.stack([again.hop(n), other.hop(n)])) for n in range(N_HOPS)]
    assert_alike(joined(parts, rows[0]), alone(again))
    assert_alike(joined(parts, rows[1]), alone(other))


@pytest.mark.parametrize("use", [StreamBatch.n_steps, StreamBatch.next_frame, StreamBatch.track, StreamBatch.remove])
@pytest.mark.parametrize("row", [-1, 0, 9])
def test_rows_without_a_stream_are_refused(use: object, row: int) -> None:
    assert callable(use)
    for batch in (StreamBatch(BUNDLE), StreamBatch(BUNDLE)):
        with pytest.raises(UsageError):
            use(batch, row)
        batch.remove(batch.add(streams(1)[0].character, streams(1)[0].track))


def test_a_track_may_be_told_late_but_not_too_late() -> None:
    plain, changed = TRACKS[0], TRACKS[0].changed(6400, Controls(seed=1, emotion=GLAD), 1600)
    stream, batch = streams(1)[0], StreamBatch(BUNDLE)
    row, parts = batch.add(stream.character, plain), []
    for n in range(N_HOPS):
        if n == 18:
            batch.set_track(row, changed)
        parts.append(batch.step(np.array([row]), stream.hop(n)[None]))
    expected = alone(replace(stream, track=changed))
    assert all(np.array_equal(values, expected[name]) for name, values in joined(parts).items())


def test_a_track_without_changes_replaces_one_at_once() -> None:
    stream, batch = streams(1)[0], StreamBatch(BUNDLE)
    row = np.array([batch.add(stream.character, TRACKS[0])])
    batch.set_track(int(row[0]), ControlTrack.of(Controls(seed=1, emotion=GLAD)))
    parts = [batch.step(row, stream.hop(n)[None]) for n in range(N_HOPS)]
    expected = alone(replace(stream, track=ControlTrack.of(Controls(seed=1, emotion=GLAD))))
    assert all(np.array_equal(values, expected[name]) for name, values in joined(parts).items())


def test_rest_brings_the_face_to_neutral_while_it_lives_on() -> None:
    track = ControlTrack.of(Controls(seed=1, emotion=GLAD, blink_samples=(8533,))).resting(3200, 3200)
    frames = alone(replace(streams(1)[0], track=track))
    resting = frames["media_sample"] >= 6400
    neutral = streams(1)[0].character.identity.neutral
    assert np.array_equal(
        frames["unposed_landmarks"][resting], np.broadcast_to(neutral, frames["unposed_landmarks"][resting].shape)
    )
    assert not frames["speech"][resting].any() and frames["speech"][~resting].any()
    assert frames["blendshapes"][resting][:, SHAPE["eyeBlinkLeft"]].max() > 0.5
    assert np.ptp(frames["head"][resting], axis=0).max() > 1e-3
    steps = np.abs(np.diff(frames["unposed_landmarks"][frames["media_sample"] > 2600], axis=0)).max()
    assert steps < 0.03


def test_what_a_session_is_told_at_a_sample_does_not_depend_on_the_cuts() -> None:
    samples = mono_speech(1.5)

    def told(cuts: list[int]) -> Floats:
        session, frames = Session(BUNDLE), []
        session.set_controls(Controls(emotion=GLAD, mouth_strength=0.5), at_sample=7000, fade=2000)
        session.rest(at_sample=15_000, fade=3000)
        for piece in np.split(samples, cuts):
            frames += session.push(piece)
        return np.stack([frame.blendshapes for frame in frames + session.finish()])

    once = told([])
    assert np.array_equal(told([100, 5000, 5001, 20_000]), once)
    session = Session(BUNDLE)
    plain = np.stack([frame.blendshapes for frame in session.push(samples) + session.finish()])
    assert np.array_equal(plain[:12], once[:12]) and not np.allclose(plain[16:], once[16:], atol=0.01)


def test_a_session_reset_forgets_what_it_was_told() -> None:
    session, samples = Session(BUNDLE), mono_speech(0.5)
    first = session.push(samples)
    session.set_controls(Controls(emotion=GLAD))
    session.rest()
    assert np.abs(session.finish()[-1].blendshapes).max() < 0.5
    session.reset()
    again = session.push(samples)
    assert all(np.array_equal(a.blendshapes, b.blendshapes) for a, b in zip(first, again, strict=True))


def test_a_stream_needs_little_memory() -> None:
    batch, character = StreamBatch(BUNDLE), streams(1)[0].character
    batch.add(character, TRACKS[0])
    tracemalloc.start()
    for _ in range(255):
        batch.add(character, TRACKS[0])
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown / 255 <= 24 * 1024


def test_pictures_may_be_drawn_later_than_the_curves(photo: Path) -> None:
    portrait, samples = open_portrait(photo, open_tracker(BUNDLE)), mono_speech(0.3)
    session = Session(BUNDLE, portrait, Controls(seed=3), pictures=True)
    expected = [frame.rgb for frame in session.push(samples) if frame.rgb is not None]
    batch, character = StreamBatch(BUNDLE), build_character(BUNDLE, portrait, Fraction(30), pictures=True)
    track = ControlTrack.of(Controls(seed=3))
    row = np.array([batch.add(character, track)])
    hops = np.split(samples[: len(samples) // HOP * HOP][None], len(samples) // HOP, axis=1)
    made = [batch.step(row, hop) for hop in hops]
    latents, drawn = initial_latents(character), []
    for frames in made:
        for place in range(len(frames.row)):
            latents, rgb = draw(character, track, latents, frames, place)
            drawn.append(rgb)
    assert len(drawn) == len(expected) > 3
    assert all(np.array_equal(one, other) for one, other in zip(drawn, expected, strict=True))


def test_a_character_without_pictures_cannot_be_drawn() -> None:
    with pytest.raises(UsageError, match="pictures"):
        initial_latents(streams(1)[0].character)
    with pytest.raises(UsageError, match="pictures"):
        StreamBatch(BUNDLE).add(streams(1)[0].character, TRACKS[0], keypoints=True)


def test_keypoints_come_for_the_rows_that_ask_and_begin_again_with_them(photo: Path) -> None:
    character = build_character(BUNDLE, open_portrait(photo, open_tracker(BUNDLE)), Fraction(30), pictures=True)
    batch, samples = StreamBatch(BUNDLE), mono_speech(0.5)[: 20 * HOP]
    rows = np.array([batch.add(character, TRACKS[0], keypoints=asked) for asked in (False, True, True)])

    def heard(rows: Index) -> list[Floats]:
        frames = batch.step(rows, np.stack([samples] * len(rows)))
        return [frames.keypoints[frames.row == row] for row in rows.tolist()]

    none, one, other = heard(rows)
    assert np.isnan(none).all() and np.array_equal(one, other) and one.shape[1:] == (160, 3)
    for row in rows.tolist():
        batch.restart(row, TRACKS[0])
    assert np.array_equal(heard(rows)[1], one)
    batch.remove(int(rows[1]))
    assert batch.add(character, TRACKS[0]) == rows[1]
    assert heard(rows[:2])[0].shape[1] == 0
