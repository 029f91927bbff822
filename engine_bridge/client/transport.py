"""The DEALER socket of a client: which addresses are allowed, CURVE, and what a socket's monitor says."""

from __future__ import annotations

import contextlib
import math
import re
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import zmq
import zmq.asyncio
from zmq.auth import load_certificate
from zmq.error import ZMQError
from zmq.utils.monitor import parse_monitor_message

from engine_bridge.protocol import descriptors
from engine_bridge.protocol.errors import BridgeError
from engine_bridge.protocol.loopback import is_allowed_host
from engine_bridge.protocol.secret_file import exposure_of

MAX_PARTS: Final = 64
"""Messages in one ZeroMQ message at most."""
MAX_PART_BYTES: Final = 1 << 24
"""Longest part that is taken: more than a picture of 2048 × 2048."""
MAX_BACKLOG: Final = 256
"""ZeroMQ messages that may wait for a peer that takes none."""
MAX_WAITING: Final = 16
"""ZeroMQ messages that may wait to be read; then TCP slows the server down."""
MAX_AT_ONCE: Final = 256
"""Parts that are read before others get their turn."""
MAX_BYTES_AT_ONCE: Final = 1 << 23
"""The same in bytes."""
SLICE: Final = 16
"""Parts that are handled while callers wait."""
SLICE_BYTES: Final = 1 << 19
"""The same in bytes."""
DESCRIPTORS: Final = 16
"""Descriptors that a connection may need, with its threads."""
LINGER_MS: Final = 50
"""Time in which a closing socket may still send its last messages."""

Z85_KEY: Final = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


@dataclass(frozen=True, slots=True)
class Curve:
    """Keys of an encrypted connection, each 40 characters of Z85."""

    server_key: str
    """The server's public key."""
    public_key: str
    """The client's own, which the server's allow-list must have."""
    secret_key: str = field(repr=False)

    @classmethod
    def from_files(cls, server: str | Path, own: str | Path) -> Self:
        """Read the server's public and this client's secret key file, as ``space-runtime keygen`` writes them.

        Raises `BridgeError` for what is no key, and for a secret file that others than its owner can read (POSIX).
        """
        try:
            server_key, (public_key, secret_key) = load_certificate(server)[0], load_certificate(own)
            exposure = exposure_of(own)
        except (OSError, ValueError) as error:
            raise BridgeError(
                f"{server} or {own} cannot be read as a key file ({error}); make them with keygen"
            ) from None
        if secret_key is None:
            raise BridgeError(f"{own} holds no secret key; give the file that ends in .key_secret")
        if exposure:
            raise BridgeError(f"{own} is a secret key, and {exposure}")
        return cls(server_key.decode(), public_key.decode(), secret_key.decode())

    def __post_init__(self) -> None:
        for name in ("server_key", "public_key", "secret_key"):
            if not Z85_KEY.fullmatch(getattr(self, name)):
                raise BridgeError(
                    f"the {name} is no CURVE key; expected 40 characters of Z85, as zmq.curve_keypair makes"
                )


def check_address(address: str, curve: Curve | None, allow_insecure: bool) -> None:
    """Refuse what is no TCP address, and other machines without encryption."""
    found = re.fullmatch(r"tcp://(\[[^\[\]]+\]|[^\[\]:/]+):(\d{1,5})", address)
    if not found or not 0 < int(found[2]) < 65_536:
        raise BridgeError(f"{address!r} is no server's address; expected tcp://HOST:PORT, like tcp://127.0.0.1:5570")
    if not is_allowed_host(found[1], allow_insecure, curve is not None):
        raise BridgeError(
            f"{address} is another machine, and without CURVE everybody on the way can listen in; "
            "give curve=Curve(…), or allow_insecure=True for a network that you trust"
        )


class Dealer:
    """A DEALER socket with its monitor, or none; belongs to one thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str, curve: Curve | None) -> None:
        self._context, self._address, self._curve = context, address, curve
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self._backlog: deque[list[bytes]] = deque()

    @property
    def is_up(self) -> bool:
        """True while there is a socket."""
        return self._socket is not None

    def dial(self) -> None:
        """Begin to connect. The socket tries once; `news` tells how it went.

        Raises `BridgeError` where the system has no descriptors left: ZeroMQ itself would end the program.
        """
        self.hang_up()
        check_descriptors()
        self._socket = self._context.socket(zmq.DEALER)
        configure(self._socket, self._curve)
        self._monitor = self._socket.get_monitor_socket(MONITORED)
        try:
            self._socket.connect(self._address)
        except ZMQError:
            self.hang_up()  # the silence that follows ends the attempt

    def hang_up(self) -> None:
        """Close the socket."""
        self._backlog.clear()
        if self._socket:
            self._socket.disable_monitor()
            self._socket.close(linger=LINGER_MS)
        if self._monitor:
            self._monitor.close(linger=0)
        self._socket = self._monitor = None

    def send(self, parts: list[bytes]) -> bool:
        """Send messages as far as the peer takes them, the rest with the next call; return false when too many wait."""
        self._backlog += [parts[k : k + MAX_PARTS] for k in range(0, len(parts), MAX_PARTS)]
        while self._backlog and self._socket:
            try:
                self._socket.send_multipart(self._backlog[0], zmq.NOBLOCK)
            except zmq.Again:
                return len(self._backlog) <= MAX_BACKLOG
            self._backlog.popleft()
        return True

    def poll(self, wake: socket.socket, timeout_s: float) -> None:
        """Wait until something comes, can be sent, or ``wake`` is readable; empties that."""
        poller = zmq.Poller()
        poller.register(wake, zmq.POLLIN)
        if self._socket and self._monitor:
            poller.register(self._socket, zmq.POLLIN | (zmq.POLLOUT if self._backlog else 0))
            poller.register(self._monitor, zmq.POLLIN)
        poller.poll(math.ceil(1_000 * timeout_s))
        with contextlib.suppress(BlockingIOError):
            wake.recv(4_096)

    def receive(self) -> list[bytes]:
        """Return the parts that have come, so many and so large at most, and the rest of the last ZeroMQ message."""
        arrived: list[bytes] = []
        n_bytes = 0
        while self._socket and len(arrived) < MAX_AT_ONCE and n_bytes < MAX_BYTES_AT_ONCE:
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            arrived += parts
            n_bytes += sum(map(len, parts))
        return arrived

    def news(self) -> tuple[bool | None, str]:
        """Return whether the connection has come (True) or gone (False) since the last call, and why."""
        while self._monitor:
            try:
                is_up, why = verdict(self._monitor.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                break
            if is_up is not None:
                return is_up, why
        return None, ""


def slices(parts: list[bytes]) -> Iterator[list[bytes]]:
    """Yield parts in order, a few at a time: as many as are handled while callers wait."""
    taken: list[bytes] = []
    n_bytes = 0
    for part in parts:
        taken.append(part)
        n_bytes += len(part)
        if len(taken) == SLICE or n_bytes >= SLICE_BYTES:
            yield taken
            taken, n_bytes = [], 0
    if taken:
        yield taken


def check_descriptors() -> None:
    """Raise `BridgeError` unless some more descriptors can be opened."""
    if not descriptors.are_left(DESCRIPTORS):
        raise BridgeError(
            "the system has no descriptors left for a connection; close files, or raise the limit (ulimit -n)"
        )


def configure(socket: zmq.Socket[bytes] | zmq.asyncio.Socket, curve: Curve | None) -> None:
    """Set a DEALER's options."""
    options = {
        zmq.RECONNECT_IVL: -1,
        zmq.LINGER: LINGER_MS,
        zmq.SNDHWM: 1_000,
        zmq.RCVHWM: MAX_WAITING,
        zmq.MAXMSGSIZE: MAX_PART_BYTES,
        zmq.IPV6: 1,
        zmq.HANDSHAKE_IVL: 4_000,
    }
    for option, value in options.items():
        socket.setsockopt(option, value)
    if curve:
        socket.curve_serverkey = curve.server_key.encode()
        socket.curve_publickey = curve.public_key.encode()
        socket.curve_secretkey = curve.secret_key.encode()


def verdict(event: list[bytes]) -> tuple[bool | None, str]:
    """Return what a monitor's message means: connected (True), gone (False) or nothing (None), and why."""
    kind = zmq.Event(parse_monitor_message(event)["event"])
    if kind == zmq.EVENT_HANDSHAKE_SUCCEEDED:
        return True, ""
    return (False, _REASONS[kind]) if kind in _REASONS else (None, "")


_REASONS: Final = {
    zmq.EVENT_CLOSED: "the connection was refused",
    zmq.EVENT_CONNECT_RETRIED: "the connection was refused",
    zmq.EVENT_DISCONNECTED: "the server closed the connection",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "the handshake failed",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "the handshake failed",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "the server refused this client's key: put it on the server's list",
}


MONITORED: Final = zmq.EVENT_HANDSHAKE_SUCCEEDED | sum(_REASONS)
