"""Replies of a gateway to connections, and the counts after which one is heard no further."""

from __future__ import annotations

import math
from typing import Final

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode, Message, ServerMessage
from engine_bridge.protocol.wire import encode
from space_runtime.server import log_events
from space_runtime.server.connections import Connection, Counters, Route

MAX_BAD: Final = 32
"""Messages that are none, after which a connection is cut off."""
MAX_EXCESS_S: Final = 8.0
"""Messages beyond the rate, in seconds at that rate, after which a connection is cut off."""
MUTE_S: Final = 60.0
"""Time in which nothing more is heard of a connection that is cut off, should it still be there."""
SLOW_DOWN_S: Final = 1.0
"""Seconds between two complaints to a connection that is too fast."""
MAX_SENTENCE: Final = 1_000


class Replies:
    """Answers and refusals, ready to be sent.

    outbox: routes and bytes that wait. given_up: routes of connections that are to be closed once `outbox` is sent.
    """

    def __init__(self) -> None:
        self.outbox: list[tuple[Route, bytes]] = []
        self.given_up: list[Route] = []
        self.counters = Counters()
        self._turned_away_at = -math.inf

    def _say(self, connection: Connection, message: ServerMessage) -> None:
        self.outbox.append((connection.route, encode(message)))

    def _refuse(self, connection: Connection, code: ErrorCode, text: str, message: Message | None = None) -> None:
        numbers = {name: getattr(message, name, None) for name in ("request", "session", "stream")}
        self._say(connection, m.Error(code=code, message=text[:MAX_SENTENCE], **numbers))
        self.counters.refused += 1
        log_events.write(log_events.refused(code, numbers["session"], connection.client))

    def _slow_down(self, connection: Connection, reason: str, now: float) -> None:
        if now - connection.slowed_at >= SLOW_DOWN_S:
            connection.slowed_at = now
            self._refuse(connection, ErrorCode.TOO_FAST, f"{reason}; slow down")

    def _excess(self, connection: Connection, seconds: float, now: float) -> None:
        """Count what a connection has sent beyond its budget, as seconds; cut it off when that is too much."""
        if connection.exceed(seconds, now) > MAX_EXCESS_S:
            self._give_up(connection, now)

    def _give_up(self, connection: Connection, now: float) -> None:
        """Hear nothing more of a connection, and have it closed."""
        if connection.muted_until <= now:
            connection.muted_until = now + MUTE_S
            self.given_up.append(connection.route)

    def _bad(self, connection: Connection, reason: str, now: float) -> None:
        self.counters.bad_messages += 1
        connection.n_bad += 1
        self._refuse(connection, ErrorCode.BAD_MESSAGE, reason)
        if connection.n_bad >= MAX_BAD:
            connection.n_bad = 0
            self._give_up(connection, now)

    def _turn_away(self, route: Route, now: float) -> None:
        """Tell a connection with a routing id of its own that it is not heard; not more than once a second."""
        self.counters.refused += 1
        if now - self._turned_away_at >= SLOW_DOWN_S:
            self._turned_away_at = now
            text = "this connection has set a ZeroMQ routing id (identity), and is not heard; leave that unset"
            self.outbox.append((route, encode(m.Error(code=ErrorCode.BAD_MESSAGE, message=text))))
            log_events.write(log_events.refused(ErrorCode.BAD_MESSAGE, None))
