"""Eight-bit weights for the large matrices of a streaming network: a third of the file, less than half of the time.

Static quantisation: the scale of every activation is measured once on real sound and stored. (Dynamic quantisation
would take it from the whole batch, and one session's sound would change another session's face.) Sums of eight-bit
products are whole numbers, so that the result does not depend on the size of the batch either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from space_runtime.animation.stages import features as feature_stage
from space_runtime.arrays import Floats
from space_runtime.emotion import N_EMOTIONS
from space_runtime.inference.network import Network, load_network
from space_runtime.style import N_CODE
from space_runtime.timebase import HOP

Feeds = Mapping[str, Floats]

SMALLEST = 20_000
"""Matrices with fewer weights stay as they are: they cost nothing."""
LOUDEST, QUIETEST = 3.0, 0.03
"""Range of gains that the calibration hears."""


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # the base class has no types
    """Hands the feeds to the quantiser one by one."""

    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._feeds: Iterator[Feeds] = iter(feeds)

    def get_next(self) -> Feeds | None:
        return next(self._feeds, None)


def spoken_feeds(path: Path, sounds: Sequence[Floats], neutral: Floats, seed: int = 0) -> list[Feeds]:
    """Return what every step of Speech2Landmarks in ``path`` is fed while it hears the sounds, (n,) at 16 kHz each, at
    random loudness and under random emotions, on the face ``neutral`` (78, 3)."""
    network = load_network("speech2landmarks", path)
    rng = np.random.default_rng(seed)
    feeds: list[Feeds] = []
    for pcm in sounds:
        gain = np.exp(rng.uniform(np.log(QUIETEST), np.log(LOUDEST)))
        emotion = np.zeros((1, N_EMOTIONS), np.float32)
        emotion[0, rng.integers(N_EMOTIONS)] = rng.choice([0.0, rng.random()])
        style = (rng.choice([0.0, 1.0]) * rng.uniform(-1, 1, (1, N_CODE))).astype(np.float32)
        fixed = {"neutral": neutral[None], "emotion": emotion, "style": style}
        state: Floats = np.zeros((1, network.state_size("state_in")), np.float32)
        sound = (pcm[: len(pcm) // HOP * HOP] * gain).clip(-1, 1).astype(np.float32)
        for features in feature_stage.step(feature_stage.initial_state(), sound[None])[1][0]:
            feeds.append(fixed | {"features": features[None], "state_in": state})
            state = np.asarray(network.run(feeds[-1])["state_out"], np.float32)
    return feeds


def quantise(path: Path, feeds: Sequence[Feeds], to: Path) -> float:
    """Write the network in ``path`` with eight-bit large matrices to ``to``.

    Returns the largest difference of the first output over the feeds.
    """
    quantize_static(
        path,
        to,
        _Reader(feeds[::7]),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=large_matrices(onnx.load(path)),
        # A pair of its own for every product: elsewhere the recurrent state keeps its full precision.
        extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"], "DedicatedQDQPair": True},
    )
    full, small = load_network(path.stem, path), load_network(to.stem, to)
    first = full.outputs[0]

    def answer(network: Network, feed: Feeds) -> Floats:
        return np.asarray(network.run(feed)[first], np.float32)

    return max(float(np.abs(answer(full, feed) - answer(small, feed)).max()) for feed in feeds[::5])


def large_matrices(model: onnx.ModelProto) -> list[str]:
    """Return the names of the products whose weights are worth it."""
    sizes = {value.name: prod(value.dims) for value in model.graph.initializer}
    products = (node for node in model.graph.node if node.op_type == "Gemm")
    return [node.name for node in products if max((sizes.get(name, 0) for name in node.input), default=0) > SMALLEST]
