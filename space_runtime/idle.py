"""Seeded life: blinks and a gentle head sway, as pure functions of a seed and the media time.

Nothing is remembered from frame to frame: any moment can be asked for in any order, and the same seed gives the same
life at every frame rate.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.geometry import Floats

CLOSING_S: Final = 0.080
HOLD_S: Final = 0.040
OPENING_S: Final = 0.150
"""The phases of a blink: the lid falls in about 80 ms, rests a moment, and rises about half as fast (Evinger, Manning &
Sibony 1991, Invest. Ophthalmol. Vis. Sci. 32(2); VanderWerf et al. 2003, J. Neurophysiol. 89(5)). The rest is as long
as a frame at 25 frames per second, so that a frame shows the eye shut."""

BLINK_S: Final = HOLD_S + OPENING_S
"""From full closure to the open eye."""

_MARGIN_S: Final = 0.16
"""Least time from a blink's full closure to either end of its share of the schedule: blinks never overlap."""

_EASE_IN_S: Final = 2.5

Doubles = NDArray[np.float64]

_SWAY_HZ: Final = np.array([0.071, 0.127, 0.229, 0.407])
"""Incommensurate frequencies: the sway does not repeat within hours. Above 0.5 Hz it would look nervous."""

N_WAVES: Final = len(_SWAY_HZ)

_SWAY_SHARE: Final = _SWAY_HZ**-0.75 / np.sum(_SWAY_HZ**-0.75)
"""Slow motions are the large ones; the shares add up to the largest excursion."""

_SWAY_REACH: Final = np.array([math.radians(3.0), math.radians(1.7), math.radians(1.2), 0.010, 0.008, 0.006])
"""Largest excursion of yaw, pitch, roll (radians) and of x, y, z (normalised units)."""


def uniform(seed: int, *counters: int) -> float:
    """Return a number in 0…1 that depends on the arguments alone (SplitMix64's mixing function, Steele et al. 2014)."""
    state = seed & _WORD
    for counter in (0, *counters):
        state = (state + (counter + 1) * 0x9E3779B97F4A7C15) & _WORD
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _WORD
        state ^= state >> 31
    return state / 2**64


_WORD: Final = 2**64 - 1


def blink_profile(since_shut_s: Doubles) -> Doubles:
    """Return how far the lids are shut, 0…1, these seconds after the moment of full closure (negative: before)."""
    opened = _eased((since_shut_s - HOLD_S) / OPENING_S) ** 0.8
    return np.where(since_shut_s <= 0, _eased(1 + since_shut_s / CLOSING_S), 1 - opened)


def scheduled_blink(seed: int, per_minute: float, index: int) -> float:
    """Return the time in seconds of full closure of the schedule's blink number ``index``, 0 and up.

    The time line is cut into shares of equal length, one per blink, and each blink falls anywhere in its share: the
    mean rate is exact and the intervals are irregular.
    """
    share = 60.0 / per_minute
    margin = min(_MARGIN_S, share / 2)
    return index * share + margin + uniform(seed, index) * (share - 2 * margin)


def blinks_around(seed: int, per_minute: float, seconds: float) -> tuple[float, float]:
    """Return the times of the schedule's last blink up to a media time and of the next one; ∓infinity for none."""
    if per_minute <= 0:
        return -math.inf, math.inf
    near = int(seconds * per_minute / 60.0)
    before, here, after = (
        scheduled_blink(seed, per_minute, index) if index >= 0 else -math.inf for index in (near - 1, near, near + 1)
    )
    return (here, after) if here <= seconds else (before, here)


def sway(phases: Doubles, seconds: Doubles) -> Floats:
    """Return (n, 6) yaw, pitch, roll (radians), x, y, z (normalised units) of idle heads at (n,) media times.

    phases: (n, 6, waves) of `sway_phases`. A sum of slow sines, still at time 0 and eased in; smooth in all derivatives
    after that.
    """
    angles = _SWAY_HZ * seconds[:, None, None] + phases
    motion = _SWAY_REACH * np.add.reduce(np.sin(2 * np.pi * angles) * _SWAY_SHARE, -1)
    early = seconds < _EASE_IN_S
    if early.any():
        motion[early] *= _eased(seconds[early] / _EASE_IN_S)[:, None]
    moved: Floats = motion.astype(np.float32)
    return moved


@lru_cache(maxsize=4096)
def sway_phases(seed: int) -> Doubles:
    """Return the (6, waves) phases of a seed's idle head, in turns. Kept, because a seed lives as long as a stream."""
    return np.array([[uniform(seed, channel, wave) for wave in range(N_WAVES)] for channel in range(6)])


def ease(x: float) -> float:
    """Minimum-jerk rise from 0 at x ≤ 0 to 1 at x ≥ 1 (Flash & Hogan 1985)."""
    x = min(1.0, max(0.0, x))
    return x * x * x * (10 - 15 * x + 6 * x * x)


def _eased(x: Doubles) -> Doubles:
    """`ease` of an array."""
    x = np.minimum(1.0, np.maximum(0.0, x))
    rise: Doubles = x * x * x * (10 - 15 * x + 6 * x * x)
    return rise
