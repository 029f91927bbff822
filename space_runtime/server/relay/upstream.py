"""The way of a relay to the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import zmq

from space_runtime.errors import UsageError

MARK: Final = 512
"""ZeroMQ messages that may wait in either direction."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The address of the server, and the keys for it: its public key and the relay's own pair; None without CURVE."""

    address: str
    server_key: bytes | None = None
    public: bytes | None = None
    secret: bytes | None = None


def dial(context: zmq.Context[zmq.Socket[bytes]], up: Upstream) -> zmq.Socket[bytes]:
    """Return a socket that connects to the server, whenever that is there.

    Raises `UsageError` when its address is none, `zmq.ZMQError` when the system has no descriptors left.
    """
    socket = _socket(context, zmq.DEALER, up.address)
    if up.server_key and up.public and up.secret:
        socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = up.server_key, up.public, up.secret
    try:
        socket.connect(up.address)
    except zmq.ZMQError as error:
        socket.close()
        raise UsageError(f"{up.address} cannot be a server's address ({error.strerror}); check it") from None
    return socket


def _socket(context: zmq.Context[zmq.Socket[bytes]], kind: int, address: str) -> zmq.Socket[bytes]:
    socket = context.socket(kind)
    for option, value in {**_OPTIONS, zmq.IPV6: int("[" in address)}.items():
        socket.setsockopt(option, value)
    return socket


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
