"""Reads a picture file into upright 8-bit RGB: PNG, JPEG, WebP, TIFF, BMP, GIF, PNM and AVIF.

The header's size is read before anything is decoded, so that a small file cannot claim a huge picture. EXIF orientation
is applied, 16 bits become 8, grey becomes RGB, and transparency is laid over a neutral grey.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike

from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError
from space_runtime.media.image_header import Size, header_size, is_whole, orientation

MAX_PIXELS: Final = 128_000_000
MAX_BYTES: Final = 1 << 30
WORKING_SIDE: Final = 4096
"""Larger pictures are shrunk to this longer side: a face that is found at all is still several hundred pixels high."""
BACKGROUND: Final = 128.0
"""Grey level that shows through transparent pixels."""

_OPENCV_LOG: Final = getattr(cv2.utils, "logging", cv2)
"""Has the log level: a module of its own since OpenCV 5. It is lowered while decoding: our errors say enough."""


def read_picture(path: Path) -> Pixels:
    """Return (h, w, 3) RGB, upright, at most `WORKING_SIDE` long. Raises `MediaError` when the file cannot be used."""
    return decode_picture(_read_bytes(path), path.name)


def decode_picture(data: bytes, name: str) -> Pixels:
    """Return the RGB of a picture file's bytes, as `read_picture` does. ``name`` is for messages."""
    size = header_size(data)
    if size is None:
        raise MediaError(f"{name} is not a picture of a known kind; use a PNG, JPEG, WebP, TIFF, BMP or GIF file")
    if size[0] * size[1] > MAX_PIXELS:
        raise MediaError(
            f"{name} has {size[0]}×{size[1]} pixels; at most {MAX_PIXELS // 10**6} million are taken, save it smaller"
        )
    raw = _decode(data, size) if is_whole(data) else None  # decoders complain on stderr about a broken PNG
    if raw is None or raw.size == 0:
        raise MediaError(f"{name} is damaged or incomplete and cannot be decoded; save or download it again")
    if raw.dtype not in (np.uint8, np.uint16):
        raise MediaError(f"{name} has pixels of type {raw.dtype}; 8 or 16 bits per channel are taken, convert it")
    return to_rgb(upright(_shrunk(raw), orientation(data)))


def to_rgb(raw: MatLike) -> Pixels:
    """Return RGB of decoded grey, BGR or BGRA values of 8 or 16 bits."""
    if raw.dtype == np.uint16:
        raw = (raw.astype(np.float32) / 257 + 0.5).astype(np.uint8)
    channels = 1 if raw.ndim == 2 else raw.shape[2]
    if channels == 4:
        opacity = raw[..., 3:].astype(np.float32) / 255
        laid = raw[..., 2::-1] * opacity + BACKGROUND * (1 - opacity)
        return np.ascontiguousarray(laid + 0.5, np.uint8)
    if channels < 3:
        return np.repeat(raw.reshape(*raw.shape[:2], channels)[..., :1], 3, 2).astype(np.uint8)
    return np.ascontiguousarray(raw[..., ::-1], np.uint8)


def upright(picture: MatLike, orientation_tag: int) -> MatLike:
    """Return a picture with its EXIF orientation (1…8) undone; unknown values change nothing."""
    if orientation_tag in (5, 6, 7, 8):
        picture = picture.swapaxes(0, 1)
    if orientation_tag in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation_tag in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return picture


def _read_bytes(path: Path) -> bytes:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):  # a pipe or a device may block or never end
            raise MediaError(f"{path} cannot be read (a folder, pipe or device); name a picture file")
        if info.st_size > MAX_BYTES:
            raise MediaError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB; save it smaller")
        return path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror}); check its name and rights") from None


def _decode(data: bytes, size: Size) -> MatLike | None:
    """Return the pixels as they are stored. Large JPEG files are decoded at a fraction of their size."""
    flags = cv2.IMREAD_UNCHANGED
    if data.startswith(b"\xff\xd8") and max(size) >= 2 * WORKING_SIDE:
        fraction = cv2.IMREAD_REDUCED_COLOR_2 if max(size) < 4 * WORKING_SIDE else cv2.IMREAD_REDUCED_COLOR_4
        flags = fraction | cv2.IMREAD_IGNORE_ORIENTATION
    level = _OPENCV_LOG.getLogLevel()
    _OPENCV_LOG.setLogLevel(0)
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except (cv2.error, MemoryError):
        return None
    finally:
        _OPENCV_LOG.setLogLevel(level)


def _shrunk(raw: MatLike) -> MatLike:
    factor = max(raw.shape[:2]) / WORKING_SIDE
    if factor <= 1:
        return raw
    size = (max(1, round(raw.shape[1] / factor)), max(1, round(raw.shape[0] / factor)))
    return cv2.resize(raw, size, interpolation=cv2.INTER_AREA)
