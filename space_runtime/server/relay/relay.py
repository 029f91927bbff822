"""The relay: plain ZeroMQ for engines on this machine, CURVE to a server elsewhere.

Every local connection gets a connection of its own to the server, so that sessions stay apart there as they are here.
Messages pass unread; only `--to` looks at them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import zmq

from engine_bridge.protocol import descriptors
from engine_bridge.protocol.messages import Error, ErrorCode
from engine_bridge.protocol.wire import encode
from space_runtime.errors import UsageError, counted
from space_runtime.server import log_events
from space_runtime.server.connections import Route, is_own_route
from space_runtime.server.relay.upstream import Upstream, dial
from space_runtime.server.transport.client import Rates
from space_runtime.server.transport.listener import Listener
from space_runtime.server.transport.zmtp import Null, Overrun

MAX_PEERS: Final = 256
"""Local connections at a time; further ones are told so, not heard, and cut off."""
DESCRIPTORS: Final = 4 * MAX_PEERS
"""File descriptors for all of them: three each, of the connection and of its way to the server, and some more."""
SPARE_DESCRIPTORS: Final = 16
"""File descriptors that a new connection must leave, for sinks, the web page and names that are looked up."""
SILENCE_S: Final = 60.0
"""After this long without a word from a local connection its way to the server is closed."""
UNANSWERED_S: Final = 2.0
"""After this long without any answer from the server a client is told so."""
MAX_IN_A_ROW: Final = 200
MESSAGE_BYTES: Final = 16 << 20
"""The longest part that passes."""
BYTES_PER_S: Final = 64 << 20
WEIGHT: Final = 16
"""Sessions that a local connection is counted for, whatever it has: messages pass unread."""
POLL_MS: Final = 100
BLIND_POLL_MS: Final = 5
"""The same where the system cannot wait for the server and for local connections at once (Windows)."""

LINGER_S: Final = 0.2
"""Time in which a relay that stops sends what waits."""

log = logging.getLogger(__name__)


class RelayObserver(Protocol):
    """Looks at what passes."""

    def up(self, route: Route, parts: list[bytes], now: float) -> None:
        """A client said something."""
        ...

    def down(self, route: Route, parts: list[bytes], now: float) -> None:
        """The server said something to a client."""
        ...

    def gone(self, route: Route) -> None:
        """A client's connection is over."""
        ...


@dataclass(slots=True, eq=False)
class Peer:
    """A local connection's way to the server. begun, heard_at: when the client spoke first and last. waits: whether the
    server has not answered yet, and the client has not been told so."""

    socket: zmq.Socket[bytes]
    begun: float
    heard_at: float
    waits: bool = True


class Relay:
    """Moves messages until `stop`; what fails for one connection ends that one alone.

    n_dropped: messages for which one side was too slow, or whose connection was not taken. Raises `UsageError` when the
    local address cannot be bound, or the server's is none.
    """

    def __init__(self, address: str, upstream: Upstream, observer: RelayObserver | None = None) -> None:
        self.n_dropped = 0
        self.peers: dict[Route, Peer] = {}
        self._upstream = upstream
        self._observer = observer
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        try:
            dial(self._context, upstream).close()
            rates = Rates(MESSAGE_BYTES, BYTES_PER_S, DESCRIPTORS)
            self._listener = Listener(address, Null, self, rates)
        except UsageError:
            self._context.destroy(linger=0)
            raise
        self.address = self._listener.address
        self._poll_ms = POLL_MS
        try:
            self._poller.register(self._listener.poller.fileno(), zmq.POLLIN)
        except OSError:  # the connections are looked at again and again instead
            self._poll_ms = BLIND_POLL_MS
        self._stopped = False

    def stop(self) -> None:
        """Ask the loop to end, from anywhere."""
        self._stopped = True

    def run(self) -> None:
        """Relay until `stop`."""
        try:
            while not self._stopped:
                self.run_once(self._poll_ms)
        finally:
            self._listener.close(LINGER_S)
            self._context.destroy(linger=200)

    def run_once(self, timeout_ms: int) -> None:
        """Move what waits, both ways."""
        ready = dict(self._poller.poll(0 if self._listener.is_behind else timeout_ms))
        now = time.monotonic()
        self._listener.serve(self._listener.wait(0.0), now)
        for route, peer in list(self.peers.items()):
            self._alone(route, partial(self._look_after, route, peer, peer.socket in ready, now))

    # What local connections say

    def receive(self, route: Route, parts: list[bytes], now: float, key: bytes) -> bool:
        """Pass a message on; return whether the connection is heard further."""
        self._alone(route, lambda: self._up(route, parts, now))
        return route in self.peers

    def overran(self, route: Route, kind: Overrun, size: int, now: float, key: bytes) -> bool:
        """Count a message that was too much, which the server would not have taken either."""
        self.n_dropped += 1
        return True

    def part_bytes(self, route: Route) -> int:
        """Return how long a part may be."""
        return MESSAGE_BYTES

    def is_needed(self, route: Route) -> bool:
        """Return whether a connection has a way to the server."""
        return route in self.peers

    def weight(self, route: Route) -> int:
        """Return by how much the rates of a connection are multiplied."""
        return WEIGHT

    def too_fast(self, route: Route, now: float) -> None:
        """Count that a connection is slowed down."""
        self.n_dropped += 1

    def lost(self, route: Route, now: float) -> None:
        """Close the way to the server of a connection that is over."""
        self._forget(route)

    def _look_after(self, route: Route, peer: Peer, is_ready: bool, now: float) -> None:
        """Pass on what the server said to a client, and do what is due."""
        if is_ready:
            _drain(peer.socket, lambda first, rest: self._down(route, [first.bytes, *rest], now))
        if peer.waits and now - peer.begun > UNANSWERED_S:
            self._tell_unanswered(route, peer)
        if now - peer.heard_at > SILENCE_S:
            self._forget(route)

    def _alone(self, route: Route, work: Callable[[], None]) -> None:
        """Do something for one connection; if it fails, that one ends."""
        try:
            work()
        except Exception:  # the top of the thread, for each connection of its own
            log.exception("a connection was ended by a fault of the relay")
            self._forget(route)

    def _up(self, route: Route, parts: list[bytes], now: float) -> None:
        if not is_own_route(route):
            self.n_dropped += 1  # a name of the client's choice is anybody's
            return
        peer = self.peers.get(route) or self._take(route, now)
        if peer is None:
            self.n_dropped += 1
            return
        peer.heard_at = now
        self._show(lambda observer: observer.up(route, parts, now))
        if not self._pass_on(peer.socket, parts):
            self._forget(route)

    def _down(self, route: Route, parts: list[bytes], now: float) -> None:
        self.peers[route].waits = False
        self._show(lambda observer: observer.down(route, parts, now))
        self._answer(route, parts)

    def _answer(self, route: Route, parts: list[bytes]) -> None:
        taken = self._listener.send(route, parts)
        self.n_dropped += taken is False
        if taken is None:
            self._forget(route)

    def _tell(self, route: Route, text: str) -> None:
        """Say what only a relay can know."""
        self._answer(route, [encode(Error(code=ErrorCode.BUSY, message=text))])

    def _tell_unanswered(self, route: Route, peer: Peer) -> None:
        peer.waits = False
        where = self._upstream.address
        log_events.write(log_events.server_silent(where))
        self._tell(
            route, f"the relay gets no answer from {where}; is a server running there that knows the relay's key?"
        )

    def _pass_on(self, socket: zmq.Socket[bytes], parts: list[bytes]) -> bool:
        """Send if there is room, else count; return false when there is nobody (any more) to whom it could go."""
        try:
            socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:
            self.n_dropped += 1
        except zmq.ZMQError:
            return False
        return True

    def _take(self, route: Route, now: float) -> Peer | None:
        """Return the way to the server of a new local connection; None if it had to be refused."""
        n, socket = len(self.peers), None
        if n >= MAX_PEERS:
            why = f"the relay serves {counted(n, 'connection')} already; close some, or start another relay"
        else:
            socket = self._dial()
            why = f"the relay serves {counted(n, 'connection')}, and its system lends it no descriptors for more; "
            why += "close some, or raise the limit of open files (ulimit -n)"
        if socket is None:
            log.warning("a connection was refused: %s", why)
            self._tell(route, why)
            self._listener.cut(route, now)
            return None
        self._poller.register(socket, zmq.POLLIN)
        self.peers[route] = peer = Peer(socket, now, now)
        return peer

    def _dial(self) -> zmq.Socket[bytes] | None:
        """Return a way to the server; None where the system has no descriptors left for it."""
        try:
            return dial(self._context, self._upstream) if descriptors.are_left(SPARE_DESCRIPTORS) else None
        except (zmq.ZMQError, UsageError):
            return None

    def _forget(self, route: Route) -> None:
        peer = self.peers.pop(route, None)
        if peer:
            self._poller.unregister(peer.socket)
            peer.socket.close(linger=0)
            self._show(lambda observer: observer.gone(route))

    def _show(self, tell: Callable[[RelayObserver], None]) -> None:
        if self._observer is None:
            return
        try:
            tell(self._observer)
        except Exception:  # the top of the thread: what cannot be shown passes all the same
            log.exception("something that passed could not be shown")


def _drain(socket: zmq.Socket[bytes], take: Callable[[zmq.Frame, list[bytes]], None]) -> None:
    """Take what waits, a bounded number of messages; what is taken may lead to the socket's end."""
    try:
        for _ in range(MAX_IN_A_ROW):
            if socket.closed:
                return
            first = socket.recv(zmq.NOBLOCK, copy=False)
            take(first, socket.recv_multipart(zmq.NOBLOCK) if first.more else [])
    except zmq.Again:
        pass
