"""The order in which streams are stepped: those that are ready by arrival, those with sound in advance by the clock."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.server.worker.session import SessionState
from space_runtime.server.worker.stream import Stream
from space_runtime.timebase import HOP, SAMPLE_RATE

MAX_BATCH: Final = 256
"""Streams stepped together at most: a larger batch gains nothing and lets the others wait."""

_SILENCE: Final = np.zeros(HOP, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class HopBatch:
    """Sound of B sessions to be stepped together. sound: (B, n · 320). heard_at: (B,) since when it could be taken."""

    states: list[SessionState]
    sound: Floats
    heard_at: Doubles

    @property
    def n_hops(self) -> int:
        """Hops of each."""
        return int(self.sound.shape[1]) // HOP

    def halves(self) -> tuple[HopBatch, HopBatch]:
        """Return its first and its second half."""
        middle = len(self.states) // 2
        first, second = slice(middle), slice(middle, None)
        return self._part(first), self._part(second)

    def _part(self, of: slice) -> HopBatch:
        return HopBatch(self.states[of], self.sound[of], self.heard_at[of])


@dataclass(slots=True, eq=False)
class _Gathered:
    """Parts of a batch to be."""

    states: list[SessionState] = field(default_factory=list)
    sound: list[Floats] = field(default_factory=list)
    heard_at: list[float] = field(default_factory=list)


class StepQueue:
    """Holds the streams that have something to step. ready: those to be stepped now, by arrival.

    lag_s: by how much the last batches were later than sound that is taken no faster than it is spoken.
    """

    def __init__(self) -> None:
        self.lag_s = 0.0
        self.ready: dict[Stream, SessionState] = {}
        self._later: list[tuple[float, int, SessionState]] = []

    @property
    def n_ready(self) -> int:
        """Streams that wait to be stepped now."""
        return len(self.ready)

    def __bool__(self) -> bool:
        """Return whether anything waits, now or later."""
        return bool(self.ready or self._later)

    def add(self, state: SessionState, stream: Stream, now: float) -> None:
        """Let a session's stream, which has a hop, be stepped when it is due."""
        due = stream.step_due()
        if due <= now:
            self.ready[stream] = state
        elif due != stream.due:
            stream.due = due
            heapq.heappush(self._later, (due, id(state), state))

    def remove(self, stream: Stream) -> None:
        """Forget a stream that waits to be stepped now."""
        self.ready.pop(stream, None)

    def due(self, now: float) -> Iterator[SessionState]:
        """Return the sessions whose time has come, one by one, to be looked at again."""
        while self._later and self._later[0][0] <= now:
            yield heapq.heappop(self._later)[2]

    def next_due(self) -> float:
        """Return the time of the next step; −infinity for now, infinity if there is none."""
        if self.ready:
            return -math.inf
        return self._later[0][0] if self._later else math.inf

    def take(self, now: float) -> list[HopBatch]:
        """Return the sound of the streams that are ready, those together that have as many hops."""
        gathered: dict[int, _Gathered] = {}
        first = now
        for stream, state in list(islice(self.ready.items(), MAX_BATCH)):
            del self.ready[stream]
            if not stream.over:
                first = min(first, _take_hops(gathered, stream, state))
        self.lag_s = now - first
        return [HopBatch(part.states, np.stack(part.sound), np.array(part.heard_at)) for part in gathered.values()]


def _take_hops(gathered: dict[int, _Gathered], stream: Stream, state: SessionState) -> float:
    """Take a stream's next hops; return when they would have been taken at the pace of speech."""
    due, n_hops = stream.step_due(), stream.hops_at_once()
    sound, heard_at = stream.audio.pop(n_hops) if stream.audio else (_SILENCE, due)
    heard_at = max(heard_at, due)
    part = gathered.setdefault(n_hops, _Gathered())
    part.states.append(state)
    part.sound.append(sound)
    part.heard_at.append(heard_at)
    stream.paced_at = max(heard_at, stream.paced_at + n_hops * HOP / SAMPLE_RATE)
    return stream.paced_at
