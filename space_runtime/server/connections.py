"""The connections and sessions that the gateway knows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from space_runtime.server.commands import Command
from space_runtime.server.transport.client import OWN

Route = bytes
"""The name that the transport gives a connection."""

FORGET_S: Final = 60.0
"""After this silence a connection without sessions is forgotten."""


def is_own_route(route: Route) -> bool:
    """Return whether a client left its name to the server.

    One that chose a name (a routing id) is not heard: behind ZeroMQ's own ROUTER such a name goes over to whoever
    connects with it next.
    """
    return route.startswith(OWN)


class WorkerPort(Protocol):
    """The way to a worker."""

    @property
    def load(self) -> float:
        """By how many seconds the worker is late."""
        ...

    def post(self, command: Command) -> None:
        """Hand over a command."""
        ...


@dataclass(slots=True, eq=False)
class Connection:
    """A peer. heard_at: when it last said something. allowance: messages that it may still send at once.

    n_bad, n_ungreeted: messages that were none, or came before `hello`. excess_s: what it has sent beyond its rate, in
    seconds at that rate; time takes it off again. muted_until: until then nothing is heard of it. slowed_at: when it
    was last told to slow down. key: its client's public key as Z85 text, empty without CURVE.
    """

    route: Route
    heard_at: float
    key: bytes = b""
    greeted: bool = False
    client: str = ""
    n_bad: int = 0
    n_ungreeted: int = 0
    excess_s: float = 0.0
    exceeded_at: float = 0.0
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

    def exceed(self, seconds: float, now: float) -> float:
        """Note what was sent beyond the rate; return the sum, of which time takes off as much as has passed."""
        self.excess_s = max(0.0, self.excess_s - (now - self.exceeded_at)) + seconds
        self.exceeded_at = now
        return self.excess_s


@dataclass(slots=True, eq=False)
class SessionEntry:
    """A session as the gateway knows it. route: None while its connection is lost, since lost_at.

    character: its name for people: that of a file, "portrait" or "neutral". key: its client's, see `Connection`.
    """

    number: int
    token: bytes
    lease_s: float
    route: Route | None
    character: str = "neutral"
    closing: bool = False
    lost_at: float = 0.0
    key: bytes = b""


@dataclass(slots=True)
class Counters:
    """Counts of events so far. refused: connections too many, and errors answered to whatever reason."""

    opened: int = 0
    refused: int = 0
    bad_messages: int = 0
    too_fast: int = 0
    expired: int = 0
    resumed: int = 0
    received: int = 0


class ConnectionTable:
    """Connections by route, sessions by number and by token, and which session is whose."""

    def __init__(self) -> None:
        self.connections: dict[Route, Connection] = {}
        self.sessions: dict[int, SessionEntry] = {}
        self._tokens: dict[bytes, int] = {}
        self._next_session = 1

    @property
    def is_empty(self) -> bool:
        """Return whether there are no sessions and no tokens."""
        return not (self.sessions or self._tokens)

    def next_number(self) -> int:
        """Return the number of a new session."""
        number, self._next_session = self._next_session, self._next_session % (2**32 - 1) + 1
        return number

    def connection_of(self, session: SessionEntry) -> Connection | None:
        """Return the connection of a session, None while it is lost."""
        return self.connections.get(session.route) if session.route else None

    def session_of(self, connection: Connection, number: int) -> SessionEntry | None:
        """Return the session of that number if it is this connection's and not closing."""
        session = self.sessions.get(number)
        return session if session and session.route == connection.route and not session.closing else None

    def n_sessions_of(self, connection: Connection) -> int:
        """Return how many sessions a client has: on this connection, or with its key on all of them."""
        if not connection.key:
            return len(connection.sessions)
        return sum(session.key == connection.key for session in self.sessions.values())

    def longest_lost(self) -> SessionEntry | None:
        """Return the session whose connection was lost first, None if all have theirs."""
        lost = (session for session in self.sessions.values() if session.route is None and not session.closing)
        return min(lost, key=lambda session: session.lost_at, default=None)

    def with_token(self, token: bytes) -> SessionEntry | None:
        """Return the session of a token, None if there is none that is not closing."""
        number = self._tokens.get(token)
        session = None if number is None else self.sessions[number]
        return session if session and not session.closing else None

    def add(self, session: SessionEntry, connection: Connection) -> None:
        """Enter a new session of a connection."""
        session.key = connection.key
        self.sessions[session.number] = session
        self._tokens[session.token] = session.number
        connection.sessions.add(session.number)

    def move(self, session: SessionEntry, connection: Connection) -> None:
        """Make a session another connection's."""
        before = self.connection_of(session)
        if before:
            before.sessions.discard(session.number)
        session.route, session.key = connection.route, connection.key
        connection.sessions.add(session.number)

    def forget(self, session: SessionEntry) -> None:
        """Forget a session."""
        del self.sessions[session.number]
        self._tokens.pop(session.token, None)
        connection = self.connection_of(session)
        if connection:
            connection.sessions.discard(session.number)

    def lose(self, route: Route, now: float) -> None:
        """Forget a connection; its sessions wait for another one."""
        connection = self.connections.pop(route, None)
        for number in connection.sessions if connection else ():
            session = self.sessions[number]
            session.route, session.lost_at = None, now

    def expired(self, now: float) -> Iterator[SessionEntry]:
        """Return the sessions whose clients have been silent for longer than their leases."""
        for session in list(self.sessions.values()):
            if now - self.heard_at(session) > session.lease_s and not session.closing:
                yield session

    def heard_at(self, session: SessionEntry) -> float:
        """Return when a session's client last said anything, or was lost."""
        connection = self.connection_of(session)
        return connection.heard_at if connection else session.lost_at

    def forget_silent(self, now: float) -> None:
        """Forget connections without sessions that have been silent for long."""
        silent = [c for c in self.connections.values() if not c.sessions and now - c.heard_at > FORGET_S]
        for connection in silent:
            if connection.muted_until <= now:
                del self.connections[connection.route]

    def connect(self, route: Route, now: float, key: bytes, most: int) -> Connection | None:
        """Return the entry of a new connection; None where ``most`` are there already and none of them is idle."""
        if len(self.connections) >= most and not self._evict_idle():
            return None
        self.connections[route] = connection = Connection(route, now, key, refilled_at=now)
        return connection

    def _evict_idle(self) -> bool:
        """Forget the more silent half of the connections without sessions, which may say hello again."""
        idle = sorted((c for c in self.connections.values() if not c.sessions), key=lambda c: c.heard_at)
        for connection in idle[: -(-len(idle) // 2)]:
            del self.connections[connection.route]
        return bool(idle)
