"""The places that eyes are told to look at, at a media time: one target, or the mixture of two on the way between them.

Eyes go to another target by a saccade and the head after them, see `gaze_shift`; between two pairs of angles they move
linearly over the change's fade. Pure: a function of the track and the media time.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from space_runtime.animation.gaze_shift import eyes_come, head_along, head_comes
from space_runtime.animation.gaze_space import direction_of, in_character
from space_runtime.animation.track import Change, ControlTrack
from space_runtime.arrays import Doubles, Floats
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import OWN_HEAD, Controls, LookSpace


class Gaze(IntEnum):
    """The kinds of targets of both eyes."""

    CONTACT = 0
    """Their direction at rest, whatever the head does."""
    ANGLES = 1
    """Angles in the head."""
    FACE = 2
    """A point in normalised space, which goes along with the head."""
    CHARACTER = 3
    """A point in the normalised space of the head at rest: it stays where it is while the head moves."""


N_KINDS: Final = len(Gaze)
PLACES: Final = {Gaze.ANGLES: slice(4, 6), Gaze.FACE: slice(6, 9), Gaze.CHARACTER: slice(9, 12)}
"""Where in a row the place of each kind of target stands: behind the shares of the kinds."""
N_GAZE: Final = 12


class _Target(NamedTuple):
    """A target: its kind and place, its direction from the head at rest, and how far a head turns to it; radians."""

    kind: Gaze
    place: tuple[float, ...]
    direction: tuple[float, float]
    turn: tuple[float, float]


class _Shift(NamedTuple):
    """A shift from one target to the next. ahead: what was left of the one before as this one began, radians."""

    change: Change
    before: _Target
    after: _Target
    ahead: float

    def eyes(self, sample: float) -> float:
        """Return the share that eyes have come."""
        if self.before.kind is self.after.kind is Gaze.ANGLES and self.change.fade:
            return self.change.share(sample)
        return float(eyes_come(self._since_s(sample), self._way()))

    def head(self, sample: float) -> float:
        """Return the share that the head has come."""
        return float(head_comes(self._since_s(sample), math.dist(self.before.turn, self.after.turn)))

    def left(self, sample: float) -> float:
        """Return how far, at most, eyes still have to go, radians: so long a way is no matter of a moment."""
        return (1.0 - self.eyes(sample)) * self._way()

    def _way(self) -> float:
        return min(math.pi, self.ahead + math.dist(self.before.direction, self.after.direction))

    def _since_s(self, sample: float) -> float:
        return (sample - self.change.at_sample) / SAMPLE_RATE


class AskedGaze(NamedTuple):
    """The gaze that is asked for at a media time.

    row: (12,) the shares of the kinds of targets, 1 in all, and their places, see `PLACES`. turn: (2,) yaw, pitch of
    the head towards them, radians. is_steady: whether both stay so until the controls change.
    """

    row: Doubles
    turn: Doubles
    is_steady: bool


def asked_gaze(track: ControlTrack, sample: float, view: Floats) -> AskedGaze:
    """Return the gaze that a track asks for at a media time. view: see `camera_view`."""
    controls, changes = track.shifts(sample)
    if not changes and controls.look_at is controls.gaze_rad is None:
        return _CONTACT
    target = _target(controls, view)
    row, turn, is_steady, has_turned = _row(target), np.array(target.turn), True, True
    shift = None
    for change in changes:
        before, target = target, _target(change.controls, view)
        if target == before:
            continue
        shift = _Shift(change, before, target, shift.left(change.at_sample) if shift else 0.0)
        eyes, head = shift.eyes(sample), shift.head(sample)
        row = _mixed(row, _row(target), eyes)
        has_turned = has_turned and head == 1
        turn = np.array(target.turn) if has_turned else turn + head * np.subtract(target.turn, before.turn)
        is_steady = has_turned and eyes == 1
    return AskedGaze(row, turn, is_steady)


def _target(controls: Controls, view: Floats) -> _Target:
    if controls.look_at is None:
        if controls.gaze_rad is None:
            return _Target(Gaze.CONTACT, (), (0.0, 0.0), (0.0, 0.0))
        yaw, pitch = controls.gaze_rad.tolist()
        return _Target(Gaze.ANGLES, (yaw, pitch), (yaw, pitch), (0.0, 0.0))
    if controls.look_space is LookSpace.FACE:
        point = controls.look_at.tolist()
        return _Target(Gaze.FACE, tuple(point), direction_of(*point), (0.0, 0.0))
    point = in_character(controls.look_at, controls.look_space, view).tolist()
    direction = direction_of(*point)
    follow = controls.head_follow if controls.head_mode in OWN_HEAD else 0.0
    yaw, pitch = head_along(np.array(direction, np.float32), follow).tolist()
    return _Target(Gaze.CHARACTER, tuple(point), direction, (yaw, pitch))


def _row(target: _Target) -> Doubles:
    row = np.zeros(N_GAZE)
    row[target.kind] = 1.0
    if target.kind in PLACES:
        row[PLACES[target.kind]] = target.place
    return row


_CONTACT: Final = AskedGaze(np.eye(1, N_GAZE)[0], np.zeros(2), True)
"""Of the many streams whose gaze nobody asks for."""


def _mixed(before: Doubles, after: Doubles, share: float) -> Doubles:
    """The row between two; what only one of them looks at stays where it is."""
    if share in (0.0, 1.0):
        return after if share else before
    mixture = np.zeros(N_GAZE)
    old, new = (1 - share) * before[:N_KINDS], share * after[:N_KINDS]
    mixture[:N_KINDS] = old + new
    for kind, place in PLACES.items():
        if mixture[kind]:
            between = _angles_between if kind is Gaze.ANGLES else _points_between
            mixture[place] = between(before[place], after[place], float(new[kind] / mixture[kind]))
    return mixture


def _angles_between(before: Doubles, after: Doubles, share: float) -> Doubles:
    return before + share * (after - before)


def _points_between(before: Doubles, after: Doubles, share: float) -> Doubles:
    """The point on the way of a gaze: angles and the inverse of the distance, by which eyes converge, move evenly."""
    if share in (0.0, 1.0):
        return after if share else before
    (old, old_near), (new, new_near) = _seen(before), _seen(after)
    yaw, pitch = old + share * (new - old)
    distance = 1.0 / (old_near + share * (new_near - old_near))
    ahead = [math.sin(yaw) * math.cos(pitch), -math.sin(pitch), math.cos(yaw) * math.cos(pitch)]
    return distance * np.array(ahead)


def _seen(point: Doubles) -> tuple[Doubles, float]:
    """Yaw and pitch of a point, and one over its distance."""
    return np.array(direction_of(*point.tolist())), 1.0 / max(_NEAREST, float(np.linalg.norm(point)))


_NEAREST: Final = 1e-3
"""Nearer than that no point has a direction."""
