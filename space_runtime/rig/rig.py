"""The rig: between normalised landmarks and the 52 ARKit weights, both ways, for the proportions of one identity.

A face is linear here, as in its source ICT-FaceKit (Li et al. 2020, CVPR): ``landmarks = neutral + Σ weight · shape``,
and eyeballs turn rigidly. The weights that come back are the most probable ones (maximum a posteriori) under Gaussian
errors of the landmarks and a Gaussian prior with a cost per shape, inside 0…1. Which shapes landmarks can see:
docs/rig.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Doubles, Floats, Mask
from space_runtime.errors import BundleError
from space_runtime.geometry import N_LANDMARKS
from space_runtime.rig.identity import (
    RigIdentity,
    SolvePlan,
    at_rest,
    gaze_of,
    look_weights,
    make_identity,
    turn_eyes,
    unknown_motion,
    with_exclusion,
)
from space_runtime.rig.shapes import (
    JAW_OPEN,
    LOOK_ROWS,
    MOUTH_CLOSE,
    SHAPE,
    SOLVED_ROWS,
    SPARSITY,
    landmark_errors,
    prior_deviations,
)
from space_runtime.rig.solver import prepare, product
from space_runtime.soa import put, take

__all__ = ["Rig", "RigIdentity", "RigState", "look_weights"]

N_SHAPES: Final = len(ARKIT_NAMES)
WARM_ITERATIONS: Final = 10
COLD_ROUNDS, COLD_ITERATIONS = 12, 60
"""From cold there is no last frame: each round takes the one before it for that."""

_IDENTITY_ERROR: Final = 3.0
"""The part that identity modes leave unexplained, as a multiple of the landmark errors."""

_IRIS_ERROR: Final = 10.0

_SMILES_MORE: Final = (("mouthSmile", 0.35), ("mouthStretch", 0.12))
"""What a photo holds of each shape beside the weight that is told for its smile, in such weights.

The told weight is cautious, and people smile wider than the shape: with the told expression alone taken off, the mouths
of 213 portraits still were the wider, and their corners the higher, the more the photo smiled (r 0.69 and 0.45). With
these shares they no longer are (r below 0.15).
"""
_MOST_TAKEN: Final = 1.25
"""Most of a shape that is taken off a photo, as a weight: the picture of a mouth pushed further together creases."""


@dataclass(frozen=True, slots=True, eq=False)
class RigState:
    """The last solutions, to start the next from. unknowns, split: (…, n). warm: (…) whether there was one."""

    unknowns: Doubles
    split: Doubles
    warm: Mask

    @classmethod
    def cold(cls, *rows: int) -> Self:
        """Return the state before the first frame: of one face, or of as many as ``rows`` says."""
        nothing = np.zeros((*rows, len(SOLVED_ROWS)))
        return cls(nothing, nothing.copy(), np.zeros(rows, bool))


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """Statistics of faces.

    mean: (78, 3) mean face of the source model. tracker: (78, 3) where the tracker puts its points instead.
    identities: (k, 78, 3) per standard deviation. shapes: (52, 78, 3) at weight 1, ARKit's order.
    """

    mean: Floats
    tracker: Floats
    identities: Floats
    shapes: Floats

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> Self:
        """Return the rig of the bundle's arrays. Raises `BundleError` when one is missing or has another shape."""
        rows = {"mean": 1, "tracker": 1, "identities": None, "shapes": N_SHAPES}
        return cls(**{name: _faces(arrays, name, n_rows) for name, n_rows in rows.items()})

    @property
    def neutral(self) -> Floats:
        """(78, 3): the mean face as the tracker sees it."""
        return self.mean + self.tracker

    def neutral_identity(self) -> RigIdentity:
        """Return the identity of the mean face, for speech without a portrait."""
        face = at_rest(self.neutral, self.neutral)
        return make_identity(face, self.shapes, face, np.zeros(N_SHAPES, np.float32))

    def adapt(self, normalised: Floats) -> RigIdentity:
        """Return the identity behind (78, 3) normalised landmarks of a photo.

        The photo's face is split into mean, tracker difference, identity modes, expression and a rest; the expression
        is taken off, with what a smile moves beyond its shape (`_SMILES_MORE`), and the rest stays with the identity.
        """
        weights = self._photo_expression(normalised)
        relaxed = (normalised - np.tensordot(_held(weights), self.shapes, 1)).astype(np.float32)
        return make_identity(at_rest(relaxed, self.neutral), self.shapes, normalised, weights)

    def _photo_expression(self, normalised: Floats) -> Floats:
        """(52,): the most probable expression, with identity marginalised out (Gaussian, unit modes)."""
        errors = np.where(np.isinf(landmark_errors()), _IRIS_ERROR, _IDENTITY_ERROR * landmark_errors()).ravel()
        modes = np.concatenate([self.identities, self.tracker[None]]).reshape(-1, errors.size).astype(np.float64)
        precision = np.linalg.inv(np.diag(errors**2) + modes.T @ modes)
        motion = unknown_motion(self.shapes)
        rhs = motion @ precision @ (normalised - self.neutral).ravel().astype(np.float64) - SPARSITY
        problem = prepare(with_exclusion(motion @ precision @ motion.T + np.diag(1.0 / prior_deviations() ** 2)))
        unknowns, _ = problem.solve(rhs, np.zeros_like(rhs), COLD_ROUNDS * COLD_ITERATIONS)
        return _weights(unknowns, np.zeros(len(LOOK_ROWS), np.float32))

    def face(self, identity: RigIdentity, weights: Floats, eye_rotation: Floats) -> Floats:
        """Return the (78, 3) landmarks of (52,) weights and (2, 2) yaw, pitch of the left and right eye (radians).

        The lids follow the eyeLook weights, the iris points the rotation; `look_weights` makes them agree.
        """
        landmarks = identity.neutral + np.tensordot(weights.astype(np.float32), identity.basis, 1)
        return turn_eyes(identity, landmarks, eye_rotation)

    def solve(self, identity: RigIdentity, state: RigState, landmarks: Floats) -> tuple[RigState, Floats, Floats]:
        """Return (new state, weights (…, 52) 0…1, eye rotations (…, 2, 2) yaw, pitch of left and right eye, radians).

        landmarks: (…, 78, 3) normalised, of one identity. mouthClose never exceeds jawOpen; tongueOut is 0.
        """
        if landmarks.ndim == 3 and len(landmarks) == 1:
            return self.follow(identity, state, landmarks)
        plan = identity.plan
        eyes = gaze_of(identity, landmarks)
        look = look_weights(eyes)
        displacement = (landmarks - identity.neutral).reshape(*landmarks.shape[:-2], -1)
        rhs = product(displacement, plan.gather) - product(look, plan.look) - SPARSITY
        state = _settle(plan, rhs, state)
        return state, _weights(state.unknowns, look), eyes

    def follow(self, identity: RigIdentity, state: RigState, landmarks: Floats) -> tuple[RigState, Floats, Floats]:
        """Return what `solve` does, of (T, 78, 3) frames of one stream one after the other; state: a row of it.

        No bit depends on how many frames come at once.
        """
        plan, problem = identity.plan, identity.plan.problem
        eyes = gaze_of(identity, landmarks)
        look = look_weights(eyes)
        displacement = (landmarks - identity.neutral).reshape(len(landmarks), 1, -1)
        rhs = (displacement.astype(np.float64) @ plan.gather - look[:, None].astype(np.float64) @ plan.look)[:, 0]
        rhs -= SPARSITY
        first = 0 if state.warm[0] else 1
        cold = _settle(plan, rhs[:1], state) if first else state
        unknowns = np.empty_like(rhs)
        unknowns[:first] = cold.unknowns[:first]
        last, split = cold.unknowns[0], cold.split[0]
        unknowns[first:], split = problem.follow(rhs[first:], plan.inertia, last, split, WARM_ITERATIONS)
        state = RigState(unknowns[-1:].copy(), split[None], np.ones(1, bool))
        return state, _weights(unknowns, look), eyes


def _settle(plan: SolvePlan, rhs: Doubles, state: RigState) -> RigState:
    """The next solutions: a few iterations for who has a last one, many for who has not."""
    if state.warm.all():
        unknowns, split = plan.problem.solve(rhs + plan.inertia * state.unknowns, state.split, WARM_ITERATIONS)
        return RigState(unknowns, split, state.warm)
    if not state.warm.any():
        unknowns, split = state.unknowns, state.split
        for _ in range(COLD_ROUNDS):
            unknowns, split = plan.problem.solve(rhs + plan.inertia * unknowns, split, COLD_ITERATIONS)
        return RigState(unknowns, split, np.ones_like(state.warm))
    settled = RigState(np.empty_like(state.unknowns), np.empty_like(state.split), np.ones_like(state.warm))
    for rows in np.flatnonzero(state.warm), np.flatnonzero(~state.warm):
        put(settled, rows, _settle(plan, rhs[rows], take(state, rows)))
    return settled


_SOLVED_AT = np.array(SOLVED_ROWS)
_LOOK_AT = np.array(LOOK_ROWS)


def _weights(unknowns: Doubles, look: Floats) -> Floats:
    weights = np.zeros((*unknowns.shape[:-1], N_SHAPES), np.float32)
    weights[..., _SOLVED_AT] = unknowns
    weights[..., _LOOK_AT] = look
    weights[..., SHAPE["jawOpen"]] = np.minimum(1.0, unknowns[..., JAW_OPEN] + unknowns[..., MOUTH_CLOSE])
    return weights


def _held(told: Floats) -> Floats:
    """Return (52,) the expression that a photo holds by the weights told for it; they may exceed 1."""
    held = told.copy()
    for name, share in _SMILES_MORE:
        for side in ("Left", "Right"):
            held[SHAPE[name + side]] += share * told[SHAPE[f"mouthSmile{side}"]]
    return np.minimum(held, np.float32(_MOST_TAKEN))


def _faces(arrays: dict[str, NDArray[np.generic]], name: str, n_rows: int | None) -> Floats:
    """(n_rows, 78, 3), or (78, 3) for one row; None stands for any number of rows."""
    face = (N_LANDMARKS, 3)
    values = arrays.get(name, np.zeros(0))
    expected = face if n_rows == 1 else (len(values) if n_rows is None else n_rows, *face)
    if values.shape != expected or not np.isfinite(values.astype(np.float64)).all():
        raise BundleError(f"the rig lacks a finite array {name!r} of shape (…, 78, 3); reinstall the bundle")
    return values.astype(np.float32)
