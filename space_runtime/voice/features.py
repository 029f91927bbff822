"""Acoustic measures of a phrase, 90 numbers: pitch, rhythm, dynamics and colour of the voice. No loudness, no length.

Statistics over the runtime's own log-mel frames (`stages.features`), the pitch track (`voice.f0`) and the energy,
all on one 10 ms grid. They follow what acoustic emotion research measures (Eyben et al., "The Geneva Minimalistic
Acoustic Parameter Set", IEEE Transactions on Affective Computing 7, 2016), written anew for this project.

Laws: pure; a gain changes nothing but rounding; silence around the phrase changes little, for only frames with a voice
count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.animation.stages.features import FRAME_HOP, N_MELS, OFFSET, SCALE, initial_state, step
from space_runtime.arrays import Doubles, Floats, Mask
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.voice.f0 import track_pitch

N_BANDS: Final = 12
"""Mel bands are read in groups of four."""
N_CEPSTRA: Final = 10
FRAMES_PER_SECOND: Final = SAMPLE_RATE / FRAME_HOP
SPEECH_RANGE_DB: Final = 35.0
"""Frames this far below the loud ones are pauses."""
LOUD_SHARE: Final = 0.95
STANDARD_RMS: Final = 0.05
"""Every phrase is brought to this level (of its loud frames) before its features are computed."""
FLOOR: Final = 1e-20
DB: Final = 10 / np.log(10)
SYLLABLE_SMOOTHING: Final = 9
"""Frames: syllables are counted as hills of the energy smoothed over 90 ms."""
SYLLABLE_DEPTH_DB: Final = 2.0

PITCH_NAMES: Final = ("median", "spread", "range", "low", "high", "bend", "steep", "rising", "jitter")
VOICE_NAMES: Final = ("share", "purity", "purity_spread", "runs_per_s", "run_s")
ENERGY_NAMES: Final = ("spread", "range", "skew", "bend", "shimmer", "pauses", "syllables_per_s")
MEASURES: Final = (
    *(f"pitch_{name}" for name in PITCH_NAMES),
    *(f"voice_{name}" for name in VOICE_NAMES),
    *(f"energy_{name}" for name in ENERGY_NAMES),
    *(f"colour_{k}" for k in range(N_BANDS)),
    *(f"colour_spread_{k}" for k in range(N_BANDS)),
    *(f"loud_colour_{k}" for k in range(N_BANDS)),
    *(f"colour_by_energy_{k}" for k in range(N_BANDS)),
    *(f"cepstrum_spread_{k}" for k in range(N_CEPSTRA)),
    *(f"cepstrum_change_{k}" for k in range(N_CEPSTRA)),
    "flux",
)
"""The names of the numbers, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """values: (90,) in the order of `MEASURES`, zeros with too little voice. voiced_s: seconds with a pitch."""

    values: Doubles
    voiced_s: float


def measure(pcm: Floats, least_voiced_s: float) -> Measured:
    """Return what (samples,) mono sound at 16 kHz sounds like; sound with less than that voice is not measured."""
    frames = _frames(pcm)
    voiced_s = float(frames.voiced.sum() / FRAMES_PER_SECOND)
    if voiced_s < least_voiced_s:
        return Measured(np.zeros(len(MEASURES)), voiced_s)
    values = np.concatenate([_pitch(frames), _voice(frames), _energy(frames), _colour(frames)])
    return Measured(values, voiced_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Frames:
    """n frames of 10 ms. energy: (n,) dB. octaves, purity: (n,) pitch and its strength. mel: (n, 48) natural logs.

    voiced ⊆ spoken: (n,) frames with a pitch, frames that are no pause.
    """

    energy: Doubles
    octaves: Doubles
    purity: Doubles
    mel: Doubles
    voiced: Mask
    spoken: Mask


def _frames(pcm: Floats) -> _Frames:
    n_hops = len(pcm) // HOP
    sound = pcm[: n_hops * HOP].astype(np.float64)
    power = np.square(sound).reshape(-1, FRAME_HOP).mean(axis=1)
    loud = float(np.quantile(power, LOUD_SHARE)) if len(power) else 0.0
    if loud <= FLOOR:
        n = len(power)
        nothing, never = np.zeros(n), np.zeros(n, bool)
        return _Frames(nothing, nothing, nothing, np.zeros((n, N_MELS)), never, never)
    standard = (sound * (STANDARD_RMS / np.sqrt(loud))).astype(np.float32)
    smooth = np.convolve(power, np.ones(3) / 3, "same")
    energy = DB * np.log(smooth / loud + 1e-8)
    pitch = track_pitch(standard)
    spoken = energy > -SPEECH_RANGE_DB
    voiced = (pitch.hz > 0) & spoken
    features = step(initial_state(), standard[None])[1].reshape(-1, N_MELS)
    mel = (features.astype(np.float64) - float(OFFSET)) / float(SCALE)
    octaves = np.log2(np.where(pitch.hz > 0, pitch.hz, 100.0) / 100)
    return _Frames(energy, octaves, pitch.strength, mel, voiced, spoken)


def _pitch(frames: _Frames) -> Doubles:
    """Pitch in octaves above 100 Hz, its changes in octaves per second."""
    octaves = frames.octaves[frames.voiced]
    low, median, high = np.quantile(octaves, (0.1, 0.5, 0.9))
    both = frames.voiced[1:] & frames.voiced[:-1]
    change = np.clip(np.diff(frames.octaves)[both], -0.2, 0.2) * FRAMES_PER_SECOND
    bend = np.diff(np.diff(frames.octaves))[both[1:] & both[:-1]]
    if not change.size or not bend.size:
        change, bend = np.zeros(1), np.zeros(1)
    steep = np.abs(change)
    jitter = np.median(np.abs(bend))
    return np.array(
        [
            median,
            octaves.std(),
            high - low,
            low,
            high,
            steep.mean(),
            np.quantile(steep, 0.9),
            (change > 0).mean(),
            jitter,
        ]
    )


def _voice(frames: _Frames) -> Doubles:
    """The voiced share of the speech, its purity, the number and length of its runs."""
    purity = frames.purity[frames.voiced]
    n_runs = int((np.diff(frames.voiced.astype(np.int8), prepend=0) == 1).sum())
    n_spoken, n_voiced = frames.spoken.sum(), frames.voiced.sum()
    runs_per_s = n_runs / n_spoken * FRAMES_PER_SECOND
    run_s = n_voiced / max(n_runs, 1) / FRAMES_PER_SECOND
    return np.array([n_voiced / n_spoken, purity.mean(), purity.std(), runs_per_s, np.log(run_s)])


def _energy(frames: _Frames) -> Doubles:
    """Movements of the loudness (never the level), and the rate of syllables."""
    energy = frames.energy[frames.voiced]
    low, median, high = np.quantile(energy, (0.1, 0.5, 0.9))
    spread = energy.std()
    skew = (high + low - 2 * median) / max(high - low, 1e-3)
    both = frames.voiced[1:] & frames.voiced[:-1]
    change = np.abs(np.diff(frames.energy)[both]) if both.any() else np.zeros(1)
    first, last = np.flatnonzero(frames.spoken)[[0, -1]]
    pauses = 1 - frames.spoken[first : last + 1].mean()
    rate = _syllables(frames.energy) / frames.spoken.sum() * FRAMES_PER_SECOND
    return np.array([spread, high - low, skew, change.mean(), np.median(change), pauses, rate])


def _syllables(energy: Doubles) -> int:
    """Return the number of hills in (n,) dB that rise by `SYLLABLE_DEPTH_DB` and fall again."""
    smooth = np.convolve(np.maximum(energy, -SPEECH_RANGE_DB), np.hanning(SYLLABLE_SMOOTHING + 2)[1:-1], "same")
    smooth /= np.hanning(SYLLABLE_SMOOTHING + 2).sum()
    n_hills, rising, turn = 0, True, -SPEECH_RANGE_DB
    for value in smooth:
        turn = max(turn, value) if rising else min(turn, value)
        if rising and value < turn - SYLLABLE_DEPTH_DB:
            n_hills, rising, turn = n_hills + 1, False, value
        elif not rising and value > turn + SYLLABLE_DEPTH_DB:
            rising, turn = True, value
    return n_hills


def _colour(frames: _Frames) -> Doubles:
    """The spectrum of voiced frames without their level: mean, spread, of the loud ones, with the energy, over time."""
    voiced = frames.voiced
    shape = frames.mel - frames.mel.mean(axis=1, keepdims=True)
    bands = shape.reshape(-1, N_BANDS, N_MELS // N_BANDS).mean(axis=2)
    seen, energy = bands[voiced], frames.energy[voiced]
    loud = seen[energy >= np.quantile(energy, 0.7)].mean(axis=0)
    centred = energy - energy.mean()
    by_energy = centred @ seen / max(float(centred @ centred), 1e-6)
    cepstra = shape @ _COSINES
    both = voiced[1:] & voiced[:-1]
    change = np.diff(cepstra, axis=0)[both] if both.any() else np.zeros((1, N_CEPSTRA))
    flux = np.sqrt(np.square(np.diff(bands, axis=0)[both]).mean()) if both.any() else 0.0
    spreads = (cepstra[voiced].std(axis=0), np.abs(change).mean(axis=0))
    return np.concatenate([seen.mean(axis=0), seen.std(axis=0), loud, 10 * by_energy, *spreads, [flux]])


_COSINES: Final = np.cos(np.pi * np.outer(np.arange(N_MELS) + 0.5, np.arange(1, N_CEPSTRA + 1)) / N_MELS) / N_MELS
