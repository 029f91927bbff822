"""The 78-point landmark set, its coordinates, and the removal and return of the head pose.

Landmark set (N = 78): the 68 iBUG points in their usual order, then five points of the iris of the subject's right eye
and five of the left (centre first, then four on the rim in MediaPipe's order). iBUG's points 36…41 are the subject's
right eye, which a frontal picture shows on its left. `LANDMARK_NAMES` of the bridge names them all.

Coordinates (all of the runtime): right-handed; x to the right of a frontal picture (the subject's own left), y up,
z out of the picture towards the viewer.

*Normalised* landmarks are what remains when rotation, translation and scale are removed: the rigid points (nose and eye
corners, never the mouth) are aligned to those of a fixed frontal template by a similarity transform (Umeyama 1991,
IEEE TPAMI 13(4)). Unit: the template's distance between the outer eye corners; origin: the point midway between them.
The person's own shape stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Doubles, Floats, Reals

N_LANDMARKS: Final = 78
RIGHT_IRIS: Final = slice(68, 73)
LEFT_IRIS: Final = slice(73, 78)

# fmt: off
MEDIAPIPE_68: Final[tuple[int, ...]] = (
    127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356,   # jaw, 0…16
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,                                       # brows, 17…26
    168, 197, 5, 4, 98, 97, 2, 326, 327,                                                 # nose, 27…35
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,                           # eyes, 36…47
    61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91,                                  # outer lips, 48…59
    78, 82, 13, 312, 308, 317, 14, 87,                                                   # inner lips, 60…67
)
"""The one of MediaPipe's 478 points that stands for each iBUG point."""

MEDIAPIPE_IRIS: Final[tuple[int, ...]] = (468, 469, 470, 471, 472, 473, 474, 475, 476, 477)
"""MediaPipe's points for landmarks 68…77."""

MIRROR_68: Final[tuple[int, ...]] = (
    16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
    26, 25, 24, 23, 22, 21, 20, 19, 18, 17,
    27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55,
    64, 63, 62, 61, 60, 67, 66, 65,
)
"""The landmark at the mirrored place of each iBUG point."""
# fmt: on

RIGID: Final[tuple[int, ...]] = (27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)
"""Landmarks that move with the skull alone: bridge, tip and base of the nose, eye corners."""

_TEMPLATE: Final[Floats] = np.array(
    [
        [0.0000, 0.0346, 0.2390],
        [0.0000, -0.0895, 0.3269],
        [0.0000, -0.2041, 0.4152],
        [0.0000, -0.3393, 0.5008],
        [-0.1405, -0.5132, 0.2543],
        [0.0000, -0.5198, 0.3322],
        [0.1405, -0.5132, 0.2543],
        [-0.5000, 0.0000, 0.0000],
        [-0.2068, -0.0202, 0.0665],
        [0.2068, -0.0202, 0.0665],
        [0.5000, 0.0000, 0.0000],
    ],
    np.float32,
)


NECK: Final[Floats] = np.array([0.0, -0.6, -0.9], np.float32)
"""The point a head turns about, in normalised units from between the eyes: the joint of skull and neck, about 5 cm
below and 8 cm behind the outer corners of the eyes. Turned about the eyes instead, a head would swing like a mask."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadPose:
    """A similarity transform that puts normalised landmarks into a place: ``posed = scale · R · normalised + t``.

    rotation_rad: (3,) yaw, pitch, roll in radians, right-handed about y, x, z; ``R = Ry(yaw) · Rx(pitch) · Rz(roll)``.
        Positive yaw turns the face towards the subject's left (right of the picture), positive pitch lowers the nose,
        positive roll turns the picture of the face counter-clockwise.
    translation: (3,) in the units of the posed space.
    scale: posed units per normalised unit, > 0.
    """

    rotation_rad: Floats
    translation: Floats
    scale: float


NEUTRAL_POSE: Final = HeadPose(np.zeros(3, np.float32), np.zeros(3, np.float32), 1.0)


def rotation_matrix(rotation_rad: Floats) -> Floats:
    """Return the (3, 3) matrix of yaw, pitch, roll (see `HeadPose`); acts on column vectors."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(rotation_rad), np.sin(rotation_rad)
    matrix = [
        [cy * cr + sy * sp * sr, sy * sp * cr - cy * sr, sy * cp],
        [cp * sr, cp * cr, -sp],
        [cy * sp * sr - sy * cr, sy * sr + cy * sp * cr, cy * cp],
    ]
    return np.array(matrix, np.float32)


def euler_angles(matrix: NDArray[np.floating]) -> Floats:
    """Return (…, 3) yaw, pitch, roll in radians of (…, 3, 3) rotation matrices; the inverse of `rotation_matrix`."""
    pitch = np.arcsin(np.minimum(np.maximum(-matrix[..., 1, 2], -1.0), 1.0))
    yaw = np.arctan2(matrix[..., 0, 2], matrix[..., 2, 2])
    roll = np.arctan2(matrix[..., 1, 0], matrix[..., 1, 1])
    return np.stack([yaw, pitch, roll], -1).astype(np.float32)


def apply_pose(points: Floats, pose: HeadPose, rotation: Floats | None = None) -> Floats:
    """Return normalised points (…, 3) put into the posed space. rotation: the pose's matrix, where it is at hand."""
    rotated = points @ (rotation_matrix(pose.rotation_rad) if rotation is None else rotation).T
    return (rotated * np.float32(pose.scale) + pose.translation).astype(np.float32)


def remove_pose(points: Floats, pose: HeadPose, rotation: Floats | None = None) -> Floats:
    """Return posed points (…, 3) in the normalised space; the inverse of `apply_pose`."""
    centred = (points - pose.translation) / np.float32(pose.scale)
    return (centred @ (rotation_matrix(pose.rotation_rad) if rotation is None else rotation)).astype(np.float32)


def estimate_pose(landmarks: Floats) -> HeadPose:
    """Return the pose of (78, 3) or (68, 3) landmarks: the similarity that best maps the template's rigid points there.

    Umeyama 1991. Mouth, brow and jaw points are not looked at.
    """
    return estimate_rigid_pose(landmarks[list(RIGID)])


def estimate_rigid_pose(points: Floats) -> HeadPose:
    """Return the pose of the (11, 3) landmarks `RIGID`; see `estimate_pose`."""
    return _fitted(*_RIGID_PLACES, points[None])[0]


def estimate_poses(landmarks: Floats) -> list[HeadPose]:
    """Return the poses of B faces (B, 78, 3), each bit for bit that of `estimate_pose`, in a fraction of the time."""
    return _fitted(*_RIGID_PLACES, landmarks[:, list(RIGID)])


def in_heads(motion: Floats, points: Floats) -> Floats:
    """Return (F, 3) points of the space of heads at rest in the normalised spaces of heads that have moved.

    motion: (F, 6) yaw, pitch, roll about `NECK` and then x, y, z.
    """
    turns = np.moveaxis(rotation_matrix(motion[:, :3].T), -1, 0)
    ways: Floats = points - NECK - motion[:, 3:]
    # Sums number by number: a face does not depend on its company.
    still: Floats = NECK + ways[:, :1] * turns[:, 0] + ways[:, 1:2] * turns[:, 1] + ways[:, 2:] * turns[:, 2]
    return still


def fit_similarity(source_points: Floats, target_points: Floats) -> HeadPose:
    """Return the similarity that puts (n, 3) source points best on target points, least squares (Umeyama 1991)."""
    return fit_similarities(source_points, target_points[None])[0]


def fit_similarities(source_points: Floats, target_points: Floats) -> list[HeadPose]:
    """Return the B similarities that put (n, 3) source points best on (B, n, 3) target points; see `fit_similarity`."""
    return _fitted(*_centred(source_points), target_points)


def _centred(points: Floats) -> tuple[Doubles, Doubles]:
    """Return the (3,) middle of (n, 3) points and their ways from there."""
    exact = points.astype(np.float64)
    centre = exact.mean(0)
    return centre, exact - centre


def _fitted(centre: Doubles, ways: Doubles, target_points: Floats) -> list[HeadPose]:
    """Return the similarities that put points, as `_centred` returns them, on target points; see `fit_similarities`."""
    target = target_points.astype(np.float64)
    middle = target.mean(1)
    u, d, vt = np.linalg.svd((target - middle[:, None]).transpose(0, 2, 1) @ ways)
    signs = np.ones((len(target), 3))
    signs[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotations = (u * signs[:, None]) @ vt
    scales = (d * signs).sum(1) / (ways**2).sum()
    translations = (middle - (scales[:, None, None] * rotations) @ centre).astype(np.float32)
    angles = euler_angles(rotations)
    return [HeadPose(*parts) for parts in zip(angles, translations, scales.tolist(), strict=True)]


_RIGID_PLACES: Final = _centred(_TEMPLATE)
"""`RIGID` of the template."""


def normalise(landmarks: Floats) -> tuple[Floats, HeadPose]:
    """Return ((N, 3) normalised landmarks, the pose that puts them back).

    Law: ``normalise(apply_pose(x, p))[0] == normalise(x)[0]`` for every pose p, up to rounding.
    """
    pose = estimate_pose(landmarks)
    return remove_pose(landmarks, pose), pose


def smoothstep(values: Reals | float, low: float = 0.0, high: float = 1.0) -> Reals:
    """Return the cubic that rises from 0 at ``low`` to 1 at ``high`` without a kink, in the precision of the values.

    Low above high falls instead.
    """
    share = np.minimum(np.maximum((values - low) / (high - low), 0), 1)
    return np.asarray(share * share * (3 - 2 * share))


def from_mediapipe(points: Floats) -> Floats:
    """Return (…, 3) points in this project's axes from MediaPipe's pixel axes (x right, y down, z away, one unit)."""
    return (points * np.array([1, -1, -1], np.float32)).astype(np.float32)


def landmarks_from_mesh(mesh: Floats) -> Floats:
    """Return the 78 landmarks (…, 78, 3) of MediaPipe's 478 mesh points (…, 478, 3)."""
    return mesh[..., list(MEDIAPIPE_68 + MEDIAPIPE_IRIS), :]


def picture_points(vertices: Floats) -> Floats:
    """Return (…, 2) columns and rows of (…, 3) points in pixels with y up."""
    points = np.empty((*vertices.shape[:-1], 2), np.float32)
    points[..., 0] = vertices[..., 0]
    np.negative(vertices[..., 1], out=points[..., 1], casting="same_kind")
    return points
