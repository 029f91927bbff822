"""Answers of a worker: plain data that a pipe can carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from space_runtime.server.log_events import LogEvent
from space_runtime.server.observability.snapshot import WorkerReport

Outgoing = tuple[int, bytes | None]
"""Session and bytes for its client; None says that the session is gone."""


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
