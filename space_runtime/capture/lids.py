"""Blinks of a person from the gaps between his lids: the tracker leaves shut lids apart, each person's by another part.

The gap of an open eye follows from the neutral face and the gaze. The gap of a shut one is learned from the take: the
lowest values of its blinks. Between both, a blink goes from 0 to 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.geometry import smoothstep
from space_runtime.rig.identity import RigIdentity, look_weights
from space_runtime.rig.shapes import LID_PAIRS, SHAPE

USUAL_SHUT: Final = 0.3
"""Gap of a shut eye as the tracker sees it, over that of the open one, for who is not seen blinking."""
LOWEST_SHUT, HIGHEST_SHUT = 0.08, 0.5
"""Range of this share that is believed of a take."""
DIPS: Final = 0.72
"""A gap below this part of the usual one is a blink, lids that are let down, or a squint."""
BLINK_S: Final = 0.5
"""A blink is over within this time; a smile that narrows the eyes is not."""
AGREE: Final = 0.35
"""From this closure of the less shut eye on both are taken to blink: the one that is seen worse goes along."""
IGNORED, BELIEVED = 0.15, 0.45
"""Closures below the first are squints, errors of the pose; above the second they stand."""

_BLINKS: Final = [SHAPE["eyeBlinkLeft"], SHAPE["eyeBlinkRight"]]
_PAIRS: Final = np.array(LID_PAIRS)


def with_blinks(
    weights: Floats, landmarks: Floats, eyes_rad: Floats, identity: RigIdentity, times_s: Doubles
) -> Floats:
    """Return (T, 52) weights whose blinks reach 1 where this person's lids are shut.

    times_s: (T,). landmarks: (T, 78, 3) normalised. eyes_rad: (T, 2, 2), which lower the lids, too.
    """
    share = open_share(landmarks, eyes_rad, identity)
    return blinked(weights, share, shut_share(share, times_s))


def open_share(landmarks: Floats, eyes_rad: Floats, identity: RigIdentity) -> Doubles:
    """Return (T, 2) gaps between the lids of the left and of the right eye over those of this person's open ones."""
    looks = np.tensordot(look_weights(eyes_rad), identity.look_basis.reshape(-1, 78, 3), 1)
    share = lid_gaps(landmarks) / np.maximum(lid_gaps(identity.neutral + looks), 1e-4)
    return share.astype(np.float64)


def blinked(weights: Floats, share: Doubles, shut: Doubles) -> Floats:
    """Return (T, 52) weights with blinks by (T, 2) shares of the open gap. shut: (2,) these of shut lids."""
    closure = np.clip((1 - share) / (1 - shut), 0, 1)
    closure += smoothstep(closure.min(1), 0, AGREE)[:, None] * (closure.max(1, keepdims=True) - closure)
    better = weights.copy()
    better[:, _BLINKS] = np.maximum(weights[:, _BLINKS], closure * smoothstep(closure, IGNORED, BELIEVED))
    return better


def lid_gaps(landmarks: Floats) -> Floats:
    """Return (…, 2) distances between the lids of the left and of the right eye, normalised units."""
    gaps: Floats = (landmarks[..., _PAIRS[:, :, 0], 1] - landmarks[..., _PAIRS[:, :, 1], 1]).mean(-1)
    return gaps


def shut_share(share: Doubles, times_s: Doubles) -> Doubles:
    """Return (2,) the gap of each shut eye over that of the open one: the median of the lowest values of its blinks."""
    return np.array([_of_blinks(eye, times_s) for eye in share.T])


def _of_blinks(share: Doubles, times_s: Doubles) -> float:
    below = np.flatnonzero(share < DIPS * np.median(share))
    dips = np.split(below, np.flatnonzero(np.diff(below) > 1) + 1) if len(below) else []
    blinks = [dip for dip in dips if times_s[dip[-1]] - times_s[dip[0]] < BLINK_S]
    if not blinks:
        return USUAL_SHUT
    return float(np.clip(np.median([share[blink].min() for blink in blinks]), LOWEST_SHUT, HIGHEST_SHUT))
