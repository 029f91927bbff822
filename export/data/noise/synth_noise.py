"""Sounds that last: wind, rain, engines, mains hum, rumble, fans, applause, sirens.

Each function has the shape `synth_primitives.Noise`: n samples at 16 kHz, free level.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from export.data.noise.synth_primitives import (
    Rng,
    add,
    band_noise,
    decibels,
    log_uniform,
    ring,
    samples,
    shaped_noise,
    sprinkle,
    strike,
    tone,
    wander,
)
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

WIND_BANDS: Final = ((30, 150, 0, 4), (120, 500, -6, 8), (400, 1500, -16, 12), (1200, 4500, -28, 14))
"""From and to in Hz, level in dB, how many dB more or less a gust makes: the higher, the more."""


def wind(n: int, rng: Rng) -> Floats:
    """Gusts: four bands that swell together and apart; now and then a whistle in a crack."""
    gusts = wander(n, log_uniform(rng, 0.2, 1.5), rng)
    sound = np.zeros(n, np.float32)
    for low, high, level_db, reach_db in WIND_BANDS:
        own = gusts + 0.5 * wander(n, log_uniform(rng, 0.5, 4), rng)
        level = decibels(level_db + rng.uniform(-6, 6) + reach_db * own)
        sound += band_noise(n, low, high, rng) * level
    if rng.random() < 0.4:
        sound += _whistle(n, gusts, rng)
    return sound


def _whistle(n: int, gusts: Floats, rng: Rng) -> Floats:
    hz = log_uniform(rng, 350, 1800) * 2 ** (0.25 * gusts + 0.05 * wander(n, 3, rng))
    flutter = band_noise(n, 1, log_uniform(rng, 8, 40), rng)
    level = decibels(rng.uniform(-14, -2) + 12 * (gusts - 0.8))
    return np.asarray(tone(hz, np.ones(1, np.float32), rng) * flutter * np.minimum(level, 3), np.float32)


def rain(n: int, rng: Rng) -> Floats:
    """Drops on a surface of some sort over the hiss of all the others."""
    strength = wander(n, 0.2, rng)
    hiss = band_noise(n, log_uniform(rng, 300, 2000), log_uniform(rng, 3500, 7500), rng, rng.uniform(-0.6, 0.2))
    drops = [
        ring(0.03, [log_uniform(rng, 600, 6000) for _ in range(3)], [log_uniform(rng, 0.0008, 0.008)] * 3, rng)
        for _ in range(6)
    ]
    rate = log_uniform(rng, 15, 800) * decibels(4 * strength)
    patter = sprinkle(n, rate, drops, 6.0, rng)
    return np.asarray(patter + hiss * log_uniform(rng, 0.01, 0.6) * decibels(3 * strength), np.float32)


def engine(n: int, rng: Rng) -> Floats:
    """A motor: harmonics of a wandering, uneven speed and noise that beats with it."""
    hz = log_uniform(rng, 18, 160) * 2 ** (rng.uniform(0.02, 0.6) * wander(n, log_uniform(rng, 0.1, 0.7), rng))
    hz = np.asarray(hz * 2 ** (rng.uniform(0, 0.02) * wander(n, 25, rng)), np.float32)
    k = np.arange(1, 81)
    partials = k ** -rng.uniform(0.5, 1.5) * np.exp(rng.normal(0, 0.8, k.size))
    body = tone(hz, np.asarray(partials, np.float32), rng)
    beat = 1 + 0.7 * tone(hz, np.asarray(1 / k[:6], np.float32), rng)
    hiss = band_noise(n, log_uniform(rng, 80, 600), log_uniform(rng, 900, 6000), rng, rng.uniform(-1, 0))
    load = decibels(rng.uniform(0, 5) * wander(n, 0.4, rng))
    return np.asarray((body + log_uniform(rng, 0.03, 0.5) * beat * hiss) * load, np.float32)


def mains_hum(n: int, rng: Rng) -> Floats:
    """50 or 60 Hz and harmonics from a transformer or a bad cable, with some hiss."""
    k = np.arange(1, 41)
    partials = k ** -rng.uniform(0.6, 2.5) * np.exp(rng.normal(0, 1, k.size))
    partials[0::2] *= rng.choice((0.2, 1.0))  # a magnet pulls twice in a period
    hz = np.full(n, rng.choice((50.0, 60.0)) * rng.uniform(0.998, 1.002), np.float32)
    hiss = band_noise(n, 100, 7500, rng, rng.uniform(-1, 0.2))
    return np.asarray(tone(hz, partials, rng) + log_uniform(rng, 0.002, 0.15) * hiss, np.float32)


def rumble(n: int, rng: Rng) -> Floats:
    """Return noise below 150 Hz: traffic, machines next door, a microphone that is touched, far thunder."""
    high = log_uniform(rng, 40, 150)
    steady = band_noise(n, log_uniform(rng, 8, 30), high, rng) * decibels(6 * wander(n, log_uniform(rng, 0.2, 2), rng))
    for at in np.cumsum(rng.exponential(log_uniform(rng, 2, 12), 30)):
        size = samples(log_uniform(rng, 0.15, 3))
        thump = band_noise(size, 10, high, rng) * strike(size, 0.03, size / SAMPLE_RATE / 4)
        add(steady, float(at), thump * log_uniform(rng, 0.5, 4))
    return steady


def fan(n: int, rng: Rng) -> Floats:
    """Air from a fan, a vent, a vacuum cleaner or plain hiss: steady noise, blades and motor in it."""
    hum_hz = np.full(n, log_uniform(rng, 60, 900), np.float32) * 2 ** (rng.uniform(0, 0.03) * wander(n, 0.5, rng))
    slope = rng.uniform(-1.5, 0.5)
    bumps = rng.uniform(150, 5000, 3), rng.uniform(0, 3, 3)

    def power(hz: Floats) -> Floats:
        peaks = 1 + sum(height * np.exp(-(((hz - at) / (0.2 * at)) ** 2)) for at, height in zip(*bumps, strict=True))
        return np.asarray((np.maximum(hz, 60) / 1000) ** slope * peaks, np.float32)

    air = shaped_noise(n, power, rng)
    blades = 1 + rng.uniform(0, 0.5) * np.sin(2 * np.pi * log_uniform(rng, 3, 40) * np.arange(n) / SAMPLE_RATE)
    motor = tone(np.asarray(hum_hz, np.float32), np.asarray(1 / np.arange(1, 9) ** 1.2, np.float32), rng)
    return np.asarray(air * blades + log_uniform(rng, 0.01, 0.8) * motor, np.float32)


def applause(n: int, rng: Rng) -> Floats:
    """Some or many pairs of hands; it rises, falls and at times finds a common beat."""
    claps = []
    for _ in range(8):
        size = samples(0.03)
        centre = log_uniform(rng, 700, 2600)
        clap = band_noise(size, centre / 1.6, centre * 1.6, rng) * strike(size, 0.001, log_uniform(rng, 0.002, 0.008))
        claps.append(np.asarray(clap, np.float32))
    many = log_uniform(rng, 4, 400) * decibels(8 * wander(n, log_uniform(rng, 0.1, 0.4), rng))
    if rng.random() < 0.3:
        beat = np.sin(np.pi * log_uniform(rng, 1.8, 3.5) * np.arange(n) / SAMPLE_RATE) ** 16
        many = np.asarray(many * (0.1 + 4 * beat), np.float32)
    return sprinkle(n, many, claps, 5.0, rng)


def siren(n: int, rng: Rng) -> Floats:
    """Police, ambulance, air raid, car alarm: a pitch that sweeps or jumps, passing by."""
    t = np.arange(n) / SAMPLE_RATE
    low, octaves = log_uniform(rng, 350, 900), rng.uniform(0.2, 1.4)
    turns = log_uniform(rng, 0.08, 5) * t + rng.random()
    shape = rng.choice(("sine", "jump", "rise"))
    course = {"sine": 0.5 - 0.5 * np.cos(2 * np.pi * turns), "jump": turns % 1 > 0.5, "rise": turns % 1}[str(shape)]
    lag = np.exp(-np.arange(samples(0.05)) / samples(0.008))
    smooth = np.convolve(course, lag / lag.sum())[:n]
    passing = 2 ** (0.05 * wander(n, 0.1, rng))
    partials = np.arange(1, 17) ** -rng.uniform(0.5, 3)
    sound = tone(np.asarray(low * 2 ** (octaves * smooth) * passing, np.float32), np.asarray(partials, np.float32), rng)
    return np.asarray(sound * decibels(5 * wander(n, 0.2, rng)), np.float32)
