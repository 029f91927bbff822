"""The part of a photo that is animated: the square around the face at any size, or all of it at its own resolution.

A face is tracked on a square of 512 pixels whatever the framing, so curves do not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from space_runtime.arguments import one_of, switch, whole
from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.errors import UsageError
from space_runtime.extras import cv2
from space_runtime.portrait.continuation import continued, filled
from space_runtime.portrait.mesh_points import OVAL

SIDE: Final = 512
"""Pixels on a side of the square on which a face is tracked, and of pictures of it unless said otherwise."""
FACE_SHARE: Final = 0.45
"""Height of the face, forehead to chin, in heights of the square."""
FACE_MIDDLE: Final = 0.52
"""Height of the face's middle below the square's top, in heights of the square: room for hair."""
MAX_FACE_SHARE: Final = 0.80
"""The square may shrink to this share rather than leave the photo."""
MAX_SHIFT: Final = 0.12
"""The square may move by this part of its side rather than leave the photo."""
SIZES: Final = (256, 2048)
"""Least and greatest size of a picture of the face."""
SIZE_STEP: Final = 32
"""What sizes are multiples of."""
FINEST: Final = 8
BLOCK: Final = 8
"""Sides of a picture are multiples of so many pixels, times `fineness`: a generator may sample motion per block."""
REACH: Final = 3.1
"""Way from the face's middle, in radii of its outline, beyond which nothing moves with a head."""
SEAM: Final = 1 / 16
"""Share of its side over which a closer matte fades into a wider one."""


class Crop(StrEnum):
    """The part of a photo that pictures show."""

    FACE = "face"
    """The square around the face, scaled to a size."""
    FULL = "full"
    """The whole photo at its own resolution; what does not move keeps its bytes."""


@dataclass(frozen=True, slots=True, init=False)
class Framing:
    """The pictures that are wanted of a photo.

    crop: see `Crop`. size: pixels on a side of the face's square, 256…2048 and a multiple of 32; of no use with `FULL`.
    transparent: without the background, with an alpha channel. Raises `UsageError`.
    """

    crop: Crop
    size: int
    transparent: bool

    def __init__(self, crop: Crop | str = Crop.FACE, size: int | None = None, transparent: bool = False) -> None:
        """Check everything once, at the rim. size: None for 512."""
        part = one_of("crop", crop, Crop)
        if part is Crop.FULL and size is not None:
            raise UsageError("size goes with crop face; crop full has the photo's own resolution, leave size out")
        object.__setattr__(self, "crop", part)
        object.__setattr__(self, "size", SIDE if size is None else _size(size))
        object.__setattr__(self, "transparent", switch("transparent", transparent))


FACE: Final = Framing()
"""What is tracked: 512 pixels, with the background."""


def _size(given: int) -> int:
    size = whole("size", given, *SIZES)
    if size % SIZE_STEP:
        raise UsageError(
            f"size is {size}; expected a multiple of {SIZE_STEP} in {SIZES[0]}…{SIZES[1]}, for example 1024"
        )
    return size


class Square(NamedTuple):
    """A square of a picture's pixels; it may reach beyond the picture."""

    left: int
    top: int
    side: int


@dataclass(frozen=True, slots=True, eq=False)
class WholePhoto:
    """The photo around a portrait's square.

    rgb: (H, W, 3), upright. square: where the portrait's image lies in it, pixel on pixel. face: the square around the
    face in it.
    """

    rgb: Pixels
    square: Square
    face: Square

    def with_square(self, picture: Pixels) -> Pixels:
        """Return the photo with a picture of the square, of any size, in its place: (H, W, 3), or 4 as the picture has.

        Around a transparent picture the photo is left out.
        """
        side = self.square.side
        if picture.shape[:2] != (side, side):
            picture = np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
        rows, columns, own_rows, own_columns = self._common()
        result = self.rgb.copy() if picture.shape[2] == 3 else np.zeros((*self.rgb.shape[:2], 4), np.uint8)
        result[rows, columns] = picture[own_rows, own_columns]
        return result

    def _common(self) -> tuple[slice, slice, slice, slice]:
        """Rows and columns of the photo that the square covers, and the same in the square."""
        left, top, side = self.square
        height, width = self.rgb.shape[:2]
        rows, columns = slice(max(0, top), min(height, top + side)), slice(max(0, left), min(width, left + side))
        return (
            rows,
            columns,
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )


def fineness(side: int) -> int:
    """Return how many of a picture's pixels stand for one of 512 across the face's square of that side: 1, 2, 4 or 8.

    Widths in pixels that suit a picture of 512 are multiplied by it.
    """
    fine = 1
    while fine < FINEST and 2 * fine * SIDE <= side:
        fine *= 2
    return fine


def frame(rgb: Pixels, mesh: Floats) -> Pixels:
    """Return the (512, 512, 3) square around the face of a (478, 3) mesh; see `square_around` and `scaled_square`."""
    return scaled_square(rgb, square_around(mesh, *rgb.shape[:2]), SIDE)


def scaled_square(rgb: Pixels, square: Square, size: int) -> Pixels:
    """Return a square of a picture as (size, size, 3). What lies outside the picture is continued softly."""
    padded, beyond = _padded(rgb, square)
    way = cv2.INTER_AREA if square.side > size else cv2.INTER_CUBIC
    image = cv2.resize(padded, (size, size), interpolation=way).astype(np.uint8, copy=False)
    return filled(image, _inside_margins(beyond, square.side, size))


def own_square(rgb: Pixels, square: Square, fine: int) -> Pixels:
    """Return a square of a picture pixel by pixel; what lies outside the picture is continued softly.

    fine: see `fineness`; continued colours are that much coarser, as they are smooth.
    """
    padded, beyond = _padded(rgb, square)
    inside = _inside_margins(beyond, square.side, square.side)
    if inside.all():
        return np.ascontiguousarray(padded)
    coarse = square.side // fine
    small = np.asarray(cv2.resize(padded, (coarse, coarse), interpolation=cv2.INTER_AREA), np.uint8)
    known = _inside_margins(beyond, square.side, coarse)
    around = cv2.resize(continued(small, known), inside.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(inside[..., None], padded, np.rint(around)).astype(np.uint8)


def _padded(rgb: Pixels, square: Square) -> tuple[Pixels, tuple[int, int, int, int]]:
    """Return the square with its edge pixels repeated, and the margins above, below, before and behind the picture."""
    left, top, side = square
    inside = rgb[max(0, top) : top + side, max(0, left) : left + side]
    above, before = max(0, -top), max(0, -left)
    beyond = above, side - above - inside.shape[0], before, side - before - inside.shape[1]
    padded = cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8), beyond


def _inside_margins(beyond: tuple[int, int, int, int], side: int, size: int) -> Mask:
    """Return (size, size) True inside the margins above, below, before and behind of a square of ``side`` pixels."""
    places = (np.arange(size) + 0.5) * side / size
    above, below, before, behind = beyond
    rows, columns = ((places >= start) & (places <= side - end) for start, end in ((above, below), (before, behind)))
    return np.asarray(rows[:, None] & columns[None, :], bool)


def square_around(mesh: Floats, height: int, width: int) -> Square:
    """Return the square to animate, in pixels of a picture of that size; mesh: (478, 3) in its pixels, project axes.

    The face gets `FACE_SHARE` of the height in the middle. Where the photo is too small the square shrinks, and moves a
    little; what still lies outside is padded by the caller.
    """
    low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
    face = float(high[1] - low[1])
    side = round(float(np.clip(min(height, width), face / MAX_FACE_SHARE, face / FACE_SHARE)))
    room = round(MAX_SHIFT * side)
    starts = []
    for middle, share, length in (((low[0] + high[0]) / 2, 0.5, width), (-(low[1] + high[1]) / 2, FACE_MIDDLE, height)):
        start = round(float(middle) + 0.5 - share * side)
        wanted = int(np.clip(start, 0, max(0, length - side))) if length >= side else (length - side) // 2
        starts.append(int(np.clip(wanted, start - room, start + room)))
    return Square(starts[0], starts[1], side)


def moving_square(mesh: Floats, height: int, width: int, fine: int) -> Square:
    """Return the square of a picture of that size outside of which a head moves nothing, as far as the picture reaches.

    mesh: (478, 3) in its pixels, project axes. Its side is a multiple of `BLOCK` times ``fine``.
    """
    oval = mesh[list(OVAL), :2] * np.array([1, -1], np.float32)
    middle = (oval[0] + oval[len(oval) // 2]) / 2
    far = middle + REACH * (oval - middle)
    low = np.maximum(np.floor(far.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(far.max(0)).astype(int) + 1, (width, height))
    step = BLOCK * fine
    side = -(-int((high - low).max()) // step) * step
    left, top = (
        int(np.clip((a + b - side) // 2, 0, max(0, length - side)))
        for a, b, length in zip(low, high, (width, height), strict=True)
    )
    return Square(left, top, side)


def whole_square(height: int, width: int, fine: int) -> Square:
    """Return the square that holds all of a picture of that size; its side as that of `moving_square`."""
    step = BLOCK * fine
    return Square(0, 0, -(-max(height, width) // step) * step)


def closer(wide: Floats, close: Floats, place: Square) -> Floats:
    """Return a matte (h, w) with a closer one (n, n) of a square of it laid in, which fades out at its sides."""
    matte, side = wide.copy(), place.side
    if len(close) != side:
        close = np.clip(cv2.resize(close, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1).astype(np.float32)
    rise = np.clip((np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5) / max(1.0, SEAM * side), 0, 1)
    share = (rise[:, None] * rise[None, :]).astype(np.float32)
    top, left = max(0, place.top), max(0, place.left)
    bottom, right = min(matte.shape[0], place.top + side), min(matte.shape[1], place.left + side)
    own = slice(top - place.top, bottom - place.top), slice(left - place.left, right - place.left)
    part = matte[top:bottom, left:right]
    part += (close[own] - part) * share[own]
    return matte
