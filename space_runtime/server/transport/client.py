"""The side that listens to connections, and the budget of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from space_runtime.server.transport.zmtp import Overrun


class Client(Protocol):
    """The side that listens to connections: who they are by route, and what they say."""

    def receive(self, route: bytes, parts: list[bytes], now: float, key: bytes) -> bool:
        """Take a message; return whether the connection is heard further, or is to be closed."""
        ...

    def overran(self, route: bytes, kind: Overrun, size: int, now: float, key: bytes) -> bool:
        """Hear of a message that was too much; return whether the connection is heard further, or is to be closed."""
        ...

    def part_bytes(self, route: bytes) -> int:
        """Return how long a part of this connection may be."""
        ...

    def is_needed(self, route: bytes) -> bool:
        """Return whether a connection is in use; one that is not may be closed to make room for others."""
        ...

    def weight(self, route: bytes) -> int:
        """Return by how much its rates are multiplied: 1 or more."""
        ...

    def too_fast(self, route: bytes, now: float) -> None:
        """Hear that a connection sends or costs more than its rate, and is paused."""
        ...

    def lost(self, route: bytes, now: float) -> None:
        """Hear that a connection is over."""
        ...


@dataclass(frozen=True, slots=True)
class Rates:
    """The budget of a connection, in bytes; bytes_per_s: times its weight. connections: at a time."""

    message_bytes: int
    bytes_per_s: int
    connections: int

    @property
    def burst(self) -> float:
        """Bytes that may come at once: a few of the longest messages."""
        return 4.0 * max(self.message_bytes, self.bytes_per_s)

    def share(self, weight: int) -> float:
        """Return the processor time, a second, that a connection may take: a fifth, and a hundredth a session."""
        return 0.2 + 0.01 * weight


class Hearing:
    """Tells a client what one connection says. now: the time of the bytes that are read; key: of the peer.

    Routes of peers that chose a name (routing id) begin with a one, not with a zero, and are otherwise the same.
    """

    __slots__ = ("_client", "key", "now", "route")

    def __init__(self, route: bytes, client: Client, now: float) -> None:
        self.route = route
        self.key = b""
        self.now = now
        self._client = client

    def introduce(self, key: bytes, chose_name: bool) -> None:
        """Hear whom the handshake has shown."""
        self.key = key
        if chose_name:
            self.route = CHOSEN + self.route[1:]

    def message(self, parts: list[bytes]) -> bool:
        """Hand on a message."""
        return self._client.receive(self.route, parts, self.now, self.key)

    def overrun(self, kind: Overrun, size: int) -> bool:
        """Hand on that a message was too much."""
        return self._client.overran(self.route, kind, size, self.now, self.key)

    def part_bytes(self) -> int:
        """Return how long a part may be."""
        return self._client.part_bytes(self.route)


OWN: Final = b"\0"
CHOSEN: Final = b"\1"
"""First bytes of the routes of peers without and with a name of their choice."""
