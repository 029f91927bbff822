"""Laws of the pitch analysis: it is the autocorrelation by definition, and both of its users keep their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.animation.pitch_analysis import PitchAnalysis, hann_autocorrelation
from space_runtime.animation.stages import features, prosody
from space_runtime.arrays import Doubles, Floats
from space_runtime.assets import LINE
from space_runtime.media.audio_file import open_sound
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.voice.f0 import track_pitch

FRAME, N_FFT = 736, 2_048
"""Samples of a frame; of a transform that keeps every lag apart."""


@pytest.fixture(scope="module")
def spoken() -> Floats:
    return np.concatenate(list(open_sound(LINE).speech_blocks()))


def correlated(values: Doubles) -> Doubles:
    """Return the autocorrelation at lags 0…, 1 at lag 0, by its definition."""
    whole = np.correlate(values, values, "full")[len(values) - 1 :]
    return np.asarray(whole / whole[0], np.float64)


def hop_prosody(pcm: Floats) -> prosody.Prosody:
    hops = pcm[None, : len(pcm) // HOP * HOP]
    return prosody.prosody(features.extract(features.initial_state(), hops)[2])


def test_the_autocorrelation_of_a_window_is_that_of_its_samples() -> None:
    window = np.hanning(FRAME + 1)[:-1]
    lags = np.arange(FRAME // 2)
    assert np.abs(hann_autocorrelation(lags / FRAME) - correlated(window)[lags]).max() < 1e-9


def test_the_waves_of_speech_give_its_autocorrelation(spoken: Floats) -> None:
    window, lags = np.hanning(FRAME + 1)[:-1], np.arange(32, 247)
    n_bins = N_FFT // 2 + 1
    analysis = PitchAnalysis(FRAME / SAMPLE_RATE, SAMPLE_RATE / N_FFT, n_bins, shortest_s=0.002, octave_cost=0.01)
    both_sides = np.array([1.0, *[2.0] * (n_bins - 2), 1.0])
    for first in range(3_200, len(spoken) - FRAME, 8_000):
        windowed = spoken[first : first + FRAME] * window
        power = np.abs(np.fft.rfft(windowed, N_FFT)) ** 2 * both_sides
        found = power @ analysis.waves(lags / SAMPLE_RATE) / power.sum()
        assert np.abs(found - correlated(windowed)[lags] / correlated(window)[lags]).max() < 1e-6


def test_an_octave_costs_what_is_said() -> None:
    analysis = PitchAnalysis(0.025, 31.25, 48, shortest_s=0.0025, octave_cost=0.08)
    assert analysis.costs(np.array([0.0025, 0.005, 0.01])) == pytest.approx([0.0, 0.08, 0.16])


def test_the_bundled_line_keeps_its_pitch_track(spoken: Floats) -> None:
    track = track_pitch(spoken)
    voiced = track.hz > 0
    assert voiced.sum() == pytest.approx(553, abs=2)
    assert np.quantile(track.hz[voiced], (0.1, 0.5, 0.9)) == pytest.approx([157.106633, 165.144885, 178.208229], 1e-6)
    assert track.strength.sum() == pytest.approx(523.482745, 1e-6)


def test_the_bundled_line_keeps_its_prosody(spoken: Floats) -> None:
    heard = hop_prosody(spoken)
    assert heard.voice.sum() == pytest.approx(302, abs=2)
    assert heard.pitch[heard.voice].mean() == pytest.approx(7.775579, 1e-6)
    assert heard.loudness.mean() == pytest.approx(21.874302, 1e-6)


def test_both_users_hear_the_same_pitch(spoken: Floats) -> None:
    heard, track = hop_prosody(spoken), track_pitch(spoken)
    hz = track.hz[::2][: heard.pitch.shape[1]]  # two frames of the track in a hop
    both = heard.voice[0] & (hz > 0)
    apart = np.abs(heard.pitch[0][both] - 12 * np.log2(hz[both] / 100))
    assert both.sum() > 250
    assert (apart < 1).mean() > 0.95
