"""The colour planes of a video's picture, in the video's own colours: no value outside the mouth is ever converted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from space_runtime.arrays import Floats, Stored
from space_runtime.extras import av
from space_runtime.media.video_reader import HD_HEIGHT, orientation

if TYPE_CHECKING:
    from av.video.format import VideoFormat
    from av.video.frame import VideoFrame


# fmt: off
KEPT: Final = (
    "yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "gray",
    "yuv420p10le", "yuv422p10le", "yuv444p10le", "gray10le",
)
"""Pixel formats that are kept as they are; others become the nearest of them."""
# fmt: on
BT709, UNSTATED, BT601, BT2020, BT2020_LIGHT = 1, 2, 6, 9, 10
"""Codes of colour matrices (ITU-T H.273)."""
LUMA_WEIGHTS: Final = {
    BT709: (0.2126, 0.0722),
    BT601: (0.299, 0.114),
    BT2020: (0.2627, 0.0593),
    BT2020_LIGHT: (0.2627, 0.0593),
}
"""Shares of red and blue in luma; matrices that are not listed count as BT.601's."""
LIMITED_RANGE, FULL_RANGE = 1, 2
"""FFmpeg's codes of colour ranges; the full one uses all values."""


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """An upright picture. planes: luma, then the two of chroma, if any, which may be smaller.

    size: (width, height) on the screen, in which points of faces are given. bits: of a value. format: FFmpeg's name.
    matrix, full_range: by which RGB becomes these colours.
    """

    planes: tuple[Stored, ...]
    size: tuple[int, int]
    bits: int
    format: str
    matrix: int
    full_range: bool

    def scale(self, plane: int) -> tuple[float, float]:
        """Return columns and rows of a plane for one of the picture on the screen."""
        height, width = self.planes[plane].shape
        return width / self.size[0], height / self.size[1]

    def colours(self, rgb: Floats) -> Floats:
        """Return (…, 3) RGB 0…255 as values of the planes, floats (ITU-R BT.601, BT.709, BT.2020)."""
        stated = BT709 if self.matrix == UNSTATED and self.size[1] >= HD_HEIGHT else self.matrix
        red, blue = LUMA_WEIGHTS.get(stated, LUMA_WEIGHTS[BT601])
        r, g, b = (rgb[..., channel] / 255 for channel in range(3))
        luma = red * r + (1 - red - blue) * g + blue * b
        chroma = (b - luma) / (2 - 2 * blue), (r - luma) / (2 - 2 * red)
        depth = 2 ** (self.bits - 8)
        if self.full_range:
            values = luma * (256 * depth - 1), *(part * (256 * depth - 1) + 128 * depth for part in chroma)
        else:
            values = (luma * 219 + 16) * depth, *((part * 224 + 128) * depth for part in chroma)
        return np.stack(values, -1).astype(np.float32)

    @property
    def black(self) -> float:
        """The luma of black."""
        return 0.0 if self.full_range else 16.0 * 2 ** (self.bits - 8)


def upright_planes(frame: VideoFrame, size: tuple[int, int], like: Planes | None = None) -> Planes:
    """Return the planes of a decoded picture. size: (width, height) of the upright picture on the screen.

    like: those of an earlier picture, whose format and resolution this one takes on, too.
    """
    turns, mirrored = orientation(frame)
    kept = like.format if like else _kept_format(frame.format, turns)
    height, width = np.rot90(like.planes[0], -turns).shape if like else (frame.height, frame.width)
    is_kept = (frame.format.name, frame.width, frame.height) == (kept, width, height)
    known = frame if is_kept else frame.reformat(width=width, height=height, format=kept)
    upright = tuple(_turned(plane, turns, mirrored) for plane in _arrays(known))
    full = kept.startswith("yuvj") or (int(frame.color_range) == FULL_RANGE and not frame.format.is_rgb)
    matrix = BT601 if frame.format.is_rgb else int(frame.colorspace)
    return Planes(upright, size, 10 if "10" in kept else 8, kept, matrix, full)


def frame_of(picture: Planes) -> VideoFrame:
    """Return the picture for an encoder; time and colours are stated by the caller."""
    height, width = picture.planes[0].shape
    frame = av.VideoFrame(width, height, picture.format)
    for plane, values in zip(frame.planes, picture.planes, strict=True):
        row = plane.line_size // values.itemsize
        padded = np.zeros((plane.height, row), values.dtype)
        padded[:, : values.shape[1]] = values
        plane.update(padded.tobytes())
    return frame


def shape_of_pixels(picture: Planes) -> Fraction:
    """Return width by height of a pixel on the screen."""
    height, width = picture.planes[0].shape
    return Fraction(picture.size[0] * height, picture.size[1] * width).limit_denominator(255)


def _kept_format(form: VideoFormat, turns: int) -> str:
    """Return the format of `KEPT` that holds the most of another one and can be encoded as it lies."""
    odd = form.width % 2 or form.height % 2
    lies_across = turns % 2 == 1 and "422" in form.name
    if form.name in KEPT and not odd and not lies_across:
        return form.name
    deep = "10le" if form.components and form.components[0].bits > 8 else ""
    whole = form.is_rgb or "444" in form.name or odd or lies_across
    full = "j" if form.name.startswith("yuvj") else ""
    return f"yuv{full}{'444' if whole else '420'}p{deep}"


def _turned(plane: Stored, turns: int, mirrored: bool) -> Stored:
    return cast("Stored", np.ascontiguousarray(np.rot90(plane[:, ::-1] if mirrored else plane, turns)))


def _arrays(frame: VideoFrame) -> Iterator[Stored]:
    for plane in frame.planes:
        deep = "10" in frame.format.name
        values = np.frombuffer(memoryview(plane), np.uint16 if deep else np.uint8).reshape(plane.height, -1)
        yield cast("Stored", values[:, : plane.width])
