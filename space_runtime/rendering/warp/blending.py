"""Colours laid over a part of a picture."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.rendering.warp.backward import Box


def lay_over(target: Pixels, colours: Floats, cover: Floats) -> None:
    """Draw (h, w, 3) colours 0…255 over a part of a picture, in place, as far as a cover (h, w) 0…1 says.

    target: (h, w, 3), a view of the picture. The sums are those of ``target + (colours - target) * cover``, rounded.
    """
    mixed = cv2.blendLinear(colours, target.astype(np.float32), cover, 1 - cover)
    cv2.convertScaleAbs(mixed, target)


def filled_with(colour: Floats, shape: tuple[int, ...]) -> Floats:
    """Return (h, w, 3) of one (3,) colour. shape: begins with h, w."""
    return np.full((*shape[:2], 3), colour, np.float32)


def feather(box: Box, width: int) -> Floats:
    """Return (h, w) weights that rise from 0 at a box's edge to 1 over ``width`` pixels."""
    return np.asarray(_rise(box.y1 - box.y0, width)[:, None] * _rise(box.x1 - box.x0, width), np.float32)


@lru_cache(maxsize=256)
def _rise(length: int, width: int) -> Floats:
    """Return (length,) weights of the pixels of a line that rise from 0 at either end to 1 inside."""
    weights, rise = np.ones(length, np.float32), np.arange(width, dtype=np.float32) / width
    weights[: len(rise)] *= rise
    weights[-len(rise) :] *= rise[::-1]
    return weights
