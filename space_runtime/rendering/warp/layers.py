"""The person apart from the background: a sharper matte, a background continued behind the person, and what remains.

A picture is ``person + (1 − cover) · background``. ``person`` is what the photo holds beyond the covered background,
so the sum at rest is the photo itself whatever the matte's errors; strands that the matte missed move along with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2

MATTE_RADIUS: Final = 7
"""Pixels around which the matte follows the photo's edges."""
MATTE_SOFTNESS: Final = 2e-3
FRINGE: Final = 7
"""Pixels around the person where the background is not trusted: hair that the matte missed."""
FILL_SCALES: Final = ((2.0, 1.0), (6.0, 1e-2), (18.0, 1e-4), (60.0, 1e-6), (180.0, 1e-9))
"""Widths in pixels from which hidden colours are taken, and how little each counts where a narrower one knows."""


Kind = TypeVar("Kind", np.uint8, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The layers of a photo, as `combine` takes them.

    photo: (512, 512, 4) its colours, and 255 where it is nothing but person, 0 where nothing but background, else 128.
    person: (512, 512, 4) remaining colours 0…255 and cover 0…1. background: (512, 512, 3).
    """

    photo: Pixels
    person: Floats
    background: Pixels


def split(photo: Pixels, matte: Floats) -> Layers:
    """Return the layers of a photo with a rough matte (512, 512) 0…1."""
    cover = sharpened(matte, photo)
    fringe = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * FRINGE + 1, 2 * FRINGE + 1))
    hidden = cv2.dilate((cover > 0.02).astype(np.uint8), fringe)
    behind = continued(photo, hidden == 0)
    share = np.where(hidden > 0, _strands(photo, behind, continued(photo, cover > 0.98), cover), 0)[..., None]
    background = np.rint(photo + share * (behind - photo)).astype(np.uint8)
    person = photo - (1 - cover[..., None]) * background
    kind = np.where(cover == 1, 255, np.where(hidden > 0, 128, 0))
    return Layers(
        photo=np.dstack([photo, kind]).astype(np.uint8),
        person=np.dstack([person, cover]).astype(np.float32),
        background=background,
    )


def _strands(photo: Pixels, behind: Floats, person: Floats, cover: Floats) -> Floats:
    """Return (h, w) 0…1: how much a pixel is the person's, by its cover or, outside, by the colour it is nearer to."""
    to_background = np.linalg.norm(photo - behind, axis=2)
    to_person = np.linalg.norm(photo - person, axis=2)
    alike = np.clip(3 * to_background / (to_background + to_person + 3) - 0.6, 0, 1).astype(np.float32)
    alike = cv2.GaussianBlur(cv2.dilate(alike, np.ones((5, 5), np.uint8)), (0, 0), 1.0)
    return np.asarray(np.maximum(alike, np.clip(cover / 0.3, 0, 1)), np.float32)


def sharpened(matte: Floats, photo: Pixels) -> Floats:
    """Return the matte drawn to the photo's edges by a guided filter (He et al. 2010), its ends made pure."""
    guide = photo.mean(2).astype(np.float32) / 255
    size = (2 * MATTE_RADIUS + 1,) * 2

    def mean(x: Floats) -> Floats:
        return np.asarray(cv2.blur(x, size), np.float32)

    mean_guide, mean_matte = mean(guide), mean(matte)
    slope = (mean(guide * matte) - mean_guide * mean_matte) / (mean(guide * guide) - mean_guide**2 + MATTE_SOFTNESS)
    offset = mean_matte - slope * mean_guide
    return np.asarray(np.clip((mean(slope) * guide + mean(offset) - 0.08) / 0.84, 0, 1), np.float32)


def continued(photo: Pixels, known: Mask) -> Floats:
    """Return (h, w, 3): the known colours spread over everything, from near where there are near ones."""
    weight = known.astype(np.float32)
    colours = photo * weight[..., None]
    total, colour = np.full(weight.shape, 1e-20, np.float32), np.zeros(photo.shape, np.float32)
    for sigma, trust in FILL_SCALES:
        step = max(1, int(sigma / 4))
        small = (max(1, weight.shape[1] // step), max(1, weight.shape[0] // step))
        for source, target in ((weight, total), (colours, colour)):
            blurred = cv2.GaussianBlur(cv2.resize(source, small, interpolation=cv2.INTER_AREA), (0, 0), sigma / step)
            target += trust * cv2.resize(blurred, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(colour / total[..., None], np.float32)


def combine(layers: Layers, columns: Floats, rows: Floats) -> Pixels:
    """Return the (512, 512, 3) picture with the person taken from the given places (512, 512) of the photo."""
    moved = _at(layers.photo, columns, rows)
    kind = cv2.extractChannel(moved, 3)
    picture = layers.background.copy()
    cv2.copyTo(cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB), kind, picture)
    mixed = np.flatnonzero((kind - np.uint8(1)) < 254)  # 1…254: zero wraps around
    if not len(mixed):
        return picture
    mixed = np.resize(mixed, (-(-len(mixed) // 256), 256))  # the sampler wants short sides; repeats are harmless
    person = _at(layers.person, columns.ravel()[mixed], rows.ravel()[mixed])
    colours = person[..., :3] + (1 - person[..., 3:]) * layers.background.reshape(-1, 3)[mixed]
    picture.reshape(-1, 3)[mixed] = np.clip(np.rint(colours), 0, 255)
    return picture


def _at(picture: NDArray[Kind], columns: Floats, rows: Floats) -> NDArray[Kind]:
    sampled = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, picture.dtype)
