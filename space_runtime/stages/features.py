"""Speech features: two log-mel frames per hop, level removed by a slow causal tracker.

One step takes one hop of 320 samples (20 ms) and returns one vector. The two frames are 25 ms long, 10 ms apart, and
end 10 ms before and exactly at the end of the hop: a step uses no sound that lies after its hop.

*Level.* Every band is divided by a tracked loudness, so that a quiet and a loud recording of the same words give the
same features. The tracker follows the 100 ms mean power up at once and forgets 3 dB per second; it never falls below
`LEVEL_FLOOR`, so that the hiss of a silent room stays small.

Every step works on arrays of the same shapes in the same order: how sound is cut into chunks cannot change a bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.geometry import Floats
from space_runtime.timebase import HOP, SAMPLE_RATE

FRAME: Final = 400
"""Samples of one analysis frame (25 ms, Hann window)."""
FRAME_HOP: Final = 160
"""Samples from frame to frame (10 ms)."""
N_FFT: Final = 512
N_MELS: Final = 48
FRAMES_PER_STEP: Final = HOP // FRAME_HOP
N_FEATURES: Final = FRAMES_PER_STEP * N_MELS
TAIL: Final = FRAME - FRAME_HOP
"""Samples of the previous hops that a step still needs."""
WINDOW: Final = TAIL + HOP
"""Samples that a step looks at."""

LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0
PRE_EMPHASIS_HZ: Final = 500.0
"""Bands above this are raised by 6 dB per octave, which roughly flattens speech."""

LEVEL_FLOOR: Final = 1e-7
"""Least tracked power: about that of speech at −55 dBFS, or of white noise at −70 dBFS."""
LEVEL_DECAY: Final = 10 ** (-0.3 * FRAME_HOP / SAMPLE_RATE)
LEVEL_SMOOTHING: Final = 0.1
BAND_FLOOR: Final = np.float32(1e-6)
"""Added to every band's power relative to the level: what lies 60 dB below does not matter."""
SCALE: Final = np.float32(0.5)
OFFSET: Final = np.float32(3.0)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureState:
    """What a stream carries from step to step. tail: (240,) last samples; mean, level: tracked powers."""

    tail: Floats
    mean: float
    level: float


def initial_state() -> FeatureState:
    """Return the state of a stream that was silent until now."""
    return FeatureState(np.zeros(TAIL, np.float32), 0.0, LEVEL_FLOOR)


def step(state: FeatureState, hop: Floats) -> tuple[FeatureState, Floats]:
    """Return (new state, (96,) features) after one more hop: (320,) float32 samples in −1…1."""
    window = np.concatenate([state.tail, hop])
    powers = mel_power(window)
    mean, level, levels = state.mean, state.level, []
    for power in powers.mean(1).tolist():
        mean, level = track_level(mean, level, power)
        levels.append(level)
    features = normalised_log(powers, np.array(levels, np.float32)[:, None])
    return FeatureState(window[HOP:], mean, level), features.ravel()


def log_mel(window: Floats) -> Floats:
    """Return the (96,) features of a (560,) window heard alone, after silence. Pure."""
    return step(FeatureState(window[:TAIL], 0.0, LEVEL_FLOOR), window[TAIL:])[1]


def mel_power(window: Floats) -> Floats:
    """Return (2, 48) powers in the mel bands of the two frames of a (560,) window."""
    spectrum = np.fft.rfft(window[_FRAMES] * _HANN, N_FFT)
    power: Floats = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
    return power @ _BANK


def track_level(mean: float, level: float, power: float) -> tuple[float, float]:
    """Return the new (mean, level) after a frame of that power: the mean of its bands."""
    mean += LEVEL_SMOOTHING * (power - mean)
    return mean, max(mean, level * LEVEL_DECAY, LEVEL_FLOOR)


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


_FRAMES: Final = np.arange(FRAMES_PER_STEP)[:, None] * FRAME_HOP + np.arange(FRAME)
_HANN: Final = np.hanning(FRAME + 1)[:-1].astype(np.float32)
_BANK: Final = _filter_bank()
