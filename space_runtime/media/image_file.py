"""Reads a picture file into upright 8-bit RGB: PNG, JPEG, WebP, TIFF, BMP, GIF, PNM, AVIF; HEIC with an extra.

The size that the header states is checked before anything is decoded, so that a small file cannot claim a huge picture,
and compared with what was decoded. EXIF orientation, ICC profiles and stated gamma are applied, 16 bits become 8, grey
becomes RGB, and transparency is laid over a neutral grey. A blank first frame gives way to a later one.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from space_runtime.arrays import Pixels, Stored
from space_runtime.errors import MediaError
from space_runtime.extras import OptionalModule, cv2
from space_runtime.media.quiet_stderr import quiet_stderr

if TYPE_CHECKING:
    from cv2.typing import MatLike

    from space_runtime.media import colour_conversion, image_header, later_frames, stated_colours
    from space_runtime.media.image_header import ImageHeader, ImageKind
    from space_runtime.media.stated_colours import StatedColours
else:
    colour_conversion, image_header, later_frames, stated_colours = (
        OptionalModule(f"space_runtime.media.{name}", needs="PIL.Image")
        for name in ("colour_conversion", "image_header", "later_frames", "stated_colours")
    )

MAX_PIXELS: Final = 128_000_000
MAX_DECODED_BYTES: Final = 4 * MAX_PIXELS
"""A picture's pixels at their stored depth: width · height · channels · bytes of each."""
MAX_BYTES: Final = 1 << 30
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))  # read on import: no decoder takes more than ours
WORKING_SIDE: Final = 4096
"""Larger pictures are shrunk to this longer side: a face that is found at all is still several hundred pixels high."""
BACKGROUND: Final = 128.0
"""Grey level that shows through transparent pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture. pixels: (h, w, 3) sRGB, upright. notes: what the user should know, each a clause."""

    pixels: Pixels
    notes: tuple[str, ...] = ()


def read_picture(path: Path) -> Pixels:
    """Return (h, w, 3) RGB, upright, at most `WORKING_SIDE` long. Raises `MediaError` when the file cannot be used."""
    return open_picture(read_bytes(path), path.name).pixels


def decode_picture(data: bytes, name: str) -> Pixels:
    """Return the RGB of a picture file's bytes, as `read_picture` does. ``name`` is for messages."""
    return open_picture(data, name).pixels


def open_picture(data: bytes, name: str, max_decoded: int = MAX_DECODED_BYTES) -> Picture:
    """Return the picture in a file's bytes with what there is to say of it. Raises `MediaError`.

    max_decoded: bytes of its pixels at their stored depth.
    """
    header = _usable_header(data, name, max_decoded)
    is_whole = image_header.is_whole(data, header)  # decoders complain on stderr about a broken PNG
    colours = stated_colours.stated_colours(data, header.kind)
    raw = _decode(data, header, colours.cmyk) if is_whole else None
    if raw is None or raw.size == 0:
        raise MediaError(f"{name} is damaged or incomplete and cannot be decoded; save or download it again")
    if not _fits(raw, header):
        raise MediaError(
            f"{name} is {raw.shape[1]}×{raw.shape[0]} pixels but its header states {header.width}×{header.height}; "
            "save it again"
        )
    stored = _stored(raw, name)
    shown, notes = (stored, []) if colours.cmyk else _shown(stored, data, header, name)
    picture = _laid(_stored(upright(_shrunk(shown), header.orientation), name), colours)
    return replace(picture, notes=(*notes, *picture.notes))


def _stored(raw: MatLike, name: str) -> Stored:
    """Return values of a type that is taken. Raises `MediaError`."""
    if raw.dtype == np.uint8:
        return raw.astype(np.uint8, copy=False)
    if raw.dtype == np.uint16:
        return raw.astype(np.uint16, copy=False)
    raise MediaError(f"{name} has pixels of type {raw.dtype}; 8 or 16 bits per channel are taken, convert it")


def _shown(raw: Stored, data: bytes, header: ImageHeader, name: str) -> tuple[Stored, list[str]]:
    """Return values that show something: of a later frame, or without their transparency, with a note."""
    if not later_frames.is_blank(raw):
        return raw, []
    if (later := later_frames.first_shown(data, header)) is not None:
        frame, number = later
        return frame, [f"the first frame is blank, frame {number} is used"]
    if raw.ndim == 3 and raw.shape[2] == 4 and later_frames.is_transparent(raw):
        if later_frames.is_blank(raw[..., :3]):
            raise MediaError(
                f"{name} is transparent everywhere and holds no colours; save it again without transparency"
            )
        return raw[..., :3], ["the picture is transparent everywhere, its transparency is ignored"]
    return raw, []


def _laid(raw: Stored, colours: StatedColours) -> Picture:
    """Return sRGB of decoded grey, BGR, BGRA or CMYK values; what is transparent shows `BACKGROUND`."""
    planes = raw.reshape(*raw.shape[:2], -1)
    has_opacity = planes.shape[2] == 4 and not colours.cmyk
    stored = planes if colours.cmyk else planes[..., 2::-1] if planes.shape[2] >= 3 else planes[..., :1]
    rgb, known = colour_conversion.to_srgb(stored, colours)
    if has_opacity:
        rgb = _over_background(rgb, planes[..., 3])
    return Picture(rgb, () if known else ("its colour profile cannot be used and is ignored",))


def _over_background(rgb: Pixels, opacity: Stored) -> Pixels:
    """Return the picture laid over `BACKGROUND`."""
    share = (opacity.astype(np.float32) / np.iinfo(opacity.dtype).max)[..., None]
    return np.asarray(rgb * share + np.float32(BACKGROUND) * (1 - share) + np.float32(0.5), np.uint8)


def upright(picture: MatLike, orientation_tag: int) -> MatLike:
    """Return a picture with its EXIF orientation (1…8) undone; unknown values change nothing."""
    if orientation_tag in (5, 6, 7, 8):
        picture = picture.swapaxes(0, 1)
    if orientation_tag in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation_tag in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return picture


def _fits(raw: MatLike, header: ImageHeader) -> bool:
    """Return whether pixels are as many as the header says: turned by their decoder, perhaps, or a JPEG's fraction."""
    sides = sorted((header.width, header.height))
    return any(sorted(raw.shape[:2]) == [-(-side // part) for side in sides] for part in (1, 2, 4))


def _usable_header(data: bytes, name: str, max_decoded: int) -> ImageHeader:
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
    if header.decoded_bytes > max_decoded:
        raise MediaError(
            f"{name} takes {header.decoded_bytes // 10**6} MB decoded ({header.width}×{header.height} pixels of "
            f"{header.pixel_bytes} bytes); at most {max_decoded // 10**6} are taken, save it smaller"
        )
    return header


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a picture file. Raises `MediaError` when it cannot be read or is too large."""
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):  # a pipe or a device may block or never end
            raise MediaError(f"{path} cannot be read (a folder, pipe or device); name a picture file")
        if info.st_size > MAX_BYTES:
            raise MediaError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB; save it smaller")
        return path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror}); check its name and rights") from None


def _decode(data: bytes, header: ImageHeader, cmyk: bool) -> MatLike | None:
    """Return the pixels as they are stored, BGR or CMYK. Large JPEG files are decoded at a fraction of their size."""
    kinds = image_header.ImageKind
    if cmyk or header.kind in (kinds.AVIF, kinds.HEIF):
        return _decode_with_pillow(data, header.kind)
    flags, side = cv2.IMREAD_UNCHANGED, max(header.width, header.height)
    if header.kind is kinds.JPEG and side >= 2 * WORKING_SIDE:
        fraction = cv2.IMREAD_REDUCED_COLOR_2 if side < 4 * WORKING_SIDE else cv2.IMREAD_REDUCED_COLOR_4
        flags = fraction | cv2.IMREAD_IGNORE_ORIENTATION
    log = getattr(cv2.utils, "logging", cv2)  # a module of its own since OpenCV 5
    level = log.getLogLevel()
    log.setLogLevel(0)  # our errors say enough
    try:
        with quiet_stderr():  # the JPEG decoder prints what is damaged
            return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except (cv2.error, MemoryError):
        return None
    finally:
        log.setLogLevel(level)


def _decode_with_pillow(data: bytes, kind: ImageKind) -> MatLike | None:
    """Return 8-bit BGR, BGRA or CMYK: OpenCV reads AVIF of 10 bits too dark, no HEIC, no inks."""
    try:
        with image_header.opened(data, kind) as image:
            if image.mode == "CMYK":
                return np.asarray(image)
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
