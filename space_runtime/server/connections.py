"""What the front desk keeps of connections and sessions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

from space_runtime.server.session import Command

Route = bytes
"""What a ROUTER socket calls a connection."""


class WorkerPort(Protocol):
    """Where a worker takes its commands."""

    @property
    def load(self) -> float:
        """How late the worker is, in seconds."""
        ...

    def post(self, command: Command) -> None:
        """Hand over a command."""
        ...


@dataclass(slots=True, eq=False)
class Connection:
    """A peer. heard_at: when it last said something. allowance: messages that it may still send at once.

    slowed_at: when it was last told to slow down.
    """

    route: Route
    heard_at: float
    greeted: bool = False
    client: str = ""
    n_bad: int = 0
    muted_until: float = -math.inf
    allowance: float = 0.0
    refilled_at: float = 0.0
    slowed_at: float = -math.inf
    sessions: set[int] = field(default_factory=set)

    def may_speak(self, rate: int, now: float) -> bool:
        """Return whether it may say one thing more at ``rate`` messages a second: a bucket of two seconds' messages."""
        refilled = self.allowance + (now - self.refilled_at) * rate
        self.refilled_at = now
        left = min(2.0 * rate, refilled if self.greeted else 2.0 * rate) - 1
        self.allowance = max(0.0, left)
        return left >= 0


@dataclass(slots=True, eq=False)
class SessionEntry:
    """What the front desk knows of a session. route: None while its connection is lost, since lost_at.

    face: what it wears, for people: a character's name, "portrait" or "neutral".
    """

    number: int
    worker: int
    token: bytes
    lease_s: float
    route: Route | None
    face: str = "neutral"
    closing: bool = False
    lost_at: float = 0.0


@dataclass(slots=True)
class Counters:
    """What happened so far. refused: connections too many, and errors answered to whatever reason."""

    opened: int = 0
    refused: int = 0
    bad_messages: int = 0
    too_fast: int = 0
    expired: int = 0
    resumed: int = 0
    received: int = 0
