"""Colours laid over a part of a picture."""

from __future__ import annotations

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2


def lay_over(target: Pixels, colours: Floats, cover: Floats) -> None:
    """Draw (h, w, 3) colours 0…255 over a part of a picture, in place, as far as a cover (h, w) 0…1 says.

    target: (h, w, 3), a view of the picture. The sums are those of ``target + (colours - target) * cover``, rounded.
    """
    mixed = cv2.blendLinear(colours, target.astype(np.float32), cover, 1 - cover)
    cv2.convertScaleAbs(mixed, target)


def filled_with(colour: Floats, shape: tuple[int, ...]) -> Floats:
    """Return (h, w, 3) of one (3,) colour. shape: begins with h, w."""
    return np.full((*shape[:2], 3), colour, np.float32)
