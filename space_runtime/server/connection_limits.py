"""Limits of what is heard: of connections, and of what each says."""

from __future__ import annotations

from typing import Final

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.server.connections import Connection, ConnectionTable, Route, is_own_route
from space_runtime.server.limits import Limits
from space_runtime.server.replies import Replies
from space_runtime.server.transport.zmtp import MAX_PARTS, Overrun

MAX_UNGREETED_BYTES: Final = 65_536


class LimitedConnections(Replies):
    """Connections within the limits of a server. table: them and their sessions; connections: the table's."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.limits = limits
        self.table = ConnectionTable()
        self.connections = self.table.connections

    def overran(self, route: Route, kind: Overrun, size: int, now: float, key: bytes = b"") -> bool:
        """Refuse a message that the transport has passed over; return whether the connection is heard further."""
        connection = self._connection(route, now, key)
        if connection is None:
            return False
        if kind is Overrun.PARTS:
            self._bad(connection, f"a message of {size} parts and more; at most {MAX_PARTS} are taken", now)
        else:
            self._excess(connection, 1.0, now)
            self._refuse(connection, ErrorCode.TOO_LARGE, f"a message of {size} bytes and more; send smaller ones")
        return connection.muted_until <= now

    def too_fast(self, route: Route, now: float) -> None:
        """Tell a connection that it sends more bytes, or costs more time, than it may, and is read more slowly."""
        if connection := self.connections.get(route):
            bound = f"{self.limits.bytes_per_s * self.weight(route)} bytes a second"
            self._slow_down(connection, f"more than {bound}, or more work than this connection's share", now)

    def part_bytes(self, route: Route) -> int:
        """Return how long a message of a connection may be now."""
        connection = self.connections.get(route)
        return self.limits.message_bytes if connection and connection.greeted else MAX_UNGREETED_BYTES

    def is_needed(self, route: Route) -> bool:
        """Return whether a connection has sessions."""
        connection = self.connections.get(route)
        return bool(connection and connection.sessions)

    def weight(self, route: Route) -> int:
        """Return by how much a connection's rates are multiplied: once for each of its sessions."""
        connection = self.connections.get(route)
        return max(1, len(connection.sessions)) if connection else 1

    def _connection(self, route: Route, now: float, key: bytes) -> Connection | None:
        """Return the connection that says something, None if it is not heard."""
        if not is_own_route(route):
            self._turn_away(route, now)
            return None
        connection = self.connections.get(route) or self.table.connect(route, now, key, self.limits.connections)
        if connection is None:
            self.counters.refused += 1
        elif connection.muted_until <= now:
            connection.heard_at = now
            return connection
        return None

    def _allowed(self, connection: Connection, now: float) -> bool:
        """Return whether a connection may say one thing more; it is told so once a second if not."""
        rate = self.limits.messages_per_s * max(1, len(connection.sessions))
        if connection.may_speak(rate, now):
            return True
        self.counters.too_fast += 1
        self._slow_down(connection, f"more than {rate} messages a second", now)
        self._excess(connection, 1.0 / rate, now)
        return False
