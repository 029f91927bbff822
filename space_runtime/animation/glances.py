"""Reactions to pauses and beginnings of speech: an early blink, a glance aside. Rare, seeded, one stream at a time.

Pauses call the next scheduled blink early: speakers blink at the ends of what they say and in pauses (Nakano & Kitazawa
2010, Exp. Brain Research 205(4)); so do held vowels, the sound of hesitation. No blink is added: the mean rate stays.
Those who begin to speak or hesitate often glance aside, and look back at the end (Kendon 1967, Acta Psychologica 26).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from space_runtime.animation.schedules import LEAST_APART_S, RandomStream, blinks_around, uniform
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls

BEGINS, ENDS, HESITATES = 1, 2, 4
"""Events, which add up."""

BLINK_AFTER_S, BLINK_WITHIN_S = 0.10, 0.22
"""Time after a pause is noticed (0.12 s into it) until an early blink is shut, at least; how much later it may be."""
REACH: Final = 0.8
"""Greatest advance of an early blink, in mean intervals: the schedule keeps its rate within that."""
HESITANT: Final = 0.5
"""Chance that a hesitation calls a blink."""

ASIDE: Final = 0.35
"""Chance of a glance aside at the beginning of a phrase and in a hesitation. Speakers look away for 0.9 s on average
and a fifth of the time (Lee, Badler & Badler 2002, ACM Trans. Graphics 21(3)); ours do so half as often."""
SHORTEST_S, LONGEST_S = 0.35, 1.0


class GlanceState(NamedTuple):
    """The last early blink and glance. Times in seconds of media time, −infinity for never.

    early_blink: when the last early blink is shut. spent: scheduled blinks up to then are over or had early.
    glance_from, glance_until: of the last glance. yaw, pitch: its angles from straight ahead, radians.
    """

    early_blink: float
    spent: float
    glance_from: float
    glance_until: float
    yaw: float
    pitch: float


NO_GLANCE: Final = GlanceState(*(-math.inf,) * 4, 0.0, 0.0)
"""Before anything was called for."""


def react(glance: GlanceState, events: int, sample: float, controls: Controls) -> GlanceState:
    """Return the state after a stream's events at a media sample."""
    now, hop, seed = sample / SAMPLE_RATE, int(sample) // HOP, controls.seed_in_use
    if events & ENDS:
        glance = glance._replace(glance_until=max(now, min(glance.glance_until, now + 0.1)))
    if events & ENDS or (events & HESITATES and uniform(seed, RandomStream.EARLY_BLINK, hop, 1) < HESITANT):
        glance = _blink_early(glance, now, hop, controls)
    if events & (BEGINS | HESITATES) and uniform(seed, RandomStream.GLANCE, hop, 0) < ASIDE:
        glance = _glance(glance, now, hop, seed)
    return glance


def _blink_early(glance: GlanceState, now: float, hop: int, controls: Controls) -> GlanceState:
    """Take the next scheduled blink now, if it is not too far and the last one not too near."""
    if controls.blink_samples is not None or controls.blinks_per_minute <= 0:
        return glance
    at = now + BLINK_AFTER_S + BLINK_WITHIN_S * uniform(controls.seed_in_use, RandomStream.EARLY_BLINK, hop, 0)
    last, following = blinks_around(controls.seed_in_use, controls.blinks_per_minute, max(now, glance.spent))
    last = max(glance.early_blink, last if last > glance.spent else -math.inf)
    near = at < following <= now + REACH * 60.0 / controls.blinks_per_minute
    if not near or at - last < LEAST_APART_S:
        return glance
    return glance._replace(early_blink=at, spent=following)


def _glance(glance: GlanceState, now: float, hop: int, seed: int) -> GlanceState:
    """Look aside soon; not while another glance lasts."""
    if glance.glance_until > now:
        return glance
    wait, length, way, size = (uniform(seed, RandomStream.GLANCE, hop, n) for n in range(1, 5))
    begin = now + 0.25 * wait
    yaw, pitch = _WAYS[int(way * len(_WAYS))]
    angle = _glance_rad(size)
    return glance._replace(
        glance_from=begin,
        glance_until=begin + SHORTEST_S + (LONGEST_S - SHORTEST_S) * length,
        yaw=yaw * angle,
        pitch=pitch * angle,
    )


def _glance_rad(chance: float) -> float:
    """The size of a glance: exponential, as Lee et al. found sizes of saccades (−6.9° ln of a uniform number), from 3°.

    Ours are half as large and none exceeds 10°: a head that does not turn along must not roll its eyes.
    """
    return math.radians(min(3.0 - 3.45 * math.log(max(chance, 1e-9)), 10.0))


_WAYS: Final = ((1.0, 0.0), (-1.0, 0.0), (0.9, 0.44), (-0.9, 0.44), (0.9, -0.35), (-0.9, -0.35), (0.3, 0.95))
"""Directions of glances: mostly aside, down rather than up."""
