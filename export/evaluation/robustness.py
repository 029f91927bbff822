"""Block *robustness*: the filmed strangers again through noise, a telephone, a room and other loudness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.signal import butter, fftconvolve, sosfiltfilt

from export.evaluation.evaluated_model import EvaluatedModel, Sources
from export.evaluation.lip_sync import Signals, predict, scores
from export.evaluation.rest import at_level
from export.evaluation.results import Found, Measure
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

LEVELS_DB: Final = (-40.0, -30.0, -20.0, -10.0)
"""RMS of the sentences; a last row brings their peaks to 0 dBFS."""
REVERBERATION_S: Final = 0.4
SPEECH_RMS_DB: Final = 35.0
"""Samples this far below the peak are no speech when its RMS is taken for a noise."""


def white_noise(pcm: Floats) -> Floats:
    """Return speech in white noise at 10 dB SNR."""
    rng = np.random.default_rng(len(pcm))
    loud = pcm[np.abs(pcm) > np.abs(pcm).max() * 10 ** (-SPEECH_RMS_DB / 20)]
    rms_db = 10 * np.log10(float(np.mean(loud**2)) + 1e-12)
    return pcm + at_level(rng.standard_normal(len(pcm)), rms_db - 10)


def telephone(pcm: Floats) -> Floats:
    """Return speech in the telephone band, 300…3400 Hz."""
    band = butter(4, (300, 3400), "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfiltfilt(band, pcm), np.float32)


def room(pcm: Floats) -> Floats:
    """Return speech in a room: as much sound from its walls as directly, 60 dB less after `REVERBERATION_S`."""
    rng = np.random.default_rng(7)
    time = np.arange(round(REVERBERATION_S * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / REVERBERATION_S)
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] += 1
    return np.asarray(fftconvolve(pcm, tail)[: len(pcm)] / np.sqrt(2), np.float32)


CHANGES: Final[dict[str, Callable[[Floats], Floats]]] = {
    "white_noise_10_db": white_noise,
    "telephone": telephone,
    "room": room,
}


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return r under every change, what it costs, and how the lip gaps at other levels agree with each other."""
    talks = sources.films()
    clean = scores(talks, predict(model.network, model.look_ahead, talks))
    values: dict[Measure, float] = {}
    for row, change in CHANGES.items():
        found = scores(talks, predict(model.network, model.look_ahead, talks, change))
        values |= {(row, f"{name}_r"): score.r for name, score in found.items()}
        values |= {(row, f"{name}_cost"): clean[name].r - score.r for name, score in found.items()}
    levels = {f"at_{-level:.0f}_db": _leveller(level) for level in LEVELS_DB} | {"at_full_scale": at_full_scale}
    by_row = {row: predict(model.network, model.look_ahead, talks, change) for row, change in levels.items()}
    middle = by_row["at_20_db"]
    values |= {(row, "gap_agreement"): agreement(middle, signals) for row, signals in by_row.items()}
    pairs = [agreement(by_row["at_40_db"], by_row["at_full_scale"]), *(agreement(middle, s) for s in by_row.values())]
    return Found(values | {("loudness", "gap_agreement"): min(pairs)})


def at_full_scale(pcm: Floats) -> Floats:
    """Return a sound whose peak is 0 dBFS."""
    return np.asarray(pcm / (np.abs(pcm).max() + 1e-12), np.float32)


def agreement(a: list[Signals], b: list[Signals]) -> float:
    """Return the mean over talks of r between two lip gaps of the same talk."""
    return float(np.mean([np.corrcoef(x["gap"], y["gap"])[0, 1] for x, y in zip(a, b, strict=True)]))


def _leveller(rms_db: float) -> Callable[[Floats], Floats]:
    return lambda pcm: at_level(pcm, rms_db)
