"""Bytes of a connection to frames of ZMTP. Knows no sockets.

A frame is a byte of flags, its length in one byte or in eight, and its body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

MORE: Final = 1
LONG: Final = 2
COMMAND: Final = 4
FLAGS: Final = MORE | LONG | COMMAND
LONGEST_SHORT: Final = 255
LONG_HEAD: Final = 9
SHORT_HEAD: Final = 2

Admit = Callable[[int, int], bool]
"""Takes flags and length of a frame that begins; returns whether its body is to be kept. May raise `BreachError`."""


def frame(flags: int, body: bytes) -> bytes:
    """Return the bytes of a frame."""
    size = len(body)
    if size > LONGEST_SHORT:
        return bytes([flags | LONG]) + size.to_bytes(8, "big") + body
    return bytes([flags, size]) + body


class FrameReader:
    """Cuts what comes into frames. A body that is not admitted is passed over and never kept.

    held: bytes of a body that is not complete yet.
    """

    def __init__(self, admit: Admit) -> None:
        self._admit = admit
        self._rest = b""
        self._flags = 0
        self._missing = 0
        self._body: bytearray | None = None

    @property
    def n_missing(self) -> int:
        """Bytes that an unfinished frame lacks."""
        return self._missing

    @property
    def held(self) -> int:
        """Bytes that are kept of an unfinished frame."""
        return len(self._body) if self._body else len(self._rest)

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Take bytes; return flags and body of each frame that they complete, None for a body that was not kept.

        Whoever stops asking drops the rest, and must not feed again.
        """
        at = 0
        if self._missing:
            at = self._go_on(data)
            if self._missing:
                return
            yield self._flags, None if self._body is None else bytes(self._body)
            self._body = None
        buffer, end = (self._rest + data, len(self._rest) + len(data)) if self._rest else (data, len(data))
        self._rest = b""
        while end - at >= SHORT_HEAD:
            flags = buffer[at]
            start = at + (LONG_HEAD if flags & LONG else SHORT_HEAD)
            if start > end:
                break
            size = int.from_bytes(buffer[at + 1 : start], "big")
            kept = self._admit(flags, size)
            at = start + size
            if at > end:
                self._begin(flags, at - end, bytearray(buffer[start:]) if kept else None)
                return
            yield flags, buffer[start:at] if kept else None
        self._rest = buffer[at:]

    def forget(self) -> None:
        """Drop what has come of a frame."""
        self._rest, self._body = b"", None

    def _begin(self, flags: int, missing: int, body: bytearray | None) -> None:
        self._flags, self._missing, self._body = flags, missing, body

    def _go_on(self, data: bytes) -> int:
        """Add to the unfinished body; return how many bytes that took."""
        taken = min(self._missing, len(data))
        if self._body is not None:
            self._body += data[:taken]
        self._missing -= taken
        return taken
