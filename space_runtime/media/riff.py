"""The sound of WAV files (RIFF, RF64, BW64) by their chunks, where sizes are wrong, placeholders or several."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from space_runtime.errors import MediaError
from space_runtime.media.byte_ranges import Part
from space_runtime.media.mono import UNKNOWN, Layout

HEADS: Final = (b"RIFF", b"RF64", b"BW64")
FORM_SIZE: Final = 12
MAX_LIST: Final = 1 << 16
W64_HEAD: Final = bytes.fromhex("726966662e91cf11a5d628db04c10000")
W64_FIRST_CHUNK, W64_CHUNK = 40, 24
EXTENSIBLE: Final = b"\xfe\xff"
GSM: Final = b"\x31\0"
MASK_CENTRE, MASK_LOW = 0x4, 0x8
UNMASKED: Final = {6: Layout(2, 3), 8: Layout(2, 3)}
"""5.1 and 7.1 as players take them where a header names no speakers."""
CERTAIN_PLACEHOLDER: Final = 0x7FFF_0000
"""Data sizes from here on are what programs that write into a pipe put there."""
ROUND_PLACEHOLDER: Final = 0x100_0000
"""Round numbers from here on are too, when less than a quarter of them is present."""
HEADER_SIZES: Final = (0, 1, 8, 36, 37, 44, 45)
"""The amount that is taken off a round number that is to be the size of the whole file."""
SLOPPY_S: Final = 0.01
"""Sound that may lack from a data size before the file counts as truncated: many writers count their header too."""
WRAP: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk: its name, and its payload from the byte ``start`` on, ``size`` bytes as stated."""

    name: bytes
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Wav:
    """The sound of a WAV file. part: None where the header is right as it is.

    wants_ffmpeg: libsndfile reads a block of this codec that is not there.
    """

    part: Part | None
    layout: Layout
    wants_ffmpeg: bool = False


def scan_wav(path: Path) -> Wav | None:
    """Return what is heard of a WAV file, None for any other file.

    Raises `MediaError` for a file that was cut off, and for one glued to another of a different kind.
    """
    with path.open("rb") as file:
        head = file.read(FORM_SIZE)
        if head[:4] not in HEADS or head[8:] != b"WAVE":
            return None
        end = file.seek(0, 2)
        return _Scan(path, file, end).wav()


def scan_w64(path: Path) -> Part | None:
    """Return the sound of a W64 file under a header of WAV where libsndfile takes floats for whole numbers, else None.

    That is so where the format names its numbers by a GUID (WAVE_FORMAT_EXTENSIBLE).
    """
    with path.open("rb") as file:
        if file.read(16) != W64_HEAD:
            return None
        end, position, form = file.seek(0, 2), W64_FIRST_CHUNK, b""
        while position + W64_CHUNK <= end:
            file.seek(position)
            head = file.read(W64_CHUNK)
            start, size = position + W64_CHUNK, int.from_bytes(head[16:], "little") - W64_CHUNK
            if head[:4] == b"fmt ":
                form = file.read(min(max(0, size), 256))
            if head[:4] == b"data":
                is_odd = form[:2] == EXTENSIBLE and 0 < size <= end - start
                return Part(((start, start + size),), _header(form, size)) if is_odd else None
            position = start + max(0, size) + -size % 8
    return None


class _Scan:
    """One walk over the chunks of a file."""

    def __init__(self, path: Path, file: BinaryIO, end: int) -> None:
        self._path, self._file, self._end = path, file, end
        self._format = b""
        self._long_size = 0
        self._is_regular = True
        self._ranges: list[tuple[int, int]] = []

    def wav(self) -> Wav:
        for chunk in self._chunks():
            if chunk.name == b"fmt ":
                self._take_format(self._bytes(chunk.start, min(chunk.size, 256)))
            elif chunk.name == b"ds64":
                self._long_size = int.from_bytes(self._bytes(chunk.start + 8, 8), "little")
            elif chunk.name == b"LIST":  # libsndfile takes what is called data in it for the sound
                self._is_regular &= b"data" not in self._bytes(chunk.start, min(chunk.size, MAX_LIST))
        self._is_regular &= len(self._ranges) <= 1
        if self._is_regular or len(self._format) < 16:
            return Wav(None, _layout(self._format), self._format[:2] == GSM)
        size = sum(last - first for first, last in self._ranges)
        return Wav(Part(tuple(self._ranges), _header(self._format, size)), _layout(self._format))

    def _chunks(self) -> Iterator[Chunk]:
        """Yield the chunks; those of sound are noted with their true size, a glued file is entered."""
        position = FORM_SIZE
        while position + 8 <= self._end:
            head = self._bytes(position, FORM_SIZE)
            if head[:4] in HEADS and head[8:] == b"WAVE":
                position += FORM_SIZE
                continue
            chunk = Chunk(head[:4], position + 8, int.from_bytes(head[4:8], "little"))
            if not _is_name(chunk.name):
                return
            yield chunk
            size = chunk.size
            if chunk.name == b"data":
                size = self._data_size(chunk)
                self._is_regular &= size == chunk.size or (size == self._long_size and chunk.size == WRAP - 1)
                self._ranges.append((chunk.start, chunk.start + size))
            position = self._next(chunk.start + size, size)

    def _next(self, position: int, size: int) -> int:
        """The byte behind a chunk and its pad byte, which some writers forget."""
        if not size % 2 or position >= self._end:
            return position
        if _is_name(self._bytes(position, 4)) and not _is_name(self._bytes(position + 1, 4)):
            self._is_regular = False
            return position
        return position + 1

    def _data_size(self, chunk: Chunk) -> int:
        """Bytes of sound that are there, whatever the header says."""
        present = self._end - chunk.start
        stated = chunk.size
        if stated == WRAP - 1 and self._long_size:
            stated = self._long_size
        if stated == 0:
            return 0 if self._are_chunks(chunk.start) else present
        if stated <= present:
            return (
                stated
                if present - stated < WRAP or self._are_chunks(chunk.start + stated + stated % 2)
                else (stated + (present - stated) // WRAP * WRAP)
            )
        rate = int.from_bytes(self._format[8:12], "little")
        if is_placeholder(stated, present) or stated - present <= rate * SLOPPY_S:
            return present
        raise MediaError(
            f"{self._path} is truncated: it holds {present} of the {stated} bytes of sound that its header promises; "
            "copy or export it again"
        )

    def _are_chunks(self, position: int) -> bool:
        """Return whether chunks, or nothing at all, fill the rest of the file."""
        while position + 8 <= self._end:
            head = self._bytes(position, 8)
            if not _is_name(head[:4]):
                return False
            size = int.from_bytes(head[4:], "little")
            position += 8 + size + size % 2
        return position <= self._end + 1

    def _take_format(self, new: bytes) -> None:
        if self._ranges and not self._format:  # the sound comes first, which libsndfile does not read
            self._is_regular = False
        elif self._ranges and new[:16] != self._format[:16]:
            raise MediaError(
                f"{self._path} is two WAV files glued together whose sample format differs; export them as one"
            )
        self._format = new

    def _bytes(self, position: int, size: int) -> bytes:
        self._file.seek(position)
        return self._file.read(size)


def is_placeholder(stated: int, present: int) -> bool:
    """Return whether a size of more bytes than are there was written before the length was known."""
    if stated >= CERTAIN_PLACEHOLDER:
        return True
    if stated < ROUND_PLACEHOLDER or present * 4 > stated:
        return False
    return any((stated + n) % 1_000_000 == 0 or (stated + n) % 0x1_0000 == 0 for n in HEADER_SIZES)


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name) and name != b"    "


def _layout(form: bytes) -> Layout:
    """The columns of a format chunk's speaker mask."""
    if len(form) < 16:
        return UNKNOWN
    tag, n_channels = struct.unpack_from("<HH", form)
    mask = int.from_bytes(form[20:24], "little") if tag == 0xFFFE and len(form) >= 24 else 0
    if not mask:
        return UNMASKED.get(n_channels, UNKNOWN)
    places = [(mask & (bit - 1)).bit_count() if mask & bit else None for bit in (MASK_CENTRE, MASK_LOW)]
    return Layout(*(None if place is None or place >= n_channels else place for place in places))


def _header(form: bytes, n_bytes: int) -> bytes:
    """A header that is true."""
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"\0" * (len(form) % 2)
    size = 4 + len(chunks) + 8 + n_bytes
    if size < WRAP - 1:
        return b"RIFF" + struct.pack("<I", size) + b"WAVE" + chunks + b"data" + struct.pack("<I", n_bytes)
    sizes = b"ds64" + struct.pack("<IQQQI", 28, size + 36, n_bytes, 0, 0)
    return b"RF64\xff\xff\xff\xffWAVE" + sizes + chunks + b"data\xff\xff\xff\xff"
