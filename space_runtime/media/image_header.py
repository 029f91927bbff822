"""The header of a picture file, read by Pillow: kind, size, orientation and wholeness. Nothing is decoded."""

from __future__ import annotations

import logging
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from typing import Final

from PIL import ExifTags, Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its errors reach stderr: ours say enough

DAMAGE: Final = (
    SyntaxError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""Errors that Pillow raises for a damaged file, by kind and place of the damage."""


PNG_END: Final = b"IEND\xaeB`\x82"
"""Name and checksum of the chunk with which a PNG file ends."""


class ImageKind(StrEnum):
    """The kinds of picture files that are read."""

    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    BMP = "bmp"
    WEBP = "webp"
    TIFF = "tiff"
    PNM = "pnm"
    AVIF = "avif"
    HEIF = "heif"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """The frame of a picture file. width, height: of the stored pixels. orientation: EXIF, 1…8, for `upright`.

    pixel_bytes: a pixel's, decoded; at least as many as the decoder needs.
    """

    kind: ImageKind
    width: int
    height: int
    orientation: int
    pixel_bytes: int = field(default=4, compare=False)

    @property
    def decoded_bytes(self) -> int:
        """The bytes of all pixels, decoded."""
        return self.width * self.height * self.pixel_bytes


def read_header(data: bytes) -> ImageHeader | None:
    """Return the header of a picture file, or None when the kind is not known or the header is cut off.

    Raises `ImportError` for HEIC without the extra 'heic'.
    """
    kind = _kind_of(data)
    if kind is None:
        return None
    try:
        with opened(data, kind) as image:
            return ImageHeader(kind, *image.size, _orientation(data, kind, image), _pixel_bytes(data, kind, image))
    except DAMAGE:
        return None


def is_whole(data: bytes, header: ImageHeader) -> bool:
    """Return False for a PNG that ends before its IEND chunk or has damage in a chunk.

    Other kinds: True, for only their decoders can tell.
    """
    try:
        with opened(data, header.kind) as image:
            image.verify()
    except DAMAGE:
        return False
    return header.kind is not ImageKind.PNG or PNG_END in data  # Pillow does not read the checksum of the last chunk


@contextmanager
def opened(data: bytes, kind: ImageKind) -> Iterator[ImageFile]:
    """Yield Pillow's picture of a file, not yet decoded. Raises one of `DAMAGE`, and `ImportError` for HEIC.

    `PIL.Image.open` would choose among more kinds than are wanted, and hide the size of a picture that is too large.
    Warnings are kept back: our errors alone say what is wrong with a file.
    """
    with warnings.catch_warnings(action="ignore"), _OPENERS[kind](BytesIO(data)) as image:
        yield image


def _open_heif(stream: BytesIO) -> ImageFile:
    from pillow_heif import HeifImageFile

    image: ImageFile = HeifImageFile(stream)
    return image


def _kind_of(data: bytes) -> ImageKind | None:
    return next((kind for magic, kind in _MAGICS if re.match(magic, data, re.DOTALL)), None)


def _pixel_bytes(data: bytes, kind: ImageKind, image: ImageFile) -> int:
    """Return channels · bytes of each: 4 · 1 but for the kinds that store more than 8 bits, and JPEG's 3."""
    if kind is ImageKind.PNG:
        return _PNG_CHANNELS.get(data[25], 4) * max(1, data[24] // 8)
    if kind is ImageKind.TIFF and isinstance(image, TiffImageFile):
        bits = int(max(image.tag_v2.get(ExifTags.Base.BitsPerSample, (8,))))
        return max(3, int(image.tag_v2.get(ExifTags.Base.SamplesPerPixel, 1))) * max(1, bits // 8)
    if kind is ImageKind.PNM:
        return 3 * (1 if image.mode in ("1", "L", "RGB") else 2)
    return 3 if kind is ImageKind.JPEG else 4


def _orientation(data: bytes, kind: ImageKind, image: ImageFile) -> int:
    """Return the EXIF orientation; 1 when there is none, and for TIFF, which OpenCV turns itself."""
    if kind is ImageKind.TIFF:
        return 1
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or (_late_exif(data) if kind is ImageKind.PNG else b""))
    except DAMAGE:
        return 1
    value = exif.get(ExifTags.Base.Orientation, 1)
    return int(value) if value in range(1, 9) else 1


def _late_exif(data: bytes) -> bytes:
    """Return the EXIF block of a PNG that has it behind its pixels, which Pillow reads only with them; else nothing."""
    place = data.rfind(b"eXIf")
    length = int.from_bytes(data[max(place - 4, 0) : place], "big")
    return data[place + 4 : place + 4 + length] if place > 0 else b""


_OPENERS: Final[dict[ImageKind, Callable[[BytesIO], ImageFile]]] = {
    ImageKind.PNG: PngImageFile,
    ImageKind.JPEG: JpegImageFile,
    ImageKind.GIF: GifImageFile,
    ImageKind.BMP: BmpImageFile,
    ImageKind.WEBP: WebPImageFile,
    ImageKind.TIFF: TiffImageFile,
    ImageKind.PNM: PpmImageFile,
    ImageKind.AVIF: AvifImageFile,
    ImageKind.HEIF: _open_heif,
}
_PNG_CHANNELS: Final = {0: 1, 2: 3, 4: 4}
"""Channels, decoded, by colour type; a palette may bring transparency."""
_MAGICS: Final = (
    (rb"\x89PNG\r\n\x1a\n", ImageKind.PNG),
    (rb"\xff\xd8\xff", ImageKind.JPEG),
    (rb"GIF8[79]a", ImageKind.GIF),
    (rb"BM", ImageKind.BMP),
    (rb"RIFF....WEBP", ImageKind.WEBP),
    (rb"II\x2a\x00|MM\x00\x2a", ImageKind.TIFF),
    (rb"P[1-6]\s", ImageKind.PNM),
    (rb"....ftyp(?:avi[fs]|m[is]f1(?:.{4}){1,16}?avi[fs])", ImageKind.AVIF),
    (rb"....ftyp(?:hei[cmsx]|hev[cmsx]|m[is]f1)", ImageKind.HEIF),
)
"""First bytes of each kind; those of AVIF and HEIF are brands of ISO/IEC 23000-22 and 23008-12."""
