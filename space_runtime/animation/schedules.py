"""Seeded life: blinks, small saccades and a gentle head sway, as pure functions of a seed and the media time.

Nothing is remembered from frame to frame: any moment can be asked for in any order, and the same seed gives the same
life at every frame rate.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate
from typing import Final, TypeVar

import numpy as np

from space_runtime.arrays import Doubles, Floats

CLOSING_S: Final = 0.080
HOLD_S: Final = 0.040
OPENING_S: Final = 0.150
"""The phases of a blink: the lid falls in about 80 ms, rests a moment, and rises about half as fast (Evinger, Manning &
Sibony 1991, Invest. Ophthalmol. Vis. Sci. 32(2); VanderWerf et al. 2003, J. Neurophysiol. 89(5)). The rest is as long
as a frame at 25 frames per second, so that a frame shows the eye shut."""

BLINK_S: Final = HOLD_S + OPENING_S
"""From full closure to the open eye."""

LEAST_APART_S: Final = 0.32
"""From blink to blink at least: they never overlap. So short an interval is what one sees as a double blink."""

Duration = TypeVar("Duration", float, Doubles)


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
    opened = ease((since_shut_s - HOLD_S) / OPENING_S) ** 0.8
    return np.where(since_shut_s <= 0, ease(1 + since_shut_s / CLOSING_S), 1 - opened)


def scheduled_blink(seed: int, per_minute: float, index: int) -> float:
    """Return the time in seconds of full closure of the schedule's blink number ``index``, 0 and up."""
    block, place = divmod(index, _BLOCK)
    return _scheduled(seed, RandomStream.BLINK, per_minute, block)[place]


def blinks_around(seed: int, per_minute: float, seconds: float) -> tuple[float, float]:
    """Return the times of the schedule's last blink up to a media time and of the next one; ∓infinity for none."""
    if per_minute <= 0:
        return -math.inf, math.inf
    place = _next_place(seed, RandomStream.BLINK, per_minute, seconds)
    last = scheduled_blink(seed, per_minute, place - 1) if place else -math.inf
    return last, scheduled_blink(seed, per_minute, place)


def saccades_around(seed: int, seconds: float) -> tuple[int, float, float]:
    """Return the number of the fixation at a media time (0: the first, straight ahead), and when it began and ends."""
    place = _next_place(seed, RandomStream.SACCADE, SACCADES_PER_MINUTE, seconds)
    began, ends = (_saccade(seed, index) if index >= 0 else -math.inf for index in (place - 1, place))
    return place, began, ends


@lru_cache(maxsize=8192)
def fixation(seed: int, number: int) -> tuple[float, float]:
    """Return the yaw and pitch in radians, from straight ahead, of a fixation on a listener's face.

    Eyes wander between the other's eyes and mouth, about 1.5° apart at the distance of a talk; people differ much in
    which they prefer (Rogers et al. 2018, Scientific Reports 8:4271).
    """
    if number == 0:
        return 0.0, 0.0
    chance = uniform(seed, RandomStream.SACCADE, number, 0)
    yaw, pitch = _PLACES[bisect_right(_CHANCES, chance)]
    jitter = (uniform(seed, RandomStream.SACCADE, number, n) - 0.5 for n in (1, 2))
    return yaw + next(jitter) * _JITTER, pitch + next(jitter) * _JITTER


def saccade_s(amplitude_rad: Duration) -> Duration:
    """Return how long a saccade takes: the main sequence, 2.2 ms per degree and 21 ms (Carpenter 1988, Movements of the
    Eyes; Lee, Badler & Badler 2002, Eyes Alive, ACM Trans. Graphics 21(3))."""
    return 0.021 + 0.0022 * (180 / math.pi) * amplitude_rad


class RandomStream(IntEnum):
    """Things that a seed decides on, each by random numbers of its own."""

    BLINK = 1
    SACCADE = 2
    GLANCE = 3
    EARLY_BLINK = 4
    HEAD_NOISE = 5
    POSTURE = 6
    NODS = 7


SACCADES_PER_MINUTE: Final = 50.0
_PLACES: Final = tuple(
    (math.radians(yaw), math.radians(pitch)) for yaw, pitch in ((-1.3, 0.0), (1.3, 0.0), (0.0, 2.0), (0.0, 0.0))
)
"""An eye, the other, the mouth, the bridge of the nose."""
_CHANCES: Final = (0.33, 0.66, 0.82)
"""Shares of the fixations that lie on the places up to each but the last."""
_JITTER: Final = math.radians(0.8)

_BLOCK: Final = 16
_SPREAD: Final = {RandomStream.BLINK: 0.7, RandomStream.SACCADE: 0.6}
"""Standard deviation of an interval's logarithm: many are short and few are long, as measured for blinks
(Invest. Ophthalmol. Vis. Sci. 52(6), 2011, p. 3419: highly positively skewed)."""
_LEAST_S: Final = {RandomStream.BLINK: LEAST_APART_S, RandomStream.SACCADE: 0.2}


@lru_cache(maxsize=8192)
def _scheduled(seed: int, what: RandomStream, per_minute: float, block: int) -> tuple[float, ...]:
    """The times in seconds of sixteen of a schedule's events.

    Each block of sixteen is as long as sixteen mean intervals and ends with an event: the mean rate is exact, any
    block can be asked for, and the intervals inside are log-normal.
    """
    share = 60.0 / per_minute
    least = min(_LEAST_S[what], share / 2)
    lengths = [math.exp(_SPREAD[what] * normal(seed, what, block, n)) for n in range(_BLOCK)]
    scale = (share - least) * _BLOCK / sum(lengths)
    ends = accumulate(lengths)
    return tuple(block * _BLOCK * share + (n + 1) * least + scale * end for n, end in enumerate(ends))


def uniforms(n: int, seed: int, *counters: int) -> list[float]:
    """Return n numbers in 0…1 that depend on the arguments alone, for less than n of `uniform`."""
    state, drawn = int(uniform(seed, *counters) * 2**64), []
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        drawn.append((mixed ^ (mixed >> 31)) / 2**64)
    return drawn


def normal(*counters: int) -> float:
    """Return a normal number that depends on the arguments alone (Box & Muller 1958)."""
    return normal_of(uniform(*counters, 0), uniform(*counters, 1))


def normal_of(one: float, other: float) -> float:
    """Return the normal number of two uniform ones."""
    return math.sqrt(-2 * math.log(1 - one)) * math.cos(2 * math.pi * other)


def _next_place(seed: int, what: RandomStream, per_minute: float, seconds: float) -> int:
    """The number of a schedule's first event after a media time."""
    block = max(0, int(seconds * per_minute / 60.0 / _BLOCK) - 1)
    while (times := _scheduled(seed, what, per_minute, block))[-1] <= seconds:
        block += 1
    return block * _BLOCK + bisect_right(times, seconds)


def _saccade(seed: int, index: int) -> float:
    block, place = divmod(index, _BLOCK)
    return _scheduled(seed, RandomStream.SACCADE, SACCADES_PER_MINUTE, block)[place]


def sway(phases: Doubles, seconds: Doubles) -> Floats:
    """Return (n, 6) yaw, pitch, roll (radians), x, y, z (normalised units) of idle heads at (n,) media times.

    phases: (n, 6, waves) of `sway_phases`. A sum of slow sines, smooth in all derivatives.
    """
    angles = _SWAY_HZ * seconds[:, None, None] + phases
    motion = _SWAY_REACH * np.add.reduce(np.sin(2 * np.pi * angles) * _SWAY_SHARE, -1)
    moved: Floats = motion.astype(np.float32)
    return moved


@lru_cache(maxsize=4096)
def sway_phases(seed: int) -> Doubles:
    """Return the (6, waves) phases of a seed's idle head, in turns. Kept, because a seed lives as long as a stream."""
    return np.array([[uniform(seed, channel, wave) for wave in range(N_WAVES)] for channel in range(6)])


def ease(x: Duration) -> Duration:
    """Return the minimum-jerk rise from 0 at x ≤ 0 to 1 at x ≥ 1 (Flash & Hogan 1985)."""
    x = np.minimum(1.0, np.maximum(0.0, x))
    return x * x * x * (10 - 15 * x + 6 * x * x)
