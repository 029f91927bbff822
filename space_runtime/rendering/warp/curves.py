"""Smooth curves through rows of points: lips, and the lids of drawn eyes."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats

PARTS: Final = 4
"""Pieces that the curve between two points is drawn with."""


def curve(n_points: int) -> Floats:
    """Return the matrix that turns n points into a smooth curve through them (Catmull-Rom), `PARTS` pieces a gap."""
    before = np.vstack([np.eye(n_points)[:1], np.eye(n_points)[:-1]])
    after = np.vstack([np.eye(n_points)[1:], np.eye(n_points)[-1:]])
    tangent = (after - before) / 2
    rows = []
    for i, t in ((i, k / PARTS) for i in range(n_points - 1) for k in range(PARTS)):
        p, q = np.eye(n_points)[i], np.eye(n_points)[i + 1]
        a, b, c, d = 2 * t**3 - 3 * t**2 + 1, -2 * t**3 + 3 * t**2, t**3 - 2 * t**2 + t, t**3 - t**2
        rows.append(a * p + b * q + c * tangent[i] + d * tangent[i + 1])
    return np.array([*rows, np.eye(n_points)[-1]], np.float32)
