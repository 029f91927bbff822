"""Packs ICT-FaceKit as the face model that `space_runtime.head` fits (Li et al. 2020, CVPR; MIT).

    python -m export head-model

Kept are the skin with its sockets, gums, tongue, teeth, eyeballs and one of the three layers of lashes: the vertices
that a head of a game needs, in ICT's order.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from space_runtime.arrays import Doubles, Longs
from space_runtime.head.model import PARTS, Part

STEP: Final = 0.001
"""Centimetres of a stored unit."""
N_SKIN: Final = 14_062
"""The first vertices of ICT: face, head, neck and sockets."""
_LASH_ROWS: Final = {Part.LEFT_LASHES: (25_351, (1, 4)), Part.RIGHT_LASHES: (25_351, (7, 10))}
"""First lash vertex, and of the strips of 114 vertices the middle layer of upper and lower lid."""
_KEPT: Final[dict[Part, tuple[int, int]]] = {
    Part.FACE: (0, 11_248),
    Part.MOUTH_SOCKET: (11_248, 13_294),
    Part.EYE_SOCKETS: (13_294, 14_062),
    Part.GUMS: (14_062, 17_039),
    Part.TEETH: (17_039, 21_451),
    Part.LEFT_EYE: (21_451, 22_221),
    Part.RIGHT_EYE: (23_021, 23_791),
}
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "right_upper_lid": (36, 37, 38, 39),
    "right_lower_lid": (36, 41, 40, 39),
    "left_upper_lid": (42, 43, 44, 45),
    "left_lower_lid": (42, 47, 46, 45),
    "upper_lip": (60, 61, 62, 63, 64),
    "lower_lip": (60, 67, 66, 65, 64),
}
"""Edges of lids and lips by the iBUG landmarks that they run through."""
_TONGUE_HALF_WIDTH: Final = 2.1
_TONGUE_LEAST: Final = 200
_LEFT_OUT: Final = ("PupilDilate_L", "PupilDilate_R")

Arrays = dict[str, np.ndarray]


def face_asset(ict: Mapping[str, np.ndarray]) -> Arrays:
    """Return the arrays of ``face_model.npz`` from those of ICT-FaceKit."""
    kept = _kept()
    renumbered = np.full(len(ict["neutral"]), -1, np.int64)
    vertices = np.concatenate([kept[part] for part in PARTS])
    renumbered[vertices] = np.arange(len(vertices))
    whole = _whole_faces(ict["faces"], renumbered)
    names = [str(name) for name in ict["expression_names"]]
    shapes = [place for place, name in enumerate(names) if name not in _LEFT_OUT]
    points = ict["landmark68"].astype(np.int64)
    neutral = ict["neutral"][vertices].astype(np.float64)
    expressions = sides_alike(neutral, ict["expressions"][shapes][:, vertices], [names[place] for place in shapes])
    return {
        "step": np.array(STEP),
        "neutral": _units(neutral),
        "identities": _units(ict["identities"][:, vertices]),
        "expressions": _units(expressions),
        "expression_names": np.array([names[place] for place in shapes]),
        "part_sizes": np.array([len(kept[part]) for part in PARTS], np.int32),
        "faces": np.where(ict["faces"][whole] < 0, -1, renumbered[ict["faces"][whole]]).astype(np.int32),
        "face_uv": ict["face_uv"][whole].astype(np.int32),
        "uv": ict["uv"].astype(np.float32),
        "landmarks": points.astype(np.int32),
        "tongue": renumbered[_tongue(ict)].astype(np.int32),
        **{name: curve.astype(np.int32) for name, curve in edge_curves(ict, points).items()},
    }


def sides_alike(neutral: Doubles, shapes: np.ndarray, names: list[str]) -> Doubles:
    """Return (n, V, 3) shapes averaged with the mirror images of their twins: some of ICT's lean to one side."""
    mirror = np.array([-1.0, 1.0, 1.0])
    twin_of = cKDTree(neutral).query(neutral * mirror)[1]
    twins = [names.index(_twin(name)) for name in names]
    return np.stack([(shapes[place] + shapes[twin][twin_of] * mirror) / 2 for place, twin in enumerate(twins)])


def _twin(name: str) -> str:
    swapped = {"_L": "_R", "_R": "_L", "Left": "Right", "Right": "Left"}
    ending = next((ending for ending in swapped if name.endswith(ending)), "")
    return name.removesuffix(ending) + swapped.get(ending, "")


def _tongue(ict: Mapping[str, np.ndarray]) -> Longs:
    """Return the vertices of the tongue: the narrow ones of the islands in the texture of gums and tongue."""
    chosen = [str(name) for name in ict["material_names"]].index("M_GumsTongue")
    uv, faces = (ict[name][ict["face_material"] == chosen].astype(np.int64) for name in ("face_uv", "faces"))
    edges = np.concatenate([uv[:, [0, 1]], uv[:, [1, 2]], uv[uv[:, 3] >= 0][:, [2, 3]]])
    n = len(ict["uv"])
    island = connected_components(sparse.coo_matrix((np.ones(len(edges)), tuple(edges.T)), (n, n)))[1][uv[:, 0]]
    found = [faces[island == number] for number in np.unique(island)]
    parts = [np.unique(part[part >= 0]) for part in found]
    narrow = [part for part in parts if np.abs(ict["neutral"][part, 0]).max() < _TONGUE_HALF_WIDTH]
    return np.unique(np.concatenate([part for part in narrow if len(part) > _TONGUE_LEAST]))


def write_asset(path: Path, arrays: Arrays) -> None:
    """Write arrays as a compressed file without pickles."""
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _kept() -> dict[Part, Longs]:
    """Return the vertices of each part, in ICT's numbers."""
    plain = {part: np.arange(*ends) for part, ends in _KEPT.items()}
    lashes = {
        part: np.concatenate([first + 114 * strip + np.arange(114) for strip in strips])
        for part, (first, strips) in _LASH_ROWS.items()
    }
    return plain | lashes


def _whole_faces(faces: Longs, renumbered: Longs) -> Longs:
    """Return the numbers of the faces all of whose vertices are kept."""
    return np.flatnonzero(((renumbered[faces] >= 0) | (faces < 0)).all(1))


def _units(lengths: np.ndarray) -> np.ndarray:
    """Return centimetres in whole units, axis of the coordinate first but one: equal numbers lie together."""
    return np.ascontiguousarray(np.rint(np.swapaxes(lengths.astype(np.float64), -1, -2) / STEP).astype(np.int16))


def edge_curves(ict: Mapping[str, np.ndarray], points: Longs) -> dict[str, Longs]:
    """Return the vertices of each lid's and lip's edge in order, from the picture's left to its right."""
    graph = _edge_graph(ict["neutral"].astype(np.float64), ict["faces"][ict["face_material"] == 0].astype(np.int64))
    return {name: _through(graph, points[list(marks)]) for name, marks in _CURVES.items()}


def _edge_graph(neutral: Doubles, quads: Longs) -> sparse.csr_matrix:
    edges = np.concatenate([quads[:, [a, (a + 1) % 4]] for a in range(4)])
    edges = np.unique(np.sort(edges, 1), axis=0)
    lengths = np.linalg.norm(neutral[edges[:, 0]] - neutral[edges[:, 1]], axis=1)
    half = sparse.coo_matrix((lengths, tuple(edges.T)), (N_SKIN, N_SKIN)).tocsr()
    return half + half.T


def _through(graph: sparse.csr_matrix, marks: Longs) -> Longs:
    """Return the shortest way along edges through all marks."""
    way = [int(marks[0])]
    for start, end in itertools.pairwise(marks):
        before = dijkstra(graph, indices=start, return_predecessors=True)[1]
        back = [int(end)]
        while back[-1] != start:
            back.append(int(before[back[-1]]))
        way += back[::-1][1:]
    return np.array(way)
