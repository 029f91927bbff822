"""Prosody: loudness and pitch of the voice, hop by hop.

Both come from the power spectra below 1.5 kHz that the features were made from: the loudness there is that of the
syllables' nuclei, the pitch is the highest peak of the autocorrelation, its octave cost off (see `pitch_analysis`).

Pure, and no bit depends on the company: sums run within a row, and the one matrix product always has the same shape.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.pitch_analysis import PitchAnalysis
from space_runtime.arrays import Doubles, Floats

LOWEST_HZ, HIGHEST_HZ = 75.0, 400.0
"""Pitches that are heard. The analysis frames hold two periods of the lowest."""
BIN_HZ: Final = 31.25
"""From frequency to frequency of the spectra."""
N_BINS: Final = 48
FRAME_S: Final = 0.025
"""Length of the Hann windows that the spectra were made with."""

VOICED_FROM: Final = 0.4
"""Height of the autocorrelation's peak, 1 for a steady voice, its cost off, from which a hop counts as voiced."""
OCTAVE_COST: Final = 0.08
"""Cost of a peak per octave below the highest pitch: lags are few here, and the spectra coarse."""
SILENCE: Final = 1e-3
"""Power below which there is nothing to hear: that of a voice at −70 dBFS or so."""

STEP_S: Final = 0.25e-3
"""From lag to lag of the autocorrelation."""


class Prosody(NamedTuple):
    """T hops of B streams, each the mean over the last 35 ms of sound.

    loudness: (B, T) dB, of the voice's frequencies. pitch: (B, T) semitones from 100 Hz; of no meaning without voice.
    voice: (B, T) True where there is one.
    """

    loudness: Doubles
    pitch: Doubles
    voice: NDArray[np.bool_]


def prosody(power: Floats) -> Prosody:
    """Return the prosody of (B, T, 48) powers of `stages.features`, by frequency from 0 in steps of 31.25 Hz."""
    rows = np.empty((*power.shape[:2], 1, N_BINS), np.float32)  # in memory always alike, as products round by that too
    rows[:, :, 0] = power
    products = np.matmul(rows, _PEAKS)[:, :, 0]
    peaks, total = products[..., :-1], products[..., -1].astype(np.float64) + SILENCE
    voiced = np.maximum.reduce(peaks, -1) > total * VOICED_FROM
    return Prosody(10 * np.log10(total), _SEMITONES[peaks.argmax(-1)], voiced)


_LAGS: Final = STEP_S * np.arange(round(1 / HIGHEST_HZ / STEP_S), round(1 / LOWEST_HZ / STEP_S) + 1, dtype=np.float64)
_ANALYSIS: Final = PitchAnalysis(FRAME_S, BIN_HZ, N_BINS, shortest_s=float(_LAGS[0]), octave_cost=OCTAVE_COST)
_SEMITONES: Final = -12 * np.log2(_LAGS * 100.0)
_PEAKS: Final = np.hstack([_ANALYSIS.waves(_LAGS) - _ANALYSIS.costs(_LAGS), np.ones((N_BINS, 1))]).astype(np.float32)
"""(48, lags + 1): from powers to the peaks' heights, their cost taken off, and to their sum."""
