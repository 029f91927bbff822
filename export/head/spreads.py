"""Matrices that spread displacements of few places over the skin: of the tracker's points, of lids' and lips' edges.

Both are thin plates on the graph of the skin (Botsch and Kobbelt 2004, "An Intuitive Framework for Real-Time Freeform
Modeling", SIGGRAPH), solved here once, so that the runtime multiplies matrices.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.head.model import N_TRACKED, SKIN, FaceModel, Part

FOLLOWS_POINTS: Final = 0.3
"""Weight of the tracker's points against the bending of the skin."""
STAYS: Final = 0.02
"""Pull to rest of the skin that no portrait shows: back, crown, throat, sockets."""
STAYS_AT_EDGES: Final = 0.003
"""Pull to rest around lids and lips: what moves an edge fades within a few vertices."""
_STIFF: Final = 50.0


def point_spread(model: FaceModel) -> Doubles:
    """Return (468, n_skin): the displacements of the skin for one of each of the tracker's points."""
    n = model.n_skin
    x, y, z = model.neutral[:n].T
    hidden = (z < 2) | (np.abs(y) > 11) | (np.arange(n) >= model.parts[Part.FACE].stop) | (np.abs(x) > 30)
    read = _reading(model)
    energy = _bending(model) + STAYS * sparse.diags(hidden.astype(np.float64)) + 1e-6 * sparse.eye(n)
    solved = splu((energy + FOLLOWS_POINTS * read.T @ read).tocsc()).solve(FOLLOWS_POINTS * read.T.toarray())
    return np.asarray(solved.T)


def edge_spread(model: FaceModel) -> tuple[Longs, Doubles]:
    """Return the m vertices of all edge curves and (m, n_skin): the displacements of the skin for one of each."""
    n = model.n_skin
    edges = np.unique(np.concatenate(list(model.curves.values())))
    pinned = np.zeros(n)
    pinned[edges] = _STIFF
    energy = _bending(model) + STAYS_AT_EDGES * sparse.eye(n) + sparse.diags(pinned)
    right = sparse.coo_matrix((np.full(len(edges), _STIFF), (edges, np.arange(len(edges)))), (n, len(edges)))
    return edges, np.asarray(splu(energy.tocsc()).solve(right.toarray()).T)


def _reading(model: FaceModel) -> sparse.csr_matrix:
    """Return (468, n_skin): the tracker's points read off the skin."""
    rows = np.repeat(np.arange(N_TRACKED), 3)
    tracker = model.tracker
    values: Floats = tracker.weights[:N_TRACKED].ravel()
    return sparse.coo_matrix((values, (rows, tracker.vertices[:N_TRACKED].ravel())), (N_TRACKED, model.n_skin)).tocsr()


def _bending(model: FaceModel) -> sparse.csr_matrix:
    quads = model.faces[model.faces_of(*SKIN)]
    edges = np.concatenate([quads[:, [a, (a + 1) % 4]] for a in range(4)])
    edges = np.unique(np.sort(edges, 1), axis=0)
    half = sparse.coo_matrix((np.ones(len(edges)), tuple(edges.T)), (model.n_skin, model.n_skin)).tocsr()
    both = half + half.T
    laplacian = sparse.eye(model.n_skin) - sparse.diags(1 / np.asarray(both.sum(1)).ravel()) @ both
    return laplacian.T @ laplacian
