"""Speech features: two log-mel frames per hop, level removed by a slow causal tracker.

One step takes one hop of 320 samples (20 ms) and returns one vector. The two frames are 25 ms long, 10 ms apart, and
end 10 ms before and exactly at the end of the hop: a step uses no sound that lies after its hop.

*Level.* Every band is divided by a tracked loudness, so that a quiet and a loud recording of the same words give the
same features. The tracker follows the 100 ms mean power up at once and forgets 3 dB per second; it never falls below
`LEVEL_FLOOR`, so that the hiss of a silent room stays small.

Streams are heard together, any number of hops at a time, and no bit depends on the company: sums run within a row, and
the one matrix product always has the same shape. The Fourier transform is done in double precision, which numpy does
five times as fast. The numbers stand in `feature_settings`: a bundle states those that it was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.inference.feature_settings import FEATURES
from space_runtime.timebase import HOP, SAMPLE_RATE

FRAME: Final = FEATURES.frame
"""Samples of one analysis frame (25 ms, Hann window)."""
FRAME_HOP: Final = FEATURES.frame_hop
"""Samples from frame to frame (10 ms)."""
N_FFT: Final = FEATURES.n_fft
N_MELS: Final = FEATURES.n_mels
FRAMES_PER_STEP: Final = HOP // FRAME_HOP
N_FEATURES: Final = FRAMES_PER_STEP * N_MELS
TAIL: Final = FRAME - FRAME_HOP
"""Samples of the previous hops that a step still needs."""
WINDOW: Final = TAIL + HOP
"""Samples that a step looks at."""

LOWEST_HZ, HIGHEST_HZ = FEATURES.lowest_hz, FEATURES.highest_hz
PRE_EMPHASIS_HZ: Final = FEATURES.pre_emphasis_hz
"""Bands above this are raised by 6 dB per octave, which roughly flattens speech."""

VOICE_BINS: Final = 48
"""Frequencies below 1.5 kHz, where voices are: what `extract` gives beside the features."""

LEVEL_FLOOR: Final = FEATURES.level_floor
"""Least tracked power: about that of speech at −55 dBFS, or of white noise at −70 dBFS."""
LEVEL_DECAY: Final = 10 ** (-FEATURES.level_decay_db_per_s / 10 * FRAME_HOP / SAMPLE_RATE)
LEVEL_SMOOTHING: Final = FEATURES.level_smoothing
BAND_FLOOR: Final = np.float32(FEATURES.band_floor)
"""Added to every band's power relative to the level: what lies 60 dB below does not matter."""
SCALE: Final = np.float32(FEATURES.scale)
OFFSET: Final = np.float32(FEATURES.offset)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureState:
    """The state of B streams from step to step. tail: (B, 240) last samples; mean, level: (B,) tracked powers."""

    tail: Floats
    mean: Doubles
    level: Doubles


def initial_state(n_streams: int = 1) -> FeatureState:
    """Return the state of streams that were silent until now."""
    tail = np.zeros((n_streams, TAIL), np.float32)
    return FeatureState(tail, np.zeros(n_streams), np.full(n_streams, LEVEL_FLOOR))


def step(state: FeatureState, sound: Floats) -> tuple[FeatureState, Floats]:
    """Return (new state, (B, T, 96) features) after T more hops of B streams: (B, T · 320) float32 samples in −1…1."""
    return extract(state, sound)[:2]


def extract(state: FeatureState, sound: Floats) -> tuple[FeatureState, Floats, Floats]:
    """Return what `step` does, and (B, T, 48) the power below 1.5 kHz of each hop, both frames together."""
    heard = np.concatenate([state.tail, sound], axis=1)
    powers, voices = _powers(heard)
    mean, level = state.mean, state.level
    levels = np.empty(powers.shape[:2])
    means = (np.add.reduce(powers, -1) / np.float32(N_MELS)).astype(np.float64)
    for n in range(means.shape[1]):
        mean, level = track_level(mean, level, means[:, n])
        levels[:, n] = level
    features = normalised_log(powers, levels.astype(np.float32)[..., None])
    state = FeatureState(heard[:, -TAIL:], mean, level)
    return state, features.reshape(len(sound), -1, N_FEATURES), voices


@cache
def silence() -> Floats:
    """Return the (96,) features of silence, which no level changes."""
    return log_mel(np.zeros(WINDOW, np.float32))


def log_mel(window: Floats) -> Floats:
    """Return the (96,) features of a (560,) window heard alone, after silence. Pure."""
    start = FeatureState(window[None, :TAIL], np.zeros(1), np.full(1, LEVEL_FLOOR))
    features: Floats = step(start, window[None, TAIL:])[1][0, 0]
    return features


def mel_power(window: Floats) -> Floats:
    """Return (2, 48) powers in the mel bands of the two frames of a (560,) window."""
    power: Floats = _powers(window[None])[0][0]
    return power


def _powers(heard: Floats) -> tuple[Floats, Floats]:
    """Return (B, n, 48) powers in the bands of the n frames in (B, samples), and (B, n / 2, 48) at low frequencies.

    Some streams at a time, which then stay in the processor's cache.
    """
    heard = np.ascontiguousarray(heard, np.float32)
    n_streams, n_samples = heard.shape
    n_frames = (n_samples - TAIL) // FRAME_HOP
    strides = (heard.strides[0], FRAME_HOP * heard.itemsize, heard.itemsize)
    frames = np.ndarray((n_streams, n_frames, FRAME), np.float32, heard, strides=strides)
    n_together = max(1, _FRAMES_TOGETHER // n_frames)
    if n_streams <= n_together:
        return _of_hops(_spectra(frames))
    parts = [_of_hops(_spectra(frames[first : first + n_together])) for first in range(0, n_streams, n_together)]
    return np.concatenate([bands for bands, _ in parts]), np.concatenate([low for _, low in parts])


def _of_hops(power: Floats) -> tuple[Floats, Floats]:
    """Both answers of `_powers` for (B, n, 257) powers by frequency."""
    voices = power[:, ::FRAMES_PER_STEP, :VOICE_BINS] + power[:, 1::FRAMES_PER_STEP, :VOICE_BINS]
    return _in_bands(power), voices


def _spectra(frames: Floats) -> Floats:
    """Return (B, n, 257) powers by frequency of (B, n, 400) frames."""
    windowed = np.zeros((*frames.shape[:2], N_FFT))
    np.multiply(frames, _HANN, out=windowed[..., :FRAME])
    spectrum = np.fft.rfft(windowed)
    power = np.empty(spectrum.shape, np.float32)
    return np.add(np.square(spectrum.real), np.square(spectrum.imag), out=power, casting="same_kind")


def _in_bands(power: Floats) -> Floats:
    """Return (B, n, 48) of (B, n, 257), by one product per hop and half of the bands.

    How a matrix product rounds depends on its shape: with one shape a hop is the same in every company.
    """
    by_hop = power.reshape(-1, FRAMES_PER_STEP, power.shape[-1])
    bands = np.empty((*by_hop.shape[:2], N_MELS), np.float32)
    for columns, bins, bank in _BANKS:
        np.matmul(by_hop[..., bins], bank, out=bands[..., columns])
    return bands.reshape(*power.shape[:-1], N_MELS)


def track_level(mean: Doubles, level: Doubles, power: Doubles) -> tuple[Doubles, Doubles]:
    """Return the new (mean, level) after frames of that power: the mean of their bands."""
    mean = mean + LEVEL_SMOOTHING * (power - mean)
    return mean, np.maximum(np.maximum(mean, level * LEVEL_DECAY), LEVEL_FLOOR)


def normalised_log(power: Floats, level: Floats) -> Floats:
    """Return band powers (…, 48) relative to the level (…, 1) as logarithms of about −4…4 for speech."""
    logarithm: Floats = np.log(power / level + BAND_FLOOR)
    return logarithm * SCALE + OFFSET


def _mel(hz: Floats) -> Floats:
    return (2595 * np.log10(1 + hz / 700)).astype(np.float32)


def _filter_bank() -> Floats:
    """Return (257, 48): triangles on the mel scale (HTK's formula), each FFT bin integrated over its own width.

    Integration keeps the narrow bands at low frequencies from falling between bins. Columns carry the pre-emphasis and
    the window's power: the bands of white noise of unit power have a mean near 1.
    """
    lowest, highest = _mel(np.array([LOWEST_HZ, HIGHEST_HZ], np.float32))
    edges = np.linspace(lowest, highest, N_MELS + 2)
    oversampling, n_bins = 16, N_FFT // 2 + 1
    bin_hz = SAMPLE_RATE / N_FFT
    hz = (np.arange(n_bins * oversampling) + 0.5) * bin_hz / oversampling - bin_hz / 2
    mel = _mel(np.maximum(hz, 0).astype(np.float32))[:, None]
    rising, falling = (mel - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - mel) / np.diff(edges)[1:]
    bank = np.maximum(np.minimum(rising, falling), 0).reshape(n_bins, oversampling, N_MELS).mean(1)
    emphasis = 1 + (np.arange(n_bins) * bin_hz / PRE_EMPHASIS_HZ) ** 2
    scale = 2 / (N_FFT * float((_HANN**2).sum()))
    return np.ascontiguousarray(bank * emphasis[:, None] * scale, np.float32)


def _in_halves(bank: Floats) -> tuple[tuple[slice, slice, Floats], ...]:
    """Return (bands, bins that they hear, their part of the bank) of the lower and of the upper bands."""
    halves = []
    for columns in (slice(0, N_MELS // 2), slice(N_MELS // 2, N_MELS)):
        heard = np.flatnonzero(bank[:, columns].any(axis=1))
        bins = slice(int(heard[0]), int(heard[-1]) + 1)
        halves.append((columns, bins, np.ascontiguousarray(bank[bins, columns])))
    return tuple(halves)


_FRAMES_TOGETHER: Final = 64
_HANN: Final = np.hanning(FRAME + 1)[:-1].astype(np.float32)
_BANKS: Final = _in_halves(_filter_bank())
