"""What is due at a playback position, out of frames that come early, late, twice, out of order or not at all.

Pure: no clock, no thread, no socket. Time is what the caller says. The rules stand in PROTOCOL.md, section 9; the runs
in ``vectors/jitter.json`` test every implementation of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from engine_bridge.protocol.messages import N_LANDMARKS, N_WEIGHTS, Finished, Floats, Frame

CAPACITY: Final = 4_096
"""Frames that wait at most."""
HOLD_S: Final = 0.1
"""How far past the newest frame it is still shown."""
RELEASE_S: Final = 0.3
"""Length of the blend to rest."""
ENTER_S: Final = 0.1
"""Length of the blend to frames that are due (again)."""


class State(StrEnum):
    """Why a pose is what it is."""

    WAITING = "waiting"
    PLAYING = "playing"
    HOLDING = "holding"
    RELEASING = "releasing"
    RESTING = "resting"


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A face at one instant. Arrays are float32 and not written to."""

    weights: Floats
    """(52,), 0…1, in the order of ``welcome.weights``."""
    head: Floats
    """(6,): yaw, pitch, roll in radians, then x, y, z in outer-eye-corner distances, relative to rest."""
    eyes: Floats
    """(4,): yaw, pitch of the left eye, then of the right, radians."""
    landmarks: Floats | None
    """(234,): 78 × (x, y, z), normalised; None until some have come."""
    speech: float
    """How much of it is speech, 0…1."""
    state: State


@dataclass(slots=True)
class Counts:
    """What became of the frames that came."""

    taken: int = 0
    """New ones that were kept."""
    replaced: int = 0
    """Such as came again."""
    late: int = 0
    """Dropped: older than the frame at or before the position."""
    foreign: int = 0
    """Dropped: of another stream, or beyond the end of a finished one."""
    refused: int = 0
    """Dropped: there were `CAPACITY` already."""


def rest(landmarks: Floats | None = None, state: State = State.RESTING) -> Pose:
    """Return the pose at rest; landmarks have none and stay what they are."""
    return Pose(_ZEROS[:N_WEIGHTS], _ZEROS[:6], _ZEROS[:4], landmarks, 0.0, state)


class JitterBuffer:
    """The frames of one session's current stream, waiting for their time."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.rate = 1.0
        """Samples a second of the positions; for a file that the server reads, it may become known late."""
        self._stream: int | None = None
        self._frames: list[
            Frame
        ] = []  # in the order of index; the first may lie before the position, the others do not
        self._floor = 0
        self._end = math.inf
        self._position = -math.inf
        self._came = False  # whether a frame of this stream has been due
        self._follows = False  # whether frames, not rest, are being shown or blended to
        self._shown = rest(state=State.WAITING)
        self._blend = _Blend(self._shown, RELEASE_S, RELEASE_S)

    def __len__(self) -> int:
        """Return how many frames wait."""
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
        target = due or rest(self._shown.landmarks, self._idle_state())
        self._shown = self._blend.towards(target)
        return self._shown

    def _due(self) -> Pose | None:
        """What the frames say about the position; None where they say nothing."""
        n_before = bisect_right(self._frames, self._position, key=_sample)
        if n_before == 0:
            return None
        del self._frames[: n_before - 1]
        first = self._frames[0]
        self._floor, self._came = first.index, True
        if self._position > self._end:
            return None
        if first.sample == self._position:
            return _pose(first, State.PLAYING)
        if len(self._frames) > 1:
            second = self._frames[1]
            x = (self._position - first.sample) / (second.sample - first.sample)
            return _between(_pose(first, State.PLAYING), _pose(second, State.PLAYING), x)
        if self._position - first.sample <= HOLD_S * self.rate:
            return _pose(first, State.HOLDING)
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
        return _between(self.source, target, x**3 * (10 - 15 * x + 6 * x**2)) if x < 1 else target


def _between(a: Pose, b: Pose, x: float) -> Pose:
    """Return the pose at x (0…1) of the way from a to b, with b's state."""
    landmarks = b.landmarks
    if a.landmarks is not None and b.landmarks is not None:
        landmarks = _mix(a.landmarks, b.landmarks, x)
    return Pose(
        _mix(a.weights, b.weights, x),
        _mix(a.head, b.head, x),
        _mix(a.eyes, b.eyes, x),
        landmarks,
        a.speech + (b.speech - a.speech) * x,
        b.state,
    )


def _mix(a: Floats, b: Floats, x: float) -> Floats:
    return np.asarray(a + (b - a) * np.float32(x), np.float32)


def _pose(frame: Frame, state: State) -> Pose:
    """Return a frame as a pose; what the session did not ask for is at rest."""
    weights = _ZEROS[:N_WEIGHTS] if frame.weights is None else frame.weights
    head = _ZEROS[:6] if frame.head is None else frame.head
    eyes = _ZEROS[:4] if frame.eyes is None else frame.eyes
    return Pose(weights, head, eyes, frame.landmarks, frame.speech, state)


def _index(frame: Frame) -> int:
    return frame.index


def _sample(frame: Frame) -> float:
    return frame.sample


_ZEROS: Final[Floats] = np.zeros(max(N_WEIGHTS, 3 * N_LANDMARKS), np.float32)
_ZEROS.flags.writeable = False
