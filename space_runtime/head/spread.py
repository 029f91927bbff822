"""Displacements of few places spread over the skin (see `export.head.spreads`, which makes the file)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Longs

SPREADS: Final = Path(__file__).parent / "spreads.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Spreads:
    """points: (468, n_skin) displacements of the skin for one of each of the tracker's points. edge_vertices: (m,) all
    vertices of the edge curves; edges: (m, n_skin) displacements of the skin for one of each of these."""

    points: Floats
    edge_vertices: Longs
    edges: Floats

    def from_edges(self, vertices: Longs, moved: Doubles) -> Doubles:
        """Return (n_skin, 3): the skin follows (k, 3) displacements of edge vertices; all other edges stay."""
        rows = np.searchsorted(self.edge_vertices, vertices)
        return np.asarray(self.edges[rows].T @ moved)


@cache
def load_spreads() -> Spreads:
    """Return the matrices of this package."""
    with np.load(SPREADS) as file:
        step = np.float32(file["step"])
        points, edges = (file[name].astype(np.float32) * step for name in ("points", "edges"))
        return Spreads(points, file["edge_vertices"].astype(np.int64), edges)
