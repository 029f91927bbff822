"""The generator's keypoints: 160 of MediaPipe's 478 mesh points, in a picture's pixels and the project's axes.

They are the points that our recordings of speaking faces were tracked at: the face oval, brows, eye and lip contours,
the nose, some of cheek and chin, and the rims of the irises.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.geometry import MEDIAPIPE_68, MEDIAPIPE_IRIS, RIGID, HeadPose, estimate_rigid_pose

# fmt: off
KEYPOINTS: Final[tuple[int, ...]] = (
    0, 1, 2, 4, 5, 6, 7, 10, 13, 14, 17, 19, 21, 33, 37, 39, 40, 45, 46, 48, 52, 53, 54, 55, 58, 61, 63, 64, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 94, 95, 97, 98, 103, 105, 107, 109, 115, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176,
    178, 181, 185, 191, 195, 197, 220, 234, 246, 249, 251, 263, 267, 269, 270, 275, 276, 278, 282, 283, 284,
    285, 288, 291, 293, 294, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 326, 327,
    332, 334, 336, 338, 344, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 440, 454, 466, 469, 470, 471, 472, 474, 475, 476, 477,
)
"""The mesh point of each keypoint."""
# fmt: on

N_KEYPOINTS: Final = len(KEYPOINTS)

KEYPOINT_OF: Final[dict[int, int]] = {mesh_point: k for k, mesh_point in enumerate(KEYPOINTS)}
"""The keypoint of a mesh point."""

RIM_OF_CENTRE: Final[dict[int, tuple[int, ...]]] = {468: (469, 470, 471, 472), 473: (474, 475, 476, 477)}
"""The iris centres are not among the keypoints: each is the mean of its rim."""


def keypoints_from_mesh(mesh: Floats) -> Floats:
    """Return the (…, 160, 3) keypoints of (…, 478, 3) mesh points."""
    return mesh[..., list(KEYPOINTS), :]


def landmarks_from_keypoints(keypoints: Floats) -> Floats:
    """Return the (…, 78, 3) landmarks of (…, 160, 3) keypoints; the iris centres are the means of their rims."""
    rims = [keypoints[..., rim, :].mean(-2, keepdims=True) for rim in _RIMS]
    return np.concatenate([keypoints, *rims], -2).take(_LANDMARKS, -2)


def pose_of_keypoints(keypoints: Floats) -> HeadPose:
    """Return the pose of (160, 3) keypoints, which is that of their landmarks."""
    return estimate_rigid_pose(keypoints[_RIGID])


_RIGID: Final = np.array([KEYPOINT_OF[MEDIAPIPE_68[landmark]] for landmark in RIGID])
_RIMS: Final = tuple(np.array([KEYPOINT_OF[point] for point in rim]) for rim in RIM_OF_CENTRE.values())
_LANDMARKS: Final = np.array([(*KEYPOINTS, *RIM_OF_CENTRE).index(point) for point in (*MEDIAPIPE_68, *MEDIAPIPE_IRIS)])
