"""Points of the lips keep their places along the mouth: each its share of the way from one corner to the other.

Where a smile is taken off, the rig's shapes draw the middle of the lips together further than the corners: shares of
four broad smiles changed by 0.05 to 0.10. Tracked people's do not: in the films of 11 speakers they differ from those
of a sentence's first picture by at most 0.016 on average (rms, inner lips), however wide the mouth.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF

REACH: Final = 0.03
"""Most by which a share may differ from that in the photo."""
# fmt: off
ROWS: Final = np.array([[KEYPOINT_OF[point] for point in row] for row in (
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
)])
"""Keypoints of the inner and the outer lips, upper and lower, from corner to corner."""
# fmt: on
LEAST_WIDTH: Final = 1e-3


def kept_shares(keypoints: Floats, at_rest: Floats) -> Floats:
    """Return (160, 3) normalised keypoints whose lips slid along their own lines; at_rest: (160, 3) of the photo.

    Keypoints at rest stay as they are, bit for bit: what is added is the way along the line between two shares.
    """
    kept = keypoints.copy()
    for row, now, then in zip(ROWS, _shares(keypoints), _shares(at_rest), strict=True):
        wanted = then + REACH * np.tanh((now - then) / REACH)
        ahead = np.maximum.accumulate(now)  # lines that turn back have no place for a share
        for axis in range(3):
            line = keypoints[row, axis]
            kept[row[1:-1], axis] += np.interp(wanted[1:-1], ahead, line) - np.interp(now[1:-1], ahead, line)
    return kept


def _shares(keypoints: Floats) -> Doubles:
    """Return (4, 11) shares of the way from corner to corner, 0…1, of each point of `ROWS`."""
    lips = keypoints[ROWS, :2].astype(np.float64)
    way = lips[:, -1:] - lips[:, :1]
    length = np.maximum((way**2).sum(-1), LEAST_WIDTH**2)
    shares: Doubles = ((lips - lips[:, :1]) * way).sum(-1) / length
    return shares
