"""Reads what a picture file's frame says, size, orientation and wholeness, without decoding the picture.

Formats: PNG (ISO/IEC 15948), JPEG (ITU-T T.81), WebP (RFC 9649), TIFF 6.0, BMP, GIF 89a, PNM, AVIF (ISO/IEC 23000-22).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Final

Size = tuple[int, int]
"""Width and height."""

ORIENTATION_TAG: Final = 0x0112
MAX_TAGS: Final = 512
PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"


def header_size(data: bytes) -> Size | None:
    """Return the size that the header states, or None when the kind is not known or the header is cut off."""
    try:
        return next((reader(data) for magic, reader in _READERS if re.match(magic, data, re.DOTALL)), None)
    except (struct.error, IndexError):
        return None


def orientation(data: bytes) -> int:
    """Return the EXIF orientation 1…8 of a JPEG, PNG or WebP file; 1 when it has none.

    Other kinds: 1, for OpenCV turns TIFF itself and the rest do not know it.
    """
    try:
        block = next(
            (block for magic, reader in _EXIF_READERS if re.match(magic, data, re.DOTALL) for block in reader(data)),
            b"",
        )
        value = dict(_tiff_tags(block.removeprefix(b"Exif\0\0"))).get(ORIENTATION_TAG, 1)
    except (struct.error, IndexError):
        return 1
    return value if 1 <= value <= 8 else 1


def is_whole(data: bytes) -> bool:
    """Return False for a PNG that ends before its IEND chunk or has damage in a chunk that decoding needs.

    Other kinds: True, for only their decoders can tell.
    """
    if not data.startswith(PNG_MAGIC):
        return True
    for kind, content, checksum in _png_chunks(data):
        needed = kind[:1].isupper()
        if checksum is None or (needed and checksum != zlib.crc32(kind + content)):
            return False
        if kind == b"IEND":
            return True
    return False


def _tiff_tags(block: bytes) -> list[tuple[int, int]]:
    """Return tag and value of every number in the first directory of a TIFF block."""
    order = "<" if block[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", block, 4)
    (count,) = struct.unpack_from(order + "H", block, start)
    tags = []
    for index in range(min(count, MAX_TAGS)):
        tag, kind = struct.unpack_from(order + "HH", block, start + 2 + 12 * index)
        code = {3: "H", 4: "I"}.get(kind)
        if code:
            tags.append((tag, struct.unpack_from(order + code, block, start + 10 + 12 * index)[0]))
    return tags


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield marker and place of the content of every segment before the picture itself."""
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xDA:
            return
        yield marker, place + 4
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]


def _jpeg_exif(data: bytes) -> Iterator[bytes]:
    return (
        data[place : place + 65_536]
        for marker, place in _jpeg_segments(data)
        if marker == 0xE1 and data[place : place + 6] == b"Exif\0\0"
    )


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int | None]]:
    """Yield kind, content and stated CRC-32 of every chunk; the CRC is None where the file ends before it."""
    place = len(PNG_MAGIC)
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 8 + length
        checksum = int.from_bytes(data[end : end + 4], "big") if end + 4 <= len(data) else None
        yield kind, data[place + 8 : end], checksum
        place = end + 4


def _png_exif(data: bytes) -> Iterator[bytes]:
    return (content for kind, content, _ in _png_chunks(data) if kind == b"eXIf")


def _webp_exif(data: bytes) -> Iterator[bytes]:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind == b"EXIF":
            yield data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _png(data: bytes) -> Size:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> Size:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp(data: bytes) -> Size:
    width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)


def _jpeg(data: bytes) -> Size | None:
    """The size in the frame header (any SOF marker)."""
    for marker, place in _jpeg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 1)
            return width, height
    return None


def _webp(data: bytes) -> Size | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return (int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _tiff(data: bytes) -> Size | None:
    tags = dict(_tiff_tags(data))
    return (tags[256], tags[257]) if 256 in tags and 257 in tags else None


def _pnm(data: bytes) -> Size | None:
    numbers = re.match(rb"P[1-6](?:\s|#[^\n]*\n)+(\d{1,9})\s+(\d{1,9})\s", data[:4096])
    return (int(numbers[1]), int(numbers[2])) if numbers else None


def _avif(data: bytes) -> Size | None:
    """The largest picture that an ``ispe`` box announces."""
    sizes = [struct.unpack_from(">II", data, box.end() + 4) for box in re.finditer(rb"ispe", data[:65536])]
    width, height = max(sizes, key=lambda size: int(size[0]) * int(size[1]), default=(0, 0))
    return (width, height) if width else None


_READERS: Final[tuple[tuple[bytes, Callable[[bytes], Size | None]], ...]] = (
    (rb"\x89PNG\r\n\x1a\n", _png),
    (rb"\xff\xd8\xff", _jpeg),
    (rb"GIF8[79]a", _gif),
    (rb"BM", _bmp),
    (rb"RIFF....WEBP", _webp),
    (rb"II\x2a\x00|MM\x00\x2a", _tiff),
    (rb"P[1-6]\s", _pnm),
    (rb"....ftypavi[fs]", _avif),
)
_EXIF_READERS: Final[tuple[tuple[bytes, Callable[[bytes], Iterator[bytes]]], ...]] = (
    (rb"\xff\xd8\xff", _jpeg_exif),
    (rb"\x89PNG\r\n\x1a\n", _png_exif),
    (rb"RIFF....WEBP", _webp_exif),
)
