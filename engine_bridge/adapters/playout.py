"""Shows frames on sinks at the moment at which they shall be seen, on a thread of its own."""

from __future__ import annotations

import heapq
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

from engine_bridge.adapters import open_sink
from engine_bridge.adapters.sink import HasPage, Sink, SinkError
from engine_bridge.protocol.messages import Frame, Texture

MAX_WAITING: Final = 20_000
"""Frames and pictures that may wait, over all characters; more are dropped and counted."""
MAX_WAITING_BYTES: Final = 1 << 28
"""The same for the bytes of pictures."""
NAMELESS: Final = "Face"
"""Name of characters that have none."""

_CLOSING_S: Final = 1.0

log = logging.getLogger(__name__)


class ShowingKind(Enum):
    """The kinds of showings of a character."""

    FRAME = "frame"
    TEXTURE = "texture"
    REST = "rest"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A stream of a character, from its first frame to its rest. name: of the character on sinks meanwhile."""

    name: str


@dataclass(frozen=True, slots=True, order=True)
class Showing:
    """Something to show of a character at a time. order: tells equal times apart. size: bytes, as far as they count."""

    due: float
    order: int
    part: Part = field(compare=False)
    kind: ShowingKind = field(compare=False)
    show: Callable[[Sink], None] = field(compare=False)
    size: int = field(compare=False, default=0)


class Timetable:
    """Frames and pictures that wait to be shown. No clock, no thread. n_skipped, n_dropped: as in `Playout`."""

    def __init__(self) -> None:
        self.n_skipped = self.n_dropped = 0
        self._heap: list[Showing] = []
        self._size = 0

    @property
    def next_due(self) -> float:
        """The time at which something is due next; infinity if nothing waits."""
        return self._heap[0].due if self._heap else math.inf

    def __len__(self) -> int:
        """Return the number of showings that wait."""
        return len(self._heap)

    def add(self, showing: Showing) -> None:
        """Take something; a neutral face always finds room, or another face would stay for ever."""
        full = len(self._heap) >= MAX_WAITING or self._size + showing.size > MAX_WAITING_BYTES
        if full and showing.kind is not ShowingKind.REST:
            self.n_dropped += 1
            return
        heapq.heappush(self._heap, showing)
        self._size += showing.size

    def cut(self, part: Part) -> None:
        """Forget what waits of a part."""
        self._heap = [showing for showing in self._heap if showing.part is not part]
        heapq.heapify(self._heap)
        self._size = sum(showing.size for showing in self._heap)

    def take(self, now: float) -> list[Showing]:
        """Take what is due, in order; of everything that is due of one kind and character only the newest."""
        newest: dict[tuple[str, ShowingKind], Showing] = {}
        while self.next_due <= now:
            showing = heapq.heappop(self._heap)
            self._size -= showing.size
            key = showing.part.name, showing.kind
            self.n_skipped += newest.pop(key, None) is not None
            newest[key] = showing
        return list(newest.values())


class Playout:
    """Hands frames to all sinks when they are due, by the clock of `time.monotonic`.

    What was overtaken by something newer of the same character is skipped: nothing is shown in fast motion. A time of
    infinity means never. pages: addresses of the sinks' pages, for browsers. n_skipped, n_dropped: such frames and
    pictures, and those that found no room. n_failed: what a sink failed to show by a fault of its own.
    """

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self.n_failed = 0
        self._sinks = tuple(sinks)
        self.pages = tuple(sink.page for sink in sinks if isinstance(sink, HasPage))
        self._waiting = Timetable()
        self._orders = itertools.count()
        self._playing: dict[str, Part] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._awake: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="space-playout", daemon=True)
        self._thread.start()

    @property
    def n_skipped(self) -> int:
        """Frames and pictures that were overtaken."""
        return self._waiting.n_skipped

    @property
    def n_dropped(self) -> int:
        """Frames and pictures that found no room."""
        return self._waiting.n_dropped

    def enter(self, character: str) -> Part:
        """Begin a stream of a character; its name is its own until it rests.

        That is the name of its picture without folder and ending; of two that speak at a time, the second is "Anna 2".
        """
        wanted = PurePosixPath(character).stem or NAMELESS
        with self._changed:
            part = Part(next(name for name in _numbered(wanted) if name not in self._playing))
            self._playing[part.name] = part
        return part

    def frame(self, due: float, part: Part, frame: Frame, rate: float) -> None:
        """Show a frame. rate: samples per second of its stream."""
        self._add(due, part, ShowingKind.FRAME, lambda sink: sink.send(part.name, frame, rate))

    def texture(self, due: float, part: Part, texture: Texture) -> None:
        """Show a picture."""
        self._add(due, part, ShowingKind.TEXTURE, lambda sink: sink.texture(part.name, texture), len(texture.pixels))

    def rest(self, due: float, part: Part) -> None:
        """Show the neutral face: the stream has come to its end."""
        self._add(due, part, ShowingKind.REST, lambda sink: sink.rest(part.name))

    def cut(self, part: Part) -> None:
        """Show the neutral face now and nothing of what waits, unless the stream has come to its end before."""
        with self._changed:
            if self._playing.get(part.name) is not part:
                return
            self._waiting.cut(part)
            del self._playing[part.name]
        self.rest(-math.inf, part)

    def close(self) -> None:
        """Let all faces rest, show nothing more and close every sink."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(_CLOSING_S)
        for sink in self._sinks:
            sink.close()

    def _add(self, due: float, part: Part, kind: ShowingKind, show: Callable[[Sink], None], size: int = 0) -> None:
        if not due < math.inf:
            return
        with self._changed:
            before = self._waiting.next_due
            self._waiting.add(Showing(due, next(self._orders), part, kind, show, size))
            if due < before:
                self._changed.notify()

    def _run(self) -> None:
        while (due := self._next()) is not None:
            for showing in due:
                self._show(showing)
        for name in sorted(self._awake):
            self._let_rest(name)

    def _next(self) -> list[Showing] | None:
        """Wait for what is due; None at the end."""
        with self._changed:
            while not self._closed:
                wait = self._waiting.next_due - time.monotonic()
                if wait <= 0:
                    return self._waiting.take(time.monotonic())
                self._changed.wait(wait if wait < math.inf else None)
        return None

    def _show(self, showing: Showing) -> None:
        self._hand_out(showing.show)
        part = showing.part
        if showing.kind is not ShowingKind.REST:
            self._awake.add(part.name)
            return
        self._awake.discard(part.name)
        with self._changed:
            if self._playing.get(part.name) is part:
                del self._playing[part.name]

    def _let_rest(self, name: str) -> None:
        self._hand_out(lambda sink: sink.rest(name))

    def _hand_out(self, show: Callable[[Sink], None]) -> None:
        for sink in self._sinks:
            try:
                show(sink)
            except Exception:  # the top of the thread: a sink that breaks its word harms no other
                if not self.n_failed:
                    log.exception("%s failed; it is tried again with the next frame", type(sink).__name__)
                self.n_failed += 1


def open_playout(urls: Sequence[str], allow_insecure: bool = False) -> Playout | None:
    """Return a playout to the sinks at these addresses, None without any. Raises `SinkError`; then none stays open."""
    sinks: list[Sink] = []
    try:
        for url in urls:
            sinks.append(open_sink(url, allow_insecure))
    except SinkError:
        for sink in sinks:
            sink.close()
        raise
    return Playout(sinks) if sinks else None


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in itertools.count(2):
        yield f"{name} {number}"
