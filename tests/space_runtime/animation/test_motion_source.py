"""Laws of motion sources: speech by default, takes that replay what was recorded, mixes that keep regions apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime import Controls, Frame, HeadMode, Session, bake, open_portrait, open_tracker
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.motion_source import SPEECH, MixedMotion, MotionSource, RecordedMotion
from space_runtime.animation.pipeline import build_character
from space_runtime.animation.stages.controls import MOUTH_SHARE
from space_runtime.animation.track import ControlTrack
from space_runtime.errors import UsageError
from space_runtime.rig.identity import gaze_of
from space_runtime.timebase import HOP, SAMPLE_RATE
from tests.space_runtime.animation.test_liveliness import ASSETS, LINE
from tests.support.session_frames import BUNDLE, play
from tests.support.sounds import speechlike

CONTROLS = Controls(seed=3, blinks_per_minute=60)
OTHER = Controls(seed=8)
MOUTH, BROWS, EYES = range(48, 68), range(17, 27), [*range(36, 48), *range(68, 78)]
PARTS = ("landmarks", "blendshapes", "head_rotation_rad", "head_translation", "eye_rotation_rad")


@cache
def recorded(fps: int = 30) -> tuple[Frame, ...]:
    return tuple(play(Session(BUNDLE, None, CONTROLS, Fraction(fps)), LINE))


def take(fps: int = 30) -> RecordedMotion:
    return RecordedMotion.of_frames(recorded(fps))


def frames_of(motion: MotionSource | None, controls: Controls = OTHER, fps: int = 30) -> list[Frame]:
    """Frames of another voice and other seeds."""
    return play(Session(BUNDLE, None, controls, Fraction(fps), motion=motion), speechlike(2.0, seed=5)[:, 0])


def largest(one: Frame, other: Frame) -> float:
    return max(float(np.abs(getattr(one, name) - getattr(other, name)).max()) for name in PARTS)


@pytest.mark.parametrize("motion", [SPEECH, MixedMotion(), MixedMotion(mouth=MixedMotion())])
def test_speech_in_every_region_is_speech_bit_for_bit(motion: MotionSource) -> None:
    for one, other in zip(frames_of(None), frames_of(motion), strict=True):
        assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in PARTS)


def test_a_take_replays_what_was_recorded() -> None:
    for one, other in zip(recorded(), frames_of(take()), strict=True):
        assert largest(one, other) < 2e-6


def test_a_mix_of_one_take_is_that_take() -> None:
    mixed = MixedMotion(take(), take(), take(), take())
    for one, other in zip(frames_of(take()), frames_of(mixed), strict=True):
        assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in PARTS)


def test_a_take_of_a_finer_grid_is_exact_where_the_grids_meet_and_linear_between() -> None:
    for one, other in zip(recorded(60)[::2], frames_of(take(60)), strict=True):
        assert np.abs(one.landmarks - other.landmarks).max() < 2e-6
    coarse = recorded(30)
    for index, frame in enumerate(frames_of(take(), fps=60)[: 2 * len(coarse) - 2]):
        before, after = coarse[index // 2], coarse[(index + 1) // 2]
        points = [point for point in range(78) if point not in EYES]
        middle = (before.landmarks[points] + after.landmarks[points]) / 2
        assert np.abs(frame.landmarks[points] - middle).max() < 2e-6
        assert np.abs(frame.head_rotation_rad - (before.head_rotation_rad + after.head_rotation_rad) / 2).max() < 1e-6


def test_a_baked_clip_is_a_take(tmp_path: Path) -> None:
    (clip,) = bake(ASSETS / "line.flac", tmp_path, bundle=BUNDLE, controls=CONTROLS, fps=Fraction(30_000, 1_001))
    motion = RecordedMotion.of_clip(clip)
    with np.load(clip) as arrays:
        weights = arrays["blendshapes"][:50]
    frames = play(Session(BUNDLE, None, OTHER, Fraction(30_000, 1_001), motion=motion), speechlike(2.0)[:, 0])
    assert np.abs(np.array([frame.blendshapes for frame in frames[:50]]) - weights).max() < 2e-6


REGIONS: dict[str, Callable[[Frame], np.ndarray]] = {
    "mouth": lambda frame: frame.landmarks[MOUTH],
    "face": lambda frame: frame.landmarks[BROWS],
    "eyes": lambda frame: frame.landmarks[EYES],
    "head": lambda frame: frame.head_rotation_rad,
}


@pytest.mark.parametrize("region", list(REGIONS))
def test_each_region_follows_its_source_and_leaves_the_others_alone(region: str) -> None:
    still = replace(OTHER, head_mode=HeadMode.KEEP)  # else eyes that keep contact follow the head
    controls = OTHER if region == "head" else still
    plain, mixed = frames_of(None, controls), frames_of(MixedMotion(**{region: take()}), controls)
    for name, part in REGIONS.items():
        if region == "head" and name == "eyes":
            continue
        wanted = recorded() if name == region else plain
        distance = max(float(np.abs(part(one) - part(other)).max()) for one, other in zip(wanted, mixed, strict=True))
        assert distance < 2e-6, name
    assert max(largest(one, other) for one, other in zip(plain, mixed, strict=True)) > 1e-3


def test_the_mouths_share_reaches_every_lip_and_no_brow() -> None:
    assert (MOUTH_SHARE[MOUTH] == 1).all() and not MOUTH_SHARE[BROWS].any() and not MOUTH_SHARE[EYES].any()


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 2 * SAMPLE_RATE), max_size=5), st.sampled_from((take(), MixedMotion(head=take()))))
def test_how_the_sound_is_cut_does_not_change_a_frame(cuts: list[int], motion: MotionSource) -> None:
    session, frames = Session(BUNDLE, None, OTHER, motion=motion), []
    for piece in np.split(speechlike(2.0, seed=5)[:, 0], sorted(cuts)):
        frames += session.push(piece)
    for one, other in zip(frames + session.finish(), frames_of(motion), strict=True):
        assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in PARTS)


def test_a_source_is_its_own_rows_alone_and_outlives_a_restart() -> None:
    sound, character = (
        speechlike(1.0)[:, 0][: 50 * HOP].reshape(50, HOP),
        build_character(BUNDLE, None, Fraction(30), pictures=False),
    )
    batch, track = StreamBatch(BUNDLE), ControlTrack.of(OTHER)
    rows = np.array([batch.add(character, track, motion) for motion in (None, take(), MixedMotion(eyes=take()))])

    def played() -> list[Frames]:
        return [batch.step(rows, np.repeat(hop[None], 3, 0)) for hop in sound]

    first = played()
    for place, motion in enumerate((None, take(), MixedMotion(eyes=take()))):
        session = Session(BUNDLE, None, OTHER, motion=motion)
        alone = np.array([frame.landmarks for frame in session.push(sound.ravel())])
        own = np.concatenate([frames.landmarks[frames.row == rows[place]] for frames in first])
        assert np.abs(own - alone).max() < 1e-6
    for row in rows:
        batch.restart(int(row), track)
    for one, other in zip(first, played(), strict=True):
        assert np.array_equal(one.landmarks, other.landmarks)


def test_a_source_is_asked_for_the_times_of_its_own_frames() -> None:
    """Two streams of other frame rates follow the same take side by side."""
    sound, rates = speechlike(1.0)[:, 0][: 50 * HOP], (Fraction(24), Fraction(60))
    batch, track = StreamBatch(BUNDLE), ControlTrack.of(OTHER)
    rows = np.array([batch.add(build_character(BUNDLE, None, fps, pictures=False), track, take()) for fps in rates])
    together = batch.step(rows, np.stack([sound] * 2))
    for row, fps in zip(rows, rates, strict=True):
        alone = [frame.landmarks for frame in Session(BUNDLE, None, OTHER, fps, motion=take()).push(sound)]
        assert np.abs(together.landmarks[together.row == row] - np.array(alone)).max() < 1e-6


def test_a_take_holds_at_both_ends() -> None:
    motion = RecordedMotion.of_frames(recorded()[30:33])
    frames = frames_of(motion)
    assert np.abs(frames[0].landmarks - recorded()[30].landmarks).max() < 2e-6
    assert np.abs(frames[-1].landmarks - recorded()[32].landmarks).max() < 2e-6


def test_controls_apply_to_every_source() -> None:
    gaze = np.array([0.2, 0.1], np.float32)
    looking = frames_of(take(), replace(OTHER, gaze_rad=gaze, head_mode=HeadMode.KEEP))
    assert max(float(np.abs(frame.eye_rotation_rad - gaze).max()) for frame in looking) < 1e-5
    assert not any(frame.head_rotation_rad.any() for frame in looking)
    identity = build_character(BUNDLE, None, Fraction(30), pictures=False).identity
    for frame in frames_of(take(), replace(OTHER, mouth_strength=0.0))[::10]:
        assert np.abs(frame.landmarks[MOUTH] - identity.neutral[MOUTH]).max() < 1e-6
        assert np.abs(gaze_of(identity, frame.landmarks) - frame.eye_rotation_rad).max() < 1e-5


def test_pictures_follow_a_take(photo: Path) -> None:
    portrait, sound = open_portrait(photo, open_tracker(BUNDLE)), LINE[:6000]
    made = play(Session(BUNDLE, portrait, CONTROLS, pictures=True), sound)
    again = play(Session(BUNDLE, portrait, CONTROLS, pictures=True, motion=RecordedMotion.of_frames(made)), sound)
    still = play(Session(BUNDLE, portrait, OTHER, pictures=True), sound * 0)
    same = [difference(one, other) for one, other in zip(made, again, strict=True)]
    different = [difference(one, other) for one, other in zip(made, still, strict=True)]
    assert max(same) < 0.1 < max(different)


def difference(one: Frame, other: Frame) -> float:
    """The mean difference of two pictures, in steps of 256."""
    assert one.rgb is not None and other.rgb is not None
    return float(np.abs(one.rgb.astype(int) - other.rgb).mean())


@pytest.mark.parametrize(
    "change",
    [
        {"samples": np.zeros(3)},
        {"samples": np.array([0.0, 2.0, 1.0])},
        {"samples": np.zeros(0)},
        {"head": np.zeros((3, 3), np.float32)},
        {"landmarks": np.full((3, 78, 3), np.nan, np.float32)},
        {"lids": np.zeros(2)},
    ],
)
def test_arrays_that_are_no_take_are_refused(change: dict[str, np.ndarray]) -> None:
    with pytest.raises(UsageError, match="recorded motion"):
        replace(RecordedMotion.of_frames(recorded()[:3]), **change)


def test_a_file_that_is_no_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK")
    np.savez(tmp_path / "b.npz", fps=np.array([30, 1]))
    for name in ("a.npz", "b.npz", "c.npz"):
        with pytest.raises(UsageError, match="no baked clip"):
            RecordedMotion.of_clip(tmp_path / name)
