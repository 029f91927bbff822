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
from engine_bridge.protocol.messages import VERSION, ErrorCode, Message
from engine_bridge.protocol.wire import audio_from, decode
from space_runtime.errors import counted
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
from space_runtime.server.connection_limits import MAX_UNGREETED_BYTES, LimitedConnections
from space_runtime.server.connections import (
    Connection,
    Route,
    SessionEntry,
    WorkerPort,
)
from space_runtime.server.limits import Folders, Limits, Refusal, closed_sentence, unknown_session
from space_runtime.server.transport.zmtp import MAX_PARTS
from space_runtime.server.validation import has_unknown_type, session_settings

MAX_UNGREETED: Final = 512
"""Messages before `hello`, after which a connection is cut off."""
TOKEN_BYTES: Final = 16
SWEEP_S: Final = 0.25


class Gateway(LimitedConnections):
    """Talks to clients and gives a worker their sessions' messages.

    sessions: the table's. busy_lag_s: admission ends when the worker is
    later than this.
    """

    def __init__(
        self, limits: Limits, folders: Folders, worker: WorkerPort, welcome: m.Welcome, busy_lag_s: float = 0.05
    ) -> None:
        super().__init__(limits)
        self.sessions = self.table.sessions
        self._folders = folders
        self._worker = worker
        self._welcome = welcome
        self._busy_lag_s = busy_lag_s
        self._swept_at = -math.inf
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
            self._bad(connection, f"a message of {counted(len(parts), 'part')}; at most {MAX_PARTS} are taken", now)
            parts = ()
        for part in parts:
            self._take(connection, part, now)
            if connection.muted_until > now:
                return False
        return True

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
            size = counted(len(part), "byte")
            self._refuse(connection, ErrorCode.TOO_LARGE, f"a message of {size}; send smaller ones")
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

    def _misunderstood(self, connection: Connection, part: bytes, reason: str, now: float) -> None:
        if has_unknown_type(part):
            self._refuse(connection, ErrorCode.UNKNOWN_TYPE, reason)
        else:
            self._bad(connection, reason, now)

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
                f"this client has {counted(n_own, 'session')} already, which is its share; close some, or let the "
                "server's operator raise sessions_per_client",
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
