"""The relay: plain ZeroMQ for engines on this machine, CURVE to a server elsewhere.

Every local connection gets a connection of its own to the server, so that sessions stay apart there as they are here.
Messages pass unread; only `--to` looks at them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import zmq

from engine_bridge.protocol.messages import Error, ErrorCode
from engine_bridge.protocol.wire import encode
from space_runtime.errors import UsageError
from space_runtime.server.connections import Route, is_own_route
from space_runtime.server.transport.zmtp import MAX_PARTS

MAX_PEERS: Final = 256
"""Local connections at a time; further ones are told so and not heard."""
SILENCE_S: Final = 60.0
"""After this long without a word from a local connection its way to the server is closed."""
UNANSWERED_S: Final = 2.0
"""After this long without any answer from the server a client is told so."""
MAX_IN_A_ROW: Final = 200
POLL_MS: Final = 100
MARK: Final = 512
"""ZeroMQ messages that may wait in either direction."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upstream:
    """The address of the server, and the keys for it: its public key and the relay's own pair; None without CURVE."""

    address: str
    server_key: bytes | None = None
    public: bytes | None = None
    secret: bytes | None = None


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
    """Moves messages until `stop`. n_dropped: messages for which one side was too slow.

    Raises `UsageError` when the local address cannot be bound, or the server's is none.
    """

    def __init__(self, bind: str, upstream: Upstream, observer: RelayObserver | None = None) -> None:
        self.n_dropped = 0
        self.peers: dict[Route, Peer] = {}
        self._upstream = upstream
        self._observer = observer
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        try:
            self._dial().close()
            self._local = self._bind(bind)
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
            _drain(self._local, lambda parts: self._up(parts[0], parts[1:], now))
        for route, peer in list(self.peers.items()):
            if peer.socket in ready:
                _drain(peer.socket, lambda parts, route=route: self._down(route, parts, now))  # type: ignore[misc]
            if peer.waits and now - peer.begun > UNANSWERED_S:
                self._tell_unanswered(route, peer)
            if now - peer.heard_at > SILENCE_S:
                self._forget(route)

    def _up(self, route: Route, parts: list[bytes], now: float) -> None:
        if len(parts) > MAX_PARTS or not is_own_route(route):  # a name of the client's choice is anybody's
            self.n_dropped += 1
            return
        peer = self.peers.get(route)
        if peer is None:
            if len(self.peers) >= MAX_PEERS:
                self.n_dropped += 1
                self._tell(
                    route, f"the relay serves {MAX_PEERS} connections already; close some, or start another relay"
                )
                return
            peer = self._connect(route, now)
        peer.heard_at = now
        if self._observer:
            self._observer.up(route, parts, now)
        self._pass_on(peer.socket, parts)

    def _down(self, route: Route, parts: list[bytes], now: float) -> None:
        self.peers[route].waits = False
        if self._observer:
            self._observer.down(route, parts, now)
        self._answer(route, parts)

    def _answer(self, route: Route, parts: list[bytes]) -> None:
        try:
            self._pass_on(self._local, [route, *parts])
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            self._forget(route)

    def _tell(self, route: Route, text: str) -> None:
        """Say what only a relay can know."""
        self._answer(route, [encode(Error(code=ErrorCode.BUSY, message=text))])

    def _tell_unanswered(self, route: Route, peer: Peer) -> None:
        peer.waits = False
        where = self._upstream.address
        log.warning("%s does not answer; is it running, and does it know this machine's key?", where)
        self._tell(
            route, f"the relay gets no answer from {where}; is a server running there that knows the relay's key?"
        )

    def _pass_on(self, socket: zmq.Socket[bytes], parts: list[bytes]) -> None:
        try:
            socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:
            self.n_dropped += 1

    def _connect(self, route: Route, now: float) -> Peer:
        socket = self._dial()
        self._poller.register(socket, zmq.POLLIN)
        self.peers[route] = Peer(socket, now, now)
        return self.peers[route]

    def _dial(self) -> zmq.Socket[bytes]:
        """Return a socket that connects to the server, whenever that is there."""
        up = self._upstream
        socket = _socket(self._context, zmq.DEALER, up.address)
        if up.server_key and up.public and up.secret:
            socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = up.server_key, up.public, up.secret
        try:
            socket.connect(up.address)
        except zmq.ZMQError as error:
            raise UsageError(f"{up.address} cannot be a server's address ({error.strerror}); check it") from None
        return socket

    def _bind(self, address: str) -> zmq.Socket[bytes]:
        socket = _socket(self._context, zmq.ROUTER, address)
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        try:
            socket.bind(address)
        except zmq.ZMQError as error:
            raise UsageError(f"{address} cannot be bound ({error.strerror}); choose another --bind") from None
        return socket

    def _forget(self, route: Route) -> None:
        peer = self.peers.pop(route, None)
        if peer:
            self._poller.unregister(peer.socket)
            peer.socket.close(linger=0)
            if self._observer:
                self._observer.gone(route)


def _socket(context: zmq.Context[zmq.Socket[bytes]], kind: int, address: str) -> zmq.Socket[bytes]:
    socket = context.socket(kind)
    for option, value in {**_OPTIONS, zmq.IPV6: int("[" in address)}.items():
        socket.setsockopt(option, value)
    return socket


def _drain(socket: zmq.Socket[bytes], take: Callable[[list[bytes]], None]) -> None:
    """Take what waits, a bounded number of messages; what is taken may lead to the socket's end."""
    try:
        for _ in range(MAX_IN_A_ROW):
            if socket.closed:
                return
            take(socket.recv_multipart(zmq.NOBLOCK))
    except zmq.Again:
        pass


_OPTIONS: Final = {
    zmq.SNDHWM: MARK,
    zmq.RCVHWM: MARK,
    zmq.LINGER: 0,
    zmq.MAXMSGSIZE: 16 << 20,
    zmq.HEARTBEAT_IVL: 1_000,
    zmq.HEARTBEAT_TIMEOUT: 4_000,
    zmq.HEARTBEAT_TTL: 6_000,
    zmq.HANDSHAKE_IVL: 5_000,
}
