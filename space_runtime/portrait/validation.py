"""Tells clear human faces from animals, cut-off faces and accidents that the mesh network also likes.

The network was trained on whole human faces. On them it puts the same points on the same places however the crop is
turned, moved, enlarged or mirrored; on anything else its answers drift. Measured as the mean distance of the 68 points
from their mean, in outer-eye-corner distances: 214 portraits 0.013…0.024, whole faces turned, stretched, grey, too
bright or too dark up to 0.044; a cat in 72 poses 0.073…0.27, the moon 0.095, faces cut by the border from 0.05 on.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import MIRROR_68, estimate_pose, landmarks_from_mesh
from space_runtime.portrait.tracking import Face, FaceTracker, Region, region_of_mesh

MAX_DRIFT: Final = 0.05
"""Largest drift of a clear human face."""

VIEWS: Final = (
    (0.0, 0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0, 0.35),
    (0.0, 0.0, 1.0, -0.35),
    (0.06, 0.0, 0.85, 0.0),
    (-0.06, 0.03, 1.2, 0.0),
)
"""Shift right and down in sides, scale, and turn in radians of the crops that are compared; the mirrored crop joins."""


def is_clear_human(rgb: Pixels, face: Face, tracker: FaceTracker) -> bool:
    """Return True if the face is a whole human face, seen well enough to be followed."""
    return drift(rgb, face, tracker) <= MAX_DRIFT


def drift(rgb: Pixels, face: Face, tracker: FaceTracker) -> float:
    """Return the distance by which the 68 points move between views, in outer-eye-corner distances (see above)."""
    home = region_of_mesh(face.mesh)
    views = [
        _points(tracker.read(rgb, Region(moved.x, moved.y, moved.side, home.roll + turn)))
        for right, down, scale, turn in VIEWS
        for moved in (home.moved(right, down, scale),)
    ]
    views.append(_mirrored_view(rgb, home, tracker))
    points = np.stack(views)
    mean = points.mean(0).astype(np.float32)
    distance = np.linalg.norm(points[..., :2] - mean[:, :2], axis=-1).mean()
    return float(distance) / estimate_pose(mean).scale


def _points(face: Face) -> Floats:
    """Return the (68, 3) iBUG points of a face."""
    return landmarks_from_mesh(face.mesh)[:68]


def _mirrored_view(rgb: Pixels, home: Region, tracker: FaceTracker) -> Floats:
    """Return the (68, 3) points as read from the mirrored picture, mirrored back."""
    last = rgb.shape[1] - 1
    mirrored = np.ascontiguousarray(rgb[:, ::-1])
    points = _points(tracker.read(mirrored, Region(last - home.x, home.y, home.side, -home.roll)))[list(MIRROR_68)]
    return (points * np.array([-1, 1, 1], np.float32) + np.array([last, 0, 0], np.float32)).astype(np.float32)
