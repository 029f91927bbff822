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
from space_runtime.style import N_CODE


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkStep:
    """The outputs for one hop of B streams, or to T hops: then (B, T, …).

    landmarks: (B, 78, 3) normalised. speech: (B,) how much of this instant is speech, 0…1. tongue: (B, 2) up and out,
    0…1; zeros from a network that says nothing of it.
    """

    landmarks: Floats
    speech: Floats
    tongue: Floats


def initial_state(network: Network, n_streams: int = 1) -> Floats:
    """Return the (B, S) state of streams that have heard nothing. Raises `BundleError` if S is not fixed."""
    return np.zeros((n_streams, network.state_size("state_in")), np.float32)


def step_hop(
    network: Network,
    state: Floats,
    features: Floats,
    neutral: Floats,
    emotion: Floats,
    style: Floats | None = None,
) -> tuple[Floats, LandmarkStep]:
    """Return (new state, outputs) after one more hop of B streams.

    features: (B, 96) of `space_runtime.animation.stages.features`. neutral: (B, 78, 3) normalised faces at rest,
    lips closed.
    emotion: (B, 8) intensities 0…1, see `space_runtime.emotion.emotion_vector`. style: (B, 4) of
    `space_runtime.style.style_code`, None for the mean of all people; a network without styles does not hear it.
    """
    feeds = {"features": features, "neutral": neutral, "emotion": emotion, "state_in": state}
    if knows_styles(network):
        feeds[STYLE] = np.zeros((len(features), N_CODE), np.float32) if style is None else style
    names = (*_OUTPUTS, TONGUE) if TONGUE in network.outputs else _OUTPUTS
    outputs = {name: np.asarray(value, np.float32) for name, value in network.run(feeds, names).items()}
    tongue = outputs.get(TONGUE, np.zeros((len(features), N_TONGUE), np.float32))
    return outputs["state_out"], LandmarkStep(outputs["landmarks"], outputs["speech"][:, 0], tongue)


def step(
    network: Network, state: Floats, features: Floats, neutral: Floats, emotion: Floats, style: Floats
) -> tuple[Floats, LandmarkStep]:
    """Return (new state, outputs) after T more hops of B streams, see `step_hop`.

    features: (B, T, 96). emotion: (B, T, 8). style: (B, T, 4). How hops are cut into calls does not change a bit.
    """
    n_streams, n_hops = features.shape[:2]
    if n_hops == 1 or takes_lines(network):
        neutral = neutral if n_hops == 1 else np.tile(neutral, (n_hops, 1, 1))
        rows = (_by_hop(features), neutral, _by_hop(emotion), _by_hop(style))
        state, output = step_hop(network, state, *rows)
        return state, LandmarkStep(*[_by_stream(part, n_streams) for part in _parts(output)])
    steps = []
    for hop in range(n_hops):
        state, output = step_hop(network, state, features[:, hop], neutral, emotion[:, hop], style[:, hop])
        steps.append(_parts(output))
    return state, LandmarkStep(*[np.stack(parts, axis=1) for parts in zip(*steps, strict=True)])


def takes_lines(network: Network) -> bool:
    """Return whether a network takes many steps in a run: its states have a number of rows of their own."""
    return network.inputs["state_in"][0] != network.inputs["features"][0]


def knows_styles(network: Network) -> bool:
    """Return whether a network speaks in styles."""
    return STYLE in network.inputs


STYLE: Final = "style"
TONGUE: Final = "tongue"
"""An input and an output that older networks lack."""
N_TONGUE: Final = 2
"""Values of the tongue: up, out."""
_OUTPUTS: Final = ("landmarks", "speech", "state_out")
"""The outputs that every network has and the runtime asks for; another, the closure of the lips, is in the landmarks
already."""


def _parts(output: LandmarkStep) -> tuple[Floats, Floats, Floats]:
    return output.landmarks, output.speech, output.tongue


def _by_hop(values: Floats) -> Floats:
    """(T · B, n) of (B, T, n)."""
    return values.swapaxes(0, 1).reshape(-1, values.shape[-1])


def _by_stream(values: Floats, n_streams: int) -> Floats:
    """(B, T, …) of (T · B, …)."""
    by_stream: Floats = values.reshape(-1, n_streams, *values.shape[1:]).swapaxes(0, 1)
    return by_stream
