"""Bounded ridge least squares with everything that does not change factored beforehand.

Minimise ``½ uᵀHu - qᵀu`` subject to ``0 ≤ u ≤ 1`` by Douglas-Rachford splitting (Lions & Mercier 1979; Eckstein &
Bertsekas 1992, Mathematical Programming 55). H is scaled to a unit diagonal first, which leaves the box a box. One
iteration is one matrix product and two bounds, and a solution close to the last one costs few: ten iterations from the
previous frame stay within 0.01 of the exact weights while a face speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Doubles

PENALTY: Final = 0.09
"""Weight of the proximal term in units of H's scaled diagonal: of 0.03, 0.045, 0.06, 0.09, 0.13 the fastest in
speech."""

BLOCK: Final = 64
"""Problems solved together: they stay in the processor's cache."""

MOST_PRODUCTS: Final = 250_000
"""Multiplications of one call of the linear algebra library."""

RELAXATION: Final = 1.6
"""Over-relaxation, 1…2."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundedRidge:
    """A prepared problem of n unknowns.

    scale: (n,) roots of H's diagonal. mix: (n, 2n) one iteration's map from (split, bounded) to the next split.
    pull: (n, n) what a right-hand side adds to each iteration.
    """

    scale: Doubles
    mix: Doubles
    pull: Doubles

    def solve(self, rhs: Doubles, split: Doubles, n_iterations: int) -> tuple[Doubles, Doubles]:
        """Return (solutions (…, n) inside 0…1, splits (…, n) to start the next, similar problems from).

        rhs: (…, n) the vectors q. split: (…, n) zeros from cold.
        """
        n = self.scale.size
        wanted, free = rhs.reshape(-1, n), split.reshape(-1, n)
        parts = [slice(first, first + BLOCK) for first in range(0, len(wanted), BLOCK)]
        last = np.concatenate([self._iterate(wanted[some].T, free[some].T, n_iterations).T for some in parts])
        solution = np.minimum(np.maximum(last, 0.0), self.scale) / self.scale
        return solution.reshape(rhs.shape), last.reshape(rhs.shape)

    def follow(
        self, rhs: Doubles, inertia: Doubles, solution: Doubles, split: Doubles, n_iterations: int
    ) -> tuple[Doubles, Doubles]:
        """Return (solutions (T, n), last split (n,)) of T problems one after the other, each started from the last.

        rhs: (T, n) the vectors q, to each of which (n,) ``inertia`` times the solution before is added. solution,
        split: (n,) the last ones. n_iterations: even. No bit depends on how many problems come at once.
        """
        n, upper = self.scale.size, self.scale
        mix, here, there = np.empty((n, 2 * n + 1)), np.ones(2 * n + 1), np.ones(2 * n + 1)
        mix[:, :-1] = self.mix  # the last column is what pulls, so that an iteration is one product and two bounds
        free, bounded, after, bounded_after = here[:n], here[n:-1], there[:n], there[n:-1]
        free[:] = split
        solutions = np.empty((len(rhs), n))
        for wanted, found in zip(rhs, solutions, strict=True):
            mix[:, -1] = np.dot(self.pull, wanted + inertia * solution)
            for _ in range(n_iterations // 2):
                np.maximum(free, 0.0, out=bounded)
                np.minimum(bounded, upper, out=bounded)
                np.dot(mix, here, out=after)
                np.maximum(after, 0.0, out=bounded_after)
                np.minimum(bounded_after, upper, out=bounded_after)
                np.dot(mix, there, out=free)
            np.maximum(free, 0.0, out=found)
            np.minimum(found, upper, out=found)
            found /= upper
            solution = found
        return solutions, free.copy()

    def _iterate(self, rhs: Doubles, split: Doubles, n_iterations: int) -> Doubles:
        """The splits (n, B) after some iterations: a problem per column, which the products and bounds like best."""
        n = self.scale.size
        both = np.empty((2 * n, rhs.shape[1]))
        free, bounded, upper, mix = both[:n], both[n:], self.scale[:, None], self.mix
        free[:] = split
        pull, step = np.dot(self.pull, rhs), np.empty(rhs.shape)
        for _ in range(n_iterations):
            np.maximum(free, 0.0, out=bounded)
            np.minimum(bounded, upper, out=bounded)
            np.dot(mix, both, out=step)
            np.add(step, pull, out=free)
        return free


def product(rows: NDArray[np.floating], matrix: Doubles) -> Doubles:
    """Return ``rows @ matrix`` of (…, n) rows, some at a time.

    A call stays below the size from which the linear algebra library wakes a second thread, which costs more than it
    helps where many streams keep every core busy.
    """
    n_together = max(1, MOST_PRODUCTS // matrix.size)
    if rows.ndim < 2 or len(rows) <= n_together:
        return rows @ matrix
    return np.concatenate([rows[first : first + n_together] @ matrix for first in range(0, len(rows), n_together)])


def prepare(hessian: Doubles) -> BoundedRidge:
    """Return the prepared problem of a symmetric positive definite (n, n) H."""
    scale = np.sqrt(np.diag(hessian))
    scaled = hessian / np.outer(scale, scale)
    identity = np.eye(scale.size)
    resolvent = np.linalg.inv(scaled + PENALTY * identity)
    reflect = RELAXATION * PENALTY * resolvent
    mix = np.hstack([identity - reflect, 2 * reflect - RELAXATION * identity])
    return BoundedRidge(scale, mix, RELAXATION * resolvent / scale)
