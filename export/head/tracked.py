"""The tracker's meshes of the portraits, and what their mean says: a symmetric face, and mirrored points."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from scipy.spatial import cKDTree

from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.errors import MediaError, UsageError
from space_runtime.geometry import remove_pose
from space_runtime.portrait.portrait import Portrait, open_tracker, portrait_from_pixels

MOST_YAW_DEG: Final = 8.0
MOST_PITCH_DEG: Final = 12.0
"""Portraits turned further do not count for the mean face."""


def tracked_portraits(data: Path) -> list[Portrait]:
    """Return the portraits of the training data in which a face is found; takes about two minutes."""
    tracker = open_tracker()
    found = []
    for path in sorted((data / "portraits").glob("*.jpg")):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is not None:
            try:
                found.append(portrait_from_pixels(np.ascontiguousarray(picture[..., ::-1]), tracker, path.name))
            except MediaError:
                continue
    if not found:
        raise UsageError(f"{data / 'portraits'} has no picture with a face; name the folder of the training data")
    return found


def mean_mesh(portraits: list[Portrait]) -> Doubles:
    """Return the (478, 3) mean of the portraits seen from the front, normalised, both sides alike."""
    frontal = [portrait for portrait in portraits if _is_frontal(portrait)]
    mean: Doubles = np.stack([remove_pose(portrait.mesh, portrait.pose) for portrait in frontal]).astype(float).mean(0)
    return np.asarray((mean + mean[mirrored_points(mean)] * [-1, 1, 1]) / 2)


def mirrored_points(mean: Doubles | Floats) -> Longs:
    """Return (n,) the point that lies where each one's mirror image does."""
    return np.asarray(cKDTree(mean).query(mean * [-1, 1, 1])[1])


def _is_frontal(portrait: Portrait) -> bool:
    yaw, pitch = np.abs(np.degrees(portrait.pose.rotation_rad[:2]))
    return bool(yaw < MOST_YAW_DEG and pitch < MOST_PITCH_DEG)
