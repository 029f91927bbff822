"""The person apart from the background: a sharper matte, the background behind the person, and what remains.

A picture is ``person + (1 − cover) · background``. ``person`` is what the photo holds beyond the covered background,
so the sum at rest is the photo itself whatever the matte's errors; strands that the matte missed move along with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Index, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.portrait.continuation import continued
from space_runtime.rendering.warp.background import behind, strangeness
from space_runtime.rendering.warp.backward import Box

MATTE_RADIUS: Final = 7
"""Pixels around which the matte follows the photo's edges."""
MATTE_SOFTNESS: Final = 2e-3
FRINGE: Final = 7
"""Pixels around the person where the background is not trusted: hair that the matte missed."""
BARE: Final = 0.02
"""Share of a person in a pixel below which it is seen as background, and of the background for a person."""
COVERED: Final = 0.3
"""Cover from which a pixel is the person's, whatever its colour; below it strands alone are."""
WIDEST: Final = 256
"""Columns of a table of places."""

Colours = NDArray[np.uint32]
"""Red, green and blue of each pixel as one number, and a byte without meaning."""
Complexes = NDArray[np.complex64]
Kind = TypeVar("Kind", np.uint8, np.float32)
Value = TypeVar("Value", np.uint32, np.complex64)


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The layers of a photo, as `combine` takes them.

    photo: (s, s, 4) its colours, and 255 where it is nothing but person, 0 where nothing but background, else 128.
    person: (s, s, 4) remaining colours 0…255, and what it leaves of the background, 0…1. background: (s, s, 4)
    colours, the fourth nothing but room: four bytes are one number, `Colours`.
    """

    photo: Pixels
    person: Floats
    background: Pixels


def split(photo: Pixels, matte: Floats, fine: int = 1) -> Layers:
    """Return the layers of a photo with a rough matte (s, s) 0…1. fine: see `Portrait`.

    What is smooth, the colours behind the person, is worked out on a photo that is ``fine`` times smaller.
    """
    cover = sharpened(matte, photo, fine)
    small, rough = reduced(photo, fine), reduced(cover, fine)
    fringe = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * FRINGE + 1, 2 * FRINGE + 1))
    hidden: Pixels = np.asarray(cv2.dilate((rough > BARE).astype(np.uint8), fringe), np.uint8)
    share = _strands(small, hidden == 0, rough)
    ground, bare = enlarged(behind(small, share < BARE), fine), enlarged(hidden, fine) == 0
    covered = np.where(bare, 0, enlarged(share, fine))[..., None]
    background = np.clip(np.rint(photo + covered * (ground - photo)), 0, 255).astype(np.uint8)
    person = photo - (1 - cover[..., None]) * background
    nothing = bare | ((cover == 0) & (background == photo).all(2))
    kind = np.where(cover == 1, 255, np.where(nothing, 0, 128))
    return Layers(
        photo=np.dstack([photo, kind]).astype(np.uint8),
        person=np.dstack([person, 1 - cover]).astype(np.float32),
        background=np.dstack([background, np.zeros_like(cover)]).astype(np.uint8),
    )


def reduced(picture: NDArray[Kind], fine: int) -> NDArray[Kind]:
    """Return a picture that is ``fine`` times smaller, itself for 1."""
    if fine == 1:
        return picture
    size = picture.shape[1] // fine, picture.shape[0] // fine
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), picture.dtype)


def enlarged(picture: NDArray[Kind], fine: int) -> NDArray[Kind]:
    """Return a picture that is ``fine`` times larger, itself for 1."""
    if fine == 1:
        return picture
    size = picture.shape[1] * fine, picture.shape[0] * fine
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), picture.dtype).reshape(
        size[1], size[0], *picture.shape[2:]
    )


def _strands(photo: Pixels, known: Mask, cover: Floats) -> Floats:
    """Return (h, w) 0…1: how much a pixel is the person's, by its cover or, outside, by the colour it is nearer to.

    known: (h, w) what is background, whatever its colour.
    """
    to_background = strangeness(photo, known)
    to_person = np.linalg.norm(photo - continued(photo, cover > 1 - BARE), axis=2)
    alike = np.clip(3 * to_background / (to_background + to_person + 3) - 0.6, 0, 1).astype(np.float32)
    alike = cv2.GaussianBlur(cv2.dilate(alike, np.ones((5, 5), np.uint8)), (0, 0), 1.0)
    return np.where(known, np.float32(0), np.maximum(alike, np.clip(cover / COVERED, 0, 1)))


def sharpened(matte: Floats, photo: Pixels, fine: int = 1) -> Floats:
    """Return the matte drawn to the photo's edges by a guided filter (He et al. 2010), its ends made pure."""
    guide = photo.mean(2).astype(np.float32) / 255
    size = (2 * MATTE_RADIUS * fine + 1,) * 2

    def mean(x: Floats) -> Floats:
        return np.asarray(cv2.blur(x, size), np.float32)

    mean_guide, mean_matte = mean(guide), mean(matte)
    slope = (mean(guide * matte) - mean_guide * mean_matte) / (mean(guide * guide) - mean_guide**2 + MATTE_SOFTNESS)
    offset = mean_matte - slope * mean_guide
    return np.asarray(np.clip((mean(slope) * guide + mean(offset) - 0.08) / 0.84, 0, 1), np.float32)


def combine(layers: Layers, places: Floats, box: Box, picture: Pixels) -> None:
    """Draw the person into a box of the picture, taken from the (h, w, 2) columns and rows of the photo.

    picture: (s, s, 3) whatever it showed in the box is drawn over.
    """
    moved = sampled(layers.photo, places)
    kind: Pixels = np.asarray(cv2.extractChannel(moved, 3), np.uint8)
    ground, mixed = layers.background[box.slices], partial(kind)
    behind = taken(ground.view(np.uint32)[..., 0], mixed)
    moved.view(np.uint32).ravel()[mixed] = colours_at(layers, taken(as_complex(places), mixed), behind)
    cv2.copyTo(ground, (kind == 0).view(np.uint8), moved)
    cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB, picture[box.slices])


def partial(cover: Pixels) -> Index:
    """Return the flat places of what is covered in part, 1…254."""
    return (cover - np.uint8(1) < 254).ravel().nonzero()[0]  # zero wraps around


def as_complex(pairs: Floats) -> Complexes:
    """Return a view of (…, 2) numbers as (…) complex ones."""
    numbers: Complexes = pairs.view(np.complex64)[..., 0]
    return numbers


def taken(values: NDArray[Value], flat: Index) -> NDArray[Value]:
    """Return the (n,) values at flat places of (h, w), whose rows may lie apart in memory, without a copy of all."""
    height, width = values.shape
    pitch = values.strides[0] // values.strides[1]
    memory = as_strided(values, ((height - 1) * pitch + width,), values.strides[1:], writeable=False)
    return np.asarray(memory.take(flat + flat // width * (pitch - width)), values.dtype)


def colours_at(layers: Layers, places: Complexes, behind: Colours) -> Colours:
    """Return the (n,) colours of the person at (n,) columns + i · rows of the photo, with (n,) others behind it."""
    if not len(places):
        return behind
    shape = -(-len(places) // WIDEST), WIDEST  # the sampler wants short sides
    table, ground = np.zeros(shape, np.complex64), np.zeros(shape, np.uint32)
    table.ravel()[: len(places)], ground.ravel()[: len(places)] = places, behind
    person = sampled(layers.person, table.view(np.float32).reshape(*shape, 2))
    gap = cv2.cvtColor(cv2.extractChannel(person, 3), cv2.COLOR_GRAY2RGBA)
    shown = cv2.multiply(ground.view(np.uint8).reshape(*shape, 4), gap, dtype=cv2.CV_32F)
    mixed: Pixels = np.asarray(cv2.add(shown, person, dtype=cv2.CV_8U), np.uint8)
    return mixed.view(np.uint32).ravel()[: len(places)]


def sampled(picture: NDArray[Kind], places: Floats, nearest: bool = False) -> NDArray[Kind]:
    """Return (h, w, …) what a picture shows at (h, w, 2) columns and rows; its edge is repeated.

    nearest: of one pixel each, instead of a mixture of four.
    """
    way, edge = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    shown = cv2.remap(picture, places, None, way, borderMode=edge)  # type: ignore[call-overload]  # one table is allowed
    return np.asarray(shown, picture.dtype)
