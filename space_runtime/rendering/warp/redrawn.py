"""The motion of a stand-in taken to the drawn face that it stands in for: larger for larger eyes, smaller for a smaller
mouth. See `space_runtime.portrait.stand_in`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.portrait.mesh_points import EYES, IRISES, LOWER_LIP, OUTER_LIPS, UPPER_LIP
from space_runtime.portrait.stand_in import NOSE_TIP, lower_face
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF, KEYPOINTS
from space_runtime.rendering.warp.mesh import FaceMesh
from space_runtime.rendering.warp.mesh_triangles import N_POINTS
from space_runtime.rig.shapes import UPPER_LID_SHARE

GAINS: Final = (0.3, 8.0)
"""Least and most by which a motion is scaled."""
WIDER: Final = 0.5
"""Share of a lid's way that opens an eye further: drawn eyes are wide open."""
LIPS: Final = (*OUTER_LIPS, *UPPER_LIP, *LOWER_LIP[1:-1])
EYE_POINTS: Final = tuple(point for lids in EYES for lid in lids for point in lid)


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn:
    """A drawn face and its stand-in.

    acted, shown: (160, 3) normalised keypoints of the stand-in and of the drawing, at rest. gains: (160, 3) of the
    stand-in's displacements; rises: (160,) of those upwards.
    """

    acted: Floats
    shown: Floats
    gains: Floats
    rises: Floats

    def of(self, keypoints: Floats) -> Floats:
        """Return the (160, 3) normalised keypoints of the drawing where the stand-in has its own."""
        way = keypoints - self.acted
        moved = self.gains * way
        moved[:, 1] = np.where(way[:, 1] > 0, self.rises * way[:, 1], moved[:, 1])
        return np.asarray(self.shown + moved, np.float32)


def redrawn(acted: Floats, shown: Floats) -> Redrawn:
    """Return how the motion of a (478, 3) normalised stand-in goes over to a drawn mesh."""
    gains = np.ones_like(shown)
    lower = acted[:, 1] < acted[NOSE_TIP, 1]
    gains[lower, 1] = lower_face(shown) / lower_face(acted)
    gains[list(LIPS), 0] = _width(shown, UPPER_LIP) / _width(acted, UPPER_LIP)
    for iris, (upper, lower_lid) in zip(IRISES, EYES, strict=True):
        wider = _width(shown, upper) / _width(acted, upper)
        higher = _heights(shown, upper, lower_lid) / np.maximum(_heights(acted, upper, lower_lid), 1e-3)
        gains[[*upper, *lower_lid, *iris], 0] = wider
        gains[list(upper[1:-1]), 1] = (higher - 1 + UPPER_LID_SHARE) / UPPER_LID_SHARE  # the lower lid's way stays
        gains[list(iris), 1] = min(wider, float(higher.mean()))
    gains = np.clip(gains, *GAINS)
    rises = gains[:, 1].copy()
    rises[[point for upper, _ in EYES for point in upper[1:-1]]] = WIDER
    points = list(KEYPOINTS)
    return Redrawn(acted[points], shown[points], gains[points].astype(np.float32), rises[points].astype(np.float32))


def around_still(mesh: FaceMesh, drawn: Redrawn) -> FaceMesh:
    """Return the mesh whose skin around the eyes goes as far with the lids as around a human eye: large lids would drag
    brows and hair along."""
    columns = np.array([KEYPOINT_OF[point] for point in EYE_POINTS if point in KEYPOINT_OF])
    skin = np.setdiff1d(np.arange(N_POINTS), EYE_POINTS)
    shares = mesh.from_keypoints.copy()
    shares[np.ix_(skin, columns)] /= np.maximum(drawn.gains[columns, 1], 1)
    return replace(mesh, from_keypoints=shares)


def _heights(mesh: Floats, upper: tuple[int, ...], lower: tuple[int, ...]) -> Floats:
    """Return how far apart the lids are, corners left out."""
    return np.asarray(np.abs(mesh[list(upper[1:-1]), 1] - mesh[list(lower[1:-1]), 1]), np.float32)


def _width(mesh: Floats, row: tuple[int, ...]) -> float:
    """Return the distance between the ends of a row of points, at least a little."""
    return max(float(np.linalg.norm(mesh[row[0], :2] - mesh[row[-1], :2])), 1e-3)
