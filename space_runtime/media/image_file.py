"""Reads a picture file into upright 8-bit RGB: PNG, JPEG, WebP, TIFF, BMP, GIF, PNM, AVIF; HEIC with an extra.

The size that the header states is checked before anything is decoded, so that a small file cannot claim a huge picture.
EXIF orientation is applied, 16 bits become 8, grey becomes RGB, and transparency is laid over a neutral grey.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError
from space_runtime.extras import OptionalModule, cv2

if TYPE_CHECKING:
    from cv2.typing import MatLike

    from space_runtime.media import image_header
    from space_runtime.media.image_header import ImageHeader, ImageKind
else:
    image_header = OptionalModule("space_runtime.media.image_header", needs="PIL.Image")

MAX_PIXELS: Final = 128_000_000
MAX_BYTES: Final = 1 << 30
WORKING_SIDE: Final = 4096
"""Larger pictures are shrunk to this longer side: a face that is found at all is still several hundred pixels high."""
BACKGROUND: Final = 128.0
"""Grey level that shows through transparent pixels."""


def read_picture(path: Path) -> Pixels:
    """Return (h, w, 3) RGB, upright, at most `WORKING_SIDE` long. Raises `MediaError` when the file cannot be used."""
    return decode_picture(_read_bytes(path), path.name)


def decode_picture(data: bytes, name: str) -> Pixels:
    """Return the RGB of a picture file's bytes, as `read_picture` does. ``name`` is for messages."""
    header = _usable_header(data, name)
    is_whole = image_header.is_whole(data, header)  # decoders complain on stderr about a broken PNG
    raw = _decode(data, header) if is_whole else None
    if raw is None or raw.size == 0:
        raise MediaError(f"{name} is damaged or incomplete and cannot be decoded; save or download it again")
    if raw.dtype not in (np.uint8, np.uint16):
        raise MediaError(f"{name} has pixels of type {raw.dtype}; 8 or 16 bits per channel are taken, convert it")
    return to_rgb(upright(_shrunk(raw), header.orientation))


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


def _usable_header(data: bytes, name: str) -> ImageHeader:
    """Return the header of a picture that may be decoded. Raises `MediaError`."""
    try:
        header = image_header.read_header(data)
    except ImportError:
        raise MediaError(
            f"{name} is a HEIC picture, which needs pillow-heif: pip install pillow-heif (the extra 'heic'; its "
            "decoder comes under the GPL), or save the picture as JPEG"
        ) from None
    if header is None:
        raise MediaError(
            f"{name} is not a picture of a known kind, or its header is damaged; use a PNG, JPEG, WebP, TIFF, BMP, GIF "
            "or AVIF file"
        )
    if header.width * header.height > MAX_PIXELS:
        raise MediaError(
            f"{name} has {header.width}×{header.height} pixels; at most {MAX_PIXELS // 10**6} million are taken, "
            "save it smaller"
        )
    return header


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


def _decode(data: bytes, header: ImageHeader) -> MatLike | None:
    """Return the pixels as they are stored, BGR. Large JPEG files are decoded at a fraction of their size."""
    kinds = image_header.ImageKind
    if header.kind in (kinds.AVIF, kinds.HEIF):
        return _decode_with_pillow(data, header.kind)
    flags, side = cv2.IMREAD_UNCHANGED, max(header.width, header.height)
    if header.kind is kinds.JPEG and side >= 2 * WORKING_SIDE:
        fraction = cv2.IMREAD_REDUCED_COLOR_2 if side < 4 * WORKING_SIDE else cv2.IMREAD_REDUCED_COLOR_4
        flags = fraction | cv2.IMREAD_IGNORE_ORIENTATION
    log = getattr(cv2.utils, "logging", cv2)  # a module of its own since OpenCV 5
    level = log.getLogLevel()
    log.setLogLevel(0)  # our errors say enough
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except (cv2.error, MemoryError):
        return None
    finally:
        log.setLogLevel(level)


def _decode_with_pillow(data: bytes, kind: ImageKind) -> MatLike | None:
    """Return 8-bit BGR or BGRA: OpenCV reads AVIF of 10 bits too dark, and no HEIC."""
    try:
        with image_header.opened(data, kind) as image:
            rgb = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    except image_header.DAMAGE:
        return None
    return rgb[..., [2, 1, 0, 3][: rgb.shape[2]]]


def _shrunk(raw: MatLike) -> MatLike:
    factor = max(raw.shape[:2]) / WORKING_SIDE
    if factor <= 1:
        return raw
    size = (max(1, round(raw.shape[1] / factor)), max(1, round(raw.shape[0] / factor)))
    return cv2.resize(raw, size, interpolation=cv2.INTER_AREA)
