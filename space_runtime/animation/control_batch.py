"""Controls of many streams as arrays, worked out for a media time: what the stages read.

The rows stay true for a while (`since`…`until`), because controls hold between changes and blinks are far apart; only
rows whose time is over are worked out anew.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from space_runtime.animation.asked_gaze import AskedGaze, Gaze, asked_gaze
from space_runtime.animation.band_noise import noise_waves
from space_runtime.animation.gaze_space import FACING
from space_runtime.animation.head_style import HEAD_NOISE_HZ
from space_runtime.animation.schedules import (
    CLOSING_S,
    LEAST_APART_S,
    blinks_around,
    fixation,
    saccade_s,
    saccades_around,
    sway_phases,
)
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats, Mask
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import HEAD_TRACK_FPS, OWN_HEAD, Controls, HeadMode


@dataclass(frozen=True, slots=True, eq=False)
class ControlBatch:
    """One row per stream.

    since, until: (n,) media samples, first and end, for which the row is true.
    mouth_strength, expression_strength, brow_strength, rest_factor, lid_factor: (n,) factors; the last two: what rest
        leaves of them, and the end of everything of blinks.
    gaze: (n, 12) of `AskedGaze`. turn: (n, 2) yaw and pitch of heads towards what is looked at, radians.
    saccade_strength: (n,) of saccades and glances, 0 where another gaze is asked for. fixations: (n, 6) when the last
        saccade began and how long it takes, seconds, and yaw and pitch in radians, with strength, before and after it.
    fixed_until: (n,) the media sample at which the next one begins: saccades come more often than controls change, so
        that this alone is worked out anew then, by `fixations_at`.
    last_blink, next_blink: (n,) seconds of full closure around the media time, ∓infinity for none.
    scheduled: (n,) whether these blinks are the schedule's, which pauses may call early.
    asked_blinks: (n, 2, 3) the two latest that were asked for: when the lids are shut, how far, and how long they stay
        so; seconds, −infinity for none.
    head_strength: (n,) of the source's own head, as much as the end of everything leaves of it, 0 where the head does
        something else. head_idles: (n,) whether it sways only. phases: (n, 6, waves) of its sway. head_waves:
        (n, 2, sines, channels) of its noise.
    is_given: (n,) whether the head is. given_samples: (n, 2) media times of the rows of its track around the media
        time, ∓infinity for none. given: (n, 2, 6) these rows, see `Controls.head_track`; equal ones at both ends.
    drive: (n, 6) strengths of a driver, see `DrivePart`. head_offset: (n, 3) radians, see `Controls`.
    """

    since: Doubles
    until: Doubles
    mouth_strength: Floats
    expression_strength: Floats
    brow_strength: Floats
    rest_factor: Floats
    lid_factor: Floats
    gaze: Floats
    turn: Floats
    saccade_strength: Floats
    fixations: Doubles
    fixed_until: Doubles
    last_blink: Doubles
    next_blink: Doubles
    scheduled: Mask
    asked_blinks: Doubles
    head_strength: Floats
    head_idles: Mask
    phases: Doubles
    head_waves: Floats
    is_given: Mask
    given_samples: Doubles
    given: Floats
    drive: Floats
    head_offset: Floats


def controls_at(track: ControlTrack, sample: float, view: Floats = FACING) -> ControlBatch:
    """Return the one row of a track at a media time. view: see `camera_view`."""
    controls = track.at(sample)
    gaze = asked_gaze(track, sample, view)
    begin, end = track.steady(sample) if gaze.is_steady else (sample, sample)
    last, following = _blinks(track, controls, sample / SAMPLE_RATE)
    saccades = _saccade_strength(controls, gaze)
    fixations, ends = _fixations(controls, saccades, sample)
    given = _given_head(controls, sample)
    return ControlBatch(
        since=_double(max(begin, last * SAMPLE_RATE, given.since)),
        until=_double(min(end, following * SAMPLE_RATE, given.until)),
        mouth_strength=np.array([controls.mouth_strength], np.float32),
        expression_strength=np.array([controls.expression_strength], np.float32),
        brow_strength=np.array([controls.brow_strength], np.float32),
        rest_factor=np.array([track.rest_factor(sample)], np.float32),
        lid_factor=np.array([track.lid_factor(sample)], np.float32),
        gaze=gaze.row[None].astype(np.float32),
        turn=gaze.turn[None].astype(np.float32),
        saccade_strength=np.array([saccades], np.float32),
        fixations=np.array([fixations]),
        fixed_until=_double(ends),
        last_blink=_double(last),
        next_blink=_double(following),
        scheduled=np.array([controls.blink_samples is None and controls.blinks_per_minute > 0]),
        asked_blinks=_asked_blinks(track, sample),
        head_strength=np.array([_head_strength(controls) * track.lid_factor(sample)], np.float32),
        head_idles=np.array([controls.head_mode is HeadMode.IDLE]),
        phases=sway_phases(controls.seed_in_use)[None],
        head_waves=noise_waves(controls.seed_in_use, HEAD_NOISE_HZ)[None],
        is_given=np.array([controls.head_mode is HeadMode.GIVEN]),
        given_samples=np.array([(given.since, given.until)]),
        given=given.rows[None],
        drive=controls.drive[None],
        head_offset=controls.head_offset[None],
    )


def _head_strength(controls: Controls) -> float:
    return controls.head_strength if controls.head_mode in OWN_HEAD else 0.0


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


def _asked_blinks(track: ControlTrack, sample: float) -> Doubles:
    """(1, 2, 3) of `ControlBatch.asked_blinks`."""
    row = np.array(NO_BLINKS)
    if not track.asked_blinks:
        return row[None]
    for place, blink in enumerate(track.blinks(sample)[-len(NO_BLINKS) :]):
        row[place] = blink.at_sample / SAMPLE_RATE + CLOSING_S, blink.closure, blink.shut_s
    return row[None]


NO_BLINKS: Final = ((-math.inf, 0.0, 0.0),) * 2
"""Of a stream that nobody asked to blink."""


def fixations_at(track: ControlTrack, sample: float) -> tuple[tuple[float, ...], float]:
    """Return a row of `ControlBatch.fixations` and its `fixed_until`: never without saccades."""
    controls = track.at(sample)
    return _fixations(controls, _saccade_strength(controls, asked_gaze(track, sample, FACING)), sample)


def _fixations(controls: Controls, strength: float, sample: float) -> tuple[tuple[float, ...], float]:
    if not strength:
        return NO_SACCADES, math.inf
    seed = controls.seed_in_use
    number, began, ends = saccades_around(seed, sample / SAMPLE_RATE)
    before, after = ([strength * angle for angle in fixation(seed, n)] for n in (max(0, number - 1), number))
    return (began, saccade_s(math.dist(before, after)), *before, *after), ends * SAMPLE_RATE


NO_SACCADES: Final[tuple[float, ...]] = (-math.inf, 1.0, 0.0, 0.0, 0.0, 0.0)
"""A row of `ControlBatch.fixations` of eyes without saccades."""


def _saccade_strength(controls: Controls, gaze: AskedGaze) -> float:
    """The strength of saccades and glances: of eyes that keep contact, if not with all of their gaze."""
    return controls.saccade_strength if gaze.row[Gaze.CONTACT] else 0.0


def _blinks(track: ControlTrack, controls: Controls, seconds: float) -> tuple[float, float]:
    """The last and the next blink: the given ones, or else those of the seeded schedule."""
    if controls.blink_samples is None:
        last, following = blinks_around(controls.seed_in_use, controls.blinks_per_minute, seconds)
        while _is_crowded(track, following):
            _, following = blinks_around(controls.seed_in_use, controls.blinks_per_minute, following)
        return -math.inf if _is_crowded(track, last) else last, following
    given = sorted(sample / SAMPLE_RATE for sample in controls.blink_samples)
    place = bisect_right(given, seconds)
    return given[place - 1] if place else -math.inf, given[place] if place < len(given) else math.inf


def _is_crowded(track: ControlTrack, seconds: float) -> bool:
    """Return whether a scheduled blink would begin within one that was asked for, or too soon after it."""
    begins, rests = (seconds - CLOSING_S) * SAMPLE_RATE, LEAST_APART_S * SAMPLE_RATE
    return any(blink.at_sample <= begins < blink.over_sample + rests for blink in track.asked_blinks)
