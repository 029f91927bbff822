"""Controls over media time: controls that hold, changes that come, and perhaps an end in rest.

A track is a value and a pure function of the media time: every moment can be asked for, in any order.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import Final, NamedTuple, Self

from space_runtime.animation.control_blend import blended, mixed
from space_runtime.animation.gaze_shift import LONGEST_S
from space_runtime.animation.schedules import CLOSING_S, OPENING_S, ease
from space_runtime.arguments import in_range, instance, whole
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.soa import some
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls, HeadMode

MAX_SAMPLE: Final = 2**62
"""Latest media sample that a change may name."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """From a media sample on, other controls; over the first ``fade`` samples of it what has degrees blends."""

    at_sample: int
    controls: Controls
    fade: int

    def share(self, sample: float) -> float:
        """Return the share of this change that has come at a media time, 0…1."""
        if sample < self.at_sample:
            return 0.0
        return min(1.0, (sample - self.at_sample) / self.fade) if self.fade else 1.0

    def is_over(self, sample: float) -> bool:
        """Return whether face and gaze have come all the way at a media time."""
        return self.share(sample) == 1 and sample - self.at_sample >= LONGEST_S * SAMPLE_RATE


class Blink(NamedTuple):
    """A blink that was asked for: from the first to the last sample, how far the lids shut, 0…1, and for how long."""

    at_sample: int
    over_sample: float
    closure: float
    shut_s: float


@dataclass(frozen=True, slots=True, eq=False)
class ControlTrack:
    """Controls over media time, in samples at 16 kHz.

    first: from the start. changes: in the order of their samples, no two at the same one. rest_sample, rest_fade: when
    the face goes to rest, infinity for never, and how many samples that takes. end_sample, end_fade: likewise when
    everything is over, see `ending`. named_until: the latest sample that whoever wrote the track named. asked_blinks:
    of the controls. However many changes there are, an answer costs a search among them and those that are under way.
    """

    first: Controls
    changes: tuple[Change, ...] = ()
    rest_sample: float = math.inf
    rest_fade: int = 0
    end_sample: float = math.inf
    end_fade: int = 0
    named_until: float = 0.0
    asked_blinks: tuple[Blink, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the kinds of everything and the order of changes."""
        instance("the first of a track", self.first, Controls, "for example Controls()")
        for change in instance("changes", self.changes, tuple, "of Change"):
            instance("a change", change, Change, "as `changed` makes it")
        if any(after.at_sample < before.at_sample for before, after in pairwise(self.changes)):
            raise UsageError("the changes of a track do not rise; give them in the order of their samples")
        in_range("rest_sample", self.rest_sample, 0, math.inf)
        in_range("rest_fade", self.rest_fade, 0, MAX_SAMPLE)
        in_range("end_sample", self.end_sample, 0, math.inf)
        in_range("end_fade", self.end_fade, 0, MAX_SAMPLE)
        asked = [(0, self.first.blink), *((change.at_sample, change.controls.blink) for change in self.changes)]
        object.__setattr__(self, "asked_blinks", tuple(_blink(at, blink) for at, blink in asked if blink is not None))

    @classmethod
    def of(cls, controls: Controls) -> Self:
        """Return the track on which the same controls hold for ever."""
        return cls(controls)

    def changed(self, at_sample: int, controls: Controls, fade: int = 0) -> ControlTrack:
        """Return this track with other controls from a media sample on.

        What was to change at that sample or later is forgotten: the last word counts. A rest stays. Over ``fade``
        samples emotion and style crossfade linearly, and so do strengths, a driver's too, the idle head's, the head's
        offset, and the gaze where both sides give angles. To any other gaze eyes go by a saccade, see `asked_gaze`; the
        rest changes at once. Fades may overlap.

        Raises `UsageError` for a negative sample or fade.
        """
        at_sample, fade = _checked(at_sample, fade)
        instance("controls", controls, Controls, "for example Controls()")
        kept = tuple(change for change in self.changes if change.at_sample < at_sample)
        return replace(self, changes=(*kept, Change(at_sample, controls, fade)))

    def resting(self, at_sample: int, fade: int) -> ControlTrack:
        """Return this track with an end: from a media sample on the face goes to neutral within ``fade`` samples.

        The motion has minimum jerk. Blinks, gaze and head go on, under whatever controls. Of two ends the earlier one
        counts. Raises `UsageError` for a negative sample or fade.
        """
        at_sample, fade = _checked(at_sample, fade)
        return self if self.rest_sample <= at_sample else replace(self, rest_sample=at_sample, rest_fade=fade)

    def ending(self, at_sample: int, fade: int) -> ControlTrack:
        """Return this track with the end of everything: as `resting`, and as the face rests, the lids open for good and
        the head comes home.

        Whatever rest was asked for before, the face is at rest ``fade`` samples after ``at_sample``.
        """
        at_sample, fade = _checked(at_sample, fade)
        return replace(self, end_sample=at_sample, end_fade=fade)

    def seeded(self, seed: int) -> ControlTrack:
        """Return this track with a seed for all controls that have none."""

        def filled(controls: Controls) -> Controls:
            return replace(controls, seed=seed) if controls.seed is None else controls

        changes = tuple(replace(change, controls=filled(change.controls)) for change in self.changes)
        return replace(self, first=filled(self.first), changes=changes)

    @property
    def listens(self) -> bool:
        """Return whether the sound is, at some time, the voice of another."""
        return any(controls.head_mode is HeadMode.LISTEN for controls in self._all())

    @property
    def is_styled(self) -> bool:
        """Return whether a style is, at some time, not the mean of all people."""
        return any(some(controls.style) for controls in self._all())

    def at(self, sample: float) -> Controls:
        """Return the controls at a media time."""
        controls = self.first
        for change, share in self._active(sample):
            controls = change.controls if share == 1 else blended(controls, change.controls, share)
        return controls

    def emotion_at(self, sample: float) -> Floats:
        """Return the (8,) emotion at a media time."""
        emotion = self.first.emotion
        for change, share in self._active(sample):
            emotion = mixed(emotion, change.controls.emotion, share)
        return emotion

    def style_at(self, sample: float) -> Floats:
        """Return the (5,) style at a media time."""
        style = self.first.style
        for change, share in self._active(sample):
            style = mixed(style, change.controls.style, share)
        return style

    def rest_factor(self, sample: float) -> float:
        """Return the share of the motion that still shows in the face at a media time: 1, then falling to 0 in rest."""
        return _left(_media(sample), self.rest_sample, self.rest_fade) * self.lid_factor(sample)

    def lid_factor(self, sample: float) -> float:
        """Return the share of blinks and of the head's own motion at a media time: 1, then falling to 0 at the end."""
        return _left(_media(sample), self.end_sample, self.end_fade)

    def steady(self, sample: float) -> tuple[float, float]:
        """Return the (first, end) of the samples around this one with the same answers; (sample, sample) in a fade."""
        n_begun = self._n_begun(sample)
        rest = self.rest_sample, self.rest_sample + self.rest_fade
        end = self.end_sample, self.end_sample + self.end_fade
        newest = self.changes[n_begun - 1] if n_begun else None
        if (newest and newest.share(sample) < 1) or rest[0] <= sample < rest[1] or end[0] <= sample < end[1]:
            return sample, sample
        edges = [-math.inf, *rest, *end, math.inf]
        edges += [newest.at_sample + newest.fade] if newest else []
        edges += [change.at_sample for change in self.changes[n_begun : n_begun + 1]]
        return max(edge for edge in edges if edge <= sample), min(edge for edge in edges if edge > sample)

    def since(self, sample: float) -> ControlTrack:
        """Return a track with the same answers from a media time on, without the changes that are over by then."""
        sample = _media(sample)
        blinks = self.blinks(sample)
        kept_from = blinks[0].at_sample if blinks else math.inf
        over = [n for n, change in enumerate(self.changes) if change.is_over(sample) and change.at_sample < kept_from]
        if not over:
            return self
        return replace(self, first=self.changes[over[-1]].controls, changes=self.changes[over[-1] + 1 :])

    def shifts(self, sample: float) -> tuple[Controls, tuple[Change, ...]]:
        """Return the changes of whose shifts of gaze eyes or head may still be on their way, and the controls before
        them."""
        n_begun = first = self._n_begun(sample)
        while first and not self.changes[first - 1].is_over(sample):
            first -= 1
        return self.changes[first - 1].controls if first else self.first, self.changes[first:n_begun]

    def blinks(self, sample: float) -> list[Blink]:
        """Return the blinks that were asked for by a media time and are not over, in the order of their times."""
        return [blink for blink in self.asked_blinks if blink.at_sample <= sample < blink.over_sample]

    def _all(self) -> Iterator[Controls]:
        return chain((self.first,), (change.controls for change in self.changes))

    def _n_begun(self, sample: float) -> int:
        """The number of changes that have begun."""
        return bisect_right(self.changes, _media(sample), key=lambda change: change.at_sample)

    def _active(self, sample: float) -> list[tuple[Change, float]]:
        """The newest change that has come all the way and those after it that have begun; how far each has come."""
        active: list[tuple[Change, float]] = []
        for place in range(self._n_begun(sample) - 1, -1, -1):
            active.append((self.changes[place], self.changes[place].share(sample)))
            if active[-1][1] == 1:
                break
        return active[::-1]


def track_of(controls: Controls | ControlTrack | None) -> ControlTrack:
    """Return what a caller may give as a track: one already, controls that hold for ever, or None for natural ones.

    Raises `UsageError` for anything else.
    """
    if controls is None:
        return ControlTrack.of(Controls())
    given = instance("controls", controls, (Controls, ControlTrack), "or leave them out")
    return given if isinstance(given, ControlTrack) else ControlTrack.of(given)


def _blink(at_sample: int, blink: Floats) -> Blink:
    closure, shut_s = blink.tolist()
    return Blink(at_sample, at_sample + (CLOSING_S + shut_s + OPENING_S) * SAMPLE_RATE, closure, shut_s)


def _left(sample: float, begin: float, fade: int) -> float:
    """Return the rest at a sample of something that fades to nothing from ``begin`` on, with minimum jerk."""
    if sample < begin:
        return 1.0
    return 1.0 - ease((sample - begin) / fade) if fade else 0.0


def _media(sample: float) -> float:
    """A media time. Raises `UsageError` for what is none."""
    return in_range("sample", sample, -MAX_SAMPLE, MAX_SAMPLE)


def _checked(at_sample: int, fade: int) -> tuple[int, int]:
    return whole("at_sample", at_sample, 0, MAX_SAMPLE), whole("fade", fade, 0, MAX_SAMPLE)
