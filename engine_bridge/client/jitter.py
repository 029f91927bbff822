"""The pose that is due at a playback position, out of frames that come early, late, twice, out of order or never.

Pure: no clock, no thread, no socket. Time is what the caller says. The rules stand in PROTOCOL.md, section 9; the runs
in ``vectors/jitter.json`` test every implementation of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from typing import Final

from engine_bridge.client.playback_state import State as State
from engine_bridge.client.pose import Pose as Pose
from engine_bridge.client.pose import between, pose_of, rest
from engine_bridge.protocol.messages import Finished, Frame

CAPACITY: Final = 4_096
"""Frames that are kept at most."""
HISTORY: Final = 2_048
"""Frames that are kept at most after their time, for a player that seeks back."""
HOLD_S: Final = 0.1
"""Time for which a face without anything new is still shown: past the newest frame, or at a position that stands still.
A position that is smaller by no more than this trembles, one that is smaller by more seeks."""
RELEASE_S: Final = 0.3
"""Length of the blend to rest."""
ENTER_S: Final = 0.1
"""Length of the blend to frames that are due (again)."""
GAP_S: Final = 0.4
"""Distance from which on two frames with lost ones between them are no neighbours: a face could rest meanwhile."""
SLOWEST: Final = 0.1
"""Speed of a position below which it stands still, as a share of real time."""
LONGEST_STEP_S: Final = 0.05
"""Longest time of which the position must have moved by that share: a pause of the host makes no player slow."""
LONGEST_DT_S: Final = 1.0
"""Time between two questions at most; whatever takes time is over by then."""
TOLERANCE_S: Final = 1e-6
"""Tolerance of comparisons between lengths of time, against rounding."""
FURTHEST: Final = 2.0**53
"""Positions beyond this are clamped: whole samples are exact up to here."""


@dataclass(slots=True)
class Counts:
    """Counters of the frames that came."""

    taken: int = 0
    """New frames that were kept."""
    replaced: int = 0
    """Frames received twice."""
    late: int = 0
    """Dropped: older than the frame at or before the position."""
    foreign: int = 0
    """Dropped: of another stream, or beyond the end of a finished one."""
    refused: int = 0
    """Dropped: `CAPACITY` waited already, or its time contradicts those of its neighbours."""


class JitterBuffer:
    """The frames of one session's current stream, waiting for their time."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.rate = 1.0
        """Samples a second of the positions; for a file that the server reads, it may become known late."""
        self._stream: int | None = None
        self._frames: list[Frame] = []
        """In the order of index, which is that of time."""
        self._n_passed = 0  # frames before the one at or before the position
        self._floor = 0
        self._end = math.inf
        self._position = -math.inf
        self._current: int | None = None  # the index of the frame at or before the position, at the last answer
        self._still_s = 0.0
        self._came = False  # whether a frame of this stream has been due
        self._follows = False  # whether frames, not rest, are being shown or blended to
        self._shown = rest(state=State.WAITING)
        self._blend = _Blend(self._shown, RELEASE_S, RELEASE_S)

    def __len__(self) -> int:
        """Return the number of frames that wait; those that are kept after their time do not."""
        return len(self._frames) - self._n_passed

    @property
    def position(self) -> float:
        """The last position that counted; minus infinity before the stream's first."""
        return self._position

    @property
    def shown(self) -> Pose:
        """The last answer."""
        return self._shown

    def begin(self, stream: int, rate: float) -> None:
        """Another stream follows, whose positions count samples at ``rate`` (hertz)."""
        self._stream, self.rate = stream, rate
        self._frames, self._n_passed, self._floor, self._end = [], 0, 0, math.inf
        self._position, self._current, self._still_s = -math.inf, None, 0.0
        self._came = False
        if self._follows:
            self._turn_to(follows=False)

    def put(self, frame: Frame) -> None:
        """Take a frame; one that comes again replaces the one before."""
        at = bisect_left(self._frames, frame.index, key=_index)
        again = at < len(self._frames) and self._frames[at].index == frame.index
        if frame.stream != self._stream or frame.sample > self._end:
            self.counts.foreign += 1
        elif frame.index < self._floor:
            self.counts.late += 1
        elif not self._fits(frame, at, at + again) or not (again or self._make_room()):
            self.counts.refused += 1
        elif again:
            self._frames[at] = frame
            self.counts.replaced += 1
        else:
            insort(self._frames, frame, key=_index)
            self.counts.taken += 1

    def finish(self, finished: Finished) -> None:
        """The stream ends at ``finished.sample``; frames beyond it are void."""
        if finished.stream == self._stream:
            self._end = finished.sample
            kept = [frame for frame in self._frames if frame.sample <= self._end]
            self.counts.foreign += len(self._frames) - len(kept)
            self._frames, self._n_passed = kept, min(self._n_passed, max(len(kept) - 1, 0))

    def ask(self, position: float, dt: float) -> Pose:
        """Return the pose at ``position`` (samples at the stream's rate), ``dt`` seconds after it was last asked.

        A position that is none (NaN, infinity), or that is smaller by at most `HOLD_S`, counts as the one before; one
        that is smaller by more seeks. A ``dt`` that is not positive and finite counts as 0, a longer one as
        `LONGEST_DT_S`.
        """
        dt = min(dt, LONGEST_DT_S) if 0 < dt < math.inf else 0.0
        before = self._position
        way = self._move(position, dt)
        due = self._due(way, dt)
        if self._follows != (due is not None) or (due is not None and self._position < before):
            self._turn_to(follows=due is not None)
        self._blend.elapsed += dt
        target = due or rest(self._shown, self._idle_state())
        self._shown = self._blend.towards(target)
        return self._shown

    def _fits(self, frame: Frame, at: int, after: int) -> bool:
        """Return whether a frame's time lies between those of the frames before ``at`` and at ``after``."""
        return (at == 0 or self._frames[at - 1].sample < frame.sample) and (
            after == len(self._frames) or frame.sample < self._frames[after].sample
        )

    def _make_room(self) -> bool:
        """Forget the oldest passed frame where there is no room; return whether there is room for another one."""
        if len(self._frames) >= CAPACITY and self._n_passed:
            del self._frames[0]
            self._n_passed -= 1
        return len(self._frames) < CAPACITY

    def _move(self, position: float, dt: float) -> float:
        """Take a position; return its way if it moves, infinity for a seek and the first one, 0 if it stands still."""
        if not math.isfinite(position):
            return 0.0
        position = min(max(position, -FURTHEST), FURTHEST)
        before = self._position
        seeks = position < before - HOLD_S * self.rate
        if position <= before and not seeks:
            return 0.0
        self._position = position
        way = math.inf if seeks else position - before
        return way if way >= SLOWEST * min(dt, LONGEST_STEP_S) * self.rate else 0.0

    def _due(self, way: float, dt: float) -> Pose | None:
        """Return the pose that the frames give for the position; None where they give none."""
        n_before = bisect_right(self._frames, self._position, key=_sample)
        self._n_passed = min(max(n_before - 1, 0), HISTORY)
        if n_before == 0:
            self._floor, self._current, self._still_s = 0, None, 0.0
            return None
        del self._frames[: n_before - 1 - self._n_passed]
        first, second = self._frames[self._n_passed], self._neighbour()
        past = self._position - first.sample if second is None else 0.0
        self._count_still(first, past, way, dt)
        self._floor, self._current, self._came = first.index, first.index, True
        longest = HOLD_S + TOLERANCE_S
        if self._position > self._end or self._still_s > longest or past > longest * self.rate:
            return None
        if second is None or first.sample == self._position:
            return pose_of(first, State.HOLDING if past > 0 else State.PLAYING)
        x = (self._position - first.sample) / (second.sample - first.sample)
        return between(pose_of(first, State.PLAYING), pose_of(second, State.PLAYING), x)

    def _neighbour(self) -> Frame | None:
        """Return the frame after the one at or before the position; None if there is none, or a gap."""
        pair = self._frames[self._n_passed : self._n_passed + 2]
        if len(pair) < 2:
            return None
        near = pair[1].sample - pair[0].sample <= (GAP_S + TOLERANCE_S) * self.rate
        return pair[1] if near or pair[1].index == pair[0].index + 1 else None

    def _count_still(self, first: Frame, past: float, way: float, dt: float) -> None:
        """Count the time in which there was nothing new: PROTOCOL.md, section 9, *Standing still*."""
        is_same = first.index == self._current
        if self._current is not None and (way == 0 or (is_same and past > 0)):
            self._still_s += dt
        else:
            self._still_s = dt * min(past / way, 1.0) if way > 0 else 0.0

    def _idle_state(self) -> State:
        if not self._blend.is_over:
            return State.RELEASING
        return State.RESTING if self._came else State.WAITING

    def _turn_to(self, follows: bool) -> None:
        self._follows = follows
        self._blend = _Blend(self._shown, ENTER_S if follows else RELEASE_S)


@dataclass(slots=True, eq=False)
class _Blend:
    """A way from a pose to whatever is due, in ``length`` seconds of which ``elapsed`` are over."""

    source: Pose
    length: float
    elapsed: float = 0.0

    @property
    def is_over(self) -> bool:
        """True once there is nothing left of the source."""
        return self.elapsed >= self.length - TOLERANCE_S

    def towards(self, target: Pose) -> Pose:
        x = self.elapsed / self.length
        return target if self.is_over else between(self.source, target, x**3 * (10 - 15 * x + 6 * x**2))


def _index(frame: Frame) -> int:
    return frame.index


def _sample(frame: Frame) -> float:
    return frame.sample
