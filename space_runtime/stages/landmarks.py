"""Speech2Landmarks, one step per hop: features of speech and a neutral face to talking landmarks.

The answer to step n (counted from 0) belongs to the sample index ``(n + 1) · HOP − look_ahead``; the look-ahead is the
bundle's setting ``look_ahead_samples``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from space_runtime.geometry import Floats
from space_runtime.ort import Network


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkStep:
    """The answers to one hop of B streams.

    landmarks: (B, 78, 3) normalised. speech: (B,) how much of this instant is speech, 0…1. closure: (B,) how firmly the
    lips of a p, b or m touch, 0…1.
    """

    landmarks: Floats
    speech: Floats
    closure: Floats


def initial_state(network: Network, n_streams: int = 1) -> Floats:
    """Return the (B, S) state of streams that have heard nothing. Raises `BundleError` if S is not fixed."""
    return np.zeros((n_streams, network.state_size("state_in")), np.float32)


def step(
    network: Network, state: Floats, features: Floats, neutral: Floats, emotion: Floats
) -> tuple[Floats, LandmarkStep]:
    """Return (new state, answers) to one more hop of B streams.

    features: (B, 96) of `space_runtime.stages.features`. neutral: (B, 78, 3) normalised faces at rest, lips closed.
    emotion: (B, 8) intensities 0…1, see `space_runtime.values.emotion_vector`.
    """
    answer = network.run({"features": features, "neutral": neutral, "emotion": emotion, "state_in": state})
    landmarks, speech, closure, state_out = (
        np.asarray(answer[name], np.float32) for name in ("landmarks", "speech", "closure", "state_out")
    )
    return state_out, LandmarkStep(landmarks, speech[:, 0], closure[:, 0])
