"""Peers of the C# transport in tests: real ZeroMQ sockets, and raw TCP servers that speak ZMTP byte by byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import zmq

from tests.engine_bridge.csharp.dotnet import as_bytes, byte_array
from tests.engine_bridge.csharp.dotnet_loaded import System, Transport
from tests.support.ports import bind_again
from tests.support.waiting import PATIENCE_S

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
PATIENCE_MS = round(1000 * PATIENCE_S)
Connection = Any
"""A ``ZmtpConnection``; what comes from .NET has no types here."""


@contextlib.contextmanager
def connection(kind: str, port: int | str, **options: object) -> Iterator[Connection]:
    """A connection to a port of this machine, or to an address; disposed afterwards."""
    made = Transport.ZmtpOptions()
    for name, value in options.items():
        setattr(made, name, System.Action[System.String](value) if name == "Log" else value)
    client = Transport.ZmtpConnection(getattr(Transport.ZmtpSocketType, kind), made)
    client.Connect(port if isinstance(port, str) else f"tcp://127.0.0.1:{port}")
    try:
        yield client
    finally:
        client.Dispose()


def arrays(parts: list[bytes]) -> object:
    return System.Array[System.Array[System.Byte]]([byte_array(part) for part in parts])


def send(client: Connection, *parts: bytes) -> bool:
    return bool(client.Send(arrays(list(parts))))


def receive(client: Connection, timeout_ms: int = PATIENCE_MS) -> list[bytes] | None:
    came, message = client.Receive(timeout_ms, None)
    if not came:
        return None
    parts = [as_bytes(message.ToArray(i)) for i in range(message.Count)]
    message.Dispose()
    return parts


@contextlib.contextmanager
def zmq_socket(kind: int, port: int = 0, **options: int) -> Iterator[tuple[zmq.Socket[bytes], int]]:
    """A bound ZeroMQ socket and its port."""
    context = zmq.Context()
    made = context.socket(kind)
    made.linger = 0
    made.rcvtimeo = made.sndtimeo = PATIENCE_MS
    for name, value in options.items():
        made.setsockopt(getattr(zmq, name.upper()), value)
    try:
        bound = made.bind_to_random_port("tcp://127.0.0.1") if port == 0 else bind_again(made, port)
        yield made, bound
    finally:
        made.close()
        context.term()


def frame(body: bytes, flags: int = 0) -> bytes:
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body


def command(name: bytes, data: bytes = b"") -> bytes:
    return frame(bytes([len(name)]) + name + data, 4)


def ready(kind: bytes = b"ROUTER") -> bytes:
    return command(b"READY", b"\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind)


class TcpPeer:
    """A raw TCP server on a thread: hands each connection to a function, then closes it."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.n_accepted = 0
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> TcpPeer:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.n_accepted += 1
            accepted.settimeout(PATIENCE_S)
            self._open.append(accepted)
            with contextlib.suppress(OSError):
                self._serve(accepted)
            accepted.close()


def shake(peer: socket.socket, kind: bytes = b"ROUTER") -> None:
    """The server's side of a handshake."""
    peer.sendall(GREETING)
    read_exact(peer, 64)
    read_frame(peer)
    peer.sendall(ready(kind))


def read_exact(peer: socket.socket, n: int) -> bytes:
    data = bytearray(n)
    got = 0
    while got < n:
        came = peer.recv_into(memoryview(data)[got:])
        if not came:
            raise OSError("closed")
        got += came
    return bytes(data)


def read_frame(peer: socket.socket) -> tuple[int, bytes]:
    flags, size = read_exact(peer, 2)
    if flags & 2:
        size = struct.unpack(">Q", bytes([size]) + read_exact(peer, 7))[0]
    return flags, read_exact(peer, size)


def until_closed(peer: socket.socket) -> None:
    """Take whatever comes until the client closes."""
    while peer.recv(65_536):
        pass
