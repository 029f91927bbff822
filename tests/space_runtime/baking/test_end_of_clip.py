"""Laws of the end of a clip: it ends at rest, and nothing before the end of its sound changes for that."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine_bridge.formats.clip import COLUMNS
from space_runtime import Controls, Session, UsageError, bake, load_bundle
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats
from space_runtime.assets import LINE
from space_runtime.media.audio_file import open_sound
from space_runtime.rig.shapes import LIP_PAIRS, SHAPE
from space_runtime.values import Frame

BUNDLE = load_bundle()
SOUND = np.concatenate(list(open_sound(LINE).speech_blocks()))
CONTROLS = Controls(seed=3, emotion={"happy": 1.0})
TAIL_S = 0.3
RATES = [Fraction(1), Fraction(24_000, 1_001), Fraction(30), Fraction(60), Fraction(100), Fraction(240)]


def gap(landmarks: Floats) -> Floats:
    """The mean distance of the inner lips of (F, 78, 3) landmarks."""
    upper, lower = np.array(LIP_PAIRS).T
    distance: Floats = np.linalg.norm(landmarks[:, upper] - landmarks[:, lower], axis=-1).mean(axis=-1)
    return distance


NEUTRAL_GAP = gap(np.stack([frame.landmarks for frame in Session(BUNDLE, fps=30).push(np.zeros(16_000))][:1]))[0]


def frames_of(sound: Floats, fps: Fraction, tail_s: float) -> list[Frame]:
    session = Session(BUNDLE, controls=CONTROLS, fps=fps)
    return session.push(sound) + session.finish(tail_s)


def open_moments() -> list[int]:
    """Samples of the line in whose middle the mouth is wide open: inside its vowels."""
    frames = frames_of(SOUND, Fraction(50), 0)
    jaw = np.array([frame.blendshapes[SHAPE["jawOpen"]] for frame in frames])
    peaks = [n for n in range(1, len(jaw) - 1) if jaw[n - 1] <= jaw[n] > jaw[n + 1] and jaw[n] > 0.15]
    return [round(float(frames[n].media_sample)) for n in peaks]


CUTS = sorted({*open_moments()[::4], *range(7_001, len(SOUND), 16_003), 1, 319, 320, len(SOUND)})


@pytest.mark.parametrize("fps", RATES)
def test_a_line_cut_anywhere_ends_at_rest(fps: Fraction) -> None:
    assert len(CUTS) > 10
    for cut in CUTS:
        last = frames_of(SOUND[:cut], fps, TAIL_S)[-1]
        end = cut + round(TAIL_S * 16_000)
        assert end <= last.media_sample < end + 16_000 / fps, cut
        assert gap(last.landmarks[None])[0] == pytest.approx(NEUTRAL_GAP, abs=1e-6), cut
        mouth = {name: last.blendshapes[place] for name, place in SHAPE.items() if name.startswith(("jaw", "mouth"))}
        assert max(mouth.values()) < (1e-6 if fps > 1 else 0.05), (cut, mouth)  # the rig's inertia is per frame
        assert max(last.blendshapes[SHAPE[f"eyeBlink{side}"]] for side in ("Left", "Right")) < 0.1, cut


@pytest.mark.parametrize("fps", RATES)
def test_frames_before_the_end_of_the_sound_are_the_same_whatever_the_tail(fps: Fraction) -> None:
    for cut in CUTS[::5]:
        plain = frames_of(SOUND[:cut], fps, 0)
        assert all(frame.media_sample < cut for frame in plain)
        for tail_s in (0.01, 0.3, 2.0):
            with_tail = frames_of(SOUND[:cut], fps, tail_s)
            assert with_tail[len(plain)].media_sample >= cut
            for before, after in zip(plain, with_tail[: len(plain)], strict=True):
                for column in COLUMNS[1:]:
                    assert np.array_equal(getattr(before, column.key), getattr(after, column.key)), column.key


def test_the_release_does_not_jump() -> None:
    for cut in open_moments()[::6]:
        gaps = gap(np.stack([frame.landmarks for frame in frames_of(SOUND[:cut], Fraction(100), TAIL_S)]))
        inside, release = np.abs(np.diff(gaps[: -round(TAIL_S * 100)])), np.abs(np.diff(gaps[-round(TAIL_S * 100) :]))
        assert release.max() <= max(inside.max(), 0.01)


def test_the_length_of_the_tail_is_free_and_checked() -> None:
    sound = SOUND[: open_moments()[3]]
    session = Session(BUNDLE, fps=30)
    session.push(sound)
    for wrong in (-0.1, 10.5, float("nan")):
        with pytest.raises(UsageError, match="tail_s"):
            session.finish(wrong)
    assert session.finish(1.0)[-1].media_sample >= len(sound) + 16_000
    assert session.finish(1.0) == []
    assert Session(BUNDLE).finish(1.0) == []


@pytest.mark.parametrize("tail_s", [0.0, 0.3, 1.25])
def test_a_baked_clip_ends_at_rest_and_says_with_which_tail(tmp_path: Path, tail_s: float) -> None:
    sound = SOUND[: open_moments()[3]]
    soundfile.write(tmp_path / "cut.wav", sound, 16_000, subtype="FLOAT")
    (path,) = bake(tmp_path / "cut.wav", tmp_path, bundle=BUNDLE, controls=CONTROLS, tail_s=tail_s)
    frames = frames_of(sound, Fraction(30), tail_s)
    with np.load(path) as clip:
        assert json.loads(str(clip["metadata"]))["settings"]["tail_s"] == tail_s
        for column in COLUMNS[1:]:
            assert np.array_equal(clip[column.key], [getattr(frame, column.key) for frame in frames]), column.key
        at_rest = gap(clip["landmarks"])[-1] == pytest.approx(NEUTRAL_GAP, abs=1e-6)
        assert at_rest == (tail_s > 0)


def test_the_tail_is_on_unless_it_is_switched_off(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "cut.wav", SOUND[: open_moments()[3]], 16_000)
    (path,) = bake(tmp_path / "cut.wav", tmp_path, bundle=BUNDLE)
    with np.load(path) as clip:
        assert json.loads(str(clip["metadata"]))["settings"]["tail_s"] == 0.3
        assert gap(clip["landmarks"])[-1] == pytest.approx(NEUTRAL_GAP, abs=1e-6)
    with pytest.raises(UsageError, match="tail_s"):
        bake(tmp_path / "cut.wav", tmp_path, bundle=BUNDLE, tail_s=-1)


def test_no_blink_is_under_way_at_the_last_frame_whatever_the_seed() -> None:
    for seed in range(40):
        session = Session(BUNDLE, controls=Controls(seed=seed, blinks_per_minute=60), fps=30)
        last = (session.push(SOUND[: 4 * 16_000]) + session.finish(TAIL_S))[-1]
        assert max(last.blendshapes[SHAPE[f"eyeBlink{side}"]] for side in ("Left", "Right")) < 0.1, seed


def test_an_earlier_and_slower_rest_does_not_keep_the_clip_from_its_end() -> None:
    sound = SOUND[: open_moments()[3]]
    track = ControlTrack.of(CONTROLS).resting(len(sound) - 100, 160_000)
    session = Session(BUNDLE, controls=track, fps=30)
    assert gap((session.push(sound) + session.finish(TAIL_S))[-1].landmarks[None])[0] == pytest.approx(NEUTRAL_GAP)
