"""The tongue, where a network says it: its tip at the ridge behind the upper teeth, and between the teeth."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.animation.control_batch import ControlBatch
from space_runtime.arrays import Floats, Index
from space_runtime.rig.shapes import LIP_PAIRS, SHAPE
from space_runtime.soa import some

N_TONGUE: Final = 2
"""Values of a tongue, 0…1: ``up``, its tip at the ridge (l, t, d, n); ``out``, between the teeth (th)."""
UP, OUT = range(N_TONGUE)
SHAPE_ROW: Final = SHAPE["tongueOut"]
"""Column of the shape among the weights."""
SHAPE_AT_FULL: Final = 0.3
"""Weight of ``tongueOut`` at full ``out``: the tip shows between the teeth; at 1 the shape sticks the tongue out."""
HOPS_OF_FULL_WAY: Final = 3
"""The tongue goes from 0 to 1 or back in so many hops, 60 ms, and no faster."""
LEAST_GAP, FULL_GAP = 0.01, 0.03
"""Heights between the lips beyond rest, normalised, at which the tip begins to show and shows whole (1 and 3 mm)."""


def follow(last: Floats, said: Floats) -> Floats:
    """Return (B, T, 2): the tongue of B streams that goes where the network says, as fast as a tongue goes.

    last: (B, 2) of the hop before. said: (B, T, 2). What changes slowly is followed without lag, and rest is exactly 0.
    """
    if not some(said) and not some(last):
        return np.zeros_like(said)
    tongue = np.empty_like(said)
    for hop in range(said.shape[1]):
        last = tongue[:, hop] = np.minimum(np.maximum(said[:, hop], last - _STEP), last + _STEP)
    return np.minimum(np.maximum(tongue, 0), 1)


def shown_tongue(controls: ControlBatch, neutral: Floats, position: Index, landmarks: Floats, tongue: Floats) -> Floats:
    """Return (F, 2): the tongue at the mouth's strength and as rest leaves it, no further out than the lips are open.

    controls: F rows. neutral: (B, 78, 3). position: (F,) whose neutral face of the B. landmarks: (F, 78, 3).
    """
    if not some(tongue):
        return tongue
    strength = controls.mouth_strength * controls.rest_factor
    shown = np.minimum(np.maximum(tongue * strength[:, None], 0), 1).astype(np.float32)
    opened = _lip_gap(landmarks) - _lip_gap(neutral)[position]
    room = np.maximum((opened - LEAST_GAP) / (FULL_GAP - LEAST_GAP), 0)
    shown[:, OUT] = np.minimum(shown[:, OUT], room)
    return shown


def driven_tongue(tongue: Floats, known: Floats, weights: Floats) -> Floats:
    """Return (F, 2): the tongue of speech, as far as a motion that knows (F, 52) weights of its own leaves it.

    known: (F, 52) of `Motion`. weights: (F, 52) of the frames.
    """
    own = known[:, SHAPE_ROW]
    if not some(own):
        return tongue
    out = np.where(own > 0, np.minimum(weights[:, SHAPE_ROW] / SHAPE_AT_FULL, 1), tongue[:, OUT])
    return np.stack([tongue[:, UP] * (1 - own), out], 1).astype(np.float32)


def _lip_gap(faces: Floats) -> Floats:
    """(F,) height between the inner lips, at the widest of their pairs."""
    gaps: Floats = np.maximum.reduce(faces[:, _UPPER, 1] - faces[:, _LOWER, 1], axis=1)
    return gaps


_STEP: Final = np.float32(1 / HOPS_OF_FULL_WAY)
_UPPER: Final = [upper for upper, _ in LIP_PAIRS]
_LOWER: Final = [lower for _, lower in LIP_PAIRS]
