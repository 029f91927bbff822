"""Reads a picture file into upright 8-bit RGB: PNG, JPEG, WebP, TIFF, BMP, GIF, PNM and AVIF.

The header's size is read before anything is decoded, so that a small file cannot claim a huge picture. EXIF orientation
is applied, 16 bits become 8, grey becomes RGB, and transparency is laid over a neutral grey.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike

from space_runtime.errors import MediaError
from space_runtime.values import Pixels

Size = tuple[int, int]
"""Width and height."""

MAX_PIXELS: Final = 128_000_000
MAX_BYTES: Final = 1 << 30
WORKING_SIDE: Final = 4096
"""Larger pictures are shrunk to this longer side: a face that is found at all is still several hundred pixels high."""
BACKGROUND: Final = 128.0
"""Grey level that shows through transparent pixels."""
ORIENTATION_TAG: Final = 0x0112


def read_picture(path: Path) -> Pixels:
    """Return (h, w, 3) RGB, upright, at most `WORKING_SIDE` long. Raises `MediaError` when the file cannot be used."""
    data = _read_bytes(path)
    size = header_size(data)
    if size is None:
        raise MediaError(f"{path.name} is not a picture of a known kind; use a PNG, JPEG, WebP, TIFF, BMP or GIF file")
    if size[0] * size[1] > MAX_PIXELS:
        raise MediaError(f"{path.name} has {size[0]}×{size[1]} pixels; at most {MAX_PIXELS // 10**6} million are taken,"
                         " save it smaller")
    raw, orientation = _decode(data, size)
    if raw is None or raw.size == 0:
        raise MediaError(f"{path.name} is damaged or incomplete and cannot be decoded; save or download it again")
    return to_rgb(upright(_shrunk(raw), orientation), path.name)


def to_rgb(raw: MatLike, name: str) -> Pixels:
    """Return RGB of decoded grey, BGR or BGRA values of 8 or 16 bits. Raises `MediaError` for other kinds."""
    if raw.dtype == np.uint16:
        raw = (raw.astype(np.float32) / 257 + 0.5).astype(np.uint8)
    if raw.dtype != np.uint8:
        raise MediaError(f"{name} has pixels of type {raw.dtype}; 8 or 16 bits per channel are taken, convert it")
    channels = 1 if raw.ndim == 2 else raw.shape[2]
    if channels == 4:
        opacity = raw[..., 3:].astype(np.float32) / 255
        laid = raw[..., 2::-1] * opacity + BACKGROUND * (1 - opacity)
        return np.ascontiguousarray(laid + 0.5, np.uint8)
    if channels == 1:
        return np.repeat(raw.reshape(*raw.shape[:2], 1), 3, 2).astype(np.uint8)
    return np.ascontiguousarray(raw[..., ::-1], np.uint8)


def upright(picture: MatLike, orientation: int) -> MatLike:
    """Return a picture with its EXIF orientation (1…8) undone; unknown values change nothing."""
    if orientation in (5, 6, 7, 8):
        picture = picture.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return picture


def header_size(data: bytes) -> Size | None:
    """Return the size that the header states, or None when the kind is not known or the header is cut off."""
    try:
        return next((reader(data) for magic, reader in _READERS if re.match(magic, data, re.DOTALL)), None)
    except (struct.error, IndexError):
        return None


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MediaError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB; save it smaller")
        return path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror}); check its name and rights") from None


def _decode(data: bytes, size: Size) -> tuple[MatLike | None, int]:
    """Return the stored pixels and the EXIF orientation. Large JPEG files are decoded at a fraction of their size."""
    flags = cv2.IMREAD_UNCHANGED
    if data.startswith(b"\xff\xd8"):
        reduce = {1: 0, 2: cv2.IMREAD_REDUCED_COLOR_2}.get(max(size) // WORKING_SIDE, cv2.IMREAD_REDUCED_COLOR_4)
        flags = reduce | cv2.IMREAD_IGNORE_ORIENTATION if max(size) >= 2 * WORKING_SIDE else flags
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(0)
    try:
        raw, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(data, np.uint8), flags)
    except (cv2.error, MemoryError):
        return None, 1
    finally:
        cv2.utils.logging.setLogLevel(level)
    exif = next((block for kind, block in zip(kinds, blocks, strict=True) if kind == cv2.IMAGE_METADATA_EXIF), None)
    return raw, 1 if exif is None or data[:2] in (b"II", b"MM") else exif_orientation(np.asarray(exif).tobytes())


def _shrunk(raw: MatLike) -> MatLike:
    factor = max(raw.shape[:2]) / WORKING_SIDE
    if factor <= 1:
        return raw
    size = (max(1, round(raw.shape[1] / factor)), max(1, round(raw.shape[0] / factor)))
    return cv2.resize(raw, size, interpolation=cv2.INTER_AREA)


def exif_orientation(block: bytes) -> int:
    """Return the orientation 1…8 in an EXIF block (with or without its ``Exif`` prefix), 1 when it has none."""
    block = block.removeprefix(b"Exif\0\0")
    try:
        value = dict(_tiff_tags(block)).get(ORIENTATION_TAG, 1)
    except struct.error:
        return 1
    return value if 1 <= value <= 8 else 1


def _tiff_tags(block: bytes) -> list[tuple[int, int]]:
    """Return tag and value of every number in the first directory of a TIFF block."""
    order = "<" if block[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", block, 4)
    (count,) = struct.unpack_from(order + "H", block, start)
    tags = []
    for index in range(min(count, 512)):
        tag, kind = struct.unpack_from(order + "HH", block, start + 2 + 12 * index)
        code = {3: "H", 4: "I"}.get(kind)
        if code:
            tags.append((tag, struct.unpack_from(order + code, block, start + 10 + 12 * index)[0]))
    return tags


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
    """Walk the segments to the frame header (any SOF marker)."""
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
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
