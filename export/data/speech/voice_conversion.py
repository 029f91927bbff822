"""The filmed man's sentences in other people's voices, their times untouched, so that his motion still fits.

WORLD (Morise, Yokomori & Ozawa 2016, IEICE Trans. Inf. & Syst. E99-D(7)) takes speech apart into melody, envelope and
breath; each is changed at random and the speech put together again: women, children, whispers, monotone and lively
speakers say what one man was filmed saying. pyworld is needed here alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyworld

from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

Rng = np.random.Generator
Doubles = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
FRAME_MS: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Voiceprint:
    """Speech taken apart, T frames of 5 ms. pitch (T,) in hertz, 0 where there is none; envelope, breath (T, F)."""

    pitch: Doubles
    envelope: Doubles
    breath: Doubles


def take_apart(pcm: Floats) -> Voiceprint:
    """Return the parts of (n,) speech at 16 kHz."""
    sound = pcm.astype(np.float64)
    rough, times = pyworld.dio(sound, SAMPLE_RATE, frame_period=FRAME_MS)
    pitch = pyworld.stonemask(sound, rough, times, SAMPLE_RATE)
    envelope = pyworld.cheaptrick(sound, pitch, times, SAMPLE_RATE)
    return Voiceprint(pitch, envelope, pyworld.d4c(sound, pitch, times, SAMPLE_RATE))


def speak_as_another(voice: Voiceprint, n_samples: int, rng: Rng) -> Floats:
    """Return (n_samples,) speech of somebody else: 0.7 to 2.4 times as high, the vocal tract to match."""
    height = float(np.exp(rng.uniform(-0.35, 0.88)))
    length = float(np.clip(np.exp(0.22 * np.log(height) + rng.normal(0, 0.06)), 0.82, 1.25))
    voiced = voice.pitch > 0
    middle = np.exp(np.log(voice.pitch[voiced]).mean()) if voiced.any() else 1.0
    lively = rng.uniform(0.5, 1.7)
    pitch = np.where(voiced, height * middle * (np.maximum(voice.pitch, 1.0) / middle) ** lively, 0.0)
    if rng.random() < 0.06:
        pitch[:] = 0.0  # a whisper
    breath = voice.breath ** rng.uniform(0.45, 1.2)
    sound = pyworld.synthesize(pitch, stretched(voice.envelope, length), breath, SAMPLE_RATE, FRAME_MS)
    whole = np.zeros(n_samples, np.float32)
    whole[: len(sound)] = sound[:n_samples]
    return whole


def stretched(envelope: Doubles, factor: float) -> Doubles:
    """Return an envelope whose formants lie ``factor`` times as high."""
    n = envelope.shape[1]
    place = np.minimum(np.arange(n) / factor, n - 1.001)
    low = place.astype(int)
    share = place - low
    logs = np.log(envelope + 1e-16)
    return np.ascontiguousarray(np.exp(logs[:, low] * (1 - share) + logs[:, low + 1] * share))
