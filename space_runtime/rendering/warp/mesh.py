"""The mesh that carries the photo: MediaPipe's face, rings of hair, ears and neck around it, and hems along the lids.

Vertices 0…477 are MediaPipe's. Then come `RING_FACTORS` rings of 18: every second point of the face oval, pushed
outwards from its middle and back towards the depth of the skull's middle; their motion is the head's, fading to rest
towards the shoulders and the picture's edge. Last come the hems: a strip of the photo just inside each lid's edge that
moves with the lid, so that lashes stay on the lid when the eye closes. The rings hang on copies of the oval, the seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Doubles, Floats, Index, Longs
from space_runtime.geometry import (
    HeadPose,
    apply_pose,
    estimate_pose,
    landmarks_from_mesh,
    remove_pose,
    rotation_matrix,
    smoothstep,
)
from space_runtime.portrait.mesh_points import CREASES as CREASES
from space_runtime.portrait.mesh_points import EYES as EYES
from space_runtime.portrait.mesh_points import IRISES as IRISES
from space_runtime.portrait.mesh_points import LOWER_LIP as LOWER_LIP
from space_runtime.portrait.mesh_points import OVAL as OVAL
from space_runtime.portrait.mesh_points import UPPER_LIP as UPPER_LIP
from space_runtime.rendering.warp.contour import rim_of
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh, pose_of_keypoints
from space_runtime.rendering.warp.mesh_triangles import (
    RING_FACTORS,
    RING_POINTS,
    Indices,
    fillings,
    hem_edges,
    hem_triangles,
    lid_triangles,
    ring_triangles,
    without_lids,
)
from space_runtime.rendering.warp.skull import back_from, view_of
from space_runtime.rendering.warp.turn_limit import limited

LEAST_AREA: Final = 0.12
"""Share of its area in the photo that a triangle must keep to count as seen."""
HIDDEN: Final = 1e6
"""Depth in pixels beyond everything."""
SKULL_DEPTHS: Final = (-0.7, -1.05)
"""z of the skull's silhouette above the face and to its sides, normalised units: by these the picture of a drawn head
that turns by 15° and 25° comes nearest to the truth."""
FRONTAL: Final = (math.radians(6), math.radians(18))
"""Yaws of the photo from which on its sides lie less deep, and no deeper than what is above: the side that a turned
photo hides shows no hair that could cover more depth."""
ASIDE: Final = (0.3, 1.0)
"""Sine of a direction from the face's middle from above, between which the skull's depth goes from one to the other."""
NECK_DEPTH: Final = -0.2
"""z of the throat below the chin: flatter than it is, so that a lowered chin presses the throat together smoothly."""
BELOW: Final = (0.25, 0.7)
"""Sine of a direction below the horizontal, between which the skull's depth becomes the throat's: ears lie above."""
THROAT: Final = 1.4
"""Way from the chin down, in radii of the face, over which the neck's motion fades: the shorter, the more it shears."""
LASHES: Final = 0.10
"""Height of the band of lashes above the upper lid's edge that moves with the lid, as a share of the eye's width."""
HEM: Final = 0.035
"""Width of the lid's inner hem below that edge, as a share of the eye's width."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceMesh:
    """A portrait's mesh and everything needed to move it.

    source: (V, 3) vertices in the photo's pixels, project axes; normalised: (V, 3) the same without the pose.
    from_keypoints: (V, 160) shares of the keypoints' expression; follow: (V,) share of the head's motion, 0…1.
    triangles: (T, 3), first all first corners in memory; n_fillings that close openings first, hems from first_hem on;
    rings: the places of those around the face. seam: the oval's copies, on which the rings hang. areas: (T,) twice
    their areas in the photo, below 0 for those that show their back there. hem_edges: (2, n) per eye, vertices of the
    hem's lower edge with the corners. rim, inset: see `contour`. keypoints: (160, 3) normalised. pose: the photo's;
    view: see `view_of`.
    """

    source: Floats
    normalised: Floats
    from_keypoints: Floats
    follow: Floats
    triangles: Index
    n_fillings: int
    first_hem: int
    rings: slice
    seam: slice
    areas: Floats
    rim: Index
    inset: float
    hem_edges: Index
    keypoints: Floats
    pose: HeadPose
    view: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class MovedMesh:
    """The mesh of one frame.

    vertices: (V, 3) pixels, project axes; normalised: (V, 3) without the pose; pose: the head's, rotation: (3, 3) its
    matrix; expression: (160, 3) displacement of the keypoints from the portrait's own, normalised. skull: see
    `skull.back_from`.
    """

    vertices: Floats
    normalised: Floats
    pose: HeadPose
    rotation: Floats
    expression: Floats
    skull: Doubles


def build_mesh(
    mesh: Floats, triangles: Indices, mesh_from_keypoints: Floats, relief: float = 1.0, inset: float = 0.0
) -> FaceMesh:
    """Return the mesh of a portrait with (478, 3) points in its pixels; the next two are arrays of ``warp.npz``.

    relief: depth of skull and neck in those of a head. inset: see `contour`.
    """
    pose = estimate_pose(landmarks_from_mesh(mesh))
    face = remove_pose(mesh, pose)
    rings, ring_weights, ring_follow = _rings(face, mesh_from_keypoints, relief, float(pose.rotation_rad[0]))
    hems, hem_parents = _hems(face)
    normalised = np.concatenate([face, rings, hems, face[list(OVAL)]])
    first_hem_vertex, first_seam_vertex = len(face) + len(rings), len(normalised) - len(OVAL)
    inner = np.concatenate([fillings(), without_lids(triangles)])
    around = ring_triangles(first_seam_vertex)
    skin = np.concatenate([inner, around, lid_triangles(first_hem_vertex)])
    parts = np.concatenate([skin, hem_triangles(first_hem_vertex)])
    source = apply_pose(normalised, pose)
    return FaceMesh(
        source=source,
        normalised=normalised,
        from_keypoints=np.concatenate([mesh_from_keypoints, ring_weights, mesh_from_keypoints[[*hem_parents, *OVAL]]]),
        follow=np.concatenate(
            [np.ones(len(face), np.float32), ring_follow, np.ones(len(hems) + len(OVAL), np.float32)]
        ),
        triangles=np.asfortranarray(parts, np.intp),
        n_fillings=len(fillings()),
        first_hem=len(skin),
        rings=slice(len(inner), len(inner) + len(around)),
        seam=slice(first_seam_vertex, len(normalised)),
        areas=_areas(source, parts),
        rim=rim_of(face),
        inset=inset,
        hem_edges=np.array(hem_edges(first_hem_vertex)),
        keypoints=remove_pose(keypoints_from_mesh(mesh), pose),
        pose=pose,
        view=view_of(pose),
    )


def drawing_order(mesh: FaceMesh, vertices: Floats) -> tuple[Longs, Longs]:
    """Return the triangles of the face, then those of the rings, from back to front.

    Of the face openings come first, hems last, skin by depth. What has turned its back or is seen edge-on comes before
    all other skin: it lies in a fold.
    """
    depth = vertices[:, 2].take(mesh.triangles.T).sum(0)
    depth[mesh.first_hem :] = HIDDEN + np.arange(len(depth) - mesh.first_hem)
    folded = (mesh.areas < 0) | (_areas(vertices, mesh.triangles) < LEAST_AREA * mesh.areas)
    depth -= folded * np.float32(2 * HIDDEN)
    depth[: mesh.n_fillings] = -4 * HIDDEN
    around = mesh.rings.start + np.argsort(depth[mesh.rings], kind="stable")
    depth[mesh.rings] = -8 * HIDDEN
    return np.argsort(depth, kind="stable")[len(around) :], around


def move(mesh: FaceMesh, keypoints: Floats) -> MovedMesh:
    """Return the mesh driven by (160, 3) keypoints in pixels. At the portrait's own it rests, up to rounding."""
    asked = pose_of_keypoints(keypoints)
    rotation = rotation_matrix(asked.rotation_rad)
    expression = remove_pose(keypoints, asked, rotation) - mesh.keypoints
    pose = limited(asked, mesh.pose)
    rotation = rotation if pose is asked else rotation_matrix(pose.rotation_rad)
    shaped = mesh.normalised + mesh.from_keypoints @ expression
    vertices = apply_pose(shaped, pose, rotation)
    vertices -= mesh.source
    vertices *= mesh.follow[:, None]
    vertices += mesh.source
    return MovedMesh(vertices, shaped, pose, rotation, expression, back_from(view_of(pose, rotation), mesh.view))


def _areas(vertices: Floats, triangles: NDArray[np.integer]) -> Floats:
    """Return twice the signed area (T,) of each triangle as seen from the front."""
    (ax, bx, cx), (ay, by, cy) = (vertices[:, axis].take(triangles.T) for axis in (0, 1))
    return np.asarray((bx - ax) * (cy - ay) - (by - ay) * (cx - ax), np.float32)


def _rings(face: Floats, weights: Floats, relief: float, yaw_rad: float) -> tuple[Floats, Floats, Floats]:
    """Return ring vertices, their keypoint shares and their share of the head's motion. yaw_rad: of the photo."""
    oval = face[list(RING_POINTS)]
    middle = (oval[0] + oval[len(oval) // 2]) / 2
    outward = oval - middle
    aside, down = (outward[:, :2] * (1, -1) / np.linalg.norm(outward[:, :2], axis=1, keepdims=True)).T
    neck = smoothstep((down + 0.1) / 0.45)
    above, sides = SKULL_DEPTHS
    deeper = (sides - above) * (1 - smoothstep(abs(yaw_rad), *FRONTAL))
    skull = above + deeper * smoothstep(np.abs(aside), *ASIDE)
    depth = np.float32(relief) * (skull + (NECK_DEPTH - skull) * smoothstep(down, *BELOW))
    vertices, shares, follow = [], [], []
    for factor in RING_FACTORS:
        ring = middle + factor * outward
        ring[:, 2] = oval[:, 2] + (depth - oval[:, 2]) * np.float32(smoothstep((factor - 1) / 0.5))
        head = 1 - np.float32(smoothstep((factor - 1.5) / 1.2))
        throat = 1 - np.float32(smoothstep((factor - 0.95) / THROAT))
        vertices.append(ring)
        follow.append(head + neck * (throat - head))
        shares.append(weights[list(RING_POINTS)] * max(0.0, 1 - (factor - 1) / 0.5))
    return (
        np.concatenate(vertices).astype(np.float32),
        np.concatenate(shares).astype(np.float32),
        np.concatenate(follow).astype(np.float32),
    )


def _hems(face: Floats) -> tuple[Floats, Indices]:
    """Return per eye the lash band's upper edge, then the hem's lower edge, and the lid vertex each one hangs on."""
    vertices, parents = [], []
    for (upper, lower), crease in zip(EYES, CREASES, strict=True):
        width = float(np.linalg.norm(face[upper[0]] - face[upper[-1]]))
        edge = face[list(upper[1:-1])]
        up, down = face[list(crease)] - edge, face[list(lower[1:-1])] - edge
        vertices.append(edge + _limited(up, LASHES * width, 0.6))
        vertices.append(edge + _limited(down, HEM * width, 0.3))
        parents += [*upper[1:-1], *upper[1:-1]]
    return np.concatenate(vertices).astype(np.float32), np.array(parents, np.int32)


def _limited(way: Floats, length: float, share: float) -> Floats:
    """Return vectors (n, 3) cut to ``length``, and to a share of their own length."""
    own = np.linalg.norm(way, axis=1, keepdims=True)
    return np.asarray(way * np.minimum(length / np.maximum(own, 1e-6), share), np.float32)
