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
    """The answer to one hop.

    landmarks: (78, 3) normalised. speech: how much of this instant is speech, 0…1. closure: how firmly the lips of a
    p, b or m touch, 0…1.
    """

    landmarks: Floats
    speech: float
    closure: float


def initial_state(network: Network) -> Floats:
    """Return the (1, S) state of a stream that has heard nothing. Raises `BundleError` if S is not fixed."""
    return np.zeros((1, network.state_size("state_in")), np.float32)


def step(
    network: Network, state: Floats, features: Floats, neutral: Floats, emotion: Floats
) -> tuple[Floats, LandmarkStep]:
    """Return (new state, answer) to one more hop.

    features: (96,) of `space_runtime.stages.features`. neutral: (78, 3) normalised face at rest, lips closed.
    emotion: (8,) intensities 0…1, see `space_runtime.values.emotion_vector`.
    """
    answer = network.run(
        {"features": features[None], "neutral": neutral[None], "emotion": emotion[None], "state_in": state}
    )
    landmarks = np.asarray(answer["landmarks"][0], np.float32)
    spoken = LandmarkStep(landmarks, float(answer["speech"][0, 0]), float(answer["closure"][0, 0]))
    return np.asarray(answer["state_out"], np.float32), spoken
