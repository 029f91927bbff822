"""Pitch as a peak of the autocorrelation, for the prosody of hops and for the pitch track of whole phrases.

P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
sound", IFA Proceedings 17 (1993): the autocorrelation of a windowed frame, which is the cosine transform of its power
spectrum, relative to that of the window, is 1 at the period of a steady voice; an octave cost prefers high pitches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from space_runtime.arrays import Doubles


@dataclass(frozen=True, slots=True)
class PitchAnalysis:
    """The parameters of an analysis.

    frame_s: length of the Hann windows. bin_hz, n_bins: the power spectra, from frequency 0 on. shortest_s: period of
    the highest pitch. octave_cost: cost of a peak per octave below the highest pitch; without it every second period
    would do as well.
    """

    frame_s: float
    bin_hz: float
    n_bins: int
    shortest_s: float
    octave_cost: float

    def waves(self, lags_s: Doubles) -> Doubles:
        """Return (n_bins, lags): powers times these are the autocorrelation, the window's own fall undone."""
        waves = np.cos(2 * np.pi * self.bin_hz * np.arange(self.n_bins)[:, None] * lags_s)
        relative: Doubles = waves / hann_autocorrelation(lags_s / self.frame_s)
        return relative

    def costs(self, lags_s: Doubles) -> Doubles:
        """Return (lags,) octave costs, for an autocorrelation of 1 at lag 0."""
        costs: Doubles = self.octave_cost * np.log2(lags_s / self.shortest_s)
        return costs


def hann_autocorrelation(lags: Doubles) -> Doubles:
    """Return the autocorrelation of a Hann window, 1 at lag 0; lags in lengths of the window."""
    return (1 - lags) * (2 / 3 + np.cos(2 * np.pi * lags) / 3) + np.sin(2 * np.pi * lags) / (2 * np.pi)
