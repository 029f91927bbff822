"""The gateway: greetings, admission, leases, messages to sessions by their owners alone. No sockets, no threads.

Bytes of a connection come in with `receive`, a worker's with `deliver`; what goes out waits in `outbox`.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.client_ranges import range_fault
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.messages import VERSION, ErrorCode, Message, ServerMessage
from engine_bridge.protocol.wire import audio_from, decode, encode
from space_runtime.server import log_events
from space_runtime.server.answers import Outgoing
from space_runtime.server.commands import (
    CharacterSpec,
    CloseSession,
    OpenSession,
    ResumeSession,
    SessionMessage,
    StreamMessage,
)
from space_runtime.server.connections import (
    Connection,
    ConnectionTable,
    Counters,
    Route,
    SessionEntry,
    WorkerPort,
    is_own_route,
)
from space_runtime.server.limits import Folders, Limits, Refusal, closed_sentence, unknown_session
from space_runtime.server.transport.zmtp import MAX_PARTS, Overrun
from space_runtime.server.validation import has_unknown_type, session_settings

MAX_UNGREETED_BYTES: Final = 65_536
MAX_UNGREETED: Final = 512
"""Messages before `hello`, after which a connection is cut off."""
MAX_BAD: Final = 32
"""Messages that are none, after which a connection is cut off."""
MAX_EXCESS_S: Final = 8.0
"""Messages beyond the rate, in seconds at that rate, after which a connection is cut off."""
MUTE_S: Final = 60.0
"""Time in which nothing more is heard of a connection that is cut off, should it still be there."""
TOKEN_BYTES: Final = 16
SWEEP_S: Final = 0.25
SLOW_DOWN_S: Final = 1.0
"""Seconds between two complaints to a connection that is too fast."""


class Gateway:
    """Talks to clients and gives a worker their sessions' messages.

    table: connections and sessions; sessions, connections: the table's. given_up: routes of connections that are to be
    closed once `outbox` is sent. busy_lag_s: admission ends when the worker is later than this.
    """

    def __init__(
        self, limits: Limits, folders: Folders, worker: WorkerPort, welcome: m.Welcome, busy_lag_s: float = 0.05
    ) -> None:
        self.limits = limits
        self.table = ConnectionTable()
        self.sessions, self.connections = self.table.sessions, self.table.connections
        self.outbox: list[tuple[Route, bytes]] = []
        self.given_up: list[Route] = []
        self.counters = Counters()
        self._folders = folders
        self._worker = worker
        self._welcome = welcome
        self._busy_lag_s = busy_lag_s
        self._swept_at = self._turned_away_at = -math.inf
        self._stopping = False
        self._handlers: dict[type, Callable[..., None]] = {
            m.Hello: self._greet,
            m.Ping: self._ping,
            m.Pong: self._pong,
            m.Open: self._open,
            m.Resume: self._resume,
            m.Close: self._close,
        }

    @property
    def closed_for(self) -> ErrorCode | None:
        """The reason for which no session can be opened now; None while one can."""
        if self._stopping:
            return ErrorCode.STOPPING
        if len(self.sessions) >= self.limits.sessions:
            return ErrorCode.TOO_MANY_SESSIONS
        return ErrorCode.BUSY if self._worker.load > self._busy_lag_s else None

    # In

    def receive(self, route: Route, parts: Sequence[bytes], now: float, key: bytes = b"") -> bool:
        """Take one ZeroMQ message of a connection; return whether it is heard further. key: empty without CURVE."""
        connection = self._connection(route, now, key)
        if connection is None:
            return False
        if len(parts) > MAX_PARTS:
            self._bad(connection, f"a message of {len(parts)} parts; at most {MAX_PARTS} are taken", now)
            parts = ()
        for part in parts:
            self._take(connection, part, now)
            if connection.muted_until > now:
                return False
        return True

    def overran(self, route: Route, kind: Overrun, size: int, now: float, key: bytes = b"") -> bool:
        """Refuse a message that the transport has passed over; return whether the connection is heard further."""
        connection = self._connection(route, now, key)
        if connection is None:
            return False
        if kind is Overrun.PARTS:
            self._bad(connection, f"a message of {size} parts and more; at most {MAX_PARTS} are taken", now)
        else:
            self._excess(connection, 1.0, now)
            self._refuse(connection, ErrorCode.TOO_LARGE, f"a message of {size} bytes and more; send smaller ones")
        return connection.muted_until <= now

    def too_fast(self, route: Route, now: float) -> None:
        """Tell a connection that it sends more bytes, or costs more time, than it may, and is read more slowly."""
        if connection := self.connections.get(route):
            bound = f"{self.limits.bytes_per_s * self.weight(route)} bytes a second"
            self._slow_down(connection, f"more than {bound}, or more work than this connection's share", now)

    def part_bytes(self, route: Route) -> int:
        """Return how long a message of a connection may be now."""
        connection = self.connections.get(route)
        return self.limits.message_bytes if connection and connection.greeted else MAX_UNGREETED_BYTES

    def weight(self, route: Route) -> int:
        """Return by how much a connection's rates are multiplied: once for each of its sessions."""
        connection = self.connections.get(route)
        return max(1, len(connection.sessions)) if connection else 1

    def _connection(self, route: Route, now: float, key: bytes) -> Connection | None:
        """Return the connection that says something, None if it is not heard."""
        if not is_own_route(route):
            self._turn_away(route, now)
            return None
        connection = self.connections.get(route) or self.table.connect(route, now, key, self.limits.connections)
        if connection is None:
            self.counters.refused += 1
        elif connection.muted_until <= now:
            connection.heard_at = now
            return connection
        return None

    def deliver(self, outgoing: Iterable[Outgoing]) -> None:
        """Take what the worker sends."""
        for number, data in outgoing:
            session = self.sessions.get(number)
            if session is None:
                continue
            if data is None:
                self.table.forget(session)
            elif session.route is not None:
                self.outbox.append((session.route, data))

    def tick(self, now: float) -> None:
        """Let leases run out and forget silent connections."""
        if now < self._swept_at + SWEEP_S:
            return
        self._swept_at = now
        for session in self.table.expired(now):
            self.counters.expired += 1
            self._end(session, ErrorCode.LEASE_EXPIRED)
        self.table.forget_silent(now)

    def lost(self, route: Route, now: float) -> None:
        """Say that a connection is gone: its sessions wait for `resume` until their leases run out."""
        self.table.lose(route, now)

    def cut_off(self, keys: frozenset[bytes], now: float) -> None:
        """End the sessions of keys that are no longer admitted, lost ones too, and forget their connections."""
        for session in [one for one in self.sessions.values() if one.key in keys]:
            self._end(session, "key_removed")
        for route in [one.route for one in self.connections.values() if one.key in keys]:
            self.table.lose(route, now)

    def allow_sessions(self, n_sessions: int) -> None:
        """Take so many sessions from now on."""
        self.limits = replace(self.limits, sessions=n_sessions)
        self._welcome = replace(self._welcome, limits=self.limits.counts())

    def stop(self) -> None:
        """Begin to stop: nothing new is taken, every session is closed."""
        self._stopping = True
        for session in list(self.sessions.values()):
            self._end(session, ErrorCode.STOPPING)

    def send_bye(self) -> None:
        """Say good-bye to every connection, once their sessions are closed."""
        for connection in self.connections.values():
            if connection.greeted:
                self._say(connection, m.Bye(reason="the server stops"))

    # Messages

    def _take(self, connection: Connection, part: bytes, now: float) -> None:
        self.counters.received += 1
        if not self._allowed(connection, now):
            return
        if len(part) > (self.limits.message_bytes if connection.greeted else MAX_UNGREETED_BYTES):
            self._refuse(connection, ErrorCode.TOO_LARGE, f"a message of {len(part)} bytes; send smaller ones")
            return
        message: Message | None = audio_from(part) if connection.greeted else None
        try:
            message = message or decode(part)
        except WireError as error:
            self._misunderstood(connection, part, str(error), now)
            return
        try:
            self._handle(connection, message, now)
        except Refusal as refusal:
            self._refuse(connection, refusal.code, str(refusal), message)

    def _allowed(self, connection: Connection, now: float) -> bool:
        """Return whether a connection may say one thing more; it is told so once a second if not."""
        rate = self.limits.messages_per_s * max(1, len(connection.sessions))
        if connection.may_speak(rate, now):
            return True
        self.counters.too_fast += 1
        self._slow_down(connection, f"more than {rate} messages a second", now)
        self._excess(connection, 1.0 / rate, now)
        return False

    def _slow_down(self, connection: Connection, reason: str, now: float) -> None:
        if now - connection.slowed_at >= SLOW_DOWN_S:
            connection.slowed_at = now
            self._refuse(connection, ErrorCode.TOO_FAST, f"{reason}; slow down")

    def _excess(self, connection: Connection, seconds: float, now: float) -> None:
        """Count what a connection has sent beyond its budget, as seconds; cut it off when that is too much."""
        if connection.exceed(seconds, now) > MAX_EXCESS_S:
            self._give_up(connection, now)

    def _give_up(self, connection: Connection, now: float) -> None:
        """Hear nothing more of a connection, and have it closed."""
        if connection.muted_until <= now:
            connection.muted_until = now + MUTE_S
            self.given_up.append(connection.route)

    def _misunderstood(self, connection: Connection, part: bytes, reason: str, now: float) -> None:
        if has_unknown_type(part):
            self._refuse(connection, ErrorCode.UNKNOWN_TYPE, reason)
        else:
            self._bad(connection, reason, now)

    def _bad(self, connection: Connection, reason: str, now: float) -> None:
        self.counters.bad_messages += 1
        connection.n_bad += 1
        self._refuse(connection, ErrorCode.BAD_MESSAGE, reason)
        if connection.n_bad >= MAX_BAD:
            connection.n_bad = 0
            self._give_up(connection, now)

    def _handle(self, connection: Connection, message: Message, now: float) -> None:
        """Answer a message to the gateway, pass one to a session on. Raises `Refusal`."""
        kind = type(message)
        if not connection.greeted and kind is not m.Hello:
            connection.n_ungreeted += 1
            if connection.n_ungreeted >= MAX_UNGREETED:
                self._give_up(connection, now)
            raise Refusal(ErrorCode.NOT_GREETED, "this connection has not said hello; say it first")
        if kind in self._handlers:
            self._handlers[kind](connection, message)
        elif isinstance(message, StreamMessage):
            self._dispatch(connection, message, now)
        else:
            raise Refusal(ErrorCode.UNKNOWN_TYPE, f"{kind.__name__.lower()} is for servers to say")

    def _dispatch(self, connection: Connection, message: StreamMessage, now: float) -> None:
        """Pass a message on to the session that it names. The way of most messages, kept short."""
        session = self.table.session_of(connection, message.session)
        if session is None:
            raise Refusal(*unknown_session(message.session))
        if fault := range_fault(message):
            raise Refusal(ErrorCode.BAD_VALUE, fault)
        self._worker.post(SessionMessage(session.number, message, now))

    def _ping(self, connection: Connection, message: m.Ping) -> None:
        self._say(connection, m.Pong(nonce=message.nonce))

    def _pong(self, connection: Connection, message: m.Pong) -> None:
        """It was heard, which is all it is for."""

    def _close(self, connection: Connection, message: m.Close) -> None:
        session = self.table.session_of(connection, message.session)
        if session is None:
            raise Refusal(*unknown_session(message.session))
        self._end(session, "")

    def _greet(self, connection: Connection, message: m.Hello) -> None:
        if VERSION not in message.versions:
            spoken = ", ".join(map(str, message.versions[:8]))
            raise Refusal(
                ErrorCode.UNSUPPORTED_VERSION,
                f"the client speaks version {spoken or 'none'}, this server {VERSION}; update the older one",
            )
        if not connection.greeted:
            connection.allowance = 2.0 * self.limits.messages_per_s
        connection.greeted, connection.client = True, message.client[:80]
        self._say(connection, self._welcome)

    def _open(self, connection: Connection, message: m.Open) -> None:
        settings = session_settings(message, self.limits)
        self._admit(connection)
        spec = CharacterSpec.of(message, settings, self._folders)
        number, token = self.table.next_number(), secrets.token_bytes(TOKEN_BYTES)
        character = message.character or ("neutral" if message.portrait is None else "portrait")
        self.table.add(SessionEntry(number, token, settings.lease_s, connection.route, character), connection)
        self.counters.opened += 1
        event = log_events.session_opened(
            number, connection.client, character, frozenset(settings.outputs), settings.fps
        )
        log_events.write(event)
        name = message.character or ""
        owner = connection.key or connection.route
        self._worker.post(OpenSession(number, message.request, token, settings, message.until, spec, name, owner))

    def _admit(self, connection: Connection) -> None:
        """Refuse the session too many, for a reason that its client can read."""
        if len(self.sessions) >= self.limits.sessions:
            self._make_room()
        if code := self.closed_for:
            raise Refusal(code, closed_sentence(code, self.limits.sessions, self._worker.load))
        n_own = self.table.n_sessions_of(connection)
        if n_own >= self.limits.share_left(len(self.sessions)):
            raise Refusal(
                ErrorCode.TOO_MANY_SESSIONS,
                f"this client has {n_own} sessions already, which is its share; close some, or let the server's "
                "operator raise sessions_per_client",
            )

    def _make_room(self) -> None:
        """End the session that has been without a connection for longest, at once: nobody is there to be told."""
        session = self.table.longest_lost()
        if session:
            self._end(session, ErrorCode.TOO_MANY_SESSIONS)
            self.table.forget(session)

    def _resume(self, connection: Connection, message: m.Resume) -> None:
        session = self.table.with_token(bytes(message.token))
        if session is None:
            raise Refusal(ErrorCode.BAD_TOKEN, "no session has this token (any more); open a new one")
        self.table.move(session, connection)
        self.counters.resumed += 1
        self._worker.post(ResumeSession(session.number, message.request))

    def _end(self, session: SessionEntry, reason: str) -> None:
        if not session.closing:
            session.closing = True
            self._worker.post(CloseSession(session.number, reason))

    def _turn_away(self, route: Route, now: float) -> None:
        """Tell a connection with a routing id of its own that it is not heard; not more than once a second."""
        self.counters.refused += 1
        if now - self._turned_away_at >= SLOW_DOWN_S:
            self._turned_away_at = now
            text = "this connection has set a ZeroMQ routing id (identity), and is not heard; leave that unset"
            self.outbox.append((route, encode(m.Error(code=ErrorCode.BAD_MESSAGE, message=text))))
            log_events.write(log_events.refused(ErrorCode.BAD_MESSAGE, None))

    # Out

    def _say(self, connection: Connection, message: ServerMessage) -> None:
        self.outbox.append((connection.route, encode(message)))

    def _refuse(self, connection: Connection, code: ErrorCode, text: str, message: Message | None = None) -> None:
        numbers = {name: getattr(message, name, None) for name in ("request", "session", "stream")}
        self._say(connection, m.Error(code=code, message=text[:MAX_SENTENCE], **numbers))
        self.counters.refused += 1
        log_events.write(log_events.refused(code, numbers["session"], connection.client))


MAX_SENTENCE: Final = 1_000
