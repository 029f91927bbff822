"""ZMTP by hand, over a plain TCP socket: says what no library would."""

from __future__ import annotations

import socket
import struct
import time
from typing import Final, Self

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import encode

GREETING: Final = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
READY: Final = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER" + b"\x08Identity" + bytes(4)
TIMEOUT_S: Final = 5.0
MORE: Final = 1


def host_port(address: str) -> tuple[str, int]:
    """Return where a server listens."""
    host, port = address.removeprefix("tcp://").rsplit(":", 1)
    return host, int(port)


def frame(body: bytes, flags: int = 0) -> bytes:
    """Return the bytes of a frame."""
    if len(body) > 255:
        return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body
    return bytes([flags, len(body)]) + body


class RawPeer:
    """A TCP connection that has shaken hands as a DEALER, and said hello if wanted."""

    def __init__(self, address: str, greet: bool = True) -> None:
        self.wire = socket.create_connection(host_port(address), timeout=TIMEOUT_S)
        self.wire.sendall(GREETING + b"\x04" + bytes([len(READY)]) + READY)
        if greet:
            self.say(m.Hello(versions=(m.VERSION,), client="attacker"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()

    def say(self, *messages: Message) -> None:
        """Send messages, each alone."""
        self.send(b"".join(frame(encode(message)) for message in messages))

    def send(self, data: bytes) -> None:
        """Send any bytes. Raises `OSError` once the server has hung up."""
        self.wire.sendall(data)

    def drain(self) -> None:
        """Throw away what has come, so that the server is never waited for."""
        self.wire.setblocking(False)
        try:
            while self.wire.recv(1 << 16):
                pass
            raise ConnectionError("the server has hung up")
        except BlockingIOError:
            pass
        finally:
            self.wire.settimeout(TIMEOUT_S)

    def is_cut_off(self, data: bytes, within_s: float) -> bool:
        """Send the same again and again, reading what comes; return whether the server hangs up in time."""
        end = time.monotonic() + within_s
        try:
            while time.monotonic() < end:
                self.send(data)
                self.drain()
        except OSError:
            return True
        return False

    def hung_up_within(self, seconds: float) -> bool:
        """Return whether the server closes the connection in time."""
        end = time.monotonic() + seconds
        self.wire.settimeout(0.1)
        while time.monotonic() < end:
            try:
                if not self.wire.recv(1 << 16):
                    return True
            except TimeoutError:
                continue
            except OSError:
                return True
        return False
