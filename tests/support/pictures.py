"""Pictures for tests, made from those of scikit-image: a NASA astronaut, a cat, and things without a face."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray

import space_runtime
from space_runtime.arrays import Pixels
from space_runtime.portrait.portrait import Portrait, open_tracker, portrait_from_pixels
from space_runtime.portrait.tracking import FaceTracker

GREY = 128
MODELS = Path(space_runtime.__file__).parent / "models"


@cache
def tracker() -> FaceTracker:
    """Return the tracker of the embedded networks; it keeps no state, so every test may share it."""
    return open_tracker()


def bundled(name: str) -> Pixels:
    """Return the RGB pixels of a picture file that comes with scikit-image."""
    values = cv2.imread(str(Path(skimage.__file__).parent / "data" / name), cv2.IMREAD_COLOR)
    assert values is not None
    return np.ascontiguousarray(values[..., ::-1], np.uint8)


def astronaut() -> Pixels:
    """Eileen Collins, 512×512, one face 120 pixels high (NASA, public domain)."""
    return bundled("astronaut.png")


@cache
def portrait() -> Portrait:
    """Return the portrait of `astronaut`; tests may share it, because portraits are values."""
    return portrait_from_pixels(astronaut(), tracker(), "astronaut.png")


def cat() -> Pixels:
    """The face of the cat Chelsea, enlarged: the detector and the mesh network take it for a human face."""
    return scaled(bundled("chelsea.png")[:, 60:360], 1.5)


def faceless() -> dict[str, Pixels]:
    """Pictures without any face, by name."""
    plain = np.full((300, 400, 3), GREY, np.uint8)
    return {"coffee": bundled("coffee.png"), "grass": bundled("grass.png"), "plain": plain}


def on_canvas(height: int, width: int, *placed: tuple[Pixels, int, int]) -> Pixels:
    """Return a grey picture with others laid on it, each at its row and column."""
    canvas = np.full((height, width, 3), GREY, np.uint8)
    for picture, row, column in placed:
        canvas[row : row + picture.shape[0], column : column + picture.shape[1]] = picture
    return canvas


def scaled(picture: Pixels, factor: float) -> Pixels:
    """Return the picture enlarged or shrunk."""
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=way), np.uint8)


def turned(picture: Pixels, angle_rad: float) -> Pixels:
    """Return the picture turned counter-clockwise about its middle; its edge is repeated outside."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(np.degrees(angle_rad)), 1.0)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def png_of(values: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Return the PNG file of RGB or RGBA values."""
    order = [2, 1, 0, 3][: values.shape[2]]
    done, data = cv2.imencode(".png", np.ascontiguousarray(values[..., order]))
    assert done
    return data.tobytes()


def save(path: Path, values: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    """Write RGB, RGBA or grey values in the format of the path's suffix; return the path."""
    channels = 1 if values.ndim == 2 else values.shape[2]
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    planes = values.reshape(*values.shape[:2], channels)
    assert cv2.imwrite(str(path), np.ascontiguousarray(np.take(planes, order, axis=2)))
    return path


def stored_as(picture: Pixels, orientation: int) -> Pixels:
    """Return the pixels that a camera stores with an EXIF orientation so that viewers show ``picture``.

    EXIF 2.32, tag 274: the number says where the stored row 0 and column 0 belong.
    """
    stored = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: np.rot90(picture, 1),
        7: np.rot90(picture, 2).transpose(1, 0, 2),
        8: np.rot90(picture, -1),
    }[orientation]
    return np.ascontiguousarray(stored)


def exif_block(orientation: int, order: str = "<") -> bytes:
    """Return a TIFF block that holds only the orientation, little- or big-endian."""
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def with_orientation(jpeg: bytes, orientation: int, order: str = "<") -> bytes:
    """Return a JPEG file with an EXIF segment that holds only the orientation."""
    body = b"Exif\0\0" + exif_block(orientation, order)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return one chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with_orientation(png: bytes, orientation: int) -> bytes:
    """Return a PNG file with an eXIf chunk behind its header."""
    return png[:33] + png_chunk(b"eXIf", exif_block(orientation)) + png[33:]


def png_claiming(width: int, height: int) -> bytes:
    """Return a small PNG file whose header claims a size."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + data + png_chunk(b"IEND", b"")
