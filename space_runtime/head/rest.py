"""A fitted model becomes a person's head: what the modes cannot say is added to the skin, and the lips are closed.

Eyes, lashes, gums and teeth follow their surroundings without being bent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Longs, Reals
from space_runtime.head.fit import Fit, fit_model
from space_runtime.head.fitted_head import FittedHead
from space_runtime.head.model import N_TRACKED, FaceModel, Part
from space_runtime.head.spread import Spreads, load_spreads

SIDES: Final = (
    ("left", Part.LEFT_EYE, Part.LEFT_LASHES),
    ("right", Part.RIGHT_EYE, Part.RIGHT_LASHES),
)

FRONT: Final = 0.8
"""Half the width of the upper incisors, cm."""
SHOWN: Final = 0.36
"""Distance of the upper incisors' edge below the line where lips meet, cm, so that an open mouth shows them.

Of parted lips at rest 1.9 mm show in men, 3.4 mm in women (Vig & Brundo 1978, J. Prosthetic Dentistry 39(5)).
"""


@dataclass(frozen=True, slots=True, eq=False)
class Eyeball:
    """A sphere. centre: (3,) cm; radius: cm."""

    centre: Doubles
    radius: float


def fit_head(model: FaceModel, mesh: Floats) -> FittedHead:
    """Return the head of a (478, 3) mesh in project axes, pixels."""
    spreads = load_spreads()
    fit = fit_model(model, mesh)
    identity = model.neutral + np.tensordot(fit.identity, model.identities, 1)
    posed = identity + np.tensordot(fit.expression, model.expressions, 1)
    on_skin = _to_points(model, spreads, fit, posed, mesh)
    rest, posed = identity.copy(), posed.copy()
    rest[: model.n_skin] += on_skin
    posed[: model.n_skin] += on_skin
    rest[: model.n_skin] += lips_together(model, rest)
    eyes = _hang(model, identity, rest)
    return FittedHead(
        rest=rest.astype(np.float32),
        posed=posed.astype(np.float32),
        scale=fit.scale,
        rotation=fit.rotation.astype(np.float32),
        translation=fit.translation.astype(np.float32),
        residual=(rest - identity).astype(np.float32),
        identity=fit.identity.astype(np.float32),
        expression=fit.expression.astype(np.float32),
        eye_centres=np.stack([eye.centre for eye in eyes]).astype(np.float32),
        eye_radius=float(np.mean([eye.radius for eye in eyes])),
    )


def _to_points(model: FaceModel, spreads: Spreads, fit: Fit, posed: Doubles, mesh: Floats) -> Doubles:
    """Return (n_skin, 3): what moves the posed skin onto the tracker's points in the picture; depth stays."""
    seen = (mesh[:N_TRACKED] - fit.translation) / fit.scale
    left: Doubles = seen - model.tracker.on(posed) @ fit.rotation.T
    left[:, 2] = 0
    return np.asarray(spreads.points.T @ (left @ fit.rotation))


def lips_together(model: FaceModel, shape: Doubles) -> Doubles:
    """Return (n_skin, 3): what makes the edges of a shape's lips meet halfway."""
    upper, lower = model.curves["upper_lip"], model.curves["lower_lip"]
    other_of_upper = along(shape[lower, 0], shape[lower], shape[upper, 0])
    other_of_lower = along(shape[upper, 0], shape[upper], shape[lower, 0])
    half = np.concatenate([other_of_upper - shape[upper], other_of_lower - shape[lower]]) / 2
    half[:, 0] = 0
    vertices, first = np.unique(np.concatenate([upper, lower]), return_index=True)
    return load_spreads().from_edges(vertices, half[first])


def along(places: Reals, values: Reals, wanted: Reals) -> Doubles:
    """Return (k, 3): (n, 3) values along a curve at (n,) places, between them where (k,) are wanted."""
    order = np.argsort(places)
    return np.stack([np.interp(wanted, places[order], column) for column in values[order].T], 1)


def _hang(model: FaceModel, identity: Doubles, rest: Doubles) -> list[Eyeball]:
    """Put eyes, lashes, gums and teeth into ``rest``; return the left and the right eyeball."""
    moved = _teeth_move(model, identity, rest)
    for part in (Part.GUMS, Part.TEETH):
        rest[model.parts[part]] += moved
    eyes = []
    for side, ball, lashes in SIDES:
        rim = np.concatenate([model.curves[f"{side}_upper_lid"], model.curves[f"{side}_lower_lid"]])
        eye = _eyeball(model, identity, rest, ball, rim)
        model_eye = sphere(model.neutral[model.parts[ball]])
        rest[model.parts[ball]] = (
            eye.centre + (model.neutral[model.parts[ball]] - model_eye.centre) * eye.radius / model_eye.radius
        )
        rest[model.parts[lashes]] = _with_lids(model, rest, lashes, rim)
        eyes.append(eye)
    return eyes


def _teeth_move(model: FaceModel, identity: Doubles, rest: Doubles) -> Doubles:
    """Return (3,): what brings teeth between this person's lips, their upper edge as far below as people show it."""
    lips = np.concatenate([model.curves["upper_lip"], model.curves["lower_lip"]])
    moved: Doubles = (rest - identity)[lips].mean(0) * [1, 0, 0]
    upper = model.curves["upper_lip"]
    line = rest[upper[np.abs(model.neutral[upper, 0]) < FRONT], 1].mean()
    moved[1] = line - SHOWN - identity[upper_incisors(model), 1].min()
    return moved


def upper_incisors(model: FaceModel) -> Longs:
    """Return the vertices of the upper front teeth: those that ``jawOpen`` leaves in place."""
    teeth = np.arange(model.parts[Part.TEETH].start, model.parts[Part.TEETH].stop)
    still = np.abs(model.expression("jawOpen")[teeth]).max(1) < 0.1
    return np.asarray(teeth[still & (np.abs(model.neutral[teeth, 0]) < FRONT)])


def _eyeball(model: FaceModel, identity: Doubles, rest: Doubles, ball: Part, rim: Longs) -> Eyeball:
    """Return the eyeball that lies as deep behind this person's lids as the model's behind its own."""
    own, before = sphere(identity[model.parts[ball]]), sphere(model.neutral[model.parts[ball]])
    centre = own.centre + (rest - identity)[rim].mean(0) * [1, 1, 0]
    deep = _depth(model.neutral[rim], before) - _depth(rest[rim], Eyeball(centre, own.radius))
    return Eyeball(centre - [0, 0, deep], own.radius)


def _depth(lids: Reals, eye: Eyeball) -> float:
    """Return by how much lids lie in front of an eyeball on average, cm."""
    return float((np.linalg.norm(lids - eye.centre, axis=1) - eye.radius).mean())


def sphere(points: Reals) -> Eyeball:
    """Return the sphere through (n, 3) points, least squares; points in front, on the cornea, do not count."""
    behind = points[points[:, 2] < np.quantile(points[:, 2], 0.7)].astype(np.float64)
    rows = np.column_stack([2 * behind, np.ones(len(behind))])
    found = np.linalg.lstsq(rows, (behind**2).sum(1), rcond=None)[0]
    return Eyeball(found[:3], float(np.sqrt(found[3] + found[:3] @ found[:3])))


def _with_lids(model: FaceModel, rest: Doubles, lashes: Part, rim: Longs) -> Doubles:
    """Return the lashes moved as the nearest vertex of the lids' edges is, their root's shape kept."""
    own = model.neutral[model.parts[lashes]]
    nearest = rim[np.argmin(np.linalg.norm(own[:, None] - model.neutral[rim][None], axis=2), 1)]
    return np.asarray(own + (rest - model.neutral)[nearest])
