"""Seeded noise in bands of frequency: a pure function of a seed and a time.

Each channel is a sum of sines whose frequencies and phases come from the seed, so that any moment can be asked for in
any order, no frame rate changes it, it cannot drift, and two seeds have nothing in common.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from space_runtime.animation.schedules import RandomStream, uniform
from space_runtime.arrays import Doubles

N_SINES: Final = 6
"""Of a channel: their sum is all but normally distributed."""


@lru_cache(maxsize=4096)
def noise_waves(seed: int, edges_hz: tuple[tuple[float, float], ...]) -> Doubles:
    """Return the (2, channels, `N_SINES`) frequencies in radians a second and phases in radians of a seed's noise.

    edges_hz: lowest and highest frequency of every channel. Frequencies lie one each in equal steps of pitch.
    """
    waves = np.empty((2, len(edges_hz), N_SINES))
    for channel, (lowest, highest) in enumerate(edges_hz):
        for sine in range(N_SINES):
            place, phase = (uniform(seed, RandomStream.HEAD_NOISE, channel, sine, n) for n in range(2))
            waves[:, channel, sine] = lowest * (highest / lowest) ** ((sine + place) / N_SINES), phase
    return 2 * math.pi * waves


def band_noise(waves: Doubles, seconds: Doubles) -> Doubles:
    """Return (F, channels) of unit variance at (F,) times. waves: (F, 2, channels, `N_SINES`) of `noise_waves`."""
    phases = waves[:, 0] * seconds[:, None, None]
    phases += waves[:, 1]
    total: Doubles = np.add.reduce(np.sin(phases, out=phases), -1)
    total *= math.sqrt(2 / N_SINES)
    return total
