"""The triangles of the mesh that carries the photo, as rows of vertices: see `mesh`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.portrait.mesh_points import CREASES, EYES, LOWER_LIP, OVAL, UPPER_LIP

Indices = NDArray[np.int32]

RING_FACTORS: Final = (1.1, 1.25, 1.5, 1.8, 2.1, 2.4, 2.8)
RING_POINTS: Final = OVAL[::2]
"""The points of the oval that the rings repeat."""
N_POINTS: Final = 478


def _hem_rows(first_hem_vertex: int) -> list[tuple[list[int], list[int]]]:
    """Return per eye the vertices of the lash band's upper edge and of the hem's lower edge, corners left out."""
    n = len(EYES[0][0]) - 2
    starts = [first_hem_vertex + 2 * n * eye for eye in range(len(EYES))]
    return [(list(range(s, s + n)), list(range(s + n, s + 2 * n))) for s in starts]


def hem_edges(first_hem_vertex: int) -> list[list[int]]:
    """Return per eye the vertices of the hem's lower edge with the eye's corners."""
    rows = _hem_rows(first_hem_vertex)
    return [[upper[0], *edge, upper[-1]] for (upper, _), (_, edge) in zip(EYES, rows, strict=True)]


def fillings() -> Indices:
    """Return the triangles that close the mouth's and the eyes' openings; the layers below show over them."""
    return np.concatenate([strip(lower, upper) for upper, lower in ((UPPER_LIP, LOWER_LIP), *EYES)])


def without_lids(triangles: Indices) -> Indices:
    """Return the triangles that do not lie wholly between a lid's edge and its crease."""
    lids = [*EYES[0][0][1:-1], *EYES[1][0][1:-1], *CREASES[0], *CREASES[1]]
    return triangles[~np.isin(triangles, lids).all(1)].astype(np.int32)


def lid_triangles(first_hem_vertex: int) -> Indices:
    """Return the skin between crease and lash band: what stretches when the eye closes."""
    rows = _hem_rows(first_hem_vertex)
    return np.concatenate([strip(top, crease) for crease, (top, _) in zip(CREASES, rows, strict=True)])


def hem_triangles(first_hem_vertex: int) -> Indices:
    """Return lash bands and hems."""
    rows = _hem_rows(first_hem_vertex)
    strips = []
    for (upper, _), (top, _), edge in zip(EYES, rows, hem_edges(first_hem_vertex), strict=True):
        strips += [strip(upper[1:-1], top), strip(edge, upper)]
    return np.concatenate(strips)


def ring_triangles(first_seam_vertex: int) -> Indices:
    """Return the triangles from the oval's copies over all rings outwards."""
    n = len(RING_POINTS)
    loops = [N_POINTS + n * ring + np.arange(n, dtype=np.int32) for ring in range(len(RING_FACTORS))]
    closed = [np.append(loop, loop[0]) for loop in loops]
    seam = first_seam_vertex + np.arange(len(OVAL), dtype=np.int32)
    return np.concatenate([_oval_triangles(seam, closed[0]), *(strip(a, b) for a, b in pairwise(closed))])


def _oval_triangles(seam: Indices, ring: Indices) -> Indices:
    """Return the triangles between the seam and the closed innermost ring, which has half as many points."""
    oval = [*seam, seam[0]]
    parts = zip(oval[::2], oval[1::2], oval[2::2], ring[:-1], ring[1:], strict=False)
    fans = [((p, between, a), (between, b, a), (between, q, b)) for p, between, q, a, b in parts]
    return np.array(fans, np.int32).reshape(-1, 3)


def strip(a: Sequence[int] | Indices, b: Sequence[int] | Indices) -> Indices:
    """Return the triangles between two vertex rows of equal length; where the rows share an end, none is degenerate.

    They show their front where the first row is the lower one and both run from left to right.
    """
    quads = zip(a[:-1], a[1:], b[1:], b[:-1], strict=True)
    return np.array([t for p, q, r, s in quads for t in ((p, q, r), (p, r, s)) if len(set(t)) == 3], np.int32)
