"""Laws of mixing to mono: a voice is never cancelled, ordinary sound is the mean, cuts into blocks never show."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.arrays import Floats
from space_runtime.media.audio_file import open_sound
from space_runtime.media.mono import Layout, MonoMixer, mix_to_mono
from tests.support.sounds import speechlike

RATE = 16_000
VOICE = speechlike(2.0, RATE)[:, 0]
FIVE_ONE = Layout(2, 3)


def noise(level: float, seed: int) -> Floats:
    return (level * np.random.default_rng(seed).standard_normal(len(VOICE))).astype(np.float32)


def power(samples: Floats) -> float:
    return float((samples**2).mean())


def film() -> Floats:
    """(n, 6) of a voice in the centre and independent noise, 12 dB below it, around it."""
    level = float(np.sqrt(power(VOICE))) / 4
    around = [noise(level, seed) for seed in range(5)]
    return np.stack([around[0], around[1], VOICE, around[2], around[3], around[4]], axis=1)


@pytest.mark.parametrize("gain", [-1.0, -0.97, -0.9])
def test_a_voice_out_of_phase_is_heard(gain: float) -> None:
    mixed = MonoMixer(RATE, 2).mix(np.stack([VOICE, gain * VOICE], axis=1))
    assert np.corrcoef(mixed, VOICE)[0, 1] > 0.98
    assert power(mixed) > 0.9 * power(VOICE)


def test_a_voice_that_turns_out_of_phase_is_heard_and_the_mean_comes_back() -> None:
    other = np.concatenate([VOICE, -VOICE, VOICE])
    three = np.concatenate([VOICE, VOICE, VOICE])
    mixed = MonoMixer(RATE, 2).mix(np.stack([three, other], axis=1))
    n = len(VOICE)
    for part in (slice(0, n), slice(n, 2 * n), slice(2 * n, None)):
        assert np.corrcoef(mixed[part], three[part])[0, 1] > 0.9
    assert np.allclose(mixed[-n // 2 :], three[-n // 2 :], atol=1e-6)


@pytest.mark.parametrize("n_channels", [1, 2, 3, 6, 8])
def test_ordinary_sound_is_the_mean_to_the_bit(n_channels: int) -> None:
    told: list[str] = []
    block = speechlike(1.0, 48_000, n_channels)
    assert np.array_equal(MonoMixer(48_000, n_channels, tell=told.append).mix(block), mix_to_mono(block))
    assert not told


@pytest.mark.parametrize("level", [0.0, 0.01, 0.1])
def test_independent_channels_and_one_silent_channel_are_the_mean(level: float) -> None:
    for block in (np.stack([VOICE, noise(level, 1)], axis=1), np.stack([noise(0.1, 2), noise(0.1, 3)], axis=1)):
        assert np.array_equal(MonoMixer(RATE, 2).mix(block), mix_to_mono(block))


def test_a_voice_in_the_centre_is_heard_alone() -> None:
    mixed = MonoMixer(RATE, 6, FIVE_ONE).mix(film())
    assert np.array_equal(mixed[RATE // 2 :], VOICE[RATE // 2 :])


def test_a_film_without_a_voice_in_the_centre_is_heard_from_its_sides() -> None:
    block = film()
    block[:, 2] = 0
    block[:, 0] = VOICE
    mixed = MonoMixer(RATE, 6, FIVE_ONE).mix(block)
    assert np.corrcoef(mixed, VOICE)[0, 1] > 0.8


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 2 * RATE), max_size=12), kind=st.integers(0, 2))
def test_how_sound_is_cut_does_not_change_a_bit(cuts: list[int], kind: int) -> None:
    halves = np.concatenate([VOICE[:RATE], -VOICE[RATE:]])
    block = (np.stack([VOICE, -VOICE], axis=1), np.stack([VOICE, halves], axis=1), film())[kind]
    layout = FIVE_ONE if kind == 2 else Layout()
    whole = MonoMixer(RATE, block.shape[1], layout).mix(block)
    mixer = MonoMixer(RATE, block.shape[1], layout)
    assert np.array_equal(np.concatenate([mixer.mix(part) for part in np.split(block, sorted(cuts))]), whole)


@pytest.mark.parametrize(("name", "channels"), [("stereo.wav", 2), ("film.wav", 6), ("film.flac", 6)])
def test_a_choice_is_told_in_one_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, channels: int
) -> None:
    samples = film() if channels == 6 else np.stack([VOICE, -VOICE], axis=1)
    soundfile.write(tmp_path / name, samples, RATE)
    sound = open_sound(tmp_path / name)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            heard = np.concatenate(list(sound.speech_blocks()))
    assert np.corrcoef(heard, VOICE)[0, 1] > 0.98
    sentences = [record.getMessage() for record in caplog.records]
    assert len(sentences) == 1
    assert name in sentences[0]
    assert "\n" not in sentences[0]


@pytest.mark.parametrize("noise_level", [0.08, 0.2])
def test_a_channel_of_noise_beside_a_voice_is_told(noise_level: float) -> None:
    told: list[str] = []
    voice = np.concatenate([VOICE, 0.01 * VOICE, VOICE])
    hiss = (noise_level * np.random.default_rng(3).standard_normal(len(voice))).astype(np.float32)
    MonoMixer(RATE, 2, tell=told.append).mix(np.stack([voice, hiss], axis=1))
    assert len(told) == 1 and "steady noise" in told[0]


@pytest.mark.parametrize("second", [1.0, 0.3, 0.0])
def test_two_channels_of_one_voice_are_not_told(second: float) -> None:
    told: list[str] = []
    MonoMixer(RATE, 2, tell=told.append).mix(np.stack([VOICE, second * VOICE], axis=1))
    assert not told


@pytest.mark.parametrize("ending", ["aiff", "caf", "au", "w64"])
def test_six_channels_without_named_places_are_those_of_a_film(tmp_path: Path, ending: str) -> None:
    soundfile.write(tmp_path / f"film.{ending}", film(), RATE)
    sound = open_sound(tmp_path / f"film.{ending}")
    heard = np.concatenate(list(sound.speech_blocks()))
    assert np.corrcoef(heard, VOICE)[0, 1] > 0.98
    assert "centre" in sound.notes[0]


def test_four_channels_of_unknown_places_are_the_mean_and_told(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "ambisonic.wav", np.stack([VOICE, 0.5 * VOICE, 0.2 * VOICE, 0 * VOICE], axis=1), RATE)
    sound = open_sound(tmp_path / "ambisonic.wav")
    heard = np.concatenate(list(sound.speech_blocks()))
    assert np.corrcoef(heard, VOICE)[0, 1] > 0.98
    assert sound.notes == ("its 4 channels are heard as their mean; if one holds the voice, export it alone",)
