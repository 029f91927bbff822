"""Parts of a connection read as messages of a server; all others, and those that say what cannot be, are counted."""

from __future__ import annotations

from engine_bridge.client.log import ClientCounters
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.schema import FROM_SERVER, SCHEMA
from engine_bridge.protocol.server_ranges import within_ranges
from engine_bridge.protocol.wire import decode, type_of


class ServerMessages:
    """Reads what comes from a server."""

    def __init__(self, counters: ClientCounters) -> None:
        self._counters = counters

    def read(self, part: bytes) -> m.ServerMessage | None:
        """Return the message in a part; None for what is none, or none of a server, which is counted.

        A `Welcome` is not looked at further: whether it will do is said to the user (`server_ranges.problem_with`).
        """
        try:
            message = decode(part)
        except WireError as error:
            self._count_unread(part, error)
            return None
        if type(message).__name__.lower() not in FROM_SERVER:
            self._counters.stray += 1
            return None
        try:
            message = message if isinstance(message, m.Welcome) else within_ranges(message)
        except WireError as error:
            self._count_bad(error)
            return None
        return message  # type: ignore[return-value]  # FROM_SERVER names the classes of ServerMessage

    def _count_unread(self, part: bytes, error: WireError) -> None:
        try:
            known = type_of(part) in SCHEMA
        except WireError:
            known = True
        if known:
            self._count_bad(error)
        else:
            self._counters.unknown += 1

    def _count_bad(self, error: WireError) -> None:
        self._counters.bad += 1
        self._counters.reason = str(error)
