"""Values spread smoothly over the skin: the graph Laplacian of a mesh, and least squares with it.

Solved by conjugate gradients with a diagonal preconditioner (Saad, "Iterative Methods for Sparse Linear Systems",
algorithm 9.1): the runtime needs no sparse solver for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Longs

MAX_STEPS: Final = 3000
TOLERANCE: Final = 1e-6
"""Remainder of the equations, as a share of their right side, at which a solution is taken."""
_LEAST: Final = 1e-8
"""Pull to zero that keeps parts without any known value solvable."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The edges of a mesh of n vertices. neighbours: (n, k), filled up with n; degrees: (n,)."""

    neighbours: Longs
    degrees: Doubles

    def sums(self, values: Doubles) -> Doubles:
        """Return (n, c): for each vertex the sum of (n, c) values over its neighbours."""
        padded = np.concatenate([values, np.zeros((1, values.shape[1]))])
        total = np.zeros_like(values)
        for column in self.neighbours.T:
            total += padded[column]
        return total

    def laplacian(self, values: Doubles) -> Doubles:
        """Return (n, c) values minus the mean of their neighbours."""
        return np.asarray(values - self.sums(values) / self.degrees[:, None])

    def membrane(self, values: Doubles) -> Doubles:
        """Return the gradient (n, c) of half the squared differences along edges: the energy of a membrane."""
        return np.asarray(values * self.degrees[:, None] - self.sums(values))


def surface(faces: Longs, n_vertices: int) -> Surface:
    """Return the surface of (q, 4) faces, −1 last for a triangle; a vertex of no face is its own neighbour."""
    corners = [faces[faces[:, 3] >= 0], faces[faces[:, 3] < 0][:, :3]]
    pairs = np.concatenate([np.stack([part.ravel(), np.roll(part, -1, 1).ravel()], 1) for part in corners])
    both = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    degrees = np.bincount(both[:, 0], minlength=n_vertices)
    place = np.arange(len(both)) - np.repeat(np.cumsum(degrees) - degrees, degrees)
    neighbours = np.full((n_vertices, max(int(degrees.max()), 1)), n_vertices)
    neighbours[both[:, 0], place] = both[:, 1]
    alone = degrees == 0
    neighbours[alone, 0] = np.flatnonzero(alone)
    return Surface(neighbours, np.maximum(degrees, 1).astype(np.float64))


def harmonic(mesh: Surface, weights: Doubles, values: Doubles) -> Doubles:
    """Return (n, c) that are near ``values`` by ``weights`` (n,) and change little along edges."""
    pull = weights[:, None] + _LEAST
    diagonal = mesh.degrees[:, None] + pull
    return _solve(lambda x: mesh.membrane(x) + pull * x, diagonal, pull * values)


def _solve(apply: Callable[[Doubles], Doubles], diagonal: Doubles, right: Doubles) -> Doubles:
    """Return x (n, c) of ``apply(x) = right``, apply symmetric and positive; columns share the steps."""
    x = np.zeros_like(right)
    rest = right.copy()
    towards = rest / diagonal
    direction = towards.copy()
    size = (rest * towards).sum(0)
    enough = TOLERANCE**2 * np.maximum(size, 1e-30)
    for _ in range(MAX_STEPS):
        if (size <= enough).all():
            break
        moved = apply(direction)
        step = np.divide(size, (direction * moved).sum(0), out=np.zeros_like(size), where=size > enough)
        x += step * direction
        rest -= step * moved
        towards = rest / diagonal
        before, size = size, (rest * towards).sum(0)
        direction = towards + direction * np.divide(size, before, out=np.zeros_like(size), where=before > 0)
    return x
