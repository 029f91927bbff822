"""Parts of a file as a file of its own: what decoders read in place of a damaged or lying header."""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


@dataclass(frozen=True, slots=True)
class Part:
    """One stream of sound inside a file: ``prefix`` followed by the bytes first…last (exclusive) of each range."""

    ranges: tuple[tuple[int, int], ...]
    prefix: bytes = b""

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.prefix) + sum(last - first for first, last in self.ranges)


class PartFile(io.RawIOBase):
    """A part of a file on disk, to read and to seek in. Closes the file with itself."""

    def __init__(self, path: Path, part: Part) -> None:
        super().__init__()
        self._part = part
        self._file: BinaryIO = path.open("rb")
        sizes = [len(part.prefix), *(last - first for first, last in part.ranges)]
        self._starts = [0, *accumulate(sizes)]
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte of the part; see `io.IOBase.seek`."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._part.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        """Fill a buffer as far as there are bytes and return their number."""
        target = memoryview(buffer).cast("B")
        n_read = 0
        while n_read < len(target) and (piece := self._piece(len(target) - n_read)):
            target[n_read : n_read + len(piece)] = piece
            n_read += len(piece)
            self._position += len(piece)
        return n_read

    def close(self) -> None:
        """Close the file on disk too."""
        self._file.close()
        super().close()

    def _piece(self, wanted: int) -> bytes:
        """Up to ``wanted`` bytes from the position on that lie together."""
        place = bisect_right(self._starts, self._position) - 1
        if place > len(self._part.ranges):
            return b""
        inside = self._position - self._starts[place]
        wanted = min(wanted, self._starts[place + 1] - self._position)
        if place == 0:
            return self._part.prefix[inside : inside + wanted]
        self._file.seek(self._part.ranges[place - 1][0] + inside)
        return self._file.read(wanted)
