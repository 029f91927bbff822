"""The pose that is due at a playback position, out of frames that come early, late, twice, out of order or never.

Pure: no clock, no thread, no socket. Time is what the caller says. The rules stand in PROTOCOL.md, section 9; the runs
in ``vectors/jitter.json`` test every implementation of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

from engine_bridge.client.playback_state import State as State
from engine_bridge.client.pose import Pose as Pose
from engine_bridge.client.pose import between, pose_of, rest
from engine_bridge.protocol.messages import Finished, Frame

CAPACITY: Final = 4_096
"""Frames that wait at most."""
HOLD_S: Final = 0.1
"""Time past the newest frame for which it is still shown."""
RELEASE_S: Final = 0.3
"""Length of the blend to rest."""
ENTER_S: Final = 0.1
"""Length of the blend to frames that are due (again)."""


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
    """Dropped: there were `CAPACITY` already."""


class JitterBuffer:
    """The frames of one session's current stream, waiting for their time."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.rate = 1.0
        """Samples a second of the positions; for a file that the server reads, it may become known late."""
        self._stream: int | None = None
        self._frames: list[Frame] = []
        """In the order of index; the first may lie before the position, the others do not."""
        self._floor = 0
        self._end = math.inf
        self._position = -math.inf
        self._came = False  # whether a frame of this stream has been due
        self._follows = False  # whether frames, not rest, are being shown or blended to
        self._shown = rest(state=State.WAITING)
        self._blend = _Blend(self._shown, RELEASE_S, RELEASE_S)

    def __len__(self) -> int:
        """Return the number of frames that wait."""
        return len(self._frames)

    @property
    def position(self) -> float:
        """The largest position asked for in this stream; minus infinity before."""
        return self._position

    @property
    def shown(self) -> Pose:
        """The last answer."""
        return self._shown

    def begin(self, stream: int, rate: float) -> None:
        """Another stream follows, whose positions count samples at ``rate`` (hertz)."""
        self._stream, self.rate = stream, rate
        self._frames, self._floor, self._end, self._position = [], 0, math.inf, -math.inf
        self._came = False
        if self._follows:
            self._turn_to(follows=False)

    def put(self, frame: Frame) -> None:
        """Take a frame; one that comes again replaces the one before."""
        at = bisect_left(self._frames, frame.index, key=_index)
        if frame.stream != self._stream or frame.sample > self._end:
            self.counts.foreign += 1
        elif frame.index < self._floor:
            self.counts.late += 1
        elif at < len(self._frames) and self._frames[at].index == frame.index:
            self._frames[at] = frame
            self.counts.replaced += 1
        elif len(self._frames) >= CAPACITY:
            self.counts.refused += 1
        else:
            self._frames.insert(at, frame)
            self.counts.taken += 1

    def finish(self, finished: Finished) -> None:
        """The stream ends at ``finished.sample``; frames beyond it are void."""
        if finished.stream == self._stream:
            self._end = finished.sample
            kept = [frame for frame in self._frames if frame.sample <= self._end]
            self.counts.foreign += len(self._frames) - len(kept)
            self._frames = kept

    def ask(self, position: float, dt: float) -> Pose:
        """Return the pose at ``position`` (samples at the stream's rate), ``dt`` seconds after it was last asked.

        A position below the largest so far, or none at all (NaN, infinity), counts as the largest so far; a ``dt`` that
        is not positive and finite counts as 0.
        """
        if math.isfinite(position) and position > self._position:
            self._position = position
        due = self._due()
        if self._follows != (due is not None):
            self._turn_to(follows=due is not None)
        self._blend.elapsed += dt if 0 < dt < math.inf else 0.0
        target = due or rest(self._shown, self._idle_state())
        self._shown = self._blend.towards(target)
        return self._shown

    def _due(self) -> Pose | None:
        """Return the pose that the frames give for the position; None where they give none."""
        n_before = bisect_right(self._frames, self._position, key=_sample)
        if n_before == 0:
            return None
        del self._frames[: n_before - 1]
        first = self._frames[0]
        self._floor, self._came = first.index, True
        if self._position > self._end:
            return None
        if first.sample == self._position:
            return pose_of(first, State.PLAYING)
        if len(self._frames) > 1:
            second = self._frames[1]
            x = (self._position - first.sample) / (second.sample - first.sample)
            return between(pose_of(first, State.PLAYING), pose_of(second, State.PLAYING), x)
        if self._position - first.sample <= HOLD_S * self.rate:
            return pose_of(first, State.HOLDING)
        return None

    def _idle_state(self) -> State:
        if self._blend.elapsed < self._blend.length:
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

    def towards(self, target: Pose) -> Pose:
        x = self.elapsed / self.length
        return between(self.source, target, x**3 * (10 - 15 * x + 6 * x**2)) if x < 1 else target


def _index(frame: Frame) -> int:
    return frame.index


def _sample(frame: Frame) -> float:
    return frame.sample
