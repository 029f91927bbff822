"""Limits of what strangers cost a web server: processor time, which it shares with the frames, and connections."""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Final

from websockets.asyncio.server import ServerConnection

SHARE: Final = 0.2
"""Of a processor, which the thread of a web server may take for long."""
BURST_S: Final = 0.05
"""Processor time that it may take at once."""
MAX_PAUSE_S: Final = 0.05
"""Longest pause at a time."""
READ_BYTES: Final = 4_096
"""Bytes read at a time: hundreds of the shortest messages, which nothing interrupts once they are read."""
MAX_GUESTS: Final = 64
"""Connections that have not come in yet, or only fetch a file; of more, the oldest is cut off."""


class ThriftySelector(selectors.DefaultSelector):
    """Waits for sockets, and a while longer when its thread has used more than its share of a processor."""

    def __init__(self) -> None:
        super().__init__()
        self._left_s = BURST_S
        self._used_s, self._at = time.thread_time(), time.monotonic()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; see `selectors.BaseSelector.select`."""
        self._count()
        if self._left_s < 0:
            time.sleep(min(MAX_PAUSE_S, -self._left_s / SHARE))
        return super().select(timeout)

    def _count(self) -> None:
        used_s, now = time.thread_time(), time.monotonic()
        refilled_s = min(BURST_S, self._left_s + (now - self._at) * SHARE)
        self._left_s = max(-BURST_S, refilled_s - (used_s - self._used_s))
        self._used_s, self._at = used_s, now


def thrifty_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop whose thread keeps to its share."""
    return asyncio.SelectorEventLoop(ThriftySelector())


class Guests:
    """The connections of a server that have not become conversations, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: dict[ServerConnection, asyncio.BaseTransport] = {}
        guests = self

        class Guest(ServerConnection):
            """A connection that is counted until it converses, or is over."""

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                """Count it."""
                super().connection_made(transport)
                transport.max_size = READ_BYTES  # type: ignore[attr-defined]  # of asyncio's own sockets
                guests.came(self, transport)

            def connection_lost(self, exc: Exception | None) -> None:
                """Forget it."""
                guests.left(self)
                super().connection_lost(exc)

        self.connection = Guest

    def came(self, connection: ServerConnection, transport: asyncio.BaseTransport) -> None:
        """Take a connection, in the place of the oldest if there are too many."""
        self._waiting[connection] = transport
        if len(self._waiting) > MAX_GUESTS:
            oldest = next(iter(self._waiting))
            oldest_transport = self._waiting.pop(oldest)
            assert isinstance(oldest_transport, asyncio.WriteTransport)
            oldest_transport.abort()

    def left(self, connection: ServerConnection) -> None:
        """Count a connection no more: it converses, or is over."""
        self._waiting.pop(connection, None)
