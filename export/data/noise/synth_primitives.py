"""The parts of synthetic sounds: shaped noise, wandering curves, events in time, ringing bodies, rooms.

All sounds are (n,) float32 at 16 kHz of free level unless said otherwise; ``rng`` decides everything that is random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

Rng = np.random.Generator
Numbers = NDArray[np.floating]
Noise = Callable[[int, Rng], Floats]
"""Makes n samples of one kind of sound."""
HIGHEST_TONE_HZ: Final = 7500.0
"""No partial is made above this, so that nothing folds back at half the sample rate."""


def log_uniform(rng: Rng, low: float, high: float) -> float:
    """Return a number whose logarithm is uniform between the logarithms of the two."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def samples(seconds: float) -> int:
    """Return how many samples ``seconds`` are, at least one."""
    return max(1, round(seconds * SAMPLE_RATE))


def shaped_noise(n: int, power: Callable[[Floats], Floats], rng: Rng) -> Floats:
    """Return noise of RMS 1 whose amplitude spectrum is ``power(frequencies in Hz)``."""
    size = 1 << max(6, (n - 1).bit_length())
    spectrum = np.fft.rfft(rng.standard_normal(size))
    spectrum *= power(np.fft.rfftfreq(size, 1 / SAMPLE_RATE).astype(np.float32))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum)[:n]
    return np.asarray(noise / (np.sqrt(np.mean(noise**2)) + 1e-12), np.float32)


def band_noise(n: int, low_hz: float, high_hz: float, rng: Rng, slope: float = 0.0) -> Floats:
    """Return noise between two frequencies, edges of about 12 dB an octave, inside amplitude ∝ frequency^slope."""

    def power(hz: Floats) -> Floats:
        safe = np.maximum(hz, 1.0)
        edges = (1 + (low_hz / safe) ** 4) ** 0.5 * (1 + (safe / high_hz) ** 4) ** 0.5
        return np.asarray((safe / 1000) ** slope / edges, np.float32)

    return shaped_noise(n, power, rng)


def resonant_noise(
    n: int, centres_hz: Sequence[float], widths_hz: Sequence[float], high_hz: float, tilt: float, rng: Rng
) -> Floats:
    """Return noise through parallel resonances, as breath through a throat: amplitude ∝ frequency^tilt up to high_hz.

    Between the resonances about 20 dB less passes; below 120 Hz and above ``high_hz`` it falls 12 dB an octave.
    """

    def power(hz: Floats) -> Floats:
        peaks = sum(1 / (1 + ((hz - c) / w) ** 2) for c, w in zip(centres_hz, widths_hz, strict=True))
        edges = (1 + (120 / np.maximum(hz, 1)) ** 2) * (1 + (hz / high_hz) ** 4) ** 0.5
        return np.asarray((peaks + 0.08) * (np.maximum(hz, 80) / 1000) ** tilt / edges, np.float32)

    return shaped_noise(n, power, rng)


def wander(n: int, changes_per_s: float, rng: Rng) -> Floats:
    """Return a smooth random curve of about zero mean and unit spread that turns ``changes_per_s`` times a second."""
    n_knots = int(n / SAMPLE_RATE * changes_per_s) + 4
    at = np.linspace(0, n_knots - 3, n)
    index = at.astype(int)
    t = at - index
    k = rng.standard_normal(n_knots)
    curve = (  # uniform cubic B-spline: no corner that could click
        (1 - t) ** 3 * k[index]
        + (3 * t**3 - 6 * t**2 + 4) * k[np.minimum(index + 1, n_knots - 1)]
        + (-3 * t**3 + 3 * t**2 + 3 * t + 1) * k[np.minimum(index + 2, n_knots - 1)]
        + t**3 * k[np.minimum(index + 3, n_knots - 1)]
    ) / 6
    return np.asarray(curve * 1.45, np.float32)


def decibels(curve: Numbers | float) -> Floats:
    """Return factors of amplitude for a curve in decibels."""
    return np.asarray(10 ** (curve / 20), np.float32)


def tone(hz: Numbers, partials: Numbers, rng: Rng) -> Floats:
    """Return a periodic sound: (n,) frequency over time, (k,) amplitudes of its harmonics (with random phases)."""
    usable = max(1, min(len(partials), int(HIGHEST_TONE_HZ / max(float(hz.max()), 1.0))))
    spectrum = np.zeros(2049, complex)
    spectrum[1 : usable + 1] = partials[:usable] * np.exp(2j * np.pi * rng.random(usable))
    cycle = np.fft.irfft(spectrum)
    cycle /= np.abs(cycle).max() + 1e-12
    phase = (np.cumsum(hz, dtype=np.float64) / SAMPLE_RATE + rng.random()) % 1 * len(cycle)
    return np.asarray(np.interp(phase, np.arange(len(cycle) + 1), np.append(cycle, cycle[0])), np.float32)


def ring(seconds: float, centres_hz: Sequence[float], decays_s: Sequence[float], rng: Rng) -> Floats:
    """Return a struck body: decaying partials of random strength, peak about 1."""
    t = np.arange(samples(seconds)) / SAMPLE_RATE
    parts = [
        rng.uniform(0.3, 1) * np.exp(-t / decay) * np.sin(2 * np.pi * hz * t)
        for hz, decay in zip(centres_hz, decays_s, strict=True)
        if hz < HIGHEST_TONE_HZ
    ]
    body = np.sum(parts, axis=0) if parts else np.zeros(len(t))
    return np.asarray(body / (np.abs(body).max() + 1e-9), np.float32)


def swell(n: int, peak: float, rise: float, fall: float) -> Floats:
    """Return an envelope 0 → 1 → 0 of n samples, highest at ``peak`` (0…1); exponents above 1 make it pointed."""
    x = np.linspace(0, 1, n)
    up = np.clip(x / max(peak, 1e-3), 0, 1) ** rise
    down = np.clip((1 - x) / max(1 - peak, 1e-3), 0, 1) ** fall
    return np.asarray(np.sin(np.pi / 2 * up) * np.sin(np.pi / 2 * down), np.float32)


def strike(n: int, attack_s: float, decay_s: float) -> Floats:
    """Return the envelope of a burst of n samples: a short rise, then an exponential decay that ends at 0."""
    t = np.arange(n) / SAMPLE_RATE
    ending = np.minimum(1, (n - np.arange(n)) / samples(0.004))
    return np.asarray(np.minimum(1, t / attack_s) * np.exp(-t / decay_s) * ending, np.float32)


def add(sound: Floats, at_s: float, event: Numbers) -> None:
    """Add ``event`` to ``sound`` in place, cut where the sound ends."""
    first = max(0, round(at_s * SAMPLE_RATE))
    part = event[: max(0, len(sound) - first)]
    sound[first : first + len(part)] += part


def moments(n: int, gap_s: tuple[float, float], run: tuple[int, int], rest_s: tuple[float, float], rng: Rng) -> Floats:
    """Return times in seconds of events that come in runs: gaps within a run, rests between runs."""
    times, now = [], rng.uniform(0, min(1.0, rest_s[1]))
    while now < n / SAMPLE_RATE:
        gap = log_uniform(rng, *gap_s)
        for _ in range(rng.integers(*run, endpoint=True)):
            times.append(now)
            now += gap * rng.uniform(0.8, 1.25)
        now += log_uniform(rng, *rest_s)
    return np.asarray([t for t in times if t < n / SAMPLE_RATE], np.float32)


def sprinkle(n: int, per_s: Numbers, kernels: Sequence[Numbers], spread_db: float, rng: Rng) -> Floats:
    """Return many small events: (n,) expected number a second, each one of ``kernels`` at a random level."""
    sound = np.zeros(n, np.float32)
    for kernel in kernels:
        hits = rng.random(n) < per_s / SAMPLE_RATE / len(kernels)
        levels = np.where(hits, decibels(spread_db * rng.standard_normal(n).astype(np.float32)), 0)
        sound += oaconvolve(levels, kernel)[:n].astype(np.float32)
    return sound


def room(sound: Floats, rng: Rng) -> Floats:
    """Return the sound as a random room carries it: 0.1 to 1.5 s of reverberation, near or far."""
    decay_s = log_uniform(rng, 0.1, 1.5)
    tail = band_noise(samples(decay_s), 150, log_uniform(rng, 1500, 6000), rng)
    tail *= 10 ** (-3 * np.linspace(0, 1, len(tail)))
    tail *= log_uniform(rng, 0.1, 1.5) / np.sqrt(np.sum(tail**2))
    tail[0] += 1
    return np.asarray(oaconvolve(sound, tail)[: len(sound)], np.float32)
