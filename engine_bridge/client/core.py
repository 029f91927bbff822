"""A client without sockets: messages in, messages out, and whether there should be a connection. Time is a parameter.

The owner of the socket connects when `wants_dial` and says so (`dialled`), calls `connected` and `lost` as they happen,
`receive` with what comes, `tick` now and then (at `wake_at` at the latest), and sends what `drain` returns.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Final

from engine_bridge.client.fitting import check_fits
from engine_bridge.client.link import Link as Link
from engine_bridge.client.log import ClientCounters
from engine_bridge.client.server_messages import ServerMessages
from engine_bridge.client.session_core import FIRST_PAUSE_S, LONGEST_PAUSE_S, SessionCore
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError, RefusedError, UnreachableError
from engine_bridge.protocol.messages import VERSION, ErrorCode
from engine_bridge.protocol.server_ranges import problem_with
from engine_bridge.protocol.wire import encode

PING_S: Final = 1.0
SILENCE_S: Final = 4.0
"""A server that says nothing for so long is gone."""
SPREAD: Final = 0.25
"""Share of a pause that chance adds."""
MAX_ANSWERS: Final = 1_024
"""Messages that may wait to be sent when a server asks whether this client is there; of more, none is answered."""


class ClientCore:
    """All sessions over one connection."""

    def __init__(self, name: str, address: str, rng: random.Random) -> None:
        self.link = Link.DOWN
        self.welcome: m.Welcome | None = None
        self.counters = ClientCounters()
        self._reader = ServerMessages(self.counters)
        self.trouble = ""
        self._name, self._address, self._rng = name, address, rng
        self._sessions: list[SessionCore] = []
        self._by_request: dict[int, SessionCore] = {}
        """Sessions whose opening or resuming has been asked for, by the number of that request."""
        self._by_number: dict[int, SessionCore] = {}
        """Sessions that the server has, by its number for them."""
        self._out: list[bytes] = []
        self._requests = 0
        self._pause = FIRST_PAUSE_S
        self._dial_at = -math.inf
        self._heard_at = self._said_at = -math.inf
        self._told = ""
        """The server's last complaint on this connection."""
        self._is_told = False
        """True where a server, or a relay, said `trouble`: then one is running there."""
        self._failure: BridgeError | None = None

    # Sessions

    def open(self, opening: m.Open) -> SessionCore:
        """Ask for a session. It is there when its `is_open`; if it has a `failure`, it never will be."""
        if self._failure:
            raise self._failure
        check_fits(opening)  # what does not fit is refused here, not when it is sent
        session = SessionCore(opening, self._say)
        self._sessions.append(session)
        if self.link is Link.UP:
            self._greet_for(session)
        return session

    def drop(self, session: SessionCore) -> None:
        """Close a session and forget it, as soon as a server that is just opening it has answered."""
        answered = session.is_open or self.link is not Link.UP
        session.close()
        if answered:
            self._forget(session)

    def close(self) -> None:
        """Close all sessions."""
        for session in list(self._sessions):
            self.drop(session)

    def fail(self, error: BridgeError) -> None:
        """End everything; whoever asks from now on gets this error."""
        self._failure = self._failure or error
        self.link = Link.USELESS
        self._out.clear()
        for session in self._known():
            session.lose()
            session.failure = session.failure or self._failure

    def unreachable(self, timeout_s: float) -> UnreachableError:
        """Return the error for somebody who has waited for the server."""
        why = f" ({self.trouble})" if self.trouble else ""
        advice = "" if self._is_told else "; is 'space-runtime serve' running there, and does it expect CURVE?"
        return UnreachableError(f"no SPACE server answered at {self._address} within {timeout_s:g} s{why}{advice}")

    # The connection

    def wants_dial(self, now: float) -> bool:
        """Return whether it is time to connect."""
        return self.link is Link.DOWN and now >= self._dial_at

    def dialled(self, now: float) -> None:
        """A connection is being made."""
        self.link = Link.DIALLING
        self._heard_at = now

    def connected(self, now: float) -> None:
        """The connection is there."""
        self.link = Link.DIALLING
        self._told = ""
        self._greet(now)

    def lost(self, now: float, why: str) -> None:
        """The connection is gone, or was never made."""
        if self.link in (Link.DOWN, Link.USELESS):
            return
        self.counters.lost += 1
        self.trouble, self._is_told, self._told = self._told or why, bool(self._told), ""
        self.link = Link.DOWN
        self._out.clear()
        self._dial_at = now + self._pause * (1 + SPREAD * self._rng.random())
        self._pause = min(2 * self._pause, LONGEST_PAUSE_S)
        for session in self._known():
            session.lose()

    def receive(self, parts: Iterable[bytes], now: float) -> None:
        """Take the parts of a ZeroMQ message."""
        self.take(self.read(parts), now)

    def read(self, parts: Iterable[bytes]) -> list[m.ServerMessage]:
        """Return the messages in parts, for `take`. Touches counters alone, so that nobody has to wait meanwhile."""
        return [message for part in parts if (message := self._reader.read(part)) is not None]

    def take(self, messages: Iterable[m.ServerMessage], now: float) -> None:
        """Do what messages say; the server has just been heard."""
        for message in messages:
            if not self.is_down:
                self._take(message, now)
        if not self.is_down:
            self._heard_at = now

    def tick(self, now: float) -> None:
        """Do what is due: give up a silent server, ping, open lost sessions again."""
        if self.link in (Link.DOWN, Link.USELESS):
            return
        if now - self._heard_at >= SILENCE_S:
            self.lost(now, f"nothing was heard for {SILENCE_S:g} s")
            return
        if self.link is not Link.UP or self.welcome is None:
            return
        for session in self._sessions:
            if session.reopen_at <= now:
                self._greet_for(session)
            session.tick(now)
        if now - self._said_at >= PING_S and not self._out:
            self._say(m.Ping(nonce=self._rng.getrandbits(63)))

    def drain(self, now: float) -> list[bytes]:
        """Take what is to be sent, each a part."""
        parts, self._out = self._out, []
        if parts:
            self._said_at = now
        return parts

    @property
    def is_down(self) -> bool:
        """True while there shall be no connection."""
        return self.link in (Link.DOWN, Link.USELESS)

    @property
    def has_output(self) -> bool:
        """True while `drain` would return something."""
        return bool(self._out)

    def wake_at(self, now: float) -> float:
        """Return the time of the next `tick` at the latest."""
        if self.link is Link.USELESS:
            return math.inf
        if self.link is Link.DOWN:
            return self._dial_at
        times = [self._heard_at + SILENCE_S]
        if self.link is Link.UP:
            times.append(self._said_at + PING_S)
            times += [session.wake_at(now) for session in self._sessions]
        return min(times)

    # Inside

    def _say(self, message: m.ClientMessage) -> None:
        if self.link in (Link.GREETING, Link.UP):
            self._out.append(encode(message))

    def _greet(self, now: float) -> None:
        """Say hello, on a new connection or to a server that has forgotten this one."""
        for session in self._known():
            session.lose()
        self._out.clear()
        self.link = Link.GREETING
        self._heard_at = now
        self._say(m.Hello(versions=(VERSION,), client=self._name))

    def _take(self, message: m.ServerMessage, now: float) -> None:
        match message:
            case m.Welcome():
                self._welcome(message, now)
            case m.Ping():
                if len(self._out) < MAX_ANSWERS:
                    self._say(m.Pong(nonce=message.nonce))
            case m.Pong():
                pass
            case m.Bye():
                self._told = self._told or f"the server said good-bye: {message.reason}"
                self.lost(now, self._told)
            case m.Error() if message.code == ErrorCode.NOT_GREETED or message.session is message.request is None:
                self._error(message, now)
            case _:
                self._dispatch(message, now)

    def _welcome(self, message: m.Welcome, now: float) -> None:
        if self.link is not Link.GREETING:
            return
        problem = problem_with(message)
        if message.version != VERSION:
            self.fail(RefusedError(ErrorCode.UNSUPPORTED_VERSION, problem))
            return
        if problem:
            self.lost(now, problem)
            return
        self.counters.connections += 1
        self.link, self.welcome = Link.UP, message
        self._pause, self.trouble, self._is_told = FIRST_PAUSE_S, "", False
        for session in self._known():
            self._greet_for(session)

    def _error(self, message: m.Error, now: float) -> None:
        """An error about the connection itself."""
        self.counters.errors += 1
        self.trouble = self._told = message.message
        self._is_told = True
        if message.code == ErrorCode.NOT_GREETED and self.link is Link.UP:
            self._greet(now)
        elif message.code == ErrorCode.UNSUPPORTED_VERSION:
            self.fail(RefusedError(message.code, message.message))
        elif message.code == ErrorCode.TOO_FAST:
            for session in self._sessions:
                session.receive(message, now)

    def _dispatch(self, message: m.ServerMessage, now: float) -> None:
        session = self._session_of(message)
        if session is None:
            self.counters.stray += 1
            return
        session.receive(message, now)  # type: ignore[arg-type]  # what has a session or a request is about a session
        if session.closed:
            self._forget(session)
        elif isinstance(message, m.Opened | m.Resumed):
            self._by_number[message.session] = session

    def _session_of(self, message: m.ServerMessage) -> SessionCore | None:
        """Find the session by the request that is answered, or else by its number."""
        request = getattr(message, "request", None)
        if request is not None:
            session = self._by_request.get(request)
            return None if session is None or session.is_open else session
        number = getattr(message, "session", 0)
        session = self._by_number.get(number)
        return None if session is None or session.replay.session != number else session

    def _known(self) -> list[SessionCore]:
        """Return the sessions that somebody still wants; others end with the connection, and all numbers with them."""
        self._sessions = [session for session in self._sessions if not session.closed]
        self._by_request.clear()
        self._by_number.clear()
        return list(self._sessions)

    def _forget(self, session: SessionCore) -> None:
        if session in self._sessions:
            self._sessions.remove(session)
            self._forget_numbers(session)

    def _forget_numbers(self, session: SessionCore) -> None:
        self._by_request.pop(session.opening.request, None)
        if session.opened and self._by_number.get(session.opened.session) is session:
            del self._by_number[session.opened.session]

    def _greet_for(self, session: SessionCore) -> None:
        """Ask for a session under a request of its own."""
        if self.welcome is None:
            return
        self._forget_numbers(session)
        self._requests += 1
        self._by_request[self._requests] = session
        session.greet(self._requests, self.welcome)
