"""The part of a face that speech moves: shares of the mesh's points, and where they go in a picture of the video.

A face of the video keeps its head pose and everything above the mouth. Its lower part goes, in normalised space, by
its share to the face that speaks the new line; rings around the jaw carry the neck along, less and less.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats
from space_runtime.geometry import HeadPose, apply_pose, picture_points, remove_pose, smoothstep
from space_runtime.portrait.mesh_points import OVAL
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP
from space_runtime.rendering.warp.mesh_triangles import strip

# fmt: off
UPPER_RIM: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_RIM: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
"""Outlines of the lips, each point beside that of `UPPER_LIP` and `LOWER_LIP`."""
# fmt: on
NOSE_BASE: Final = 2
CORNERS: Final = (61, 291)
RINGS: Final = (1.08, 1.18, 1.3, 1.45, 1.62)
"""Sizes of the rings around the face oval, seen from its middle, on which the jaw's motion fades."""
AT_CORNERS: Final = 3.5
"""How many times as much of the lips is left out at the corners, where the tracked opening ends too early."""
MOST_CLOSED: Final = 0.035
"""Most that is taken for shut lips, normalised: a person whose lips are always further apart never shuts them."""
NEAR, FAR = 1.1, 2.4
"""Distances from the mouth's middle, in half widths of the mouth, up to which the face is wholly, or not, replaced."""


@dataclass(frozen=True, slots=True, eq=False)
class LowerFace:
    """Shares of a face that are replaced. share: (478,) of the mesh's points, 0…1. ring_share: (rings · 36,).

    triangles: (T, 3) over points and rings, those of the mouth's opening first. moving: (n,) their corners. closed:
    (11,) what the tracker reads between lips that are shut, normalised.
    """

    share: Floats
    ring_share: Floats
    triangles: NDArray[np.int32]
    moving: NDArray[np.int32]
    closed: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MovedFace:
    """A face of the video and its dubbed shape. source, target: (V, 2) picture points of mesh and rings."""

    source: Floats
    target: Floats


def lower_face(rest: Floats, triangles: NDArray[np.int32]) -> LowerFace:
    """Return the shares for a person with (478, 3) normalised points at rest; triangles: of ``warp.npz``."""
    share = _share(rest)
    out = smoothstep((RINGS[-1] - np.array(RINGS, np.float32)) / (RINGS[-1] - 1))
    fading: Floats = np.outer(out, share[list(OVAL)]).astype(np.float32)
    everything = np.concatenate([strip(UPPER_LIP, LOWER_LIP), triangles, _ring_triangles()]).astype(np.int32)
    shares = np.concatenate([share, fading.ravel()])
    moving = everything[(shares[everything] > 0).any(1)]
    closed = np.clip(rest[list(UPPER_LIP), 1] - rest[list(LOWER_LIP), 1], 0, MOST_CLOSED)
    return LowerFace(share, fading.ravel(), moving, np.unique(moving), closed)


def replaced(face: LowerFace, mesh: Floats, pose: HeadPose, speaking: Floats, inset: float) -> MovedFace:
    """Return a (478, 3) mesh of the video and where its points go. speaking: (478, 3) normalised face that speaks.

    inset: share of the lips' thickness, from their inner edge, that is left out: what shows there is half teeth.
    """
    own = shut_lips(remove_pose(mesh, pose), face.closed)
    moved = own + face.share[:, None] * (speaking - own)
    rings = _rings(own)
    moved_rings = rings + face.ring_share[:, None] * np.tile((speaking - own)[list(OVAL)], (len(RINGS), 1))
    source = apply_pose(np.concatenate([_with_inset(own, inset), rings]), pose)
    return MovedFace(picture_points(source), picture_points(apply_pose(np.concatenate([moved, moved_rings]), pose)))


def shut_lips(own: Floats, closed: Floats) -> Floats:
    """Return normalised points (478, 3) whose lips meet where the tracker reads no more between them than at rest."""
    upper, lower = list(UPPER_LIP), list(LOWER_LIP)
    taken = np.minimum(np.maximum(own[upper, 1] - own[lower, 1], 0), closed)[1:-1] / 2
    met = own.copy()
    met[upper[1:-1], 1] -= taken
    met[lower[1:-1], 1] += taken
    return met


def _share(rest: Floats) -> Floats:
    """Return (478,) 1 at lips and chin, falling to 0 towards nose, cheeks and the angles of the jaw."""
    corners = rest[list(CORNERS)]
    middle, half = corners.mean(0), float(abs(corners[1, 0] - corners[0, 0])) / 2
    down = smoothstep((rest[NOSE_BASE, 1] - rest[:, 1]) / (rest[NOSE_BASE, 1] - rest[0, 1]))
    across = np.abs(rest[:, 0] - middle[0]) / half
    return np.asarray(down * smoothstep((FAR - across) / (FAR - NEAR)), np.float32)


def _with_inset(own: Floats, inset: float) -> Floats:
    if inset == 0:
        return own
    inner = own.copy()
    for lip, rim in ((UPPER_LIP, UPPER_RIM), (LOWER_LIP, LOWER_RIM)):
        inside, outside = list(lip[1:-1]), list(rim[1:-1])
        inner[inside] = own[inside] + np.float32(inset) * (own[outside] - own[inside])
    inner_corners, corners = [UPPER_LIP[0], UPPER_LIP[-1]], list(CORNERS)
    inner[inner_corners] += np.float32(min(0.8, AT_CORNERS * inset)) * (own[corners] - own[inner_corners])
    return inner


def _rings(own: Floats) -> Floats:
    oval = own[list(OVAL)]
    middle = (oval[0] + oval[len(OVAL) // 2]) / 2
    rings = [np.column_stack([middle[:2] + factor * (oval - middle)[:, :2], oval[:, 2]]) for factor in RINGS]
    return np.concatenate(rings).astype(np.float32)


def _ring_triangles() -> NDArray[np.int32]:
    loops = [np.array(OVAL), *(478 + len(OVAL) * ring + np.arange(len(OVAL)) for ring in range(len(RINGS)))]
    closed = [np.append(loop, loop[0]) for loop in loops]
    return np.concatenate([strip(a, b) for a, b in pairwise(closed)])
