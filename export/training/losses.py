"""Losses of Speech2Landmarks. Every term is scaled to be about 1 for a prediction that knows nothing."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from export.data.drift import drift_free
from export.data.speech.phones import LABIODENTAL, UNKNOWN
from export.models.landmarks import Face
from space_runtime.rig.shapes import LIP_PAIRS

SIGNALS: Final = (
    (LIP_PAIRS, 0.05),
    (((48, 54),), 0.022),
    (((8, 33),), 0.03),
)
"""Point pairs whose mean distance is a mouth signal, and its usual spread: lip gap, mouth width, jaw drop."""
POINT_SPREAD: Final = 0.02
VELOCITY_FACTOR: Final = 3.0
"""Spread of a value over the spread of its change in one step."""
CONTACT_WEIGHT: Final = 3.0
"""Weight of the moments of f and v: the lower lip meets the teeth or it does not, half the way is seen at once."""
TONGUE_WEIGHTS: Final = (1.0, 6.0)
"""Of moments with the tongue up and out, which are few."""
MOUTH: Final = (*range(3, 14), *range(48, 68))
SINKING: Final = tuple(
    place for place, point in enumerate(MOUTH) if point < 14 or point in (*range(55, 60), 65, 66, 67)
)
"""Of `MOUTH`, jaw and lower lip: their height drifts with posture."""
AMPLITUDE: Final = (1.0, 1.05, 0.85, 1.15, 1.05, 0.95, 1.1, 0.95)
"""The scale of the mouth's motion under each full emotion, in the order of the labels."""


def target_landmarks(face: Face, motion: Tensor, speech: Tensor, neutral: Tensor, emotion: Tensor) -> Tensor:
    """Return (B,T,78,3): the filmed motion (B,T,K) on the faces (B,78,3), larger or smaller by emotion (B,8).

    speech (B,T,1) is the prediction's own gate, so that the expression part of both is the same.
    """
    factor = 1 + (emotion * (torch.tensor(AMPLITUDE) - 1)).sum(-1, keepdim=True)[:, None]
    talking = (motion * factor) @ face.basis
    return face.assemble(talking, speech, torch.zeros(1), neutral[:, None], emotion[:, None])


def motion_losses(predicted: Tensor, target: Tensor, weight: Tensor) -> dict[str, Tensor]:
    """Return ``points``, ``signals`` and ``velocity`` of (B,T,78,3) landmarks; weight (B,T) of every moment."""
    off = (predicted - target)[..., MOUTH, :]
    points = (off.square().sum((-2, -1)) + _drift_taken_off(off[..., SINKING, 1])) / off[0, 0].numel() / POINT_SPREAD**2
    differences = [(_signal(predicted, pairs) - _signal(target, pairs)) / spread for pairs, spread in SIGNALS]
    signals = torch.stack(differences, -1)
    velocity = (signals[:, 1:] - signals[:, :-1]).square().mean(-1) * VELOCITY_FACTOR**2
    terms = {"points": points, "signals": drift_free(signals).mean(-1), "velocity": velocity}
    return {name: (term * weight[:, -term.shape[1] :]).sum() / weight.sum() for name, term in terms.items()}


def _drift_taken_off(heights: Tensor) -> Tensor:
    """Return (B,T) what the squares of (B,T,n) differences of height sum up to without drift, less what they do now."""
    return (drift_free(heights) - heights.square()).sum(-1)


def motion_weight(trust: Tensor, classes: Tensor) -> Tensor:
    """Return (B,T): how much the motion of every moment counts, from a sequence's trust (B,) and its classes (B,T)."""
    return trust[:, None] * torch.where(classes == LABIODENTAL, CONTACT_WEIGHT, 1.0)


def class_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """Return the cross entropy of (B,T,C) logits where the class is known."""
    return functional.cross_entropy(logits.flatten(0, 1), classes.flatten(), ignore_index=UNKNOWN)


def tongue_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean `switch_loss` of (B,T,2) logits, up and out."""
    pairs = zip(logits.unbind(-1), target.unbind(-1), TONGUE_WEIGHTS, strict=True)
    return torch.stack([switch_loss(one, wanted, weight) for one, wanted, weight in pairs]).mean()


def switch_loss(logits: Tensor, target: Tensor, positive_weight: float = 1.0, care: Tensor | None = None) -> Tensor:
    """Return the binary cross entropy of (B,T) logits where the target is not NaN; ``care`` (B,T) are weights."""
    known = ~torch.isnan(target)
    weight = None if care is None else care[known]
    return functional.binary_cross_entropy_with_logits(
        logits[known], target[known], weight, pos_weight=torch.tensor(positive_weight)
    )


def _signal(landmarks: Tensor, pairs: tuple[tuple[int, int], ...]) -> Tensor:
    ends = [landmarks[..., a, :] - landmarks[..., b, :] for a, b in pairs]
    return torch.stack([torch.linalg.vector_norm(end + 1e-6, dim=-1) for end in ends]).mean(0)
