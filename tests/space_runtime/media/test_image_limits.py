"""Laws of pictures that claim: a limit in bytes holds before anything is decoded, and header and decoder agree."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

import cv2
import numpy as np
import pytest
from PIL import Image

from space_runtime.errors import MediaError
from space_runtime.media import image_file
from space_runtime.media.image_file import MAX_DECODED_BYTES, decode_picture, open_picture
from space_runtime.media.image_header import read_header

HUGE: Final = 30_000


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def size_chunk(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(*heads: bytes, pixels: bytes = bytes(64 * (1 + 64 * 3))) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(heads) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def tiff(*sizes: tuple[int, int]) -> bytes:
    """A grey TIFF of 64×64 whose size tags are there once for each size, in that order."""
    tags = [(256 + n, 4, 1, side) for size in sizes for n, side in enumerate(size)]
    offset = 8 + 2 + 12 * (len(tags) + 7) + 4
    tags += [(258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, offset)]
    tags += [(277, 3, 1, 1), (278, 4, 1, sizes[-1][1]), (279, 4, 1, 64 * 64)]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(64 * 64)


def saved(kind: str, side: int = 64) -> bytearray:
    buffer = io.BytesIO()
    Image.new("RGB" if kind == "JPEG" else "P", (side, side)).save(buffer, kind)
    return bytearray(buffer.getvalue())


def jpeg(*frames: tuple[int, int]) -> bytes:
    """A JPEG of 64×64 with a frame header for each size."""
    data = bytes(saved("JPEG"))
    start = data.index(b"\xff\xc0")
    end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    heads = [data[start : start + 5] + struct.pack(">HH", *frame) + data[start + 9 : end] for frame in frames]
    return data[:start] + b"".join(heads) + data[end:]


def gif(screen: int = 64, frame: int = 64) -> bytes:
    data = saved("GIF")
    data[6:10] = struct.pack("<HH", screen, screen)
    place = data.index(b",\0\0\0\0", 13)
    data[place + 5 : place + 9] = struct.pack("<HH", frame, frame)
    return bytes(data)


def pnm(head: bytes) -> bytes:
    return head + bytes(64 * 64 * 3)


DISAGREEING: Final = {
    "png, two sizes": png(size_chunk(HUGE, HUGE), size_chunk(64, 64)),
    "png, the other way round": png(size_chunk(64, 64), size_chunk(HUGE, HUGE)),
    "tiff, doubled tags": tiff((HUGE, HUGE), (64, 64)),
    "jpeg, two frames": jpeg((HUGE, HUGE), (64, 64)),
    "jpeg, the other way round": jpeg((64, 64), (HUGE, HUGE)),
    "jpeg, a claim": jpeg((HUGE, HUGE)),
    "gif, a large screen": gif(screen=HUGE),
    "gif, a frame beyond its screen": gif(frame=HUGE),
    "gif, a somewhat larger frame": gif(frame=3_000),
    "bmp, a claim": b"BM"
    + struct.pack("<IHHIIiiHHIIiiII", 12342, 0, 0, 54, 40, HUGE, HUGE, 1, 24, *[0] * 6)
    + bytes(9),
    "pnm, a comment in a number": pnm(b"P6 64#30000\n 64 255\n"),
    "pnm, a comment between numbers": pnm(b"P6\n#64 64\n30000 30000 255\n"),
}


@pytest.mark.parametrize("name", DISAGREEING)
def test_a_file_that_says_two_sizes_is_refused_and_costs_nothing(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MediaError, match=r"photo\.x"):
        decode_picture(DISAGREEING[name], "photo.x")
    assert "Traceback" not in capfd.readouterr().err


def test_what_was_decoded_is_compared_with_what_was_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_file, "_decode", lambda *_: np.zeros((64, 128, 3), np.uint8))
    with pytest.raises(MediaError, match="128×64 pixels but its header states 64×64"):
        decode_picture(bytes(png(size_chunk(64, 64))), "photo.x")


@pytest.mark.parametrize(("depth", "colour", "pixel_bytes"), [(8, 2, 3), (16, 6, 8), (8, 6, 4), (16, 2, 6), (16, 0, 2)])
def test_the_limit_counts_channels_and_depth(depth: int, colour: int, pixel_bytes: int) -> None:
    side = round((MAX_DECODED_BYTES / pixel_bytes) ** 0.5) + 10
    header = read_header(png(size_chunk(64, 64, depth, colour)))
    assert header and header.pixel_bytes == pixel_bytes
    with pytest.raises(MediaError, match=r"photo\.x (takes 51\d MB decoded|has .* at most 128 million)"):
        decode_picture(png(size_chunk(side, side, depth, colour)), "photo.x")


def test_deep_tiff_counts_all_its_channels() -> None:
    header = read_header(cv2.imencode(".tiff", np.zeros((64, 64, 4), np.uint16))[1].tobytes())
    assert header and header.pixel_bytes == 8


def test_a_smaller_limit_may_be_asked_for() -> None:
    data = png(size_chunk(64, 64))
    assert open_picture(data, "photo.x", 64 * 64 * 3).pixels.shape == (64, 64, 3)
    with pytest.raises(MediaError, match="save it smaller"):
        open_picture(data, "photo.x", 64 * 64 * 3 - 1)
