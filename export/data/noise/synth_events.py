"""Sounds that happen: breaths, steps, knocks, keys, creaks, beeps, bangs, clicks, birds, rustling.

Each public function has the shape `synth_primitives.Noise`: n samples at 16 kHz, free level, pauses included.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.signal import oaconvolve

from export.data.noise.synth_primitives import (
    Rng,
    add,
    band_noise,
    decibels,
    log_uniform,
    moments,
    resonant_noise,
    ring,
    samples,
    sprinkle,
    strike,
    swell,
    tone,
    wander,
)
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

# Manner of breathing → (seconds in, seconds out, rest seconds, breaths between two longer rests), each from … to.
_Manner = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[int, int]]
MANNERS: Final[dict[str, _Manner]] = {
    "calm": ((0.8, 1.5), (0.9, 1.5), (0.4, 3.0), (1, 6)),
    "gasp": ((0.3, 0.6), (0.0, 0.0), (0.8, 4.0), (1, 1)),  # what a speaker takes before a sentence
    "sigh": ((0.6, 1.2), (0.9, 2.0), (1.0, 4.0), (1, 1)),
    "pant": ((0.18, 0.4), (0.18, 0.45), (0.3, 2.0), (5, 16)),
    "sniff": ((0.15, 0.4), (0.0, 0.0), (0.5, 3.0), (1, 3)),
    "blow": ((0.0, 0.0), (0.3, 1.5), (0.5, 3.0), (1, 3)),
}


def breath(n: int, rng: Rng) -> Floats:
    """One person who breathes, in one to three manners, with a throat of their own."""
    sound = np.zeros(n, np.float32)
    size = log_uniform(rng, 0.85, 1.2)
    manners = [MANNERS[str(m)] for m in rng.choice(list(MANNERS), rng.integers(1, 4), replace=False)]
    now = rng.uniform(0, 1.5)
    while now < n / SAMPLE_RATE:
        breaths_in, breaths_out, rest, run = manners[rng.integers(len(manners))]
        level = decibels(np.asarray(rng.normal(0, 5), np.float32))
        pace = rng.uniform(0.9, 1.1)
        for _ in range(rng.integers(*run, endpoint=True)):
            for inwards, lengths in ((True, breaths_in), (False, breaths_out)):
                seconds = rng.uniform(*lengths) * pace
                if seconds > 0:
                    add(sound, now, _one_breath(seconds, inwards, size, rng) * level)
                now += seconds * rng.uniform(1.0, 1.25)
        now += log_uniform(rng, *rest)
    return sound


def _one_breath(seconds: float, inwards: bool, size: float, rng: Rng) -> Floats:
    """Noise through the throat's moving resonances; inwards it ends suddenly and is brighter."""
    n = samples(seconds)
    centres = np.array([500, 1500, 2500, 3500]) * size * rng.uniform(0.75, 1.25, 4) * (1.15 if inwards else 1.0)
    widths = rng.uniform(80, 350, 4)
    high, tilt = log_uniform(rng, 2200, 7000), rng.uniform(-0.6, 0.4) + (0.2 if inwards else -0.3)
    first = resonant_noise(n, list(centres), list(widths), high, tilt, rng)
    last = resonant_noise(n, list(centres * rng.uniform(0.85, 1.15, 4)), list(widths), high, tilt, rng)
    mix = np.linspace(0, np.pi / 2, n)
    envelope = (
        swell(n, rng.uniform(0.5, 0.85), rng.uniform(0.8, 2), rng.uniform(0.5, 1.2))
        if inwards
        else swell(n, rng.uniform(0.06, 0.35), rng.uniform(0.6, 1.2), rng.uniform(1, 2.5))
    )
    flutter = decibels(rng.uniform(0.5, 2) * wander(n, 12, rng))
    sound = (first * np.cos(mix) + last * np.sin(mix)) * envelope * flutter
    if not inwards and rng.random() < 0.25:  # air hits the microphone
        sound += rng.uniform(0.5, 3) * band_noise(n, 15, 120, rng) * envelope
    return np.asarray(sound, np.float32)


def footsteps(n: int, rng: Rng) -> Floats:
    """Someone walks, runs and stops on wood, stone, carpet or gravel; heel, then toe."""
    sound = np.zeros(n, np.float32)
    modes = [log_uniform(rng, 50, 400) for _ in range(4)]
    decay, bright, gravel = log_uniform(rng, 0.01, 0.06), log_uniform(rng, 800, 6000), rng.random() < 0.35
    toe_s, toe_level = rng.uniform(0.04, 0.13), rng.uniform(0.1, 0.7)
    for at in moments(n, (0.27, 0.8), (4, 24), (0.3, 3), rng):
        for after, level in ((0.0, 1.0), (toe_s, toe_level)):
            size = samples(rng.uniform(0.08, 0.2))
            thump = ring(size / SAMPLE_RATE, modes, [decay] * 4, rng)[:size]
            scrape = band_noise(size, 200, bright, rng) * strike(size, 0.002, log_uniform(rng, 0.005, 0.05))
            step = thump * rng.uniform(0.5, 1) + scrape * rng.uniform(0.05, 0.4)
            if gravel:
                grain = ring(0.01, [log_uniform(rng, 1500, 6000) for _ in range(2)], [0.002] * 2, rng)
                step += sprinkle(size, np.full(size, 350.0, np.float32), [grain], 6, rng) * swell(size, 0.3, 1, 1)
            add(sound, float(at) + after * rng.uniform(0.8, 1.2), step * level * log_uniform(rng, 0.6, 1.2))
    return sound


def knocks(n: int, rng: Rng) -> Floats:
    """Knocking on doors and tables, hammering, dishes, metal: bodies that ring short or long."""
    sound = np.zeros(n, np.float32)
    low, high, ringing = ((80, 1200, (0.01, 0.08)), (400, 6000, (0.05, 0.9)))[int(rng.random() < 0.4)]
    bodies = [
        ([log_uniform(rng, low, high) for _ in range(7)], [log_uniform(rng, *ringing) for _ in range(7)])
        for _ in range(rng.integers(1, 4))
    ]
    for at in moments(n, (0.08, 0.6), (1, 6), (0.4, 4), rng):
        modes, decays = bodies[rng.integers(len(bodies))]
        hit = ring(min(2.0, 6 * max(decays)), modes, decays, rng)
        size = samples(0.012)
        hit[:size] += 0.4 * band_noise(size, 500, 5000, rng) * strike(size, 0.0005, 0.002)
        add(sound, float(at), hit * log_uniform(rng, 0.3, 1))
    return sound


def keyboard(n: int, rng: Rng) -> Floats:
    """Typing and mouse clicks: each key is pressed and let go, each with its own small resonance."""
    sound = np.zeros(n, np.float32)
    case = [log_uniform(rng, 150, 900), log_uniform(rng, 1200, 4000), log_uniform(rng, 2500, 6500)]
    for at in moments(n, (0.06, 0.35), (2, 30), (0.3, 3), rng):
        for after, level in ((0.0, 1.0), (rng.uniform(0.05, 0.13), rng.uniform(0.2, 0.6))):
            size = samples(0.025)
            click = band_noise(size, 1200, 7000, rng) * strike(size, 0.0005, log_uniform(rng, 0.001, 0.004))
            click += rng.uniform(0.3, 1.2) * ring(0.025, [f * rng.uniform(0.9, 1.1) for f in case], [0.004] * 3, rng)
            add(sound, float(at) + after, click * level * log_uniform(rng, 0.4, 1))
    return sound


def creak(n: int, rng: Rng) -> Floats:
    """A hinge or a floorboard that sticks and slips: pulses at a gliding, uneven rate through a wooden body."""
    sound = np.zeros(n, np.float32)
    body = [log_uniform(rng, 250, 4500) for _ in range(6)]
    kernel = ring(0.08, body, [log_uniform(rng, 0.002, 0.015) for _ in range(6)], rng)
    for at in moments(n, (0.4, 1.5), (1, 3), (0.5, 4), rng):
        size = samples(log_uniform(rng, 0.25, 2.0))
        glide = np.linspace(rng.uniform(-1, 1), rng.uniform(-1, 1), size) + 0.4 * wander(size, 3, rng)
        rate = log_uniform(rng, 15, 250) * 2**glide * 2 ** (0.25 * wander(size, 40, rng))
        slips = np.diff(np.floor(np.cumsum(rate) / SAMPLE_RATE), prepend=0) > 0
        pulses = slips * decibels(4 * rng.standard_normal(size)) * swell(size, rng.uniform(0.1, 0.9), 1, 1)
        add(sound, float(at), np.asarray(oaconvolve(pulses, kernel), np.float32) * log_uniform(rng, 0.4, 1))
    return sound


def beeps(n: int, rng: Rng) -> Floats:
    """Interfaces, phones, alarms, games: short tones, chirps and arpeggios of plain or rich timbre."""
    sound = np.zeros(n, np.float32)
    base = log_uniform(rng, 250, 2500)
    steps = rng.choice((0, 2, 4, 5, 7, 9, 12, 16), rng.integers(1, 5))
    sweep = rng.uniform(-1, 1) * (rng.random() < 0.4)
    partials = np.asarray(np.arange(1, 13) ** -rng.uniform(0.7, 4), np.float32)
    decay, length = log_uniform(rng, 0.03, 1), log_uniform(rng, 0.04, 0.6)
    for i, at in enumerate(moments(n, (0.06, 0.7), (1, 8), (0.3, 4), rng)):
        size = samples(length * rng.uniform(0.9, 1.1))
        hz = base * 2 ** (steps[i % len(steps)] / 12 + sweep * np.linspace(0, 1, size))
        beep = tone(np.asarray(hz, np.float32), partials, rng) * strike(size, rng.uniform(0.001, 0.02), decay)
        add(sound, float(at), np.asarray(beep, np.float32) * log_uniform(rng, 0.5, 1))
    return sound


def bangs(n: int, rng: Rng) -> Floats:
    """Shots and explosions: noise whose high bands die first, with echoes and, when large, debris."""
    sound = np.zeros(n, np.float32)
    large = rng.random() < 0.5
    longest = log_uniform(rng, 0.6, 2.5) if large else log_uniform(rng, 0.06, 0.4)
    run, gap = ((1, 2), (1.0, 3.0)) if large else ((1, 12), (0.07, 0.8))
    for at in moments(n, gap, run, (0.8, 6), rng):
        size = samples(4 * longest)
        bang = np.zeros(size, np.float32)
        for i, (low, high) in enumerate(((25, 120), (100, 500), (400, 1800), (1500, 7000))):
            decay = longest / (1 + i) ** rng.uniform(0.8, 1.6)
            bang += band_noise(size, low, high, rng) * strike(size, 0.001 + 0.01 * large, decay) * rng.uniform(0.4, 1.2)
        for _ in range(rng.integers(0, 4)):
            add(sound, float(at) + rng.uniform(0.08, 0.7), bang * log_uniform(rng, 0.03, 0.3))
        add(sound, float(at), bang * log_uniform(rng, 0.3, 1))
    return sound


def clicks(n: int, rng: Rng) -> Floats:
    """Crackle of a record, pops of a loose plug, switches, a clock: very short things of all widths."""
    kinds = []
    for _ in range(5):
        size = samples(log_uniform(rng, 0.0003, 0.02))
        pop = band_noise(size, 30, log_uniform(rng, 300, 7000), rng)
        kinds.append(pop * strike(size, 0.0002, size / 4 / SAMPLE_RATE))
    rate = log_uniform(rng, 0.4, 60) * decibels(8 * wander(n, log_uniform(rng, 0.2, 2), rng))
    sound = sprinkle(n, rate, kinds, 7.0, rng)
    if rng.random() < 0.3:
        tick = ring(0.03, [log_uniform(rng, 800, 6000) for _ in range(3)], [0.003] * 3, rng)
        for at in np.arange(rng.uniform(0, 1), n / SAMPLE_RATE, rng.choice((0.25, 0.5, 1.0))):
            add(sound, float(at), tick * rng.uniform(0.7, 1))
    return sound


def birds(n: int, rng: Rng) -> Floats:
    """One to four birds, each with its phrase of chirps and trills between 1.8 and 7 kHz."""
    sound = np.zeros(n, np.float32)
    for _ in range(rng.integers(1, 5)):
        base, far = log_uniform(rng, 1800, 5000), log_uniform(rng, 0.1, 1)
        notes = [(rng.uniform(-0.3, 0.4), rng.uniform(-0.8, 0.8), log_uniform(rng, 0.03, 0.25)) for _ in range(5)]
        for i, at in enumerate(moments(n, (0.06, 0.35), (1, 12), (0.5, 5), rng)):
            start, bend, seconds = notes[i % len(notes)]
            size = samples(seconds)
            x = np.linspace(0, 1, size)
            hz = base * 2 ** (start + bend * x + 0.1 * np.sin(2 * np.pi * 25 * seconds * x))
            chirp = tone(np.asarray(np.minimum(hz, 7200), np.float32), np.asarray([1, 0.15, 0.05], np.float32), rng)
            add(sound, float(at), chirp * swell(size, 0.3, 1, 1) * far * rng.uniform(0.6, 1))
    return sound


def rustle(n: int, rng: Rng) -> Floats:
    """Cloth, paper, bags, a chair that is moved: crumpled bursts of noise."""
    sound = np.zeros(n, np.float32)
    low, high = log_uniform(rng, 150, 1500), log_uniform(rng, 2500, 7500)
    grain = band_noise(samples(0.004), 800, 7000, rng) * strike(samples(0.004), 0.0003, 0.001)
    crumple, density = rng.uniform(0, 2), log_uniform(rng, 50, 900)
    for at in moments(n, (0.1, 0.9), (1, 5), (0.3, 4), rng):
        size = samples(log_uniform(rng, 0.08, 0.9))
        envelope = swell(size, rng.uniform(0.15, 0.85), 1, 1) * decibels(4 * wander(size, 15, rng))
        burst = band_noise(size, low, high, rng, rng.uniform(-1, 0.3))
        burst += crumple * sprinkle(size, np.full(size, density, np.float32), [grain], 7, rng)
        add(sound, float(at), burst * envelope * log_uniform(rng, 0.3, 1))
    return sound
