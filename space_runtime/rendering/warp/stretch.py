"""Skin that a photo shows edge-on: where a turn of the head takes its colours from.

A pixel at the rim of the photo's face would be drawn out to a stripe by a turn that reveals the skin behind it. The
points around it take their places in the photo from further inside, so that the whole cheek shares the stretch evenly.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.geometry import HeadPose, apply_pose, picture_points, smoothstep
from space_runtime.portrait.mesh_points import EYES, OUTER_LIPS, OVAL
from space_runtime.rendering.warp.mesh import CREASES, FaceMesh
from space_runtime.rendering.warp.mirror import N_FACE, facing
from space_runtime.rendering.warp.raster import Indices

FULL_RAD: Final = math.radians(25)
"""Turn at which the shares are even."""
MOST: Final = 1.2
"""Turn up to which places move on, shares of the full one."""
FRONTAL: Final = 0.62
"""Mean cosine to the viewer from which skin keeps its place in the photo."""
GROWING: Final = 0.02
"""Growth of that cosine by a full turn from which skin counts as revealed."""
REVEALED: Final = 0.3
"""Growth by which the contour has come to view in full."""
INSET: Final = 0.045
"""Way from the tracked contour inwards to where all is skin, normalised units."""
BARE: Final = (-0.1, 0.25)
"""Ways below the eyes, normalised units, from which on the contour is of skin, not of hair, and is all of it."""
# fmt: off
FEATURES: Final = (*(point for rows in EYES for row in rows for point in row), *(p for row in CREASES for p in row),
                   *OUTER_LIPS, 130, 359, 25, 255, 46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285,
                   300, 293, 334, 296, 336)
# fmt: on
"""Points of eyes, brows and lips: they keep their places."""


def prepare_stretch(mesh: FaceMesh) -> Floats:
    """Return (2, 468, 2) pixels by which points move their places in the photo, at a full turn by each sign of yaw."""
    triangles = skin_triangles(mesh)
    return np.stack([_shifts(mesh, triangles, sign) for sign in (FULL_RAD, -FULL_RAD)])


def skin_triangles(mesh: FaceMesh) -> Indices:
    """Return the (T, 3) triangles between points of the face, without those that fill eyes and mouth."""
    triangles = mesh.triangles[mesh.n_fillings : mesh.rings.start]
    return triangles[(triangles < N_FACE).all(1)]


def yawed(mesh: FaceMesh, turn_rad: float) -> HeadPose:
    """Return the photo's pose after a further turn by a yaw."""
    return replace(mesh.pose, rotation_rad=mesh.pose.rotation_rad + np.array([turn_rad, 0, 0], np.float32))


def shared(places: Floats, stretch: Floats, mesh: FaceMesh, pose: HeadPose) -> Floats:
    """Return the (V, 2) places of vertices in the photo for a head at a pose. stretch: see `prepare_stretch`."""
    turn = float(pose.rotation_rad[0] - mesh.pose.rotation_rad[0]) / FULL_RAD
    shift = np.float32(min(abs(turn), MOST)) * stretch[0 if turn > 0 else 1]
    moved = places.copy()
    moved[:N_FACE] += shift
    moved[mesh.seam] += shift[list(OVAL)]
    return moved


def _shifts(mesh: FaceMesh, triangles: Indices, turn_rad: float) -> Floats:
    """Return (468, 2) the shifts for one turn.

    The way of each point from photo to turned face changes linearly over the skin that the turn reveals (it solves
    Laplace's equation on the mesh), between that of the front and that of the contour, moved inwards.
    """
    turned = apply_pose(mesh.normalised[:N_FACE], yawed(mesh, turn_rad))
    own = facing(mesh.source, triangles)
    growth = facing(turned, triangles) - own
    oval = list(OVAL)
    inset = smoothstep(-mesh.normalised[oval, 1], *BARE) * np.clip(growth[oval] / REVEALED, 0, 1)
    here, there = picture_points(mesh.source[:N_FACE]), picture_points(turned)
    inward = here[oval].mean(0) - here[oval]
    shift = np.zeros((N_FACE, 2), np.float32)
    shift[oval] = (INSET * mesh.pose.scale * inset / np.linalg.norm(inward, axis=1))[:, None] * inward
    free = (own < FRONTAL) & (growth > GROWING)
    free[[*FEATURES, *oval]] = False
    ways = there - here - shift
    means = _means(there, triangles)
    known = means[free] @ np.where(free[:, None], 0, ways)
    solved = np.linalg.solve(np.eye(int(free.sum())) - means[np.ix_(free, free)], known)
    shift[free] = ways[free] - solved
    return shift


def _means(points: Floats, triangles: Indices) -> Floats:
    """Return (468, 468) whose product with values at the points is the mean of each one's neighbours, by nearness."""
    joined = np.zeros((N_FACE, N_FACE), np.float32)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        first, second = triangles[:, a], triangles[:, b]
        nearness = 1 / np.linalg.norm(points[first] - points[second], axis=1).clip(1)
        joined[first, second] = joined[second, first] = nearness
    return np.asarray(joined / joined.sum(1, keepdims=True).clip(1e-6), np.float32)
