"""Damaged picture files by number: the same number gives the same bytes."""

from __future__ import annotations

import struct
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import pillow_heif
from PIL import Image

from space_runtime.errors import MediaError
from space_runtime.media.image_file import open_picture
from space_runtime.portrait.portrait import portrait_from_file
from tests.support import icc_profiles, pictures
from tests.support.damage import mutated_file

KINDS: Final = {
    "a.jpg": "JPEG", "a.png": "PNG", "a.webp": "WEBP", "a.tif": "TIFF", "a.bmp": "BMP", "a.gif": "GIF", "a.ppm": "PPM",
    "a.avif": "AVIF", "a.heic": "HEIF",
}  # fmt: skip
"""Pillow's name of each format."""


@cache
def whole_files() -> dict[str, bytes]:
    """Return undamaged files by name: every format, and those with more to read than pixels."""
    pillow_heif.register_heif_opener()
    image = Image.fromarray(pictures.scaled(pictures.astronaut()[0:260, 90:350], 0.7))
    profile, exif = icc_profiles.rgb_profile(icc_profiles.DISPLAY_P3, 2.2), pictures.exif_block(6)
    files = {name: _saved(image, kind) for name, kind in KINDS.items()}
    for name in ("a.jpg", "a.png", "a.webp", "a.avif", "a.heic"):
        files[f"icc_{name}"] = _saved(image, KINDS[name], icc_profile=profile, exif=exif)
    files["cmyk.jpg"] = _saved(image.convert("CMYK"), "JPEG", icc_profile=icc_profiles.cmyk_profile(95, 5))
    files["deflate.tif"] = _saved(image, "TIFF", compression="tiff_adobe_deflate")
    files["palette.png"] = _saved(image.convert("P"), "PNG", transparency=0)
    files["alpha.webp"] = _saved(image.convert("RGBA"), "WEBP", lossless=True)
    black = Image.new("RGB", image.size)
    for name, kind in (("moving.gif", "GIF"), ("moving.webp", "WEBP"), ("moving.png", "PNG")):
        files[name] = _saved(black, kind, save_all=True, append_images=[image])
    gamma, values = struct.pack(">I", 100_000), np.asarray(image)
    deep = pictures.png_of(values.astype(np.uint16) * 257)
    files["deep.png"] = deep[:33] + pictures.png_chunk(b"gAMA", gamma) + deep[33:]
    return files


def mutated(number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a damaged file."""
    return mutated_file(whole_files(), number)


def made_portrait(path: Path) -> str:
    """Make a portrait of a file and return what became of it. Anything but a `MediaError` of one line is passed on."""
    try:
        portrait_from_file(path.read_bytes(), pictures.tracker(), path.name)
    except MediaError as error:
        assert "\n" not in str(error) and path.name in str(error)
        return "refused"
    return "read"


def decoded(data: bytes, name: str) -> str:
    """Decode a file's bytes and return what became of it, as `made_portrait` does."""
    try:
        open_picture(data, name)
    except MediaError as error:
        assert "\n" not in str(error) and name in str(error)
        return "refused"
    return "read"


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()
