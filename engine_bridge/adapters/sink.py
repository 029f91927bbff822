"""The seam between a stream of frames and whatever shows them, and what all sinks share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final, Protocol, runtime_checkable

import numpy as np

from engine_bridge.protocol.errors import BridgeError, WireError
from engine_bridge.protocol.field_table import OUTPUTS
from engine_bridge.protocol.messages import N_WEIGHTS, Floats, Frame, Texture

_FURTHEST: Final = math.pi / 2
"""No head or eye turns further."""
_HANDOVER_S: Final = 1.0
"""Time for which a character that fell silent without its rest keeps a face to itself."""


class SinkError(BridgeError):
    """A sink that cannot be opened: the address is none, or the port is taken. Fix the address."""


@dataclass(slots=True)
class Counts:
    """Counters of the frames and textures of a sink.

    sent: handed to the network, once per receiver.
    skipped: replaced by something newer before a slow receiver was ready for them.
    unsent: could not be sent.
    reason: why the last unsent one could not, one sentence.
    """

    sent: int = 0
    skipped: int = 0
    unsent: int = 0
    reason: str = ""

    def fail(self, reason: str) -> None:
        """Count one that could not be sent."""
        self.unsent += 1
        self.reason = reason


class Sink(Protocol):
    """A receiver of frames. Nothing but `SinkError` on opening is ever raised: what cannot be sent is counted.

    Frames are shown when they arrive: hand them over at the pace at which they shall be seen. Called from one thread.
    """

    counts: Counts

    def send(self, name: str, frame: Frame, rate: float) -> None:
        """Show a frame of the character ``name``. rate: samples per second of its stream."""

    def texture(self, name: str, texture: Texture) -> None:
        """Show a picture of the character, where the receiver has a use for pictures."""

    def rest(self, name: str) -> None:
        """Show the neutral face: the character's stream has finished."""

    def close(self) -> None:
        """Let go of the network. Afterwards everything is counted as unsent."""


@runtime_checkable
class HasPage(Protocol):
    """A sink that browsers can look at. page: the address of its page."""

    page: str


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A frame as the engines take it: checked, clamped, in the project's units and axes. None: not asked for.

    seconds: media time, ≥ 0.
    weights: (52,) 0…1, in the order of `engine_bridge.protocol.arkit.ARKIT_NAMES`.
    head_rad: (3,) yaw, pitch, roll, radians: positive to the character's left, down, counter-clockwise to the viewer.
    eyes_rad: (4,) yaw, pitch of the character's left eye, then of the right; relative to the head, same signs.
    """

    seconds: float
    weights: Floats | None
    head_rad: Floats | None
    eyes_rad: Floats | None


def face_of(frame: Frame, rate: float) -> Face:
    """Return what a frame shows. Raises `WireError` on NaN, infinity, wrong lengths and impossible times."""
    seconds = frame.sample / rate if rate > 0 else math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise WireError(f"a frame at sample {frame.sample!r} of {rate!r} a second; expected a time from 0 on")
    weights = _checked("weights", frame.weights, N_WEIGHTS, 0.0, 1.0)
    head = _checked("head", frame.head, 6, -_FURTHEST, _FURTHEST)
    eyes = _checked("eyes", frame.eyes, 4, -_FURTHEST, _FURTHEST)
    return Face(seconds, weights, None if head is None else head[:3], eyes)


def _checked(what: str, values: Floats | None, length: int, low: float, high: float) -> Floats | None:
    if values is None:
        return None
    if values.shape != (length,) or not np.isfinite(values).all():
        raise WireError(f"{what} of a frame of shape {values.shape}; expected {length} finite numbers")
    return np.minimum(np.maximum(values, low), high).astype(np.float32, copy=False)  # clip takes three times as long


def at_rest(frame: Frame, rate: float) -> Frame:
    """Return the neutral pose that follows a stream's last frame by a sixtieth of a second, with the same outputs."""
    outputs = {row.key: _zeros(getattr(frame, row.key)) if row.rests else None for row in OUTPUTS if row.in_frame}
    return replace(frame, index=frame.index + 1, sample=frame.sample + rate / 60, speech=0.0, **outputs)  # type: ignore[arg-type]  # all of them are arrays


def _zeros(values: Floats | None) -> Floats | None:
    return None if values is None else np.zeros_like(values)


class SpeakerLock:
    """Exclusive access to the one face that a receiver can show: two characters on it would fight over it.

    The first character to ask holds the lock until it leaves, or has been silent for a second.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until = -math.inf
        self.holder = ""

    def admits(self, name: str) -> bool:
        """Return whether ``name`` holds the lock now; if it is free, ``name`` takes it."""
        now = self._clock()
        if name != self.holder and now < self._until:
            return False
        self.holder, self._until = name, now + _HANDOVER_S
        return True

    def leave(self, name: str) -> bool:
        """Return whether ``name`` held the lock; it is free now."""
        if name != self.holder:
            return False
        self.holder, self._until = "", -math.inf
        return True
