"""The TCP connection behind a message of a ZeroMQ socket: whether it is still there, and its end."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import zmq


@dataclass(frozen=True, slots=True)
class TcpLink:
    """A TCP connection. descriptor: of ZeroMQ's socket, negative if it was over before it could be looked at.

    peer: the address at its other end, which tells it from a later connection with the same descriptor.
    """

    descriptor: int
    peer: object

    @classmethod
    def of(cls, part: zmq.Frame) -> Self:
        """Return the connection over which a part came: libzmq notes its descriptor with every part."""
        try:
            descriptor = int(part.get(zmq.SRCFD))
            with _borrowed(descriptor) as wire:
                return cls(descriptor, wire.getpeername())
        except (OSError, ValueError, zmq.ZMQError):  # over already
            return cls(-1, None)

    @property
    def is_alive(self) -> bool:
        """True while it is there."""
        try:
            with _borrowed(self.descriptor) as wire:
                return bool(wire.getpeername() == self.peer)
        except (OSError, ValueError):
            return False

    def cut(self) -> None:
        """End it at once and without a word: what the peer still sends is not received."""
        try:
            with _borrowed(self.descriptor) as wire:
                if wire.getpeername() == self.peer:
                    wire.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError):
            return


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """Yield a socket by its descriptor, which stays ZeroMQ's."""
    wire = socket.socket(fileno=descriptor)
    try:
        yield wire
    finally:
        wire.detach()
