"""The head's part in reactions at the media times of frames: it goes along with glances, and a listener's nods."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.gaze_shift import head_along, head_comes
from space_runtime.animation.glances import HEAD_BACK_S
from space_runtime.arrays import Doubles
from space_runtime.soa import some

SHRINKING: Final = 0.65
"""Depth of a nod against the one before it in its series."""


def head_reactions(controls: ControlBatch, seconds: Doubles, glances: Doubles, nods: Doubles) -> Doubles:
    """Return (F, 2) yaw and pitch in radians of heads at strength 1, at (F,) media times in seconds.

    controls: F rows. glances: (F, 4) from when to when the last one lasts, and its angles; nods: (F, 4) the last
    series; both as in `GlanceState`.
    """
    turned = np.zeros((len(seconds), 2))
    aside = seconds < glances[:, 1] + HEAD_BACK_S
    if some(aside):
        turned[aside] = _along(seconds[aside], glances[aside], controls.saccade_strength[aside].astype(np.float64))
    place = (seconds - nods[:, 0]) / nods[:, 1]
    nodding = (place >= 0) & (place < nods[:, 2])
    if some(nodding):
        x = place[nodding]
        turned[nodding, 1] += nods[nodding, 3] * SHRINKING ** np.floor(x) * np.sin(np.pi * x) ** 2
    return turned


def _along(seconds: Doubles, glances: Doubles, strength: Doubles) -> Doubles:
    """(F, 2) how far heads have come after the eyes, and gone back."""
    turns = head_along((glances[:, 2:] * strength[:, None]).astype(np.float32)).astype(np.float64)
    sizes = np.hypot(turns[:, 0], turns[:, 1])
    come, gone = (head_comes(seconds - glances[:, k], sizes) for k in range(2))
    return turns * (come - gone)[:, None]
