"""Builds ``warp.npz``: the face mesh's triangles and the matrices that spread the motion of few points over it.

    python -m export.rig.build_warp --connections <mediapipe's face_mesh_connections.py> --tracks <npz with meshes>

The triangles are MediaPipe's tessellation (Apache-2.0): its list of 2,556 edges is, in source order, 852 triangles over
468 vertices with open loops at the eyes, the mouth and the face oval. The tracks, ``meshes (n, 478, 3)`` of any
portraits, give the mean shape whose edge lengths weigh the smoothness; no picture and no single shape is stored.
"""

from __future__ import annotations

import argparse
import ast
from pathlib import Path
from typing import Final

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import spsolve

from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.geometry import MEDIAPIPE_68, MEDIAPIPE_IRIS, landmarks_from_mesh, normalise, remove_pose
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.rendering.warp.keypoints import KEYPOINTS, RIM_OF_CENTRE

N_SKIN: Final = 468
N_MESH: Final = 478
MEMBRANE: Final = 0.3
"""Share of the membrane energy beside the thin plate's; least error on real faces between 0.1 and 0.3."""


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=Path, required=True)
    parser.add_argument("--tracks", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=EMBEDDED / "warp.npz")
    options = parser.parse_args()
    triangles = read_triangles(options.connections)
    smooth = laplacian(triangles, mean_shape(np.load(options.tracks)["meshes"]))
    np.savez_compressed(
        options.output,
        triangles=triangles.astype(np.int16),
        mesh_from_keypoints=mesh_from_keypoints(smooth).astype(np.float32),
        keypoints_from_landmarks=keypoints_from_landmarks(smooth).astype(np.float32),
    )


def read_triangles(connections: Path) -> Longs:
    """Return the (852, 3) triangles hidden in the source text of MediaPipe's tessellation."""
    text = connections.read_text(encoding="utf-8")
    start = text.index("frozenset(", text.index("FACEMESH_TESSELATION")) + len("frozenset(")
    edges = np.array(ast.literal_eval(text[start : text.index("])", start) + 1]), np.int64)
    return np.asarray(edges.reshape(-1, 3, 2)[:, :, 0])


def mean_shape(meshes: Floats) -> Doubles:
    """Return the (478, 3) mean of posed meshes (n, 478, 3) after each one's head pose is removed."""
    shapes = [remove_pose(mesh, normalise(landmarks_from_mesh(mesh))[1]) for mesh in meshes]
    return np.asarray(np.mean(shapes, 0, dtype=np.float64))


def laplacian(triangles: Longs, shape: Doubles) -> sparse.csr_matrix:
    """Return the (468, 468) mesh Laplacian, rows of weight 1; an edge weighs the inverse of its length in ``shape``."""
    corners = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.unique(np.sort(corners, 1), axis=0)
    length = np.linalg.norm(shape[edges[:, 0]] - shape[edges[:, 1]], axis=1)
    half = sparse.coo_matrix((1 / np.maximum(length, 0.01), tuple(edges.T)), (N_SKIN, N_SKIN)).tocsr()
    adjacency = half + half.T
    degree = np.asarray(adjacency.sum(1)).ravel()
    return sparse.eye(N_SKIN) - sparse.diags(1 / degree) @ adjacency


def spread(smooth: sparse.csr_matrix, known: Longs) -> Doubles:
    """Return the (468, k) matrix that continues values at k ``known`` vertices over the mesh, exact at those.

    Minimises the energy |L x|² + m · xᵀ L x: a thin plate with some membrane. A common shift moves everything alike.
    """
    energy = (smooth.T @ smooth + MEMBRANE * (smooth + smooth.T) / 2).tocsc()
    free = np.setdiff1d(np.arange(N_SKIN), known)
    matrix = np.zeros((N_SKIN, len(known)))
    matrix[known, np.arange(len(known))] = 1
    matrix[free] = spsolve(energy[free][:, free], -energy[free][:, known].toarray())
    return np.asarray(matrix / matrix.sum(1, keepdims=True))


def mesh_from_keypoints(smooth: sparse.csr_matrix) -> Doubles:
    """Return (478, 160): displacements of all mesh points from those of the keypoints."""
    keypoints = np.array(KEYPOINTS)
    on_skin = keypoints < N_SKIN
    matrix = np.zeros((N_MESH, len(keypoints)))
    matrix[np.ix_(np.arange(N_SKIN), np.flatnonzero(on_skin))] = spread(smooth, keypoints[on_skin])
    matrix[keypoints[~on_skin], np.flatnonzero(~on_skin)] = 1
    for centre, rim in RIM_OF_CENTRE.items():
        matrix[centre, np.isin(keypoints, rim)] = 1 / len(rim)
    return matrix


def keypoints_from_landmarks(smooth: sparse.csr_matrix) -> Doubles:
    """Return (160, 78): displacements of the keypoints from those of the landmarks."""
    mesh = np.zeros((N_MESH, len(MEDIAPIPE_68) + len(MEDIAPIPE_IRIS)))
    mesh[:N_SKIN, : len(MEDIAPIPE_68)] = spread(smooth, np.array(MEDIAPIPE_68))
    mesh[np.array(MEDIAPIPE_IRIS), len(MEDIAPIPE_68) + np.arange(len(MEDIAPIPE_IRIS))] = 1
    return mesh[list(KEYPOINTS)]


if __name__ == "__main__":
    main()
