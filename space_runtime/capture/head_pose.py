"""The pose of a head from points of the mesh that hardly any expression moves: forehead, temples, bridge and tip of the
nose, angles of the jaw.

More points than `geometry.RIGID` and farther apart: less noise, and neither lips nor lids shift the pose. The tracker
sees turns smaller than they are; `SEEN_TURN` undoes it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Index, Reals
from space_runtime.geometry import NECK, estimate_poses, fit_similarities, remove_pose, rotation_matrix

_POINTS: Final = (
    (10, 0.00, 6.61, 0.74),
    (151, 0.00, 4.70, 1.57),
    (8, 0.00, 1.27, 2.08),
    (195, 0.00, -1.28, 3.28),
    (19, 0.00, -3.97, 4.14),
    (356, 7.36, 0.17, -4.93),
    (127, -7.36, 0.17, -4.93),
    (457, 0.79, -3.57, 4.04),
    (237, -0.79, -3.57, 4.04),
    (338, 1.72, 6.55, 0.55),
    (109, -1.72, 6.55, 0.55),
    (288, 6.50, -6.03, -3.38),
    (58, -6.50, -6.03, -3.38),
    (260, 4.47, 0.81, 0.64),
    (30, -4.47, 0.81, 0.64),
    (284, 6.18, 4.80, -2.49),
    (54, -6.18, 4.80, -2.49),
    (417, 0.72, 0.26, 1.69),
    (193, -0.72, 0.26, 1.69),
    (333, 4.37, 4.37, 0.15),
    (104, -4.37, 4.37, 0.15),
)
"""Points of the mesh and their places, x, y, z in cm, on the mean face of ICT-FaceKit (Li et al. 2020; MIT), which no
expression of it moves by more than 4.5 mm; origin between the outer corners of the eyes, the face looks to +z."""
STILL: Final = [int(point[0]) for point in _POINTS]
_PLACES: Final = np.array([point[1:] for point in _POINTS], np.float32)

SEEN_TURN: Final = np.array([0.92, 0.84, 0.99])
"""Angles of the tracked mesh over those of the head, yaw, pitch and roll."""
SEEN_REST: Final = np.radians([0.0, 7.6, 0.0])
"""Angles of the tracked mesh of a head that faces the camera. Both are measured on drawn heads:
``python -m export judge-tracking``."""


def head_rotations(still: Floats) -> Doubles:
    """Return (T, 3) yaw, pitch, roll relative to facing the camera, of (T, n, 3) `STILL` points, project axes."""
    seen = np.array([pose.rotation_rad for pose in fit_similarities(_PLACES, still)], np.float64)
    return np.asarray((seen - SEEN_REST) / SEEN_TURN)


def head_places(landmarks: Floats, rotations: Reals, size: tuple[int, int]) -> Doubles:
    """Return (T, 3) where the joint of skull and neck is, in distances between the outer eye corners, camera axes.

    landmarks: (T, 78, 3) in pixels of pictures of ``size``. rotations: (T, 3). The focal length is taken to be the
    longer side, 53° across: it scales the motion in depth alone.
    """
    poses = estimate_poses(landmarks)
    middle, focal = np.array([size[0] / 2, -size[1] / 2]), float(max(size))
    places = np.empty((len(poses), 3))
    for row, (pose, rotation) in enumerate(zip(poses, rotations, strict=True)):
        eyes = (pose.translation[:2] - middle) / pose.scale
        joint = rotation_matrix(rotation.astype(np.float32)) @ NECK
        places[row] = eyes[0] + joint[0], eyes[1] + joint[1], -focal / pose.scale + joint[2]
    return places


def normalised_by_still(landmarks: Floats, still: Floats, seen: Index) -> Floats:
    """Return (T, 78, 3) normalised landmarks of one person, whose pose is taken off by more points than `RIGID`.

    The median of all rows, normalised as every face, says where this person's still points are; each row is then put
    onto them. Brows stay where they are when the tip of the nose is lost in a turn. seen: rows that show the face.
    """
    fitted = fit_similarities(own_still(landmarks[seen], still[seen]), still)
    return np.stack([remove_pose(face, pose) for face, pose in zip(landmarks, fitted, strict=True)])


def own_still(landmarks: Floats, still: Floats) -> Floats:
    """Return (n, 3) the still points of one person, normalised: the median of (T, n, 3) with (T, 78, 3) landmarks."""
    poses = estimate_poses(landmarks)
    points = [remove_pose(row, pose) for row, pose in zip(still, poses, strict=True)]
    return np.median(points, axis=0).astype(np.float32)
