"""Seeded noise in bands of frequency: a pure function of a seed and a time.

Each channel is a sum of sines whose frequencies and phases come from the seed, so that any moment can be asked for in
any order, no frame rate changes it, it cannot drift, and two seeds have nothing in common. Phases are worked out in
double precision, in turns; what is left of them within a turn, and its sine, is single: four times as fast.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from space_runtime.animation.schedules import RandomStream, uniform
from space_runtime.arrays import Doubles, Floats

N_SINES: Final = 6
"""Of a channel: their sum is all but normally distributed."""


@lru_cache(maxsize=4096)
def noise_waves(seed: int, edges_hz: tuple[tuple[float, float], ...]) -> Floats:
    """Return the (2, `N_SINES`, channels) frequencies in Hz and phases in turns of a seed's noise.

    edges_hz: lowest and highest frequency of every channel. Frequencies lie one each in equal steps of pitch.
    """
    waves = np.empty((2, N_SINES, len(edges_hz)), np.float32)
    for channel, (lowest, highest) in enumerate(edges_hz):
        for sine in range(N_SINES):
            place, phase = (uniform(seed, RandomStream.HEAD_NOISE, channel, sine, n) for n in range(2))
            waves[:, sine, channel] = lowest * (highest / lowest) ** ((sine + place) / N_SINES), phase
    return waves


def band_noise(waves: Floats, seconds: Doubles) -> Floats:
    """Return (F, channels) of unit variance at (F,) times. waves: (F, 2, `N_SINES`, channels) of `noise_waves`."""
    turns = waves[:, 0] * seconds[:, None, None]
    turns += waves[:, 1]
    turns -= np.rint(turns)
    sines = turns.astype(np.float32)
    sines *= _RAD_PER_TURN
    total: Floats = np.add.reduce(np.sin(sines, out=sines), 1)
    total *= _UNIT
    return total


_RAD_PER_TURN: Final = np.float32(2 * math.pi)
_UNIT: Final = np.float32(math.sqrt(2 / N_SINES))
"""Of the sum of so many sines, to have unit variance."""
