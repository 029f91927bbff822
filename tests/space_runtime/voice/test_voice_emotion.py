"""Laws of the guess of an emotion from the voice: loudness, repetition, silence, bounds, phrases, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.animation.emotion_track import read_emotion_track
from space_runtime.arrays import Floats
from space_runtime.commands.suggest_emotion import emotion_track
from space_runtime.emotion import Emotion
from space_runtime.errors import BundleError, MediaError
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.audio_file import open_sound
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.voice.emotion import NO_VOICE, SURE, Phrase, VoiceEmotion, VoiceModel, phrases, suggest
from space_runtime.voice.f0 import PITCH_HOP, track_pitch
from space_runtime.voice.features import MEASURES, measure
from tests.support.command_line import Call
from tests.support.sounds import speechlike

ROOT = Path(__file__).parents[3]
LINE = ROOT / "space_runtime" / "assets" / "line.flac"


@pytest.fixture(scope="module")
def model() -> VoiceModel:
    return VoiceModel.from_bundle(load_bundle())


@pytest.fixture(scope="module")
def spoken() -> Floats:
    """The line that the demo speaks: a woman reads a book, without emotion."""
    return np.concatenate(list(open_sound(LINE).speech_blocks()))


def voice(hz: float, sway: float, seconds: float = 2.0, colour: float = 1.0) -> Floats:
    """A buzz in syllables around a pitch, swaying by a share of it; its harmonics fall with their number ** colour."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(hz * (1 + sway * np.sin(2 * np.pi * 1.3 * t))) / SAMPLE_RATE
    buzz = np.sum([np.sin(k * phase) / k**colour for k in range(1, int(7000 / hz / (1 + sway)))], axis=0)
    return np.asarray(0.05 * buzz * (0.2 + np.clip(np.sin(2 * np.pi * 3 * t), 0, None)), np.float32)


@pytest.mark.parametrize("hz", [70, 100, 140, 220, 330, 400])
def test_the_pitch_of_a_steady_voice_is_exact(hz: float) -> None:
    track = track_pitch(voice(hz, 0.0))
    assert np.abs(track.hz - hz).max() < 0.005 * hz
    assert track.strength.max() <= 1


def test_the_pitch_follows_a_glide_in_noise() -> None:
    sound = voice(150, 0.3)
    noise = np.random.default_rng(0).normal(0, 0.1 * sound.std(), len(sound))
    track = track_pitch((sound + noise).astype(np.float32))
    t = (np.arange(len(track.hz)) + 0.5) * PITCH_HOP / SAMPLE_RATE
    truth = 150 * (1 + 0.3 * np.sin(2 * np.pi * 1.3 * t))
    voiced = track.hz > 0
    assert voiced.mean() > 0.9
    assert np.median(np.abs(track.hz - truth)[voiced] / truth[voiced]) < 0.02


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * SAMPLE_RATE).astype(np.float32)
    assert (track_pitch(noise).hz > 0).mean() < 0.02
    assert not track_pitch(np.zeros(SAMPLE_RATE, np.float32)).hz.any()


@pytest.mark.parametrize("gain_db", [-60.0, -20.0, 12.0])
def test_the_gain_of_the_microphone_changes_nothing(model: VoiceModel, spoken: Floats, gain_db: float) -> None:
    piece = spoken[: 3 * SAMPLE_RATE]
    before, after = suggest(model, piece), suggest(model, piece * np.float32(10 ** (gain_db / 20)))
    assert after.label == before.label
    assert after.arousal == pytest.approx(before.arousal, abs=2e-3)
    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=2e-3)


def test_silence_around_a_phrase_hardly_matters(model: VoiceModel, spoken: Floats) -> None:
    piece, pause = spoken[: 3 * SAMPLE_RATE], np.zeros(SAMPLE_RATE // 2, np.float32)
    before, after = suggest(model, piece), suggest(model, np.concatenate([pause, piece, pause]))
    assert after.label == before.label
    assert after.arousal == pytest.approx(before.arousal, abs=0.1)


def test_the_same_sound_gives_the_same_guess(model: VoiceModel, spoken: Floats) -> None:
    first, again = suggest(model, spoken[:40_000]), suggest(model, spoken[:40_000].copy())
    assert (first.arousal, first.label, first.confidence) == (again.arousal, again.label, again.confidence)
    assert first.probabilities.tobytes() == again.probabilities.tobytes()


def test_what_has_no_voice_has_no_emotion(model: VoiceModel) -> None:
    hiss = np.random.default_rng(1).normal(0, 0.1, 2 * SAMPLE_RATE).astype(np.float32)
    for sound in (np.zeros(SAMPLE_RATE, np.float32), hiss, hiss * np.float32(1e-9)):
        assert suggest(model, sound) is NO_VOICE
    assert not NO_VOICE.sure


def test_too_short_a_sound_is_refused_in_words(model: VoiceModel, spoken: Floats) -> None:
    with pytest.raises(MediaError, match=r"lasts 0\.25 s, too short .* at least 0\.5 s"):
        suggest(model, spoken[:4_000])


@settings(max_examples=25)
@given(st.floats(60, 600), st.floats(0, 0.6), st.floats(-1, 3), st.floats(1e-4, 30), st.integers(0, 2**32 - 1))
def test_every_guess_is_within_its_bounds(
    model: VoiceModel, hz: float, sway: float, colour: float, gain: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.01, SAMPLE_RATE)
    sound = (gain * (voice(hz, sway, 1.0, colour) + noise)).astype(np.float32)
    guess = suggest(model, sound)
    assert -1 <= guess.arousal <= 1
    assert (guess.probabilities >= 0).all()
    if guess.label is None:
        assert guess is NO_VOICE
        return
    assert guess.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert guess.confidence == pytest.approx(float(guess.probabilities.max()))
    assert tuple(Emotion)[int(guess.probabilities.argmax())] is guess.label


def test_an_agitated_voice_has_more_arousal_than_a_tired_one(model: VoiceModel) -> None:
    for hz in (110, 200):
        tired = suggest(model, voice(hz, 0.02, colour=2.0))
        agitated = suggest(model, voice(2 * hz, 0.3, colour=0.6))
        assert agitated.arousal > tired.arousal + 0.2


def test_a_book_read_aloud_suggests_nothing(model: VoiceModel, spoken: Floats) -> None:
    guesses = [suggest(model, phrase.pcm) for phrase in phrases([spoken])]
    assert guesses
    assert not any(guess.sure and guess.label is not Emotion.NEUTRAL for guess in guesses)


def test_measures_have_names_and_a_model_for_others_is_refused(model: VoiceModel, tmp_path: Path) -> None:
    values = measure(voice(150, 0.1), 0.3).values
    assert values.shape == (len(MEASURES),) == model.mean.shape
    assert np.isfinite(values).all()
    bundle = load_bundle()
    path = tmp_path / "voice_emotion.npz"
    arrays = {name: array for name, array in bundle.arrays("voice_emotion").items() if name != "measures"}
    np.savez(path, measures=np.array(["loudness"]), **arrays)  # type: ignore[arg-type]
    other = type(bundle)(tmp_path, bundle.manifest)
    with pytest.raises(BundleError, match="other measures"):
        VoiceModel.from_bundle(other)


@pytest.mark.parametrize("n_block", [1_000, 16_000, 123_457])
def test_blocks_do_not_change_phrases(n_block: int) -> None:
    rng = np.random.default_rng(5)
    parts: list[Floats] = []
    for k in range(16):
        pause = np.zeros(int(rng.uniform(100, 20_000)), np.float32)
        parts += [speechlike(float(rng.uniform(0.4, 7)), seed=k)[:, 0], pause]
    sound = np.concatenate(parts)
    assert len(sound) > 45 * SAMPLE_RATE
    whole = list(phrases([sound]))
    cut = list(phrases(sound[k : k + n_block] for k in range(0, len(sound), n_block)))
    assert [phrase.first_sample for phrase in cut] == [phrase.first_sample for phrase in whole]
    end = 0
    for phrase, same in zip(whole, cut, strict=True):
        np.testing.assert_array_equal(phrase.pcm, same.pcm)
        np.testing.assert_array_equal(phrase.pcm, sound[phrase.first_sample :][: len(phrase.pcm)])
        assert phrase.first_sample >= end
        assert 0.5 <= len(phrase.pcm) / SAMPLE_RATE <= 3
        end = phrase.first_sample + len(phrase.pcm)


def test_silence_has_no_phrases() -> None:
    assert not list(phrases([np.zeros(40 * SAMPLE_RATE, np.float32)]))
    assert not list(phrases([]))


def guess_of(label: Emotion, confidence: float) -> VoiceEmotion:
    return VoiceEmotion(0.5, label, confidence, np.zeros(8, np.float32))


def test_a_track_holds_what_is_sure_and_only_changes() -> None:
    said = [(Emotion.NEUTRAL, 0.9), (Emotion.ANGRY, 0.9), (Emotion.ANGRY, 0.92), (Emotion.SAD, SURE - 0.01)]
    pcm = np.zeros(SAMPLE_RATE, np.float32)
    guesses = [(Phrase((1 + 2 * k) * SAMPLE_RATE, pcm), guess_of(*guess)) for k, guess in enumerate(said)]
    track = emotion_track(guesses)
    assert [(entry["at"], entry["emotion"]) for entry in track] == [(0.0, {}), (3.0, {"angry": 0.9}), (7.0, {})]
    assert emotion_track([]) == [{"at": 0.0, "emotion": {}, "fade": 0.0}]


def test_the_command_prints_phrases_and_writes_a_track_that_bake_reads(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "track.json"
    done = call("suggest-emotion", LINE, "--json", path)
    assert (done.code, done.err) == (0, "")
    *rows, last = done.out.splitlines()
    assert last.startswith(f"{path}: ")
    assert rows and all("arousal" in row for row in rows)
    assert read_emotion_track(path).keys[0].at_ms == 0
    assert json.loads(path.read_text(encoding="utf-8"))[0]["at"] == 0


def test_the_command_says_when_nobody_speaks(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "quiet.wav"
    soundfile.write(path, np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    done = call("suggest-emotion", path)
    assert done.code == 0
    assert "no voice" in done.out


def test_the_track_never_overwrites_the_line(line: Path, call: Call) -> None:
    before = line.read_bytes()
    done = call("suggest-emotion", line, "--json", line)
    assert done.code == 2
    assert "overwrite" in done.complaint
    assert line.read_bytes() == before
