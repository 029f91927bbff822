"""Answers of a worker: plain data that a pipe can carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from space_runtime.server.log_events import LogEvent

Outgoing = tuple[int, bytes | None]
"""Session and bytes for its client; None says that the session is gone."""


class State(StrEnum):
    """The state of a session."""

    OPENING = "opening"
    """Its character is being built."""
    IDLE = "idle"
    """It has no stream, or one of silence."""
    SPEAKING = "speaking"
    FINISHING = "finishing"
    """The end of its sound is known; the last frames are being made."""
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class SessionReport:
    """A session as its worker knows it. Fields as in `observability.snapshot.SessionSnapshot`."""

    number: int
    state: State
    outputs: tuple[str, ...]
    fps: float
    stream: int
    media_s: float
    frames_sent: int
    frames_dropped: int
    buffered_s: float
    waiting: int
    credit: int


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """A worker as it knows itself, plain data that a pipe can carry.

    request: of the `ReportStatus` that it answers. lag_s: how long the hops of its last batch had waited. refused:
    errors answered. Other fields as in `Totals` and `WorkerSnapshot` there.
    """

    request: int = 0
    sessions: tuple[SessionReport, ...] = ()
    streams: int = 0
    hops: int = 0
    batches: int = 0
    lag_s: float = 0.0
    frames_sent: int = 0
    frames_dropped: int = 0
    refused: int = 0
    textures_drawn: int = 0
    textures_skipped: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers of a worker since the last ones, each list in order. events: for the log."""

    outgoing: list[Outgoing] = field(default_factory=list)
    events: list[LogEvent] = field(default_factory=list)
    reports: list[WorkerReport] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.outgoing or self.events or self.reports)


NO_ANSWERS: Final = Answers()


class Outbox:
    """Collects the answers of a worker until somebody takes them."""

    def __init__(self) -> None:
        self.outgoing: list[Outgoing] = []
        self.events: list[LogEvent] = []
        self.reports: list[WorkerReport] = []

    def __bool__(self) -> bool:
        """Return whether anything waits to be taken."""
        return bool(self.outgoing or self.events or self.reports)

    def take(self) -> Answers:
        """Return the answers so far and forget them."""
        if not self:
            return NO_ANSWERS
        answers = Answers(self.outgoing, self.events, self.reports)
        self.outgoing, self.events, self.reports = [], [], []
        return answers
