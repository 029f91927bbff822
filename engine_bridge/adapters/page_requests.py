"""Requests of a page to the program that serves it (sub-protocol ``space.player.v1``), read within budgets. No I/O."""

from __future__ import annotations

import json
import math
import queue
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.errors import WireError, counted, one_line

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_UPLOAD_S: Final = 60.0
"""For which a file may be on its way."""
MAX_MESSAGE_BYTES: Final = 256 * 1024
MAX_TEXT: Final = 4_096
MAX_TITLE: Final = 120
MAX_MICROPHONE_S: Final = 600.0
"""Length of what one press of the microphone's button may say."""
AHEAD_S: Final = 3.0
"""Sound of a microphone that may come sooner than it can have been spoken."""
RATES: Final = (8_000, 192_000)
"""Lowest and highest rate of a microphone, hertz."""
LONGEST_PIECE_S: Final = 0.1
QUEUED_PIECES: Final = 500
"""Pieces of a microphone that may wait to be spoken; of more the newest are lost."""
TEXTS_AT_ONCE: Final = 60
TEXTS_PER_S: Final = 20
"""Texts that a page may send: so many at once, and so many a second for long."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The page can be heard: somebody has clicked on it."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The line shall be spoken again."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The line shall end now."""


@dataclass(frozen=True, slots=True)
class ToggleCamera:
    """The camera that leads the face shall not any more, or again."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundFile:
    """A sound file shall be spoken. title: its name there. content: its bytes, whatever they are."""

    title: str
    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class PageMicrophone:
    """A microphone that has begun to speak. rate: hertz."""

    rate: int
    _pieces: queue.Queue[NDArray[np.int16] | None] = field(default_factory=lambda: queue.Queue(QUEUED_PIECES))

    def blocks(self) -> Iterator[NDArray[np.int16]]:
        """Yield mono blocks (n,) as they come, until the microphone is switched off."""
        while (piece := self._pieces.get()) is not None:
            yield piece

    def put(self, piece: NDArray[np.int16]) -> None:
        """Take a piece; it is lost when nobody took those before it."""
        if not self._pieces.full():
            self._pieces.put_nowait(piece)

    def end(self) -> None:
        """Say that it is switched off."""
        if self._pieces.full():
            self._pieces.get_nowait()
        self._pieces.put_nowait(None)


Request = Ready | Replay | Stop | ToggleCamera | SoundFile | PageMicrophone

_PLAIN: Final[dict[object, Request]] = {"ready": Ready(), "replay": Replay(), "stop": Stop()}


@dataclass(slots=True)
class _File:
    title: str
    size: int
    until: float
    content: bytearray = field(default_factory=bytearray)


class RequestReader:
    """Reads what one page sends. uploads: whether it may send sound."""

    def __init__(self, uploads: bool) -> None:
        self._uploads = uploads
        self._file: _File | None = None
        self._microphone: PageMicrophone | None = None
        self._begun_at = self._heard_s = 0.0
        self._texts_left, self._last_text_at = float(TEXTS_AT_ONCE), 0.0

    @property
    def until(self) -> float:
        """The time by which the file that is on its way must be there; infinity without one."""
        return self._file.until if self._file else math.inf

    @property
    def pending_bytes(self) -> int:
        """Bytes of the file that is on its way, as announced."""
        return self._file.size if self._file else 0

    def take(self, message: str | bytes, now: float) -> Request | None:
        """Return what a message asks for, None while that is not complete. Raises `WireError` for all else."""
        if isinstance(message, str):
            return self._take_text(message, now)
        if self._file:
            return self._take_piece_of_file(message)
        if self._microphone:
            self._take_samples(self._microphone, message, now)
            return None
        if self._heard_s:
            return None  # on its way when the microphone was switched off
        raise WireError("bytes came, and neither a file nor a microphone was announced")

    def close(self) -> None:
        """End the microphone: the page has gone."""
        if self._microphone:
            self._microphone.end()
            self._microphone = None

    def _count_text(self, now: float) -> None:
        regained = TEXTS_PER_S * max(0.0, now - self._last_text_at)
        self._texts_left = min(TEXTS_AT_ONCE, self._texts_left + regained) - 1
        self._last_text_at = now
        if self._texts_left < 0:
            raise WireError("more requests than anybody can mean")

    def _take_text(self, text: str, now: float) -> Request | None:
        self._count_text(now)
        document = _document(text)
        kind = document.get("type")
        if isinstance(kind, str) and kind in _PLAIN:
            return _PLAIN[kind]
        if kind == "microphone_end":
            self.close()
            return None
        if kind not in ("file", "microphone", "camera"):
            raise WireError(f"an unknown message {kind!r:.40}")
        if not self._uploads:
            raise WireError(
                "sound is taken only from the viewer page, and only where it is served to this machine alone"
            )
        if kind == "camera":
            return ToggleCamera()
        if self._file or self._microphone:
            raise WireError("a second sound came before the first was complete")
        if kind == "microphone":
            return self._open_microphone(document, now)
        self._open_file(document, now)
        return None

    def _open_file(self, document: dict[str, object], now: float) -> None:
        size, title = _whole(document, "bytes", 1, MAX_FILE_BYTES), document.get("title")
        if not isinstance(title, str):
            raise WireError("a file without a title")
        self._file = _File(one_line(title[:MAX_TITLE]) or "sound", size, now + MAX_UPLOAD_S)

    def _open_microphone(self, document: dict[str, object], now: float) -> PageMicrophone:
        self._microphone = PageMicrophone(_whole(document, "rate", *RATES))
        self._begun_at, self._heard_s = now, 0.0
        return self._microphone

    def _take_piece_of_file(self, piece: bytes) -> SoundFile | None:
        assert self._file
        file = self._file
        if len(file.content) + len(piece) > file.size:
            raise WireError(f"a file of {counted(file.size, 'byte')}, and more came")
        file.content += piece
        if len(file.content) < file.size:
            return None
        self._file = None
        return SoundFile(file.title, bytes(file.content))

    def _take_samples(self, microphone: PageMicrophone, piece: bytes, now: float) -> None:
        if len(piece) % 2 or not 0 < len(piece) <= 2 * LONGEST_PIECE_S * microphone.rate:
            size = counted(len(piece), "byte")
            raise WireError(f"{size} of a microphone; expected 16-bit samples of {LONGEST_PIECE_S:g} s at most")
        self._heard_s += len(piece) / 2 / microphone.rate
        if self._heard_s > now - self._begun_at + AHEAD_S:
            raise WireError("a microphone that speaks faster than time passes")
        if self._heard_s > MAX_MICROPHONE_S:
            self.close()
        else:
            microphone.put(np.frombuffer(piece, "<i2"))


def _document(text: str) -> dict[str, object]:
    if len(text) > MAX_TEXT:
        raise WireError(f"a text of {counted(len(text), 'character')}; at most {MAX_TEXT} are read")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise WireError("a text that is no JSON") from None
    if not isinstance(found, dict):
        raise WireError("a text that is no JSON object")
    return found


def _whole(document: dict[str, object], name: str, low: int, high: int) -> int:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise WireError(f"{name} is {value!r:.40}; expected a whole number from {low} to {high}")
    return value
