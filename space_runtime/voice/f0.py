"""The pitch of a voice, 10 ms by 10 ms, from the normalised autocorrelation, with the best path over all frames.

The tracker of P. Boersma (1993, see `animation.pitch_analysis`, which the prosody of hops shares): a few candidates per
frame, one of them "no pitch"; costs on jumps; the cheapest path. Costs are the paper's. Above 450 Hz, where a period
has few samples, a multiple of it may be taken for the period of a steady bright tone.

Laws: pure; the loudness of the sound changes nothing but rounding; a frame of digital silence has no pitch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.pitch_analysis import PitchAnalysis
from space_runtime.arrays import Doubles, Floats
from space_runtime.timebase import SAMPLE_RATE

PITCH_HOP: Final = 160
"""Samples from frame to frame (10 ms)."""
LOWEST_HZ, HIGHEST_HZ = 65.0, 500.0

FRAME: Final = 736
"""Samples of a frame (46 ms): three periods of the lowest pitch."""
N_FFT: Final = 1024
"""A frame, its longest lag and room, so that the circular autocorrelation is the plain one."""
N_CANDIDATES: Final = 5
SHORTEST, LONGEST = int(SAMPLE_RATE / HIGHEST_HZ), int(np.ceil(SAMPLE_RATE / LOWEST_HZ))
VOICING_THRESHOLD: Final = 0.45
SILENCE_THRESHOLD: Final = 0.03
OCTAVE_COST: Final = 0.01
OCTAVE_JUMP_COST: Final = 0.35
VOICING_COST: Final = 0.14
FRAMES_TOGETHER: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class PitchTrack:
    """Pitch of n frames; frame k is centred on sample k·160 + 80.

    hz: (n,) 65…500, 0 where there is no pitch. strength: (n,) autocorrelation at the period, 0…1: 1 is a pure tone.
    """

    hz: Doubles
    strength: Doubles


def track_pitch(pcm: Floats) -> PitchTrack:
    """Return the pitch of (samples,) mono sound at 16 kHz; one frame per whole 160 samples."""
    n_frames = len(pcm) // PITCH_HOP
    if n_frames == 0:
        return PitchTrack(np.zeros(0), np.zeros(0))
    side = (FRAME - PITCH_HOP) // 2
    padded = np.pad(pcm.astype(np.float64), (side, side + FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::PITCH_HOP][:n_frames]
    peak = float(np.abs(pcm).max())
    parts = [_candidates(frames[k : k + FRAMES_TOGETHER], peak) for k in range(0, n_frames, FRAMES_TOGETHER)]
    lags, strengths, scores = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    chosen = _best_path(np.log2(np.maximum(lags, 1)), lags > 0, scores)
    rows = np.arange(n_frames)
    lag = lags[rows, chosen]
    hz = np.divide(SAMPLE_RATE, lag, out=np.zeros(n_frames), where=lag > 0)
    return PitchTrack(hz, np.where(lag > 0, strengths[rows, chosen], 0.0))


def _candidates(frames: Doubles, peak: float) -> tuple[Doubles, Doubles, Doubles]:
    """Return the (n, 6) lags, autocorrelations and scores of the candidates; lag 0 is "no pitch", the first one."""
    frames = frames - frames.mean(axis=1, keepdims=True)
    loudest = np.abs(frames).max(axis=1)
    correlation = _autocorrelation(frames)
    lags, values = _peaks(correlation)
    scores = np.where(lags > 0, values - _ANALYSIS.costs(np.maximum(lags, 1) / SAMPLE_RATE), -np.inf)
    loudness = loudest / peak if peak > 0 else loudest
    unvoiced = VOICING_THRESHOLD + np.maximum(0, 2 - loudness * (1 + VOICING_THRESHOLD) / SILENCE_THRESHOLD)
    none = np.zeros((len(frames), 1))
    return np.hstack([none, lags]), np.hstack([none, values]), np.hstack([unvoiced[:, None], scores])


def _autocorrelation(frames: Doubles) -> Doubles:
    """Return (n, lags) autocorrelations at `_AROUND`, 1 at lag 0, without the window's own fall."""
    spectrum = np.fft.rfft(frames * _WINDOW, N_FFT)
    power = (spectrum.real**2 + spectrum.imag**2) * _BOTH_SIDES
    energy = power.sum(axis=1, keepdims=True)
    raw = power @ _WAVES
    relative: Doubles = np.divide(raw, energy, out=np.zeros_like(raw), where=energy > 0)
    return relative


def _peaks(correlation: Doubles) -> tuple[Doubles, Doubles]:
    """Return the (n, 5) lags and heights of the highest peaks, refined by a parabola; lag 0 where there are fewer."""
    before, here, after = correlation[:, :-2], correlation[:, 1:-1], correlation[:, 2:]
    is_peak = (here > before) & (here >= after) & (here > VOICING_THRESHOLD / 2)
    height = np.where(is_peak, here - _COSTS, -np.inf)
    best = np.argpartition(-height, N_CANDIDATES, axis=1)[:, :N_CANDIDATES]
    best = np.sort(best, axis=1)
    left, middle, right = (np.take_along_axis(part, best, axis=1) for part in (before, here, after))
    bend = left - 2 * middle + right
    shift = np.divide(left - right, 2 * bend, out=np.zeros_like(bend), where=bend < 0)
    lags = np.clip(_LAGS[best] + np.clip(shift, -0.5, 0.5), SAMPLE_RATE / HIGHEST_HZ, SAMPLE_RATE / LOWEST_HZ)
    value = np.clip(middle - (left - right) * shift / 4, 0.0, 1.0)
    found = np.take_along_axis(is_peak, best, axis=1)
    return np.where(found, lags, 0.0), np.where(found, value, 0.0)


def _best_path(octaves: Doubles, voiced: NDArray[np.bool_], scores: Doubles) -> NDArray[np.intp]:
    """Return the (n,) candidates on the path with the greatest sum of scores less the costs of its jumps."""
    n_frames, n = scores.shape
    came_from = np.zeros((n_frames, n), np.intp)
    total, columns = scores[0], np.arange(n)
    for k in range(1, n_frames):
        jump = OCTAVE_JUMP_COST * np.abs(octaves[k - 1][:, None] - octaves[k])
        both = voiced[k - 1][:, None] & voiced[k]
        cost = np.where(both, jump, VOICING_COST * (voiced[k - 1][:, None] != voiced[k]))
        reached = total[:, None] - cost
        came_from[k] = reached.argmax(axis=0)
        total = reached[came_from[k], columns] + scores[k]
    path = np.empty(n_frames, np.intp)
    path[-1] = total.argmax()
    for k in range(n_frames - 1, 0, -1):
        path[k - 1] = came_from[k, path[k]]
    return path


_WINDOW: Final = np.hanning(FRAME + 1)[:-1]
_LAGS: Final = np.arange(SHORTEST, LONGEST + 1, dtype=np.float64)
_AROUND: Final = np.arange(SHORTEST - 1, LONGEST + 2, dtype=np.float64)
"""The lags and a neighbour on either side, in samples."""
_N_BINS: Final = N_FFT // 2 + 1
_BOTH_SIDES: Final = np.array([1.0, *[2.0] * (_N_BINS - 2), 1.0])
"""Times a frequency is there in the whole spectrum."""
_ANALYSIS: Final = PitchAnalysis(
    FRAME / SAMPLE_RATE, SAMPLE_RATE / N_FFT, _N_BINS, shortest_s=SHORTEST / SAMPLE_RATE, octave_cost=OCTAVE_COST
)
_WAVES: Final = _ANALYSIS.waves(_AROUND / SAMPLE_RATE)
_COSTS: Final = _ANALYSIS.costs(_LAGS / SAMPLE_RATE)
