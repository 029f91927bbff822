"""Controls of many streams as arrays, worked out for a media time: what the stages read.

The rows stay true for a while (`since`…`until`), because controls hold between changes and blinks are far apart; only
rows whose time is over are worked out anew.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.band_noise import noise_waves
from space_runtime.animation.head_style import HEAD_NOISE_HZ
from space_runtime.animation.schedules import blinks_around, fixation, saccade_s, saccades_around, sway_phases
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats, Mask
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import HEAD_TRACK_FPS, OWN_HEAD, Controls, HeadMode


class Gaze(IntEnum):
    """The target of both eyes."""

    CONTACT = 0
    """Their direction at rest, whatever the head does."""
    ANGLES = 1
    """Angles in the head."""
    POINT = 2
    """A point in normalised space."""


@dataclass(frozen=True, slots=True, eq=False)
class ControlBatch:
    """One row per stream.

    since, until: (n,) media samples, first and end, for which the row is true.
    mouth_strength, expression_strength, brow_strength, rest_factor, lid_factor: (n,) factors; the last two: what rest
        leaves of them, and the end of everything of blinks.
    gaze: (n,) of `Gaze`. target: (n, 3) yaw and pitch in radians, or a point.
    saccade_strength: (n,) of saccades and glances, 0 where a gaze is asked for. fixations: (n, 6) when the last saccade
        began and how long it takes, seconds, and yaw and pitch in radians, with strength, before and after it.
    fixed_until: (n,) the media sample at which the next one begins: saccades come more often than controls change, so
        that this alone is worked out anew then, by `fixations_at`.
    last_blink, next_blink: (n,) seconds of full closure around the media time, ∓infinity for none.
    scheduled: (n,) whether these blinks are the schedule's, which pauses may call early.
    head_strength: (n,) of the source's own head, 0 where the head does something else. head_idles: (n,) whether it
        sways only. phases: (n, 6, waves) of its sway. head_waves: (n, 2, channels, sines) of its noise.
    is_given: (n,) whether the head is. given_samples: (n, 2) media times of the rows of its track around the media
        time, ∓infinity for none. given: (n, 2, 6) these rows, see `Controls.head_track`; equal ones at both ends.
    """

    since: Doubles
    until: Doubles
    mouth_strength: Floats
    expression_strength: Floats
    brow_strength: Floats
    rest_factor: Floats
    lid_factor: Floats
    gaze: NDArray[np.int8]
    target: Floats
    saccade_strength: Floats
    fixations: Doubles
    fixed_until: Doubles
    last_blink: Doubles
    next_blink: Doubles
    scheduled: Mask
    head_strength: Floats
    head_idles: Mask
    phases: Doubles
    head_waves: Doubles
    is_given: Mask
    given_samples: Doubles
    given: Floats


@dataclass(frozen=True, slots=True, eq=False)
class EmotionBatch:
    """One row per stream. since, until: as in `ControlBatch`. emotion: (n, 8)."""

    since: Doubles
    until: Doubles
    emotion: Floats


def emotion_at(track: ControlTrack, sample: float) -> EmotionBatch:
    """Return the one row of a track at a media time."""
    begin, end = track.steady(sample)
    return EmotionBatch(_double(begin), _double(end), track.emotion_at(sample)[None].astype(np.float32))


def controls_at(track: ControlTrack, sample: float) -> ControlBatch:
    """Return the one row of a track at a media time."""
    controls = track.at(sample)
    begin, end = track.steady(sample)
    last, following = _blinks(controls, sample / SAMPLE_RATE)
    gaze, target = _gaze(controls)
    fixations, ends = fixations_at(controls, sample)
    given = _given_head(controls, sample)
    return ControlBatch(
        since=_double(max(begin, last * SAMPLE_RATE, given.since)),
        until=_double(min(end, following * SAMPLE_RATE, given.until)),
        mouth_strength=np.array([controls.mouth_strength], np.float32),
        expression_strength=np.array([controls.expression_strength], np.float32),
        brow_strength=np.array([controls.brow_strength], np.float32),
        rest_factor=np.array([track.rest_factor(sample)], np.float32),
        lid_factor=np.array([track.lid_factor(sample)], np.float32),
        gaze=np.array([gaze], np.int8),
        target=target[None],
        saccade_strength=np.array([_saccade_strength(controls)], np.float32),
        fixations=np.array([fixations]),
        fixed_until=_double(ends),
        last_blink=_double(last),
        next_blink=_double(following),
        scheduled=np.array([controls.blink_samples is None and controls.blinks_per_minute > 0]),
        head_strength=np.array([controls.head_strength if controls.head_mode in OWN_HEAD else 0.0], np.float32),
        head_idles=np.array([controls.head_mode is HeadMode.IDLE]),
        phases=sway_phases(controls.seed_in_use)[None],
        head_waves=noise_waves(controls.seed_in_use, HEAD_NOISE_HZ)[None],
        is_given=np.array([controls.head_mode is HeadMode.GIVEN]),
        given_samples=np.array([(given.since, given.until)]),
        given=given.rows[None],
    )


def _double(value: float) -> Doubles:
    return np.array([value], np.float64)


class _Stretch(NamedTuple):
    """The part of a given head's track around a media time: the samples from which and up to which it is that, and its
    two rows, (2, 6)."""

    since: float
    until: float
    rows: Floats


def _given_head(controls: Controls, sample: float) -> _Stretch:
    track = controls.head_track
    if controls.head_mode is not HeadMode.GIVEN or track is None:
        return _NOT_GIVEN
    n_rows, times = len(track), controls.head_track_samples

    def time(row: int) -> float:
        return row * SAMPLE_RATE / HEAD_TRACK_FPS if times is None else float(times[row])

    place = bisect_right(range(n_rows), sample, key=time)
    rows = np.zeros((2, 6), np.float32)
    rows[:, : track.shape[1]] = track[[max(0, place - 1), min(place, n_rows - 1)]]
    return _Stretch(time(place - 1) if place else -math.inf, time(place) if place < n_rows else math.inf, rows)


_NOT_GIVEN: Final = _Stretch(-math.inf, math.inf, np.zeros((2, 6), np.float32))


def _gaze(controls: Controls) -> tuple[Gaze, Floats]:
    target = np.zeros(3, np.float32)
    if controls.look_at is not None:
        target[:] = controls.look_at
        return Gaze.POINT, target
    if controls.gaze_rad is not None:
        target[:2] = controls.gaze_rad
        return Gaze.ANGLES, target
    return Gaze.CONTACT, target


def fixations_at(controls: Controls, sample: float) -> tuple[tuple[float, ...], float]:
    """Return a row of `ControlBatch.fixations` and its `fixed_until`: never without saccades."""
    strength = _saccade_strength(controls)
    if not strength:
        return NO_SACCADES, math.inf
    seed = controls.seed_in_use
    number, began, ends = saccades_around(seed, sample / SAMPLE_RATE)
    before, after = ([strength * angle for angle in fixation(seed, n)] for n in (max(0, number - 1), number))
    return (began, saccade_s(math.dist(before, after)), *before, *after), ends * SAMPLE_RATE


NO_SACCADES: Final[tuple[float, ...]] = (-math.inf, 1.0, 0.0, 0.0, 0.0, 0.0)
"""A row of `ControlBatch.fixations` of eyes without saccades."""


def _saccade_strength(controls: Controls) -> float:
    """The strength of saccades and glances: of eyes that nobody tells where to look."""
    return controls.saccade_strength if controls.look_at is None and controls.gaze_rad is None else 0.0


def _blinks(controls: Controls, seconds: float) -> tuple[float, float]:
    """The last and the next blink: the given ones, or else those of the seeded schedule."""
    if controls.blink_samples is None:
        return blinks_around(controls.seed_in_use, controls.blinks_per_minute, seconds)
    given = sorted(sample / SAMPLE_RATE for sample in controls.blink_samples)
    place = bisect_right(given, seconds)
    return given[place - 1] if place else -math.inf, given[place] if place < len(given) else math.inf
