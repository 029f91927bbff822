"""The human face that is animated in the place of a drawn one.

Networks and rig know human faces. A face whose landmarks a person placed, with eyes of any size and a mouth anywhere,
lends its pose and its parted lips to the mean face; the generator takes that one's motion back to the drawing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.geometry import landmarks_from_mesh, normalise, remove_pose
from space_runtime.portrait.fitted_mesh import mean_mesh

NOSE_TIP: Final = 4
CHIN: Final = 152
UPPER: Final = 13
LOWER: Final = 14
"""The middles of the inner lips."""


def stand_in(drawn: Floats) -> Floats:
    """Return the (478, 3) normalised mesh of the face that stands in for a drawn normalised one.

    Its lips are as far apart as the drawn ones, in heights of the lower face, so that they are closed alike.
    """
    mean = mean_mesh()
    apart = max(0.0, float(drawn[UPPER, 1] - drawn[LOWER, 1])) / lower_face(drawn) * lower_face(mean.mesh)
    opened = mean.mesh + np.float32(apart / float(mean.jaw[UPPER, 1] - mean.jaw[LOWER, 1])) * mean.jaw
    _, pose = normalise(landmarks_from_mesh(opened))
    return remove_pose(opened, pose)


def lower_face(mesh: Floats) -> float:
    """Return the height from the nose's tip to the chin of a (478, 3) normalised mesh."""
    return max(float(mesh[NOSE_TIP, 1] - mesh[CHIN, 1]), 1e-3)
