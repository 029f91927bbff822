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
from space_runtime.errors import UsageError
from space_runtime.server import log_events
from space_runtime.server.connections import Route, is_own_route
from space_runtime.server.relay.upstream import Upstream, bind, dial
from space_runtime.server.tcp_link import TcpLink
from space_runtime.server.transport.zmtp import MAX_PARTS

MAX_PEERS: Final = 256
"""Local connections at a time; further ones are told so, not heard, and cut off."""
DESCRIPTORS: Final = 4 * MAX_PEERS
"""File descriptors for all of them: three each, of the connection and of its way to the server, and some more."""
SPARE_DESCRIPTORS: Final = 16
"""File descriptors that a new connection must leave, for sinks, the web page and names that are looked up."""
DEPARTED_S: Final = 0.25
"""Time between two searches for local connections that are over."""
CUT_AFTER_S: Final = 1.0
"""Time between the refusal of a local connection and its end, in which the refusal can arrive."""
SILENCE_S: Final = 60.0
"""After this long without a word from a local connection its way to the server is closed."""
UNANSWERED_S: Final = 2.0
"""After this long without any answer from the server a client is told so."""
MAX_IN_A_ROW: Final = 200
POLL_MS: Final = 100

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
    """A local connection's way to the server. link: the local connection. begun, heard_at: when the client spoke first
    and last. waits: whether the server has not answered yet, and the client has not been told so."""

    socket: zmq.Socket[bytes]
    link: TcpLink
    begun: float
    heard_at: float
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """A local connection for which there was no room. cut_at: when it is cut off."""

    link: TcpLink
    cut_at: float


class Relay:
    """Moves messages until `stop`; what fails for one connection ends that one alone.

    n_dropped: messages for which one side was too slow, or whose connection was not taken. Raises `UsageError` when the
    local address cannot be bound, or the server's is none.
    """

    def __init__(self, address: str, upstream: Upstream, observer: RelayObserver | None = None) -> None:
        self.n_dropped = 0
        self.peers: dict[Route, Peer] = {}
        self._refused: dict[Route, Refused] = {}
        self._searched_at = 0.0
        self._upstream = upstream
        self._observer = observer
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        try:
            dial(self._context, upstream).close()
            self._local = bind(self._context, address)
        except UsageError:
            self._context.destroy(linger=0)
            raise
        self.address = self._local.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        self._poller.register(self._local, zmq.POLLIN)
        self._stopped = False

    def stop(self) -> None:
        """Ask the loop to end, from anywhere."""
        self._stopped = True

    def run(self) -> None:
        """Relay until `stop`."""
        try:
            while not self._stopped:
                self.run_once(POLL_MS)
        finally:
            self._context.destroy(linger=200)

    def run_once(self, timeout_ms: int) -> None:
        """Move what waits, both ways."""
        ready = dict(self._poller.poll(timeout_ms))
        now = time.monotonic()
        if self._local in ready:
            _drain(self._local, lambda name, parts: self._alone(name.bytes, lambda: self._up(name, parts, now)))
        if now - self._searched_at >= DEPARTED_S:
            self._forget_departed(now)
        for route, peer in list(self.peers.items()):
            self._alone(route, partial(self._look_after, route, peer, peer.socket in ready, now))

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

    def _up(self, name: zmq.Frame, parts: list[bytes], now: float) -> None:
        route = name.bytes
        if len(parts) > MAX_PARTS or not is_own_route(route) or route in self._refused:
            self.n_dropped += 1  # a name of the client's choice is anybody's
            return
        peer = self.peers.get(route) or self._take(route, TcpLink.of(name), now)
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
        if not self._pass_on(self._local, [route, *parts]):
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

    def _take(self, route: Route, link: TcpLink, now: float) -> Peer | None:
        """Return the way to the server of a new local connection; None if it had to be refused."""
        if len(self.peers) >= MAX_PEERS:
            self._forget_departed(now)
        n, socket = len(self.peers), None
        if n >= MAX_PEERS:
            why = f"the relay serves {n} connections already; close some, or start another relay"
        else:
            socket = self._dial()
            why = f"the relay serves {n} connections, and its system lends it no descriptors for more; close some, "
            why += "or raise the limit of open files (ulimit -n)"
        if socket is None:
            self._refuse(route, link, why, now)
            return None
        self._poller.register(socket, zmq.POLLIN)
        self.peers[route] = peer = Peer(socket, link, now, now)
        return peer

    def _dial(self) -> zmq.Socket[bytes] | None:
        """Return a way to the server; None where the system has no descriptors left for it."""
        try:
            return dial(self._context, self._upstream) if descriptors.are_left(SPARE_DESCRIPTORS) else None
        except (zmq.ZMQError, UsageError):
            return None

    def _refuse(self, route: Route, link: TcpLink, why: str, now: float) -> None:
        """Say why a connection is not taken, and let it be cut off when that has arrived."""
        log.warning("a connection was refused: %s", why)
        self._tell(route, why)
        if len(self._refused) >= MAX_PEERS:
            self._refused.pop(next(iter(self._refused))).link.cut()
        self._refused[route] = Refused(link, now + CUT_AFTER_S)

    def _forget_departed(self, now: float) -> None:
        """Forget local connections that are over, and end those that were refused."""
        self._searched_at = now
        for route, peer in list(self.peers.items()):
            if not peer.link.is_alive:
                self._forget(route)
        for route, refused in list(self._refused.items()):
            if refused.cut_at <= now:
                refused.link.cut()
                del self._refused[route]

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
