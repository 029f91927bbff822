"""TCP ports of this machine."""

from __future__ import annotations

import contextlib
import socket

import zmq

from tests.support.waiting import eventually


def free_port() -> int:
    """Return a port that no program uses at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def bind_again(bound: zmq.Socket[bytes], port: int) -> int:
    """Bind a socket to a port that was in use a moment ago; return the port."""

    def is_bound() -> bool:
        with contextlib.suppress(zmq.ZMQError):
            bound.bind(f"tcp://127.0.0.1:{port}")
            return True
        return False

    assert eventually(is_bound), f"port {port} stays in use"
    return port
