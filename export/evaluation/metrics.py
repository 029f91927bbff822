"""The lip-sync score: correlation, lag and spread of three mouth signals against filmed speakers.

Signals per frame, from 3-D landmarks, divided by the distance of the outer eye corners: lip gap (mean of 61-67, 62-66,
63-65), mouth width (48-54) and jaw drop (8-33). A moving median of 2 s is subtracted from prediction and truth. The
score is Pearson's r at the best lag within ±200 ms, averaged over clips by length within a speaker, then over speakers.
Lags are searched in quarters of a frame, which finds 0.01 more than whole frames do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from space_runtime.arrays import Floats
from space_runtime.rig.shapes import LIP_PAIRS

SIGNALS: Final = ("gap", "width", "jaw")
_PAIRS: Final = {"gap": LIP_PAIRS, "width": ((48, 54),), "jaw": ((8, 33),)}
MAX_LAG_S: Final = 0.2
DRIFT_S: Final = 2.0
FINE: Final = 4
"""Lags are searched in quarters of a frame."""


@dataclass(frozen=True, slots=True)
class Match:
    """A predicted signal against the real one. r: at the best lag; lag_s: > 0 means the prediction is late;
    spread: standard deviation of the prediction over that of the truth."""

    r: float
    lag_s: float
    spread: float


def mouth_signals(landmarks: Floats) -> dict[str, Floats]:
    """Return the (T,) signals of (T, 78, 3) landmarks by name."""
    eyes = _distance(landmarks, 36, 45)
    return {name: np.mean([_distance(landmarks, *pair) for pair in pairs], 0) / eyes for name, pairs in _PAIRS.items()}


def remove_drift(signal: Floats, fps: float) -> Floats:
    """Return a (T,) signal minus its moving median of 2 s."""
    size = round(DRIFT_S * fps) // 2 * 2 + 1
    return np.asarray(signal - median_filter(signal, size, mode="nearest"), np.float32)


def match(predicted: Floats, real: Floats, fps: float) -> Match:
    """Compare two (T,) signals at ``fps``, drift already removed."""
    fine = np.arange((len(real) - 1) * FINE + 1) / FINE
    frames = np.arange(len(real))
    a, b = np.interp(fine, frames, predicted), np.interp(fine, frames, real)
    lags = np.arange(-round(MAX_LAG_S * fps * FINE), round(MAX_LAG_S * fps * FINE) + 1)
    scores = [_shifted_r(a, b, int(lag)) for lag in lags]
    best = int(np.argmax(scores))
    return Match(scores[best], float(lags[best] / FINE / fps), float(np.std(predicted) / (np.std(real) + 1e-9)))


def mean_over_speakers(rows: list[tuple[str, int, Match]]) -> Match:
    """Return the mean of (speaker, frames, match) rows: by length within a speaker, then over speakers.

    The lag is the median over the speakers: one clip whose sound was put beside its picture is no network's fault.
    """
    speakers = sorted({speaker for speaker, _, _ in rows})
    means = [_weighted([(n, m) for name, n, m in rows if name == speaker]) for speaker in speakers]
    r, lag_s, spread = zip(*means, strict=True)
    return Match(float(np.mean(r)), float(np.median(lag_s)), float(np.mean(spread)))


def _weighted(rows: list[tuple[int, Match]]) -> tuple[float, float, float]:
    weights = [n for n, _ in rows]
    r, lag, spread = (
        float(np.average([getattr(m, key) for _, m in rows], weights=weights)) for key in ("r", "lag_s", "spread")
    )
    return r, lag, spread


def _shifted_r(predicted: NDArray[np.floating], real: NDArray[np.floating], lag: int) -> float:
    """Return r of the prediction moved ``lag`` places earlier."""
    n = len(real) - abs(lag)
    a = predicted[max(lag, 0) :][:n]
    b = real[max(-lag, 0) :][:n]
    spread = float(np.std(a) * np.std(b))
    return float(np.mean((a - a.mean()) * (b - b.mean())) / spread) if spread > 1e-12 else 0.0


def _distance(landmarks: Floats, a: int, b: int) -> Floats:
    return np.asarray(np.linalg.norm(landmarks[:, a] - landmarks[:, b], axis=-1), np.float32)
