"""Reactions to pauses and beginnings of speech: an early blink, a glance aside, nods. Rare, seeded, one at a time.

Pauses call the next scheduled blink early: speakers blink at the ends of what they say and in pauses (Nakano & Kitazawa
2010, Exp. Brain Research 205(4)); so do held vowels, the sound of hesitation. No blink is added: the mean rate stays.
Those who begin to speak or hesitate often glance aside, and look back at the end (Kendon 1967, Acta Psychologica 26).

Who listens keeps his eyes on the speaker and nods as phrases end (Dittmann & Llewellyn 1968, J. Personality and Social
Psychology 9), fast, at 2.6 Hz and more (Hale et al. 2020, J. Nonverbal Behavior 44), in series whose nods get smaller
(Mori, Den & Jokinen 2025, PLoS ONE 20).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from space_runtime.animation.schedules import LEAST_APART_S, RandomStream, blinks_around, uniform, uniforms
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls, HeadMode

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
HEAD_BACK_S: Final = 0.6
"""After a glance: longer than a head takes that has turned along with the largest."""


NODS: Final = 0.6
"""Chance that a listener nods as a phrase ends: set by hand, people differ much."""
NOD_AFTER_S, NOD_WITHIN_S = 0.05, 0.35
"""Time after a pause is noticed until he begins, at least; how much later it may be."""
SLOWEST_NOD_S, FASTEST_NOD_S = 0.38, 0.26
"""Of one nod down and up: 2.6…3.8 Hz."""
MOST_NODS: Final = 3
SMALLEST_NOD_RAD, LARGEST_NOD_RAD = math.radians(2.0), math.radians(4.0)
"""Of the first nod of a series."""


class GlanceState(NamedTuple):
    """The last early blink, glance and series of nods. Times in seconds of media time, −infinity for never.

    early_blink: when the last early blink is shut. spent: scheduled blinks up to then are over or had early.
    glance_from, glance_until: of the last glance. yaw, pitch: its angles from straight ahead, radians.
    nods_from: when the last series of nods began; n_nods, of nod_s seconds each, the first nod_rad radians deep.
    """

    early_blink: float
    spent: float
    glance_from: float
    glance_until: float
    yaw: float
    pitch: float
    nods_from: float
    nod_s: float
    n_nods: float
    nod_rad: float


NO_GLANCE: Final = GlanceState(*(-math.inf,) * 4, 0.0, 0.0, -math.inf, 1.0, 0.0, 0.0)
"""Before anything was called for."""


def react(glance: GlanceState, events: int, sample: float, controls: Controls) -> GlanceState:
    """Return the state after a stream's events at a media sample."""
    now, hop, seed = sample / SAMPLE_RATE, int(sample) // HOP, controls.seed_in_use
    if events & ENDS and glance.glance_until > now:
        glance = glance._replace(glance_until=min(glance.glance_until, now + 0.1))
    if events & ENDS or (events & HESITATES and uniform(seed, RandomStream.EARLY_BLINK, hop, 1) < HESITANT):
        glance = _blink_early(glance, now, hop, controls)
    if controls.head_mode is HeadMode.LISTEN:
        return _nod(glance, now, hop, seed) if events & ENDS else glance
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


def _nod(glance: GlanceState, now: float, hop: int, seed: int) -> GlanceState:
    """Nod soon, perhaps; not while another series lasts."""
    chance, wait, speed, number, size = uniforms(5, seed, RandomStream.NODS, hop)
    if chance >= NODS or now < glance.nods_from + glance.n_nods * glance.nod_s:
        return glance
    return glance._replace(
        nods_from=now + NOD_AFTER_S + NOD_WITHIN_S * wait,
        nod_s=SLOWEST_NOD_S + (FASTEST_NOD_S - SLOWEST_NOD_S) * speed,
        n_nods=1.0 + int(MOST_NODS * number),
        nod_rad=SMALLEST_NOD_RAD + (LARGEST_NOD_RAD - SMALLEST_NOD_RAD) * size,
    )


def _glance(glance: GlanceState, now: float, hop: int, seed: int) -> GlanceState:
    """Look aside soon; not while another glance lasts or the head is on its way back from it."""
    if glance.glance_until + HEAD_BACK_S > now:
        return glance
    wait, length, way, size = (uniform(seed, RandomStream.GLANCE, hop, n) for n in range(1, 5))
    begin = now + 0.25 * wait
    yaw, pitch = _WAYS[int(way * len(_WAYS))]
    angle = _glance_rad(size)
    return glance._replace(
        glance_from=begin,
        glance_until=begin + SHORTEST_S + (LONGEST_S - SHORTEST_S) * length,
        yaw=yaw * angle,
        pitch=max(-_STEEPEST, min(_STEEPEST, pitch * angle)),
    )


def _glance_rad(chance: float) -> float:
    """The size of a glance: exponential, as Lee et al. found sizes of saccades (−6.9° ln of a uniform number), from 3°
    on. With the large ones the head turns along, see `gaze_shift`."""
    return math.radians(min(3.0 - 6.9 * math.log(max(chance, 1e-9)), LARGEST_DEG))


LARGEST_DEG: Final = 20.0
_STEEPEST: Final = math.radians(10.0)
"""No glance goes further up or down: there, eyes roll."""
_WAYS: Final = ((1.0, 0.0), (-1.0, 0.0), (0.9, 0.44), (-0.9, 0.44), (0.9, -0.35), (-0.9, -0.35), (0.3, 0.95))
"""Directions of glances: mostly aside, down rather than up."""
