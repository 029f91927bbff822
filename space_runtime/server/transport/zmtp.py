"""The server's end of a ZMTP 3.1 connection: greeting, handshake, heartbeats, messages. Knows no sockets.

Source: https://rfc.zeromq.org/spec/37/. Peers have to be DEALERs (REQ and ROUTER may talk too, as to any ROUTER).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from space_runtime.server.transport.errors import BreachError
from space_runtime.server.transport.frames import COMMAND, FLAGS, MORE, FrameReader, frame

GREETING_BYTES: Final = 64
SIGNATURE: Final = b"\xff" + bytes(8) + b"\x7f"
MAX_COMMAND: Final = 4_096
"""Bytes of a command; the longest of a handshake has some 500."""
MAX_PARTS: Final = 64
"""Parts of a message."""
MAX_EXCESS_PARTS: Final = 1_024
"""Parts too many after which a connection is cut off in the middle of its message."""
MAX_PING_CONTEXT: Final = 16
PEERS: Final = frozenset({b"DEALER", b"REQ", b"ROUTER"})
PING: Final = frame(COMMAND, b"\x04PING\x00\x00")


class Overrun(StrEnum):
    """A way in which one message is too much."""

    PARTS = "parts"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The words of a peer about itself in its handshake. identity: the routing id of its choice, mostly empty."""

    socket_type: bytes
    identity: bytes


class Mechanism(Protocol):
    """A security mechanism: how a handshake goes and how frames are protected after it.

    name: as it stands in the greeting. hides_flags: whether a frame's own flags lie inside of what it protects.
    key: the peer's public key as Z85 text, empty without one. metadata: None until the handshake is over.
    """

    name: bytes
    hides_flags: bool
    key: bytes
    metadata: Metadata | None

    def answer(self, command: bytes) -> bytes:
        """Take a command of the handshake; return the body of the one to answer. Raises `BreachError`."""
        ...

    def opened(self, flags: int, body: bytes) -> tuple[int, bytes]:
        """Return flags and body of what a frame protects. Raises `BreachError`."""
        ...

    def sealed(self, flags: int, body: bytes) -> bytes:
        """Return the bytes of a frame that protects flags and a body."""
        ...


class Null:
    """No security: for loopback, and for networks that are trusted."""

    name = b"NULL"
    hides_flags = False

    def __init__(self) -> None:
        self.key = b""
        self.metadata: Metadata | None = None

    def answer(self, command: bytes) -> bytes:
        """Take READY, answer with ours."""
        if not command.startswith(READY):
            raise BreachError("a command other than READY in the handshake")
        self.metadata = parsed_metadata(command[len(READY) :])
        return READY + OWN_METADATA

    def opened(self, flags: int, body: bytes) -> tuple[int, bytes]:
        """Return them as they are."""
        return flags, body

    def sealed(self, flags: int, body: bytes) -> bytes:
        """Return a plain frame."""
        return frame(flags, body)


class Receiver(Protocol):
    """Takes what a connection says."""

    def introduce(self, key: bytes, chose_name: bool) -> None:
        """Hear the peer's key, and whether it chose a name (routing id), before the first message."""
        ...

    def part_bytes(self) -> int:
        """Return how long a part may be now."""
        ...

    def message(self, parts: list[bytes]) -> bool:
        """Take a message; return whether the connection is heard further."""
        ...

    def overrun(self, kind: Overrun, size: int) -> bool:
        """Hear that a message was too much and is passed over; return whether the connection is heard further."""
        ...


class Zmtp:
    """One connection. answers: bytes to send. n_messages: so far. message_bytes: the longest part.

    `feed` hands messages to the receiver, and raises `BreachError` when the connection has to end for a breach.
    """

    def __init__(self, mechanism: Mechanism, receiver: Receiver, message_bytes: int) -> None:
        self.n_messages = 0
        self.mechanism = mechanism
        self.answers = bytearray(greeting_of(mechanism.name))
        self._receiver = receiver
        self._message_bytes = message_bytes
        self._greeting: bytes | None = b""
        self._reader = FrameReader(self._admit)
        self._parts: list[bytes] = []
        self._n_parts = self._n_bytes = self._excess_bytes = 0
        self._is_over = False

    @property
    def is_ready(self) -> bool:
        """Return whether the handshake is over."""
        return self.mechanism.metadata is not None

    @property
    def n_missing(self) -> int:
        """Bytes that are to come of a part that has begun."""
        return self._reader.n_missing

    @property
    def held(self) -> int:
        """Bytes kept of a message that is not complete."""
        return self._n_bytes + self._reader.held

    def feed(self, data: bytes) -> bool:
        """Take bytes of the peer; return False when the receiver hears no further: nothing may be fed after that."""
        if self._greeting is not None:
            data = self._greet(self._greeting + data)
        return all(self._take(flags, body) for flags, body in self._reader.feed(data))

    def encoded(self, parts: Sequence[bytes]) -> bytes:
        """Return the bytes of a message."""
        sealed, last = self.mechanism.sealed, len(parts) - 1
        return b"".join([sealed(MORE if n < last else 0, part) for n, part in enumerate(parts)])

    def ping(self) -> bytes:
        """Return the bytes of a heartbeat."""
        return self.mechanism.sealed(COMMAND, PING[2:])

    def forget(self) -> None:
        """Drop what has come of a message; nothing may be fed after this."""
        self._parts, self._n_bytes = [], 0
        self._reader.forget()

    def _greet(self, data: bytes) -> bytes:
        """Take the beginning of a connection; return what follows the greeting, once that is complete."""
        check_greeting(data[:GREETING_BYTES], self.mechanism.name)
        self._greeting = data if len(data) < GREETING_BYTES else None
        return data[GREETING_BYTES:]

    def _admit(self, flags: int, size: int) -> bool:
        """Return whether the body of a frame is kept. Long before it has come."""
        if flags & ~FLAGS:
            raise BreachError(f"flags {flags:#x}, which no frame has")
        if flags & COMMAND or not self.is_ready:
            if size > MAX_COMMAND or not flags & COMMAND:
                raise BreachError("a command that is too long, or a message before the end of the handshake")
            return True
        if size > self._message_bytes + MAX_COMMAND:
            self._receiver.overrun(Overrun.BYTES, size)
            raise BreachError(f"a part of {size} bytes")
        return self.mechanism.hides_flags or self._has_room(size)

    def _has_room(self, size: int) -> bool:
        """Return whether one part more of so many bytes may belong to the message. Says so once if not."""
        if self._is_over:
            self._excess_bytes += size
            if self._excess_bytes > 2 * self._message_bytes:
                raise BreachError("a message of too many bytes")
        elif size > self._receiver.part_bytes() or self._n_bytes + size > 2 * self._message_bytes:
            self._go_over(Overrun.BYTES, self._n_bytes + size)
        elif self._n_parts >= MAX_PARTS:
            self._go_over(Overrun.PARTS, self._n_parts + 1)
        return not self._is_over

    def _go_over(self, kind: Overrun, size: int) -> None:
        """Say that a message is too much, and drop what has come of it."""
        self._parts, self._n_bytes, self._is_over = [], 0, True
        if not self._receiver.overrun(kind, size):
            raise BreachError(f"too many {kind}")

    def _take(self, flags: int, body: bytes | None) -> bool:
        """Take a frame, None for one that was not kept; return whether to go on."""
        if body is not None:
            if not self.is_ready:
                self._shake_hands(body)
                return True
            flags, body = self.mechanism.opened(flags, body)
            if flags & COMMAND:
                self._command(body)
                return True
            if self.mechanism.hides_flags and not self._has_room(len(body)):
                body = None
        return self._take_part(body, bool(flags & MORE))

    def _take_part(self, body: bytes | None, more: bool) -> bool:
        self._n_parts += 1
        if self._n_parts > MAX_PARTS + MAX_EXCESS_PARTS:
            raise BreachError(f"a message of {self._n_parts} parts and more")
        if body is not None:
            self._parts.append(body)
            self._n_bytes += len(body)
        if more:
            return True
        parts, is_over = self._parts, self._is_over
        self._parts, self._n_parts, self._n_bytes, self._excess_bytes, self._is_over = [], 0, 0, 0, False
        self.n_messages += 1
        return is_over or self._receiver.message(parts)

    def _shake_hands(self, body: bytes) -> None:
        answer = self.mechanism.answer(body)
        self.answers += frame(COMMAND, answer)
        if answer.startswith(ERROR):
            raise BreachError("a key that is not admitted")
        metadata = self.mechanism.metadata
        if metadata and metadata.socket_type not in PEERS:
            raise BreachError("a socket that is no DEALER")
        if metadata:
            self._receiver.introduce(self.mechanism.key, bool(metadata.identity))

    def _command(self, body: bytes) -> None:
        """Answer PING; commands that are none are passed over, as the protocol says."""
        if body.startswith(b"\x04PING") and len(body) >= 7:
            context = body[7 : 7 + MAX_PING_CONTEXT]
            self.answers += self.mechanism.sealed(COMMAND, b"\x04PONG" + context)


def greeting_of(mechanism: bytes) -> bytes:
    """Return the 64 bytes with which a server begins."""
    return SIGNATURE + b"\x03\x01" + mechanism.ljust(20, b"\0") + bytes([mechanism != Null.name]) + bytes(31)


def check_greeting(data: bytes, mechanism: bytes) -> None:
    """Raise `BreachError` as soon as the beginning of a connection is not ZMTP 3 with our mechanism."""
    expected = SIGNATURE[:1], SIGNATURE[9:], mechanism.ljust(20, b"\0")
    for at, part in zip((0, 9, 12), expected, strict=True):
        given = data[at : at + len(part)]
        if given != part[: len(given)]:
            raise BreachError("no greeting of ZMTP 3 with the mechanism of this server")
    if len(data) > len(SIGNATURE) and data[len(SIGNATURE)] < 3:
        raise BreachError("an older ZMTP than version 3")


def parsed_metadata(data: bytes) -> Metadata:
    """Return the metadata of a handshake. Raises `BreachError` for broken ones."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        name, at = _field(data, at, 1)
        found[name.lower()], at = _field(data, at, 4)
    return Metadata(found.get(b"socket-type", b""), found.get(b"identity", b""))


def _field(data: bytes, at: int, head: int) -> tuple[bytes, int]:
    """Return the text at a place, behind its length in ``head`` bytes, and the place after it."""
    start = at + head
    end = start + int.from_bytes(data[at:start], "big")
    if start > len(data) or end > len(data):
        raise BreachError("broken metadata in the handshake")
    return data[start:end], end


READY: Final = b"\x05READY"
ERROR: Final = b"\x05ERROR"
OWN_METADATA: Final = b"\x0bSocket-Type" + struct.pack(">I", 6) + b"ROUTER" + b"\x08Identity" + struct.pack(">I", 0)
