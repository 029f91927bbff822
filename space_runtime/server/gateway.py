"""The front desk: connections, greetings, admission, leases, whose session is whose. No sockets, no threads.

Bytes of a connection come in with `receive`, what workers emit with `deliver`; what goes out waits in `outbox`.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Sequence
from typing import Final

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.messages import VERSION, ErrorCode, Message, ServerMessage
from engine_bridge.protocol.schema import FROM_CLIENT
from engine_bridge.protocol.wire import audio_from, decode, encode, type_of
from space_runtime.server import log_events
from space_runtime.server.character_cache import CharacterCache, face_asked_for
from space_runtime.server.connections import Connection, Counters, Route, SessionEntry, WorkerPort
from space_runtime.server.delivery import Outgoing
from space_runtime.server.limits import Folders, Limits, Refusal
from space_runtime.server.session import CloseSession, OpenSession, ResumeSession, SessionMessage
from space_runtime.server.validation import session_settings

MAX_PARTS: Final = 64
MAX_UNGREETED_BYTES: Final = 65_536
MAX_BAD: Final = 32
"""Messages that are none, after which a connection is not listened to."""
MUTE_S: Final = 60.0
FORGET_S: Final = 60.0
"""After this silence a connection without sessions is forgotten."""
TOKEN_BYTES: Final = 16
SWEEP_S: Final = 0.25
SLOW_DOWN_S: Final = 1.0
"""How often a connection that is too fast is told so."""


class Gateway:
    """See the module. busy_lag_s: admission ends when a worker is later than this."""

    def __init__(
        self,
        limits: Limits,
        folders: Folders,
        faces: CharacterCache,
        workers: Sequence[WorkerPort],
        welcome: m.Welcome,
        busy_lag_s: float = 0.05,
    ) -> None:
        self.limits = limits
        self.connections: dict[Route, Connection] = {}
        self.sessions: dict[int, SessionEntry] = {}
        self.outbox: list[tuple[Route, bytes]] = []
        self.counters = Counters()
        self._folders = folders
        self._faces = faces
        self._workers = workers
        self._welcome = encode(welcome)
        self._busy_lag_s = busy_lag_s
        self._tokens: dict[bytes, int] = {}
        self._next_session = 1
        self._swept_at = -math.inf
        self._stopping = False

    @property
    def closed_for(self) -> ErrorCode | None:
        """Why no session can be opened now; None while one can."""
        if self._stopping:
            return ErrorCode.STOPPING
        if len(self.sessions) >= self.limits.sessions:
            return ErrorCode.TOO_MANY_SESSIONS
        return ErrorCode.BUSY if self._lag_s() > self._busy_lag_s else None

    # In

    def receive(self, route: Route, parts: Sequence[bytes], now: float) -> None:
        """Take one ZeroMQ message of a connection."""
        connection = self.connections.get(route)
        if connection is None:
            if len(self.connections) >= self.limits.connections and not self._make_room():
                self.counters.refused += 1
                return
            connection = self.connections[route] = Connection(route, now, refilled_at=now)
        if connection.muted_until > now:
            return
        connection.heard_at = now
        if len(parts) > MAX_PARTS:
            self._bad(connection, f"a message of {len(parts)} parts; at most {MAX_PARTS} are taken", now)
            return
        for part in parts:
            self._take(connection, part, now)

    def deliver(self, outgoing: Iterable[Outgoing]) -> None:
        """Take what workers emit."""
        for number, data in outgoing:
            session = self.sessions.get(number)
            if session is None:
                continue
            if data is None:
                self._forget(session)
            elif session.route is not None:
                self.outbox.append((session.route, data))

    def tick(self, now: float) -> None:
        """Let leases run out and forget silent connections."""
        if now < self._swept_at + SWEEP_S:
            return
        self._swept_at = now
        for session in list(self.sessions.values()):
            heard_at = self._heard_at(session)
            if now - heard_at > session.lease_s and not session.closing:
                self.counters.expired += 1
                self._shut(session, ErrorCode.LEASE_EXPIRED)
        silent = [c for c in self.connections.values() if not c.sessions and now - c.heard_at > FORGET_S]
        for connection in silent:
            if connection.muted_until <= now:
                del self.connections[connection.route]

    def lost(self, route: Route, now: float) -> None:
        """Say that a connection is gone: its sessions wait for `resume` until their leases run out."""
        connection = self.connections.pop(route, None)
        for number in connection.sessions if connection else ():
            session = self.sessions[number]
            session.route, session.lost_at = None, now

    def stop(self) -> None:
        """Begin to stop: nothing new is taken, every session is closed."""
        self._stopping = True
        for session in list(self.sessions.values()):
            self._shut(session, ErrorCode.STOPPING)

    def farewell(self) -> None:
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
        audio = audio_from(part) if connection.greeted else None
        if audio is not None:
            self._hand_over(connection, audio, now)
            return
        try:
            message = decode(part)
        except WireError as error:
            self._misunderstood(connection, part, str(error), now)
            return
        try:
            self._handle(connection, message, now)
        except Refusal as refusal:
            self._refuse(connection, refusal.code, str(refusal), message)

    def _allowed(self, connection: Connection, now: float) -> bool:
        """Whether a connection may say one thing more; it is told so once a second if not."""
        rate = self.limits.messages_per_s * max(1, len(connection.sessions))
        if connection.may_speak(rate, now):
            return True
        self.counters.too_fast += 1
        if now - connection.slowed_at >= SLOW_DOWN_S:
            connection.slowed_at = now
            self._refuse(connection, ErrorCode.TOO_FAST, f"more than {rate} messages a second; slow down")
        return False

    def _misunderstood(self, connection: Connection, part: bytes, reason: str, now: float) -> None:
        try:
            unknown = type_of(part) not in FROM_CLIENT
        except WireError:
            unknown = False
        if unknown:
            self._refuse(connection, ErrorCode.UNKNOWN_TYPE, reason)
        else:
            self._bad(connection, reason, now)

    def _bad(self, connection: Connection, reason: str, now: float) -> None:
        self.counters.bad_messages += 1
        connection.n_bad += 1
        if connection.n_bad >= MAX_BAD:
            connection.muted_until, connection.n_bad = now + MUTE_S, 0
        self._refuse(connection, ErrorCode.BAD_MESSAGE, reason)

    def _handle(self, connection: Connection, message: Message, now: float) -> None:
        if isinstance(message, m.Hello):
            self._greet(connection, message)
        elif not connection.greeted:
            raise Refusal(ErrorCode.NOT_GREETED, "this connection has not said hello; say it first")
        elif isinstance(message, m.Ping):
            self._say(connection, m.Pong(nonce=message.nonce))
        elif isinstance(message, m.Open):
            self._open(connection, message)
        elif isinstance(message, m.Resume):
            self._resume(connection, message)
        elif isinstance(message, m.Close):
            self._shut(self._owned(connection, message.session), "")
        elif isinstance(message, _OF_SESSIONS):
            session = self._owned(connection, message.session)
            self._workers[session.worker].post(SessionMessage(session.number, message, now))
        elif not isinstance(message, m.Pong):
            raise Refusal(ErrorCode.UNKNOWN_TYPE, f"{type(message).__name__.lower()} is for servers to say")

    def _hand_over(self, connection: Connection, audio: m.Audio, now: float) -> None:
        """The way of most messages, kept short."""
        session = self._of(connection, audio.session)
        if session is None:
            self._refuse(connection, *_unknown_session(audio.session), message=audio)
            return
        self._workers[session.worker].post(SessionMessage(session.number, audio, now))

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
        self.outbox.append((connection.route, self._welcome))

    def _open(self, connection: Connection, message: m.Open) -> None:
        settings = session_settings(message, self.limits)
        self._admit()
        face = face_asked_for(message, settings, self._faces, self._folders)
        number, self._next_session = self._next_session, self._next_session % (2**32 - 1) + 1
        worker = number % len(self._workers)
        token = secrets.token_bytes(TOKEN_BYTES)
        wears = message.character or ("neutral" if message.portrait is None else "portrait")
        self.sessions[number] = SessionEntry(number, worker, token, settings.lease_s, connection.route, wears)
        self._tokens[token] = number
        connection.sessions.add(number)
        self.counters.opened += 1
        log_events.session_opened(number, connection.client, wears, frozenset(settings.outputs), settings.fps)
        name = message.character or ""
        self._workers[worker].post(OpenSession(number, message.request, token, settings, message.until, face, name))

    def _admit(self) -> None:
        """Refuse the session too many, for a reason that it can read."""
        code = self.closed_for
        if code is ErrorCode.STOPPING:
            raise Refusal(code, "the server is about to stop; use another one")
        if code is ErrorCode.TOO_MANY_SESSIONS:
            taken = f"all {self.limits.sessions} sessions of this server are taken"
            raise Refusal(code, f"{taken}; wait, or use another server")
        if code is not None:
            late = f"the server is {self._lag_s() * 1e3:.0f} ms behind"
            raise Refusal(code, f"{late}; wait until lines end, or use another server")

    def _lag_s(self) -> float:
        return max(worker.load for worker in self._workers)

    def _resume(self, connection: Connection, message: m.Resume) -> None:
        number = self._tokens.get(bytes(message.token))
        if number is None or self.sessions[number].closing:
            raise Refusal(ErrorCode.BAD_TOKEN, "no session has this token (any more); open a new one")
        session = self.sessions[number]
        before = self.connections.get(session.route) if session.route else None
        if before:
            before.sessions.discard(number)
        session.route = connection.route
        connection.sessions.add(number)
        self.counters.resumed += 1
        self._workers[session.worker].post(ResumeSession(number, message.request))

    def _owned(self, connection: Connection, number: int) -> SessionEntry:
        """The session of that number if it is this connection's; one answer for all others."""
        session = self._of(connection, number)
        if session is None:
            raise Refusal(*_unknown_session(number))
        return session

    def _of(self, connection: Connection, number: int) -> SessionEntry | None:
        session = self.sessions.get(number)
        return session if session and session.route == connection.route and not session.closing else None

    # Ends

    def _shut(self, session: SessionEntry, reason: str) -> None:
        if not session.closing:
            session.closing = True
            self._workers[session.worker].post(CloseSession(session.number, reason))

    def _forget(self, session: SessionEntry) -> None:
        del self.sessions[session.number]
        self._tokens.pop(session.token, None)
        connection = self.connections.get(session.route) if session.route else None
        if connection:
            connection.sessions.discard(session.number)

    def _make_room(self) -> bool:
        """Forget the more silent half of the connections without sessions, which may say hello again."""
        idle = sorted((c for c in self.connections.values() if not c.sessions), key=lambda c: c.heard_at)
        for connection in idle[: -(-len(idle) // 2)]:
            del self.connections[connection.route]
        return bool(idle)

    def _heard_at(self, session: SessionEntry) -> float:
        connection = self.connections.get(session.route) if session.route else None
        return connection.heard_at if connection else session.lost_at

    # Out

    def _say(self, connection: Connection, message: ServerMessage) -> None:
        self.outbox.append((connection.route, encode(message)))

    def _refuse(self, connection: Connection, code: ErrorCode, text: str, message: Message | None = None) -> None:
        numbers = {name: getattr(message, name, None) for name in ("request", "session", "stream")}
        self._say(connection, m.Error(code=code, message=text[:MAX_SENTENCE], **numbers))
        self.counters.refused += 1
        log_events.refused(code, numbers["session"], connection.client)


MAX_SENTENCE: Final = 1_000

_OF_SESSIONS: Final = (m.Start, m.Audio, m.Speak, m.Idle, m.Set, m.End, m.Interrupt, m.Credit)


def _unknown_session(number: int) -> tuple[ErrorCode, str]:
    return ErrorCode.UNKNOWN_SESSION, f"this connection has no session {number}; open or resume one"
