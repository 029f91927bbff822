"""Laws of heads that speech moves: led by the voice, different for each seed, never far, at home in the portrait."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from space_runtime.animation.band_noise import band_noise, noise_waves
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.head_style import BANDS_HZ, HEAD_NOISE_HZ, HeadStyle
from space_runtime.animation.pipeline import build_character
from space_runtime.animation.session import Session
from space_runtime.animation.speech_head import LIMIT_RAD, SHARE
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats
from space_runtime.emotion import Emotion
from space_runtime.errors import BundleError
from space_runtime.inference.bundle import Bundle
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls, HeadMode
from tests.support.session_frames import BUNDLE, play
from tests.support.sounds import bundled_line

LINE = np.tile(bundled_line(), 3)
"""Half a minute of speech with pauses."""
LISTENS = Controls(seed=6, head_mode=HeadMode.LISTEN)


def angles(controls: Controls, sound: Floats = LINE, fps: int = 30) -> Doubles:
    """(T, 3) degrees of a session."""
    frames = play(Session(BUNDLE, controls=controls, fps=fps), sound)
    turned: Doubles = np.degrees(np.array([frame.head_rotation_rad for frame in frames], np.float64))
    return turned


def speed(degrees: Doubles, fps: int = 30) -> Doubles:
    moved: Doubles = np.linalg.norm(np.diff(degrees, axis=0), axis=1) * fps
    return moved


def test_speech_is_the_default_and_moves_more_than_the_sway() -> None:
    assert Controls().head_mode is HeadMode.SPEECH
    talking, swaying = angles(Controls(seed=1)), angles(Controls(seed=1, head_mode=HeadMode.IDLE))
    assert speed(talking).mean() > 3 * speed(swaying).mean()


def test_a_head_is_calm_in_silence_and_moves_with_the_voice() -> None:
    """Silence is not stillness: the head of a listener lives, at a fraction of a speaker's pace."""
    silence = np.zeros(20 * SAMPLE_RATE, np.float32)
    talking, quiet = (speed(angles(Controls(seed=3), sound)).mean() for sound in (LINE, silence))
    assert 0.2 < quiet < talking / 2


def test_seeds_differ_in_every_angle_and_the_same_seed_does_not() -> None:
    one, again, other = (angles(Controls(seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert np.sqrt(np.mean((one - other) ** 2, 0)).min() > 0.3


def test_angles_stay_within_their_limit_at_any_strength_and_emotion() -> None:
    controls = Controls(seed=4, head_strength=2.0, emotion={Emotion.ANGRY: 1.0})
    moved = np.abs(angles(controls))
    assert moved.max() < np.degrees(LIMIT_RAD) * SHARE * 2
    assert moved.max() > 3


def test_a_head_begins_where_the_portrait_stands() -> None:
    moved = np.abs(angles(Controls(seed=5)))
    assert moved[0].max() < 1e-4 and moved[:3].max() < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_a_head_never_jerks(seed: int) -> None:
    """Not even as a phrase begins, when it is to move more at once."""
    moved = angles(Controls(seed=seed), bundled_line(), fps=50)
    assert np.abs(np.diff(moved, 2, axis=0)).max() < 0.6


def test_anger_moves_more_than_sadness() -> None:
    angry, sad = (
        speed(angles(Controls(seed=6, emotion={label: 1.0}))).mean() for label in (Emotion.ANGRY, Emotion.SAD)
    )
    assert angry > 1.2 * sad


def test_the_frame_rate_does_not_change_the_motion() -> None:
    assert np.allclose(angles(Controls(seed=7), fps=30), angles(Controls(seed=7), fps=60)[::2], atol=1e-9)


def test_streams_of_both_modes_share_a_batch() -> None:
    """Each is, to the bit, what it is alone."""
    wishes = [Controls(seed=1), Controls(seed=2, head_mode=HeadMode.IDLE), Controls(seed=3)]
    batch, sound = StreamBatch(BUNDLE), LINE[: len(LINE) // HOP * HOP]
    rows = np.array([batch.add(build_character(BUNDLE), ControlTrack.of(wish)) for wish in wishes])
    together = batch.step(rows, np.stack([sound] * 3))
    for row, wish in zip(rows, wishes, strict=True):
        alone = StreamBatch(BUNDLE)
        own = alone.add(build_character(BUNDLE), ControlTrack.of(wish))
        assert np.array_equal(together.head[together.row == row], alone.step(np.array([own]), sound[None]).head)


@pytest.mark.parametrize(("first", "last"), [(HeadMode.SPEECH, HeadMode.IDLE), (HeadMode.IDLE, HeadMode.SPEECH)])
def test_a_fade_between_two_motions_does_not_jump(first: HeadMode, last: HeadMode) -> None:
    begin = 3 * SAMPLE_RATE
    track = ControlTrack.of(Controls(seed=8, head_mode=first)).changed(
        begin, Controls(seed=8, head_mode=last), SAMPLE_RATE
    )
    faded = np.degrees([frame.head_rotation_rad for frame in play(Session(BUNDLE, controls=track), LINE)])
    around = speed(faded)[3 * 30 - 2 : 4 * 30 + 2].max()
    assert around < 1.5 * speed(angles(Controls(seed=8))).max()


def test_noise_has_unit_variance_in_its_own_band() -> None:
    seconds = np.arange(0, 4000, 0.05)
    waves = noise_waves(9, HEAD_NOISE_HZ)[None].repeat(len(seconds), 0)
    noise = band_noise(waves, seconds)
    assert np.allclose(noise.std(0), 1, atol=0.05) and np.abs(noise.mean(0)).max() < 0.05
    power = np.abs(np.fft.rfft(noise, axis=0)) ** 2
    hz = np.fft.rfftfreq(len(seconds), 0.05)
    for channel, (low, high) in enumerate(BANDS_HZ):
        inside = (hz >= low - 0.01) & (hz <= high + 0.01)
        assert power[inside, channel].sum() > 0.98 * power[:, channel].sum()


def test_bands_meet() -> None:
    assert all(low[1] == high[0] for low, high in pairwise(BANDS_HZ))


def test_a_style_of_another_shape_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {**BUNDLE.arrays("head_style"), "keep": np.zeros(2)}
    monkeypatch.setattr(Bundle, "arrays", lambda *_: arrays)
    with pytest.raises(BundleError, match="keep of the bundle's head style"):
        HeadStyle.of_bundle(BUNDLE)


def centroid_hz(degrees: Doubles, fps: int = 60) -> float:
    """Of the angular velocity's power."""
    velocity = np.diff(degrees, axis=0)
    power = (np.abs(np.fft.rfft(velocity * np.hanning(len(velocity))[:, None], axis=0)) ** 2).sum(1)
    return float((power * np.fft.rfftfreq(len(velocity), 1 / fps)).sum() / power.sum())


@pytest.mark.parametrize("mode", [HeadMode.SPEECH, HeadMode.IDLE])
def test_tempo_scales_the_pace_and_not_the_reach(mode: HeadMode) -> None:
    """In silence, where nothing but the head's own motion is seen: as wide, at twice the frequencies."""
    silence = np.zeros(60 * SAMPLE_RATE, np.float32)
    slow, plain, fast = (
        angles(Controls(seed=2, head_mode=mode, head_tempo=tempo), silence, fps=60)[5 * 60 :]
        for tempo in (0.5, 1.0, 2.0)
    )
    assert centroid_hz(fast) / centroid_hz(plain) == pytest.approx(2, rel=0.15)
    assert centroid_hz(plain) / centroid_hz(slow) == pytest.approx(2, rel=0.15)
    assert fast.std() / plain.std() == pytest.approx(1, abs=0.25)


def test_a_change_of_tempo_does_not_jump() -> None:
    track = ControlTrack.of(Controls(seed=3)).changed(
        8 * SAMPLE_RATE, Controls(seed=3, head_tempo=2.0), SAMPLE_RATE // 2
    )
    changed = np.degrees([frame.head_rotation_rad for frame in play(Session(BUNDLE, controls=track), LINE)])
    assert np.allclose(changed[: 8 * 30], angles(Controls(seed=3))[: 8 * 30], atol=1e-5)
    fast = speed(angles(Controls(seed=3, head_tempo=2.0)))
    assert speed(changed)[8 * 30 - 2 : 9 * 30].max() <= fast.max()


def test_tempo_and_listening_are_the_same_however_the_sound_is_cut() -> None:
    track = ControlTrack.of(Controls(seed=4, head_tempo=1.7))
    track = track.changed(5 * SAMPLE_RATE + 77, replace(LISTENS, head_tempo=0.6), 1_000)
    track = track.changed(9 * SAMPLE_RATE, replace(LISTENS, head_mode=HeadMode.SPEECH), 3_000)
    whole, cut = Session(BUNDLE, controls=track), Session(BUNDLE, controls=track)
    frames = whole.push(LINE) + whole.finish()
    pieces = [
        frame for piece in np.split(LINE, [100, 5_000, 80_000, 81_000, 144_010]) for frame in cut.push(piece)
    ] + cut.finish()
    for name in ("head_rotation_rad", "head_translation", "landmarks"):
        assert all(np.array_equal(getattr(a, name), getattr(b, name)) for a, b in zip(frames, pieces, strict=True))


@pytest.mark.parametrize("mode", [HeadMode.SPEECH, HeadMode.IDLE, HeadMode.LISTEN])
def test_a_head_comes_home_at_the_end(mode: HeadMode) -> None:
    session = Session(BUNDLE, controls=Controls(seed=5, head_mode=mode, head_strength=2.0))
    frames = session.push(LINE) + session.finish(tail_s=0.3)
    degrees = np.degrees([frame.head_rotation_rad for frame in frames])
    assert not degrees[-1].any() and not frames[-1].head_translation.any()
    assert speed(degrees)[-12:].max() < 60


def test_a_listener_keeps_his_mouth_shut_and_a_speaker_moves_more() -> None:
    silence = np.zeros_like(LINE)
    listening, waiting = (play(Session(BUNDLE, controls=LISTENS), sound) for sound in (LINE, silence))
    calm = Controls(seed=6, head_mode=HeadMode.LISTEN, blinks_per_minute=0, saccade_strength=0)
    shut, idle = (play(Session(BUNDLE, controls=calm), sound) for sound in (LINE, silence))
    mouth = [np.abs(a.landmarks[48:68] - b.landmarks[48:68]).max() for a, b in zip(shut, idle, strict=True)]
    assert max(mouth) < 1e-6, "as in silence"
    assert not np.array_equal(listening[-1].head_rotation_rad, waiting[-1].head_rotation_rad), "but he hears"
    assert speed(angles(Controls(seed=6))).mean() > 2 * speed(angles(LISTENS)).mean()


def test_a_listener_nods_as_phrases_end_and_not_in_silence() -> None:
    """A nod goes down by degrees within a fifth of a second: nothing else that a listener does is as fast."""
    nods = speed(angles(LISTENS)) > 10
    assert 3 < np.count_nonzero(nods[1:] & ~nods[:-1]) < 60
    assert speed(angles(LISTENS, np.zeros_like(LINE))).max() < 10


def test_a_listener_who_begins_to_talk_does_not_jump() -> None:
    """He hears with the network what follows the change, and no sound before it."""
    at = 8 * SAMPLE_RATE
    track = ControlTrack.of(LISTENS).changed(at, Controls(seed=6))
    frames = play(Session(BUNDLE, controls=track), LINE)
    mouths = np.array([frame.landmarks[48:68] for frame in frames])
    moved = np.abs(np.diff(mouths, axis=0)).max((1, 2))
    talking = np.array([frame.landmarks[48:68] for frame in play(Session(BUNDLE, controls=Controls(seed=6)), LINE)])
    assert moved.max() <= 1.5 * np.abs(np.diff(talking, axis=0)).max(), "in the middle of a word"
    degrees = np.degrees([frame.head_rotation_rad for frame in frames])
    assert speed(degrees)[8 * 30 - 2 : 8 * 30 + 30].max() < speed(angles(Controls(seed=6))).max()
    assert np.abs(mouths[-1] - talking[-1]).max() < 1e-3
