"""Streams that follow one another in one OGG, FLAC, AU, AIFF or W64 file, found by their first bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO, Final

from space_runtime.media.byte_ranges import Part
from space_runtime.media.riff import W64_HEAD

FLAC_HEADS: Final = (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22")
FLAC_TOTAL: Final = slice(18, 26)
"""Bytes whose last 36 bits are the number of samples, 0 if it was not known when they were written."""
FLAC_SYNC: Final = (b"\xff\xf8", b"\xff\xf9")
MAX_FLAC_FRAME: Final = 1 << 17
MAX_SYNCS: Final = 16
"""Places tried, from the end: chance makes one that is none in 32 KiB."""
SIZED_HEAD: Final = 24
AU_SIZE: Final = slice(8, 12)
LONE_HEADS: Final = {b"FLV\1": 13, bytes.fromhex("3026b2758e66cf11"): 16, b"TTA1": 14}
"""First bytes of formats whose players stop at the end of the first file, and how many of them tell a second one."""
BLOCK: Final = 1 << 20
PAGE: Final = struct.Struct("<4sBBqIIIB")
FIRST_PAGE, LAST_PAGE = 2, 4
OFFSET_GRANULES: Final = 96_000
"""The first page of sound may hold two seconds and four times what the second holds; a later end is an offset."""


def _crc16_of(byte: int) -> int:
    crc = byte << 8
    for _ in range(8):
        crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


CRC16: Final = tuple(map(_crc16_of, range(256)))


@dataclass(frozen=True, slots=True)
class Flac:
    """The streams of a FLAC file. is_streamed: the first does not state its length, which libsndfile needs."""

    parts: tuple[Part, ...]
    is_streamed: bool


@dataclass(frozen=True, slots=True)
class Ogg:
    """The chained streams of an OGG file. has_own_clock: pages lack, several streams run side by side, or time does
    not begin at 0: a decoder that follows media times must read it. is_ended: the last page says that it is the last.
    """

    parts: tuple[Part, ...]
    has_own_clock: bool
    is_ended: bool


@dataclass(frozen=True, slots=True)
class _Page:
    first: int
    is_first: bool
    is_last: bool
    granule: int
    serial: int
    number: int


def scan_flac(path: Path) -> Flac | None:
    """Return the streams of a FLAC file, None for any other file."""
    with path.open("rb") as file:
        head = file.read(FLAC_TOTAL.stop)
        if head[:4] != b"fLaC":
            return None
        end = file.seek(0, 2)
        starts = [*sorted({position for head in FLAC_HEADS for position in _find(file, head)}), end]
    total = int.from_bytes(head[FLAC_TOTAL]) & (1 << 36) - 1
    return Flac(tuple(Part((span,)) for span in pairwise(starts)), total == 0)


def ends_with_a_frame(path: Path) -> bool:
    """Return whether a FLAC file ends where a frame does, which its checksum tells: then nothing was cut off inside."""
    with path.open("rb") as file:
        if file.read(4) != b"fLaC":
            return False
        end = file.seek(0, 2)
        file.seek(max(4, end - MAX_FLAC_FRAME))
        last = file.read()
    starts = [at for at in range(len(last) - 2) if last[at : at + 2] in FLAC_SYNC]
    return any(_crc16(last[at:]) == 0 for at in reversed(starts[-MAX_SYNCS:]))


def _crc16(data: bytes) -> int:
    """The checksum of FLAC's frames; 0 over a frame with its own checksum."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ CRC16[crc >> 8 ^ byte]
    return crc


def scan_ogg(path: Path) -> Ogg | None:
    """Return the streams of an OGG file, None for any other file."""
    with path.open("rb") as file:
        if file.read(4) != b"OggS":
            return None
        end = file.seek(0, 2)
        pages = _pages(file, end)
        starts, own_clock, is_ended = _chain(pages)
    return Ogg(tuple(Part((span,)) for span in pairwise([*starts, end])), own_clock, is_ended)


def scan_sized(path: Path) -> tuple[Part, ...]:
    """Return the files glued together in an AU, AIFF or W64 file, by the size that each states; none for one alone."""
    starts: list[int] = []
    with path.open("rb") as file:
        end = file.seek(0, 2)
        position = 0
        while position + SIZED_HEAD <= end:
            file.seek(position)
            size = _stated_size(file.read(SIZED_HEAD))
            if not size:
                break
            starts.append(position)
            position += size
    return tuple(Part((span,)) for span in pairwise([*starts, end])) if len(starts) > 1 else ()


def scan_au(path: Path) -> Part | None:
    """Return the sound of an AU file whose size is 0 or less than what is there, under a header that states none."""
    with path.open("rb") as file:
        head, end = file.read(SIZED_HEAD), file.seek(0, 2)
    stated_end = int.from_bytes(head[4:8]) + int.from_bytes(head[AU_SIZE])
    if head[:4] != b".snd" or len(head) < SIZED_HEAD or stated_end >= end:
        return None
    return Part(((AU_SIZE.stop, end),), head[: AU_SIZE.start] + b"\xff" * 4)


def is_followed(path: Path) -> bool:
    """Return whether a second MP4, FLV, ASF or TTA file stands behind the first, which players do not play."""
    with path.open("rb") as file:
        head = file.read(16)
        if head[4:8] == b"ftyp":
            return _n_file_types(file) > 1
        n_bytes = next((n for magic, n in LONE_HEADS.items() if head.startswith(magic)), 0)
        return n_bytes > 0 and len(list(islice(_find(file, head[:n_bytes]), 2))) > 1


def _n_file_types(file: BinaryIO) -> int:
    """The ``ftyp`` atoms on the ground floor of an MP4 file."""
    position = found = 0
    end = file.seek(0, 2)
    while position + 8 <= end:
        file.seek(position)
        head = file.read(16)
        size = int.from_bytes(head[8:16] if head[:4] == b"\0\0\0\1" else head[:4])
        if size < 8:
            break
        found += head[4:8] == b"ftyp"
        position += size
    return found


def _stated_size(head: bytes) -> int:
    """Bytes of the file that begins with a head, 0 where it does not say."""
    if head[:4] == b".snd" and head[8:12] != b"\xff" * 4:
        return int.from_bytes(head[4:8]) + int.from_bytes(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        size = int.from_bytes(head[4:8])
        return 8 + size + size % 2
    if head[:16] == W64_HEAD:
        return int.from_bytes(head[16:24], "little")
    return 0


def _find(file: BinaryIO, head: bytes) -> Iterator[int]:
    """Yield the positions of some bytes, reading the file in blocks that overlap."""
    position = 0
    while True:
        file.seek(position)
        block = file.read(BLOCK + len(head) - 1)
        found = block.find(head)
        while found >= 0:
            yield position + found
            found = block.find(head, found + 1)
        position += BLOCK
        if len(block) < BLOCK:
            return


def _pages(file: BinaryIO, end: int) -> Iterator[_Page]:
    """Yield the pages; what lies between them is skipped."""
    position = 0
    while position + PAGE.size <= end:
        file.seek(position)
        head = file.read(PAGE.size + 255)
        name, _, kind, granule, serial, number, _, n_segments = PAGE.unpack_from(head)
        if name != b"OggS":
            position = next((position + found for found in _find_from(file, position + 1)), end)
            continue
        yield _Page(position, bool(kind & FIRST_PAGE), bool(kind & LAST_PAGE), granule, serial, number)
        position += PAGE.size + n_segments + sum(head[PAGE.size : PAGE.size + n_segments])


def _find_from(file: BinaryIO, position: int) -> Iterator[int]:
    """Yield distances (at least 1) to the next page after a position."""
    distance = 1
    file.seek(position)
    while block := file.read(BLOCK):
        found = block.find(b"OggS")
        if found >= 0:
            yield distance + found
            return
        distance += max(1, len(block) - 3)
        file.seek(position + distance - 1)
        if len(block) < 4:
            return


def _chain(pages: Iterator[_Page]) -> tuple[list[int], bool, bool]:
    """Return the first bytes of the chained streams, if any has a clock of its own, if the last page says it is."""
    starts: list[int] = []
    numbers: dict[int, int] = {}
    granules: list[int] = []
    own_clock = in_heads = is_ended = False
    for page in pages:
        if page.is_first and not in_heads:
            own_clock |= _begins_late(granules)
            starts.append(page.first)
            numbers, granules = {}, []
        in_heads, is_ended = page.is_first, page.is_last
        own_clock |= page.number != numbers.get(page.serial, -1) + 1 or len(numbers) > 1
        numbers[page.serial] = page.number
        if page.granule > 0 and len(granules) < 2:
            granules.append(page.granule)
    return starts or [0], own_clock or _begins_late(granules), is_ended


def _begins_late(granules: list[int]) -> bool:
    if not granules:
        return False
    step = granules[1] - granules[0] if len(granules) > 1 else 0
    return granules[0] > OFFSET_GRANULES + 4 * max(0, step)
