"""Frames for the tests of the adapters."""

from __future__ import annotations

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.messages import Floats, Frame

RATE = 16_000.0


def weights(**values: float) -> Floats:
    """Return (52,) weights, all 0 but the named ones."""
    array = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, value in values.items():
        array[ARKIT_NAMES.index(name)] = value
    return array


def frame(
    weights: Floats | None = None,
    head: list[float] | None = None,
    eyes: list[float] | None = None,
    sample: float = 0.0,
    index: int = 0,
    speech: float = 0.5,
) -> Frame:
    """Return a frame. head: yaw, pitch, roll; eyes: yaw, pitch of the left, then of the right."""
    return Frame(
        session=7,
        stream=1,
        seq=index,
        index=index,
        sample=sample,
        speech=speech,
        weights=weights,
        head=None if head is None else np.array([*head, 0.01, 0.02, 0.03], np.float32),
        eyes=None if eyes is None else np.array(eyes, np.float32),
    )
