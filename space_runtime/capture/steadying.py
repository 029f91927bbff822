"""Smoothing without lag: local parabolas over media time, that let through what is more than noise.

A parabola fitted to a symmetric neighbourhood (Savitzky & Golay 1964, Analytical Chemistry 36(8); here with Gaussian
weights and any times) has no phase and keeps the height of wide peaks. Where a signal leaves it by more than the noise
explains, as in blinks and plosives, the signal itself stands.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Reals

ROWS_TOGETHER: Final = 1_024
REACH: Final = 3.0
"""Half the neighbourhood, in widths."""
BELIEVED: Final = 2.5
"""Deviation from the parabola, as a multiple of the noise, at which half of it is believed."""
_ROUNDING: Final = 1e-9
"""Part of the reach by which sums of times may miss it: a row just at its end counts from either side, or from none."""
_MAD: Final = 1.4826
"""Standard deviation of Gaussian values in mean absolute deviations from their median."""


def steadied(times_s: Doubles, values: Reals, width_s: float, group: int = 1) -> Doubles:
    """Return (T, n) values without their noise. No value depends on those before more than on those after.

    times_s: (T,) rising. width_s: of the Gaussian. group: so many columns that follow one another move together, as
    the coordinates of a point: they are believed together.
    """
    if len(values) < 3:
        return values.astype(np.float64)
    smooth = local_parabolas(times_s, values, width_s)
    noise = np.maximum(noise_of(values), 1e-12)
    excess = ((values - smooth) / (BELIEVED * noise)) ** 2
    together = excess.reshape(len(values), -1, group).mean(2).repeat(group, 1)
    together = np.maximum(together, _beside(together))
    return np.asarray(smooth + together / (1 + together) * (values - smooth))


def local_parabolas(times_s: Doubles, values: Reals, width_s: float) -> Doubles:
    """Return (T, n): at each time the value of the parabola that fits its neighbourhood best."""
    reach = REACH * width_s * (1 + _ROUNDING)
    ends = np.searchsorted(times_s, times_s + reach, side="right")
    n_beside = max(1, int((ends - np.arange(len(times_s))).max()) - 1)
    fitted = np.empty(values.shape)
    for first in range(0, len(times_s), ROWS_TOGETHER):
        some = np.arange(first, min(first + ROWS_TOGETHER, len(times_s)))
        rows = some[:, None] + np.arange(-n_beside, n_beside + 1)
        inside = (rows >= 0) & (rows < len(times_s))
        rows = np.clip(rows, 0, len(times_s) - 1)
        away = (times_s[rows] - times_s[some, None]) / width_s
        weights = np.where(inside, np.exp(-0.5 * away**2), 0.0)
        fitted[some] = np.einsum("tk,tkn->tn", _fit(away, weights), values[rows].astype(np.float64))
    return fitted


def noise_of(values: Reals) -> Doubles:
    """Return (n,) the standard deviation of what changes from row to row, of (T, n) values: of second differences.

    The median is not moved by blinks and syllables.
    """
    bends = np.diff(values.astype(np.float64), 2, axis=0)
    return np.asarray(_MAD * np.median(np.abs(bends), axis=0) / np.sqrt(6))


def _fit(away: Doubles, weights: Doubles) -> Doubles:
    """Return (T, k) what each neighbour adds to the parabola's value at 0. away: (T, k) places. weights: (T, k)."""
    powers = np.stack([np.ones_like(away), away, away**2], 1)
    moments = np.einsum("tik,tk,tjk->tij", powers, weights, powers) + _RIDGE * np.eye(3)
    first = np.linalg.solve(moments, np.array([[1.0], [0.0], [0.0]])[None])[:, :, 0]
    return np.asarray(np.einsum("ti,tik->tk", first, powers) * weights)


_RIDGE: Final = 1e-9
"""Keeps a fit to fewer than three rows solvable."""


def _beside(values: Doubles) -> Doubles:
    """Return (T, n) the larger of the rows before and after, halved: an onset is believed as a whole."""
    padded = np.pad(values, ((1, 1), (0, 0)))
    return np.asarray(0.5 * np.maximum(padded[:-2], padded[2:]))
