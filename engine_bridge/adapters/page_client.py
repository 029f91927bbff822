"""One page of sub-protocol ``space.player.v1``: messages that wait for it, and its requests, on the loop's thread."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from engine_bridge.adapters.page_requests import Ready, Request, RequestReader
from engine_bridge.protocol.errors import WireError

MAX_REASON_BYTES: Final = 123
"""Room in the close of a WebSocket."""
MAX_WAITING_BYTES: Final = 8 * 1024 * 1024
"""Bytes that may wait for a page: about five seconds of pictures. One that takes less is sent away."""
_POLICY, _TRY_LATER = 1008, 1013

Message = str | bytes


class PageClient:
    """A page. is_ready: whether it can be heard. uploads: whether it may send sound."""

    def __init__(self, connection: ServerConnection, uploads: bool) -> None:
        self.is_ready = False
        self.uploads = uploads
        self._connection = connection
        self._requests = RequestReader(uploads)
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0
        self._changed = asyncio.Event()

    @property
    def pending_bytes(self) -> int:
        """Bytes of a file that the page is sending, as announced."""
        return self._requests.pending_bytes

    def offer(self, message: Message) -> None:
        """Let a message wait for the page, in order; a page for which too much waits is cut off."""
        self._waiting.append(message)
        self._waiting_bytes += len(message)
        self._changed.set()
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._waiting.clear()
            self._connection.transport.abort()  # a word of goodbye would wait behind what is not read

    async def write(self) -> None:
        """Send what waits."""
        try:
            while await self._changed.wait():
                self._changed.clear()
                while self._waiting:
                    message = self._waiting.popleft()
                    self._waiting_bytes -= len(message)
                    await self._connection.send(message)
        except ConnectionClosed:
            pass  # the reader sees it too, and ends

    async def read(self, take: Callable[[Request], None], room: Callable[[], bool]) -> None:
        """Give what the page asks to a function until it leaves. room: whether the files on their way may grow so."""
        try:
            while True:
                left = self._requests.until - monotonic()
                async with asyncio.timeout(None if left == math.inf else max(0.0, left)):
                    message = await self._connection.recv()
                self._take(message, take)
                if not room():
                    await self._connection.close(_TRY_LATER, "other pages are sending sounds; try again in a moment")
        except ConnectionClosed:
            pass
        except TimeoutError:
            await self._connection.close(_TRY_LATER, "the file took too long to come")
        except WireError as error:
            await self._connection.close(_POLICY, _as_reason(f"{error}"))
        finally:
            self._requests.close()

    def _take(self, message: Message, take: Callable[[Request], None]) -> None:
        request = self._requests.take(message, monotonic())
        if isinstance(request, Ready):
            self.is_ready = True
        if request is not None:
            take(request)


def _as_reason(sentence: str) -> str:
    return sentence.encode(errors="replace")[:MAX_REASON_BYTES].decode(errors="ignore")
