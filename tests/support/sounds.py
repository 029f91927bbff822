"""Sounds for tests: speech from the bundled line, silence, and their forms on the wire."""

from __future__ import annotations

from functools import cache

import numpy as np
import soundfile
import soxr

from space_runtime.arrays import Floats
from space_runtime.assets import LINE
from space_runtime.media.mono import mix_to_mono
from space_runtime.media.resampling import Resampler
from space_runtime.timebase import SAMPLE_RATE


@cache
def bundled_line() -> Floats:
    """Return (n,) samples of the bundled line at 16 kHz, −1…1."""
    pcm, rate = soundfile.read(LINE, dtype="float32")
    assert rate == SAMPLE_RATE
    return np.asarray(pcm, np.float32)


@cache
def _line(rate: int) -> Floats:
    """The bundled line at a sample rate, its silence before and after cut off: nothing but speech passes for speech."""
    pcm, recorded = soundfile.read(LINE, dtype="float32")
    loud = np.flatnonzero(np.abs(pcm) > 0.02)
    return np.asarray(soxr.resample(pcm[loud[0] : loud[-1]], recorded, rate), np.float32)


def speechlike(seconds: float, rate: int = 16_000, n_channels: int = 1, seed: int = 0) -> Floats:
    """(n, c) of the bundled line from somewhere on, again and again, and a little noise; peaks below 0.5.

    Every channel differs a bit. Seed 0 begins at the line's beginning.
    """
    rng = np.random.default_rng(seed)
    line = np.roll(_line(rate), -round(0.61 * seed * rate))
    n = int(seconds * rate)
    mono = 0.45 * np.resize(line, n) / np.abs(line).max() + 1e-4 * rng.standard_normal(n)
    return np.asarray(mono[:, None] * np.linspace(1, 0.7, n_channels), np.float32)


def mono_speech(seconds: float, seed: int = 0) -> Floats:
    """(n,) speech at 16 kHz."""
    return np.ascontiguousarray(speechlike(seconds, SAMPLE_RATE, seed=seed)[:, 0])


def silence(n_samples: int) -> bytes:
    """Return int16 samples of silence."""
    return bytes(2 * n_samples)


def s16(samples: Floats) -> bytes:
    """Return little-endian int16 of samples in −1…1."""
    return np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def from_s16(pcm: bytes) -> Floats:
    """(n,) values in −1…1 that a server reads from int16 samples."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def at_16k(samples: Floats, rate: int) -> Floats:
    """(n, c) samples as mono at 16 kHz, by the runtime's own means, in one piece."""
    mono = mix_to_mono(np.ascontiguousarray(samples))
    if rate == SAMPLE_RATE:
        return mono
    resampler = Resampler(rate, SAMPLE_RATE)
    return np.concatenate([resampler.push(mono), resampler.finish()])


def speech_pcm(seconds: float) -> bytes:
    """Return int16 speech at 16 kHz."""
    return s16(mono_speech(seconds))
