"""The face model fitted to a portrait's mesh: pose, identity and the photo's expression, robust against single points.

Weighted similarity and bounded ridge least squares in turn. What the tracker says of depth counts far less than what it
says in the picture, and its mean error over many faces (`TrackerPoints.depth_bias`) is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.head.model import N_TRACKED, FaceModel
from space_runtime.rig.solver import prepare

ROUNDS: Final = 8
ERROR: Final = np.array([0.10, 0.10, 0.50])
"""Expected errors of a point in the picture and in depth, cm."""
EVIDENCE: Final = 0.35
"""Share of the points' weight: neighbours err alike."""
MOST_IDENTITY: Final = 3.0
"""Bound of the identity weights, standard deviations."""
OUTLIER: Final = 0.25
"""Distance in the picture from which a point counts less, cm."""
OFTEN: Final = ("mouthSmile", "jawOpen", "eyeBlink", "eyeSquint", "mouthUpperUp", "mouthLowerDown")
"""Expressions that photos often show."""
USUAL_OFTEN: Final = 0.5
"""Usual weight of those expressions, USUAL: of the others."""
USUAL: Final = 0.25
UNSEEN: Final = ("eyeLook", "cheekPuff", "jawForward", "cheekRaiser")
"""Expressions that a fit would mistake for identity, or that points on the skin do not tell."""
_ITERATIONS: Final = 400


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The outcome of a fit.

    scale, rotation (3, 3), translation (3,): camera_from_head, pixels a cm. identity: (50,); expression: (E,).
    error: (468,) distances in the picture that are left, cm.
    """

    scale: float
    rotation: Doubles
    translation: Doubles
    identity: Doubles
    expression: Doubles
    error: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class _Basis:
    """The model at the tracker's points.

    mean: (468, 3). modes: (k, 468, 3). usual, low, high: (k,) of their weights.
    """

    mean: Doubles
    modes: Doubles
    usual: Doubles
    low: Doubles
    high: Doubles

    def shape(self, weights: Doubles) -> Doubles:
        """Return the mean with the modes at their weights."""
        return np.asarray(self.mean + np.tensordot(weights, self.modes, 1))


def fit_model(model: FaceModel, mesh: Floats) -> Fit:
    """Return the fit of the model to a (478, 3) mesh in project axes, pixels."""
    points = mesh[:N_TRACKED].astype(np.float64)
    basis = _basis(model)
    trust, weights = np.ones(N_TRACKED), np.zeros(len(basis.modes))
    for _ in range(ROUNDS):
        scale, rotation, translation = similarity(basis.shape(weights), points, trust)
        wanted = (points - translation) / scale - basis.mean @ rotation.T
        weights = _weights(basis, basis.modes @ rotation.T, wanted, trust)
        left = (points - translation) / scale - basis.shape(weights) @ rotation.T
        error = np.linalg.norm(left[:, :2], axis=1)
        trust = 1 / np.maximum(1, error / OUTLIER)
    n_identity = len(model.identities)
    expression = np.zeros(len(model.expressions))
    expression[_seen(model)] = weights[n_identity:]
    return Fit(scale, rotation, translation, weights[:n_identity], expression, error)


def _seen(model: FaceModel) -> list[int]:
    return [place for place, name in enumerate(model.expression_names) if not name.startswith(UNSEEN)]


def _basis(model: FaceModel) -> _Basis:
    seen = _seen(model)
    names = [model.expression_names[place] for place in seen]
    n_identity, n_seen = len(model.identities), len(seen)
    mean = model.tracker.on(model.neutral).astype(np.float64)
    mean[:, 2] += model.tracker.depth_bias
    return _Basis(
        mean,
        np.concatenate([model.tracker.on(model.identities), model.tracker.on(model.expressions[seen])]).astype(float),
        np.r_[np.ones(n_identity), [USUAL_OFTEN if name.startswith(OFTEN) else USUAL for name in names]],
        np.r_[np.full(n_identity, -MOST_IDENTITY), np.zeros(n_seen)],
        np.r_[np.full(n_identity, MOST_IDENTITY), np.ones(n_seen)],
    )


def similarity(source: Doubles, target: Doubles, weights: Doubles) -> tuple[float, Doubles, Doubles]:
    """Return scale, (3, 3) rotation and (3,) translation that put (n, 3) points on others, weighted least squares.

    Umeyama 1991, IEEE TPAMI 13(4).
    """
    shares = (weights / weights.sum())[:, None]
    centre_s, centre_t = (shares * source).sum(0), (shares * target).sum(0)
    u, d, vt = np.linalg.svd((shares * (target - centre_t)).T @ (source - centre_s))
    signs = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * signs) @ vt
    scale = float((d * signs).sum() / (shares * (source - centre_s) ** 2).sum())
    return scale, rotation, centre_t - scale * rotation @ centre_s


def _weights(basis: _Basis, modes: Doubles, wanted: Doubles, trust: Doubles) -> Doubles:
    """Return the bounded weights of (k, 468, 3) modes in the camera's axes for (468, 3) wanted displacements."""
    count = EVIDENCE * np.sqrt(trust)[:, None] / ERROR
    rows = (modes * count).reshape(len(modes), -1)
    hessian = rows @ rows.T + np.diag(basis.usual**-2.0)
    span = basis.high - basis.low
    pull = rows @ (wanted * count).ravel() - hessian @ basis.low
    problem = prepare(hessian * np.outer(span, span))
    solution = problem.solve(pull * span, np.zeros(len(span)), _ITERATIONS)[0]
    return np.asarray(basis.low + span * solution)
