"""The frame of an animated picture that shows something, where the first one is blank."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Pixels, Stored
from space_runtime.media.image_header import DAMAGE, ImageHeader, opened

MAX_TRIED: Final = 24
MAX_PIXELS_TRIED: Final = 128_000_000
"""Pixels of all frames that are decoded, so that small files do not buy much work."""
BLANK: Final = 8
"""Values of one colour differ by no more: coding noise, not a picture."""
SEE_THROUGH: Final = 8
"""Opacity of 255 up to which a pixel is not seen."""


def is_blank(stored: Stored) -> bool:
    """Return True if the seen pixels of (h, w, c) values, opacity fourth, have one colour, or if none is seen."""
    top = 255 if stored.dtype == np.uint8 else 65535
    planes = stored.reshape(*stored.shape[:2], -1)
    colours = planes[..., :3]
    if planes.shape[2] == 4:
        colours = colours[planes[..., 3] > SEE_THROUGH * top // 255]
    colours = colours.reshape(-1, colours.shape[-1])
    return not len(colours) or int((colours.max(0).astype(int) - colours.min(0)).max()) <= BLANK * top // 255


def is_transparent(stored: Stored) -> bool:
    """Return True if no pixel of (h, w, 4) values is seen."""
    return bool(stored[..., 3].max() <= SEE_THROUGH * (255 if stored.dtype == np.uint8 else 65535) // 255)


def first_shown(data: bytes, header: ImageHeader) -> tuple[Pixels, int] | None:
    """Return (h, w, 4) BGRA of the first frame after a blank first one that shows something, and its number from 1.

    None when there is none among the next `MAX_TRIED`.
    """
    tried = min(MAX_TRIED, MAX_PIXELS_TRIED // max(1, header.width * header.height))
    try:
        with opened(data, header.kind) as image:
            for index in range(1, min(getattr(image, "n_frames", 1), 1 + tried)):
                image.seek(index)
                if image.size[0] * image.size[1] > 2 * header.width * header.height:
                    return None
                frame = np.asarray(image.convert("RGBA"))[..., [2, 1, 0, 3]]
                if not is_blank(frame):
                    return frame, index + 1
    except DAMAGE:
        pass
    return None
