"""The background behind a person, which comes to view where the head turns away from it.

Near the person's outline it is the known background mirrored at that outline: stripes, leaves and letters go on as
such. Colours continued from the outline alone would be drawn out to blots there, as large as the way that the head
has turned. Deeper, where nothing comes to view, colours are continued softly.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import smoothstep
from space_runtime.portrait.continuation import continued

DEPTH: Final = (40.0, 72.0)
"""Pixels behind the outline up to which the background is mirrored, and from which on it is continued softly."""
BRIDGED: Final = 16
ROUNDED: Final = 8.0
"""Radius of the bays of the outline that are closed, and blur of its direction, in pixels: mirrored at locks of hair
the background would tear."""
VALID: Final = 2
"""Pixels at the edge of what can be mirrored over which it fades."""
NEARBY: Final = 24
"""Pixels around a place whose known background tells which colours the background has there."""


def behind(photo: Pixels, known: Mask) -> Floats:
    """Return (h, w, 3): the photo itself where known, elsewhere the background behind what hides it."""
    columns, rows, depth = _mirrored_places(known)
    mirrored = cv2.remap(photo, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    seen = cv2.remap(known.astype(np.uint8), columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
    inner = cv2.erode(seen.astype(np.float32), np.ones((2 * VALID + 1,) * 2, np.uint8))
    share = cv2.blur(inner, (2 * VALID + 1,) * 2) * (1 - smoothstep(depth, *DEPTH))
    soft = continued(photo, known)
    found = soft + np.asarray(share, np.float32)[..., None] * (mirrored - soft)
    return np.where(known[..., None], photo, found).astype(np.float32)


def strangeness(photo: Pixels, known: Mask) -> Floats:
    """Return (h, w): how far a pixel's colour is from that of the background there, and from all it has nearby."""
    size = np.ones((2 * NEARBY + 1,) * 2, np.uint8)
    darkest = cv2.erode(np.where(known[..., None], photo, np.uint8(255)), size).astype(np.float32)
    lightest = cv2.dilate(np.where(known[..., None], photo, np.uint8(0)), size).astype(np.float32)
    beyond = np.maximum(np.maximum(darkest - photo, photo - lightest), 0)
    return np.asarray(np.minimum(_length(beyond), _length(photo - continued(photo, known))), np.float32)


def _length(colours: Floats) -> Floats:
    return np.asarray(np.sqrt((colours**2).sum(2)), np.float32)


def _mirrored_places(known: Mask) -> tuple[Floats, Floats, Floats]:
    """Return (h, w) columns and rows of every pixel mirrored at the outline, known pixels themselves, and the depth
    behind the outline, which ends at that from which on nothing is mirrored."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BRIDGED + 1,) * 2)
    closed = cv2.morphologyEx((~known).astype(np.uint8), cv2.MORPH_CLOSE, disc)
    depth = np.minimum(cv2.distanceTransform(closed, cv2.DIST_L2, cv2.DIST_MASK_5), DEPTH[1]).astype(np.float32)
    rounded = cv2.GaussianBlur(depth, (0, 0), ROUNDED)
    ways = [cv2.Sobel(rounded, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))]
    length = np.maximum(np.hypot(*ways), 1e-3)
    height, width = depth.shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    across, down = (place - 2 * depth * way / length for place, way in zip((columns, rows), ways, strict=True))
    return np.asarray(across, np.float32), np.asarray(down, np.float32), depth
