"""Speech2Landmarks, one step per hop: features of speech and a neutral face to talking landmarks.

A network that takes many steps in a run does them at a third of the cost, with the same bits: its inputs then have T
rows for each of the state, those of the first step first.

The output of step n (counted from 0) belongs to the sample index ``(n + 1) · HOP − look_ahead``; the look-ahead is the
bundle's setting ``look_ahead_samples``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.inference.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkStep:
    """The outputs for one hop of B streams, or to T hops: then (B, T, …).

    landmarks: (B, 78, 3) normalised. speech: (B,) how much of this instant is speech, 0…1.
    """

    landmarks: Floats
    speech: Floats


def initial_state(network: Network, n_streams: int = 1) -> Floats:
    """Return the (B, S) state of streams that have heard nothing. Raises `BundleError` if S is not fixed."""
    return np.zeros((n_streams, network.state_size("state_in")), np.float32)


def step_hop(
    network: Network, state: Floats, features: Floats, neutral: Floats, emotion: Floats
) -> tuple[Floats, LandmarkStep]:
    """Return (new state, outputs) after one more hop of B streams.

    features: (B, 96) of `space_runtime.animation.stages.features`. neutral: (B, 78, 3) normalised faces at rest,
    lips closed.
    emotion: (B, 8) intensities 0…1, see `space_runtime.values.emotion_vector`.
    """
    feeds = {"features": features, "neutral": neutral, "emotion": emotion, "state_in": state}
    outputs = network.run(feeds, _OUTPUTS)
    landmarks, speech, state_out = (np.asarray(outputs[name], np.float32) for name in _OUTPUTS)
    return state_out, LandmarkStep(landmarks, speech[:, 0])


def step(
    network: Network, state: Floats, features: Floats, neutral: Floats, emotion: Floats
) -> tuple[Floats, LandmarkStep]:
    """Return (new state, outputs) after T more hops of B streams, see `step_hop`.

    features: (B, T, 96). emotion: (B, T, 8). How hops are cut into calls does not change a bit.
    """
    n_streams, n_hops = features.shape[:2]
    if n_hops == 1 or takes_lines(network):
        neutral = neutral if n_hops == 1 else np.tile(neutral, (n_hops, 1, 1))
        rows = (_by_hop(features), neutral, _by_hop(emotion))
        state, output = step_hop(network, state, *rows)
        return state, LandmarkStep(*[_by_stream(part, n_streams) for part in _parts(output)])
    steps = []
    for hop in range(n_hops):
        state, output = step_hop(network, state, features[:, hop], neutral, emotion[:, hop])
        steps.append(_parts(output))
    return state, LandmarkStep(*[np.stack(parts, axis=1) for parts in zip(*steps, strict=True)])


def takes_lines(network: Network) -> bool:
    """Return whether a network takes many steps in a run: its states have a number of rows of their own."""
    return network.inputs["state_in"][0] != network.inputs["features"][0]


_OUTPUTS: Final = ("landmarks", "speech", "state_out")
"""The outputs that the runtime asks for; a fourth one, the closure of the lips, is in the landmarks already."""


def _parts(output: LandmarkStep) -> tuple[Floats, Floats]:
    return output.landmarks, output.speech


def _by_hop(values: Floats) -> Floats:
    """(T · B, n) of (B, T, n)."""
    return values.swapaxes(0, 1).reshape(-1, values.shape[-1])


def _by_stream(values: Floats, n_streams: int) -> Floats:
    """(B, T, …) of (T · B, …)."""
    by_stream: Floats = values.reshape(-1, n_streams, *values.shape[1:]).swapaxes(0, 1)
    return by_stream
