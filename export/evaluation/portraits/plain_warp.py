"""The plainest way to move a photo: its triangles follow the face, nothing is drawn anew. What any generator must beat.

Delaunay triangles between the mesh's points and the picture's border, linear inside.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy.interpolate import LinearNDInterpolator

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import picture_points

COARSE: Final = 4
"""The map is worked out at every so manieth pixel."""
ON_BORDER: Final = np.array([(x, y) for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0) if (x, y) != (0.5, 0.5)])


def plain_warp(photo: Pixels, mesh: Floats, moved: Floats) -> Pixels:
    """Return the (h, w, 3) photo whose face of (478, 3) ``mesh`` stands at ``moved``; its border stays."""
    height, width = photo.shape[:2]
    border = ON_BORDER * (width - 1, height - 1)
    source, target = (np.concatenate([picture_points(points), border]) for points in (mesh, moved))
    columns, rows = np.arange(0, width + COARSE, COARSE), np.arange(0, height + COARSE, COARSE)
    places = np.stack(np.meshgrid(np.minimum(columns, width - 1), np.minimum(rows, height - 1)), -1)
    shift = LinearNDInterpolator(target, source - target, fill_value=0.0)(places).astype(np.float32)
    to_grid = np.array([[1 / COARSE, 0, 0], [0, 1 / COARSE, 0]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(shift, to_grid, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    back = cv2.remap(photo, x + fine[..., 0], y + fine[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(back, np.uint8)
