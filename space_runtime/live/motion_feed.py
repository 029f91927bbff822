"""Motion that goes with the sound of a stream: rows that are known, given before the sound that needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from engine_bridge.client import ClientSession
from space_runtime.animation.drive_runs import DriveRuns
from space_runtime.arrays import Doubles, Floats
from space_runtime.capture.drive_rows import SEEN, DriveEnd, DriveRows
from space_runtime.timebase import SAMPLE_RATE

AHEAD_S: Final = 4.0
"""Motion that is given before its sound."""
STEP: Final = SAMPLE_RATE // 60
"""Samples between rows where a drive goes on beyond its end."""


class MotionFeed(Protocol):
    """Gives the streams of a session their motion."""

    def begin(self, session: ClientSession, rate: int, is_live: bool) -> None:
        """A stream has begun. rate: samples per second of its sound. is_live: the sound comes as it is spoken."""
        ...

    def before(self, end_s: float) -> None:
        """Give what the sound up to a time needs; return once that may be pushed."""
        ...

    def stop(self) -> None:
        """The stream is over."""
        ...


@dataclass(slots=True, eq=False)
class TakeFeed:
    """The rows of a take, from the beginning of every stream on."""

    rows: DriveRows
    end: DriveEnd = DriveEnd.REST
    _session: ClientSession | None = None
    _rate: int = SAMPLE_RATE
    _given: float = -1.0

    def begin(self, session: ClientSession, rate: int, is_live: bool) -> None:
        """See `MotionFeed`."""
        self._session, self._rate, self._given = session, rate, -1.0

    def before(self, end_s: float) -> None:
        """See `MotionFeed`."""
        until = (end_s + AHEAD_S) * SAMPLE_RATE
        rows = self._due(until)
        if self._session and rows:
            times = rows.samples * self._rate / SAMPLE_RATE
            self._session.drive(times, rows.blendshapes, rows.head, rows.eyes_rad, rows.confidence)
        self._given = until

    def stop(self) -> None:
        """See `MotionFeed`."""
        self._session = None

    def _due(self, until: float) -> DriveRows | None:
        """Return the rows after those given, as far as ``until``; None where there are none.

        Of the rows before the beginning the last one counts as the first.
        """
        if self.end is not DriveEnd.REST:
            first = 0 if self._given < 0 else np.floor(self._given / STEP) + 1
            times = np.arange(first, np.floor(until / STEP) + 1) * STEP
            return _sampled(self.rows, self.end, times) if len(times) else None
        samples = np.maximum(self.rows.samples, 0.0)
        due = (samples > self._given) & (samples <= until) & (np.append(samples[1:], np.inf) > samples)
        return DriveRows(samples[due], *(getattr(self.rows, name)[due] for name in _COLUMNS)) if due.any() else None


def _sampled(rows: DriveRows, end: DriveEnd, samples: Doubles) -> DriveRows:
    """Return a drive that holds or repeats beyond its end, at (T,) times."""
    share, values = DriveRuns.of(rows, end).at(samples)
    confidence: Floats = np.where(share > SEEN, 1, 0).astype(np.float32)
    return DriveRows(samples, values[:, :52], values[:, 52:58], values[:, 58:].reshape(-1, 2, 2), confidence)


_COLUMNS: Final = ("blendshapes", "head", "eyes_rad", "confidence")
