"""Frames for web pages: a WebSocket server with a viewer page on the same port.

A client chooses a sub-protocol: ``space.json.v1`` (text, see `web_text`; a texture is a text and then its bytes) or
``space.msgpack.v1`` (the wire's own messages). It answers every message with the text ``next``. The server never sends
more than one update (the newest frame and texture of every character) before all its messages have been answered: a
slow client sees fewer frames, never old ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from engine_bridge.adapters.address import LOOPBACK
from engine_bridge.adapters.sink import Counts, at_rest, face_of
from engine_bridge.adapters.web_server import MAX_CLIENTS as MAX_CLIENTS
from engine_bridge.adapters.web_server import Converse, WebServer
from engine_bridge.adapters.web_text import frame_text, texture_text
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.messages import Frame, Texture, TextureFormat
from engine_bridge.protocol.wire import encode

JSON: Final = Subprotocol("space.json.v1")
MSGPACK: Final = Subprotocol("space.msgpack.v1")

MAX_TEXTURE_BYTES: Final = 4 * 1024 * 1024
MAX_WAITING: Final = 256
"""Frames and textures of different characters that may wait for one client."""
_MAX_ANSWER_BYTES: Final = 16
_ANSWER: Final = "next"

Key = tuple[str, str]
"""Character, and what it is: the newest of each replaces the one before."""
Payloads = tuple[str | bytes, ...]
"""The WebSocket messages that make up one frame or texture."""


class WebSocket:
    """A `Sink` for any number of browsers. server: the web server, whose thread all conversations share."""

    def __init__(
        self,
        host: str = LOOPBACK,
        port: int = 8_765,
        origins: Sequence[str] = (),
        others: Mapping[Subprotocol, Converse] = MappingProxyType({}),
        max_message: int = _MAX_ANSWER_BYTES,
    ) -> None:
        """Listen on (host, port). origins: web sites whose pages may connect, besides pages of this machine.

        others: further sub-protocols on the same port, which are preferred; max_message: bytes of what their clients
        may send at once. Raises `SinkError` when the port cannot be had.
        """
        self.counts = Counts()
        self._clients: tuple[_Client, ...] = ()  # replaced as a whole: both threads read it
        self._last: dict[str, tuple[Frame, float]] = {}
        protocols = {**others, JSON: self._converse, MSGPACK: self._converse}
        self.server = WebServer(host, port, origins, protocols, max_message)
        self.port = self.server.port
        self.page = self.server.page

    @property
    def n_clients(self) -> int:
        """Clients that are connected now."""
        return len(self._clients)

    def send(self, name: str, frame: Frame, rate: float) -> None:
        """Offer a frame to every client; see `Sink`."""
        if self._send(name, frame, rate):
            self._last[name] = frame, rate

    def texture(self, name: str, texture: Texture) -> None:
        """Offer a JPEG or WebP picture to every client, as it is; see `Sink`."""
        reason = unfit(texture)
        if reason:
            self.counts.fail(reason)
        else:
            self._offer(name, texture, lambda: (texture_text(name, texture), bytes(texture.pixels)))

    def rest(self, name: str) -> None:
        """Offer the neutral face to every client; see `Sink`."""
        last = self._last.pop(name, None)
        if last is not None:
            frame, rate = last
            self._send(name, at_rest(frame, rate), rate)

    def close(self) -> None:
        """Say goodbye to the clients and free the port; see `Sink`."""
        self.server.close()

    def _send(self, name: str, frame: Frame, rate: float) -> bool:
        try:
            face_of(frame, rate)
        except WireError as error:
            self.counts.fail(f"{name!r:.40}: {error}")
            return False
        return self._offer(name, frame, lambda: (frame_text(name, frame, rate),))

    def _offer(self, name: str, message: Frame | Texture, as_text: Callable[[], Payloads]) -> bool:
        """Hand a frame or texture to the loop's thread, in the forms that are wanted; return whether that went well."""
        wanted = {client.protocol for client in self._clients}
        forms: dict[Subprotocol, Payloads] = {}
        try:
            if JSON in wanted:
                forms[JSON] = as_text()
            if MSGPACK in wanted:
                forms[MSGPACK] = (encode(message),)
            self.server.call(self._hand_out, (name, type(message).__name__), forms)
        except (WireError, ValueError, RuntimeError) as error:  # RuntimeError: closed
            self.counts.fail(f"{name!r:.40}: {error}")
            return False
        return True

    async def _converse(self, connection: ServerConnection) -> None:
        """Serve one client until it leaves or says something else than ``next``."""
        client = _Client(connection, self.counts)
        self._clients = (*self._clients, client)
        writer = asyncio.create_task(client.write())
        try:
            async for answer in connection:
                if answer != _ANSWER or not client.take_answer():
                    await connection.close(1008, f"expected {_ANSWER!r}, once for every message")
        finally:
            writer.cancel()
            self._clients = tuple(other for other in self._clients if other is not client)

    def _hand_out(self, key: Key, forms: dict[Subprotocol, Payloads]) -> None:
        for client in self._clients:
            if client.protocol in forms:  # else it has just come
                client.offer(key, forms[client.protocol])


def unfit(texture: Texture) -> str:
    """Return why a picture is not sent to browsers, one sentence; empty if it can be."""
    size = len(texture.pixels)
    if texture.format not in (TextureFormat.JPEG, TextureFormat.WEBP):
        return f"a texture as {texture.format!r:.20}; browsers take jpeg and webp: ask the server for those"
    if size > MAX_TEXTURE_BYTES:
        return f"a texture of {size} bytes; at most {MAX_TEXTURE_BYTES} are sent to browsers"
    return ""


class _Client:
    """One browser and the newest that it has not been sent. Only the loop's thread touches it."""

    def __init__(self, connection: ServerConnection, counts: Counts) -> None:
        self._connection, self._counts = connection, counts
        self.protocol = connection.subprotocol or JSON
        request = connection.request
        self._names = parse_qs(urlsplit(request.path).query).get("name") if request else None
        self._waiting: dict[Key, Payloads] = {}
        self._unanswered = 0
        self._ready = asyncio.Event()

    def offer(self, key: Key, payloads: Payloads) -> None:
        """Put a frame or texture in the place of the one before."""
        if self._names and key[0] not in self._names:
            return
        if key in self._waiting or len(self._waiting) >= MAX_WAITING:
            del self._waiting[key if key in self._waiting else next(iter(self._waiting))]
            self._counts.skipped += 1
        self._waiting[key] = payloads
        self._ready.set()

    def take_answer(self) -> bool:
        """Return whether an answer was due."""
        self._unanswered -= 1
        self._ready.set()
        return self._unanswered >= 0

    async def write(self) -> None:
        """Send update after update, each when the one before has been answered."""
        try:
            while await self._ready.wait():
                self._ready.clear()
                if self._waiting and not self._unanswered:
                    await self._send_all()
        except ConnectionClosed:
            pass  # the reader sees it too, and ends

    async def _send_all(self) -> None:
        update, self._waiting = self._waiting, {}
        self._unanswered = sum(map(len, update.values()))
        for payloads in update.values():
            for payload in payloads:
                await self._connection.send(payload)
            self._counts.sent += 1
