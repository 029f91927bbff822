"""A sink whose pages play the sound too, and choose what they draw by the sound that is heard there.

Pages that speak ``space.player.v1`` get the sound of a line ahead of its time, and frames and pictures stamped with
media time; they answer with what their user wants (`page_requests`). Programs that speak the plain sub-protocols of
`websocket` are served on the same port as ever. docs/adapters.md describes both.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Final

import numpy as np
from websockets.asyncio.server import ServerConnection
from websockets.typing import Subprotocol

from engine_bridge.adapters.address import LOOPBACK
from engine_bridge.adapters.page_client import Message, PageClient
from engine_bridge.adapters.page_requests import (
    MAX_FILE_BYTES,
    MAX_MESSAGE_BYTES,
    PageMicrophone,
    Ready,
    Request,
    SoundFile,
    ToggleCamera,
)
from engine_bridge.adapters.sink import at_rest, face_of
from engine_bridge.adapters.web_text import frame_text
from engine_bridge.adapters.websocket import WebSocket, unfit
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.loopback import is_loopback_host
from engine_bridge.protocol.messages import Floats, Frame, Texture

PLAYER: Final = Subprotocol("space.player.v1")
MAX_REQUESTS: Final = 16
"""Requests of pages that may wait; further ones are dropped, and a sound file is when anything waits."""
MAX_PENDING_BYTES: Final = 2 * MAX_FILE_BYTES
"""Bytes of files on their way, over all pages."""
KEPT_S: Final = 4.0
"""Sound that is kept for pages that come in the middle of a line."""
_SOUND, _PICTURE = 1, 2
_HEADER: Final = struct.Struct("<IId")


@dataclass(slots=True)
class _Line:
    """The line that is spoken. rate: samples per second; 0 for a face that only lives. seconds: of its last frame."""

    number: int
    rate: int
    begin: str
    sound: deque[bytes] = field(default_factory=deque)
    kept: int = 0
    seconds: float = 0.0


class WebPlayer:
    """A `Sink` of one character whose pages play its sound.

    requests: what pages want, but for being ready. on_camera: called in another thread when a page switches the camera;
    None where there is none.
    """

    def __init__(
        self,
        name: str,
        host: str = LOOPBACK,
        port: int = 8_765,
        origins: Sequence[str] = (),
        speakers: Sequence[str] = (),
    ) -> None:
        """Listen on (host, port). origins: web sites whose pages may connect, speakers: those of them that may speak.

        Raises `SinkError` when the port cannot be had.
        """
        self.requests: SimpleQueue[Request] = SimpleQueue()  # its put may be called by a signal's handler
        self.on_camera: Callable[[], None] | None = None
        self._name = name
        self._uploads = is_loopback_host(host)
        self._speakers = tuple(speakers)
        self._pages: tuple[PageClient, ...] = ()  # replaced as a whole: both threads read it
        self._line = _Line(0, 0, _text("begin", line=0, title="", rate=0))
        self._last: tuple[Frame, float] | None = None
        self._plain = WebSocket(host, port, origins, {PLAYER: self._converse}, MAX_MESSAGE_BYTES)
        self.counts = self._plain.counts
        self.page = self._plain.page
        self.port = self._plain.port

    @property
    def n_pages(self) -> int:
        """Pages and programs that are connected."""
        return len(self._pages) + self._plain.n_clients

    @property
    def is_awaited(self) -> bool:
        """True if somebody would see and hear a line that begins now."""
        return any(page.is_ready for page in self._pages) or self._plain.n_clients > 0

    def begin(self, title: str, rate: int, audible: bool, delay_s: float) -> None:
        """Begin another line. rate: samples per second of its sound, 0 for a face that only lives.

        audible: whether pages let it be heard. delay_s: from a frame's coming to its being shown.
        """
        number = self._line.number + 1
        text = _text("begin", line=number, title=title, rate=rate, audible=audible, delay=delay_s)
        self._line = _Line(number, rate, text)
        self._last = None
        self._post(text)

    def sound(self, first_sample: int, samples: Floats) -> None:
        """Give (n,) samples of the line's sound, full scale −1…1."""
        line = self._line
        data = _HEADER.pack(_SOUND, line.number, first_sample) + samples.astype("<f4", copy=False).tobytes()
        self._call(self._keep, line, data)

    def end(self, seconds: float) -> None:
        """Say how long the line's sound is."""
        self._post(_text("end", line=self._line.number, seconds=seconds))

    def over(self, cut: bool) -> None:
        """Say that the line has no more frames. cut: what waits shall not be shown."""
        self._post(_text("over", line=self._line.number, seconds=self._line.seconds, cut=cut))

    def note(self, sentence: str) -> None:
        """Let the pages show a sentence."""
        self._post(_text("note", text=sentence))

    def send(self, name: str, frame: Frame, rate: float) -> None:
        """Send a frame to every page; see `Sink`."""
        self._plain.send(name, frame, rate)
        self._last = frame, rate
        self._send(name, frame, rate)

    def texture(self, name: str, texture: Texture) -> None:
        """Send a JPEG or WebP picture to every page; see `Sink`."""
        self._plain.texture(name, texture)
        if self._last and self._pages and not unfit(texture):
            seconds = texture.sample / self._last[1]
            self._post(_HEADER.pack(_PICTURE, self._line.number, seconds) + bytes(texture.pixels))

    def rest(self, name: str) -> None:
        """Send the neutral face to every page; see `Sink`."""
        self._plain.rest(name)
        if self._last:
            frame, rate = self._last
            self._send(name, at_rest(frame, rate), rate)

    def close(self) -> None:
        """Say goodbye to the pages and free the port; see `Sink`."""
        self._plain.close()

    def _send(self, name: str, frame: Frame, rate: float) -> None:
        try:
            self._line.seconds = face_of(frame, rate).seconds
            text = frame_text(name, replace(frame, stream=self._line.number), rate)
        except (WireError, ValueError):
            return  # counted already
        self.counts.sent += len(self._pages)
        self._post(text)

    def _post(self, message: Message) -> None:
        self._call(self._hand_out, message)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._plain.server.call(function, *arguments)
        except RuntimeError:
            self.counts.fail("the sink is closed")

    def _hand_out(self, message: Message) -> None:
        for page in self._pages:
            page.offer(message)

    def _keep(self, line: _Line, data: bytes) -> None:
        line.sound.append(data)
        line.kept += len(data)
        while line.kept - len(line.sound[0]) >= KEPT_S * line.rate * np.float32().nbytes:
            line.kept -= len(line.sound.popleft())
        self._hand_out(data)

    async def _converse(self, connection: ServerConnection) -> None:
        """Serve one page until it leaves or says something that makes no sense."""
        page = PageClient(connection, self._uploads and self._may_speak(connection))
        self._greet(page)
        self._pages = (*self._pages, page)
        writer = asyncio.create_task(page.write())
        try:
            await page.read(self._take, self._has_room)
        finally:
            writer.cancel()
            self._pages = tuple(other for other in self._pages if other is not page)

    def _greet(self, page: PageClient) -> None:
        has_camera = self.on_camera is not None
        page.offer(_text("hello", name=self._name, uploads=page.uploads, max_bytes=MAX_FILE_BYTES, camera=has_camera))
        page.offer(self._line.begin)
        for data in self._line.sound:
            page.offer(data)

    def _may_speak(self, connection: ServerConnection) -> bool:
        """Return whether it is our page, a program, or a site that was named; other ports of this machine only look."""
        request = connection.request
        origin, host = (request.headers.get(name) for name in ("Origin", "Host")) if request else (None, None)
        return origin is None or origin == f"http://{host}" or origin in self._speakers

    def _take(self, request: Request) -> None:
        if isinstance(request, Ready):
            return
        if isinstance(request, ToggleCamera):
            if self.on_camera:
                self.on_camera()
            return
        room = 1 if isinstance(request, SoundFile) else MAX_REQUESTS
        if self.requests.qsize() < room:
            self.requests.put(request)
            return
        if isinstance(request, PageMicrophone):
            request.end()
        self._hand_out(_text("note", text="too much is asked for at once; wait a moment and try again"))

    def _has_room(self) -> bool:
        return sum(page.pending_bytes for page in self._pages) <= MAX_PENDING_BYTES


def _text(kind: str, **fields: str | float | bool) -> str:
    return json.dumps({"type": kind, **fields}, allow_nan=False, separators=(",", ":"))
