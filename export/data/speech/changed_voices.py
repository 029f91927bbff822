"""Sentences in voices of creatures and machines, their times untouched: what games make of a recording.

WORLD raises or lowers pitch and formants; the rest are plain changes of the waveform. pyworld is needed for the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pyworld
from scipy.signal import butter, sosfilt

from export.data.speech.voice_conversion import FRAME_MS, stretched, take_apart
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

Rng = np.random.Generator
MOST_SEMITONES: Final = 12


def pitched(pcm: Floats, semitones: float, formants: float = 1.0) -> Floats:
    """Return (n,) speech moved by semitones; ``formants``: the share of that by which the vocal tract changes too."""
    voice, factor = take_apart(pcm), 2 ** (semitones / 12)
    envelope = stretched(voice.envelope, factor**formants)
    sound = pyworld.synthesize(voice.pitch * factor, envelope, voice.breath, SAMPLE_RATE, FRAME_MS)
    return _as_long(sound, pcm)


def raised(pcm: Floats, effort: float) -> Floats:
    """Return speech with more (> 0, up to 1: shouted) or less effort (−1: soft and breathy), as loud as before.

    A raised voice is higher (about 0.4 semitones a decibel: Gramming et al. 1988), its spectrum flatter, its first
    formant higher, for the jaw is lower; a soft one has breath.
    """
    voice = take_apart(pcm)
    tilt = np.linspace(0, 3.0 * effort, voice.envelope.shape[1])
    envelope = stretched(voice.envelope, 1 + 0.08 * effort) * np.exp(tilt)
    noise = np.clip(voice.breath + max(-effort, 0) * 0.4, 0, 1)
    pitch = voice.pitch * 2 ** (effort * (7 if effort > 0 else 2) / 12)
    sound = pyworld.synthesize(pitch, np.ascontiguousarray(envelope), noise, SAMPLE_RATE, FRAME_MS)
    level = float(np.sqrt(np.mean(np.square(pcm))) / (np.sqrt(np.mean(np.square(sound))) + 1e-9))
    return _as_long(sound * level, pcm)


def robot(pcm: Floats, hertz: float = 110.0) -> Floats:
    """Return speech on one note."""
    voice = take_apart(pcm)
    pitch = np.full(len(voice.pitch), hertz)
    return _as_long(pyworld.synthesize(pitch, voice.envelope, voice.breath**2, SAMPLE_RATE, FRAME_MS), pcm)


def whispered(pcm: Floats) -> Floats:
    """Return speech without a voice."""
    voice = take_apart(pcm)
    still = np.zeros(len(voice.pitch))
    return _as_long(pyworld.synthesize(still, voice.envelope, np.ones_like(voice.breath), SAMPLE_RATE, FRAME_MS), pcm)


def growled(pcm: Floats, hertz: float = 45.0, depth: float = 0.8) -> Floats:
    """Return speech whose level shakes many times a second, unevenly, a little clipped."""
    rng = np.random.default_rng(len(pcm))
    phase = np.cumsum(hertz * np.exp(0.2 * rng.standard_normal(len(pcm)))) / SAMPLE_RATE
    shaken = pcm * (1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * phase)))
    return distorted(np.asarray(shaken, np.float32), 6.0)


def radio(pcm: Floats) -> Floats:
    """Return speech of a walkie-talkie: 500…2800 Hz, clipped."""
    band = butter(3, (500, 2800), "bandpass", fs=SAMPLE_RATE, output="sos")
    return distorted(np.asarray(sosfilt(band, pcm), np.float32), 14.0)


def distorted(pcm: Floats, gain_db: float = 20.0) -> Floats:
    """Return speech at full scale that is raised by a gain and clipped softly, then as loud as before."""
    peak = float(np.abs(pcm).max()) + 1e-9
    return np.asarray(np.tanh(pcm / peak * 10 ** (gain_db / 20)) * peak, np.float32)


CHANGES: Final[dict[str, Callable[[Floats], Floats]]] = {
    "up_12": lambda pcm: pitched(pcm, 12),
    "up_7": lambda pcm: pitched(pcm, 7),
    "down_7": lambda pcm: pitched(pcm, -7),
    "down_12": lambda pcm: pitched(pcm, -12),
    "robot": robot,
    "whisper": whispered,
    "growl": growled,
    "radio": radio,
    "distorted": distorted,
}
"""The voices that judge."""


def changed_at_random(pcm: Floats, rng: Rng) -> Floats:
    """Return speech in a random voice, as it teaches: mostly another height, or a voice of a machine or creature."""
    kind = rng.random()
    if kind < 0.6:
        height = float(rng.uniform(-MOST_SEMITONES, MOST_SEMITONES))
        pcm = pitched(pcm, height, float(rng.uniform(0.3, 1.0)))
    elif kind < 0.7:
        pcm = robot(pcm, float(rng.uniform(60, 250)))
    elif kind < 0.8:
        pcm = whispered(pcm)
    if rng.random() < 0.35:
        pcm = growled(pcm, float(rng.uniform(25, 80)), float(rng.uniform(0.4, 0.95)))
    if rng.random() < 0.3:
        pcm = radio(pcm) if rng.random() < 0.4 else distorted(pcm, float(rng.uniform(6, 26)))
    return pcm


def _as_long(sound: np.ndarray[tuple[int, ...], np.dtype[np.float64]], pcm: Floats) -> Floats:
    whole = np.zeros(len(pcm), np.float32)
    whole[: len(sound)] = sound[: len(pcm)]
    return whole
