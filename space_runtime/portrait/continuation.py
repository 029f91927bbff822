"""Known colours of a picture continued softly over what is unknown: beyond a photo's edge, behind a person."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2

FILL_SCALES: Final = ((2.0, 1.0), (6.0, 1e-2), (18.0, 1e-4), (60.0, 1e-6), (180.0, 1e-9))
"""Widths in pixels from which hidden colours are taken, and how little each counts where a narrower one knows."""


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


def filled(photo: Pixels, known: Mask) -> Pixels:
    """Return the (h, w, 3) photo with `continued` colours where it is not known, itself where all of it is."""
    if known.all():
        return photo
    return np.where(known[..., None], photo, np.rint(continued(photo, known))).astype(np.uint8)
