"""ARKit's 52 shapes of a person's head, from the model's expressions.

Lids are corrected so that a blink closes this person's eyes, over these eyeballs; lips so that ``mouthClose`` closes
what ``jawOpen`` opens. Eyeballs are turned by bones and move with no shape.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Doubles, Floats, Reals
from space_runtime.head.fitted_head import FittedHead
from space_runtime.head.model import FaceModel, Part
from space_runtime.head.rest import SIDES, along, lips_together
from space_runtime.head.spread import load_spreads

SUMMED: Final = {"browInnerUp": ("browInnerUp_L", "browInnerUp_R"), "cheekPuff": ("cheekPuff_L", "cheekPuff_R")}
"""Shapes that the model has in two halves."""
TONGUE_OUT: Final = "tongueOut"
"""The shape that the model lacks: its tongue is pushed out over the lower teeth. At 0.3, with a jaw as open as in a
th, its tip lies between the teeth, at 1 out over the lower lip, which takes an open jaw."""
OUT: Final = 3.2
"""Way of the tip, cm; RISE: up, over the teeth."""
RISE: Final = 1.0
LIP_FALL: Final = 0.5
"""Share of the model's fall of the upper lip with an opening jaw."""
CLEAR: Final = 0.03
"""Least distance of lids from the eyeball, cm."""
LEAST: Final = 1e-3
"""Displacements below count as none, cm."""
N_UPPER_LASHES: Final = 114
"""The first vertices of a side's lashes are those of the upper lid."""
NEAR_EYE: Final = 0.45
"""Skin this near in front of the eyeball is lid, cm."""


def arkit_shapes(model: FaceModel, head: FittedHead) -> Floats:
    """Return (52, V, 3) displacements of ``head.rest`` at weight 1, in ARKit's order, cm."""
    shapes = np.stack([_shape(model, name) for name in ARKIT_NAMES]).astype(np.float64)
    for (side, ball, lashes), centre in zip(SIDES, head.eye_centres, strict=True):
        shapes[:, model.parts[ball]] = 0
        _close_lid(model, head, shapes[ARKIT_NAMES.index(f"eyeBlink{side.capitalize()}")], side, lashes)
        for name in ARKIT_NAMES:
            if name.startswith("eye") and name.endswith(side.capitalize()):
                _clear_of_eye(model, head, shapes[ARKIT_NAMES.index(name)], centre, ball)
    shapes[ARKIT_NAMES.index(TONGUE_OUT), model.tongue] = tongue_out(model.neutral[model.tongue])
    closing, opening = (shapes[ARKIT_NAMES.index(name)] for name in ("mouthClose", "jawOpen"))
    _hold_upper_lip(model, opening)
    _meet(model, head, closing, opening)
    return shapes.astype(np.float32)


def parts_of(name: str) -> tuple[str, ...]:
    """Return the model's expressions of which one of ARKit's shapes is the sum; none for what the model lacks."""
    if name == TONGUE_OUT:
        return ()
    whole = name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
    if whole or not name.endswith(("Left", "Right")):
        return SUMMED.get(name, (name,))
    return (name.removesuffix("Left") + "_L" if name.endswith("Left") else name.removesuffix("Right") + "_R",)


def _shape(model: FaceModel, name: str) -> Floats:
    shape = np.zeros_like(model.neutral)
    for part in parts_of(name):
        shape += model.expression(part)
    return shape


def tongue_out(tongue: Floats) -> Doubles:
    """Return (n, 3) displacements of the tongue's vertices: the front goes far, the root stays."""
    depth = tongue[:, 2].astype(np.float64)
    front = (depth - depth.min()) / np.ptp(depth)
    narrow = -0.15 * front * tongue[:, 0]
    return np.stack([narrow, RISE * front**2, OUT * front**2], 1)


def _close_lid(model: FaceModel, head: FittedHead, blink: Doubles, side: str, lashes: Part) -> None:
    """Move the edge of the upper lid onto that of the lower one, and its skin and lashes with it."""
    upper, lower = model.curves[f"{side}_upper_lid"], model.curves[f"{side}_lower_lid"]
    closed = head.rest + blink
    more = along(closed[lower, 0], closed[lower], closed[upper, 0]) - closed[upper]
    more[[0, -1]] = 0
    order = np.argsort(upper)
    blink[: model.n_skin] += load_spreads().from_edges(upper[order], more[order])
    first = model.parts[lashes].start
    roots = model.neutral[first : first + N_UPPER_LASHES]
    nearest = np.argmin(np.linalg.norm(roots[:, None] - model.neutral[upper][None], axis=2), 1)
    blink[first : first + N_UPPER_LASHES] += more[nearest]


def _clear_of_eye(model: FaceModel, head: FittedHead, shape: Doubles, centre: Floats, ball: Part) -> None:
    """Push what a shape moves into the eyeball out of it, as far as it did not lie there before."""
    face = model.parts[Part.FACE]
    near = np.flatnonzero(np.linalg.norm(head.rest[face] - centre, axis=1) < NEAR_EYE + head.eye_radius)
    eyeball = head.rest[model.parts[ball]] - centre
    moved = head.rest[near] + shape[near] - centre
    deeper = _inside(moved, eyeball) - _inside(head.rest[near] - centre, eyeball)
    out = np.clip(deeper, 0, None) * (np.linalg.norm(shape[near], axis=1) > LEAST)
    shape[near] += moved / np.linalg.norm(moved, axis=1, keepdims=True) * out[:, None]


def _inside(points: Reals, eyeball: Reals) -> Doubles:
    """Return (n,) by how much points lie too near to an eyeball, both relative to its centre; its cornea bulges."""
    angles, radii = _polar(eyeball)
    order = np.argsort(angles)
    own, distance = _polar(points)
    return np.asarray(np.clip(np.interp(own, angles[order], radii[order]) + CLEAR - distance, 0, None))


def _polar(points: Reals) -> tuple[Doubles, Doubles]:
    """Return (n,) angles to the axis z and (n,) distances."""
    distances = np.linalg.norm(points, axis=1)
    return np.arccos(points[:, 2] / distances), distances


def _hold_upper_lip(model: FaceModel, opening: Doubles) -> None:
    """Let the upper lip follow the jaw less than the model's, whose lip falls over the teeth."""
    edges = np.concatenate([model.curves["upper_lip"], model.curves["lower_lip"]])
    less = np.zeros((len(edges), 3))
    n_inner = len(model.curves["upper_lip"])
    middle = np.sin(np.linspace(0, np.pi, n_inner)) ** 0.5
    less[:n_inner, 1] = -(1 - LIP_FALL) * middle * np.minimum(opening[model.curves["upper_lip"], 1], 0)
    less[[0, n_inner - 1]] = 0
    vertices, first = np.unique(edges, return_index=True)
    opening[: model.n_skin] += load_spreads().from_edges(vertices, less[first])


def _meet(model: FaceModel, head: FittedHead, closing: Doubles, opening: Doubles) -> None:
    """Make lips meet all along when ``mouthClose`` and ``jawOpen`` are 1; the model's shape drives them apart."""
    upper, lower = model.curves["upper_lip"], model.curves["lower_lip"]
    inner = slice(len(upper) // 4, -(len(upper) // 4))

    def gap(shape: Reals) -> float:
        own = model.neutral[upper, 0][inner]
        return float((shape[upper, 1][inner] - along(model.neutral[lower, 0], shape[lower], own)[:, 1]).mean())

    closing *= -(gap(opening) + gap(head.rest)) / gap(closing)
    closing[: model.n_skin] += lips_together(model, head.rest + opening + closing)
