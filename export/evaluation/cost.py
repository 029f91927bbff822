"""Block *cost*: size, time of a step, real-time factor of curves, look-ahead."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import onnx

from export.evaluation.evaluated_model import EvaluatedModel, Sources
from export.evaluation.results import Found, Measure
from export.onnx.graph_rewrite import input_shapes
from export.onnx.multi_step_graph import one_step
from space_runtime.animation.session import Session
from space_runtime.animation.stages.features import N_FEATURES
from space_runtime.assets import LINE
from space_runtime.geometry import N_LANDMARKS
from space_runtime.inference.bundle import EMBEDDED, Bundle
from space_runtime.inference.device import CPU
from space_runtime.inference.manifest import read_manifest
from space_runtime.media.audio_file import open_sound
from space_runtime.timebase import HOP, SAMPLE_RATE

N_STEPS, N_ROUNDS = 500, 5
N_LINES, N_RUNS = 4, 3
FPS: Final = Fraction(30)
ROW: Final = "network"


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return what one stream costs in seconds of one core, which other programs on the machine hardly change."""
    return Found(
        {
            **size_of(sources.network),
            (ROW, "step_us"): step_seconds(model) * 1e6,
            (ROW, "curves_x_real_time"): curves_factor(model),
            (ROW, "look_ahead_ms"): model.look_ahead / SAMPLE_RATE * 1000,
            (ROW, "longest_wait_ms"): (model.look_ahead + HOP) / SAMPLE_RATE * 1000,
        }
    )


def curves_factor(model: EvaluatedModel) -> float:
    """Return seconds of sound per second of a core: a session with the default controls, pushed whole, 30 fps."""
    bundle = Bundle(EMBEDDED, read_manifest(EMBEDDED), CPU, {"speech2landmarks": model.network})
    session = Session(bundle, fps=FPS)
    line = np.tile(np.concatenate(list(open_sound(LINE).speech_blocks())), N_LINES)
    session.push(line[:SAMPLE_RATE])
    times = []
    for _ in range(N_RUNS):
        session.reset()
        begin = time.process_time()
        session.push(line)
        session.finish()
        times.append(time.process_time() - begin)
    return len(line) / SAMPLE_RATE / min(times)


def size_of(path: Path) -> dict[Measure, float]:
    """Return the numbers in an ONNX file (weights and constants) and its size."""
    graph = onnx.load(path).graph
    one_step(graph)  # the branch for many steps has its own copies
    sizes = [int(np.prod(tensor.dims)) for tensor in graph.initializer]
    return {(ROW, "parameters"): float(sum(sizes)), (ROW, "megabytes"): path.stat().st_size / 1e6}


def step_seconds(model: EvaluatedModel) -> float:
    """Return the seconds of a core for one step of one stream through ONNX Runtime."""
    rng = np.random.default_rng(0)
    shapes = input_shapes(model.network, 1)
    feeds = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}  # no emotion, mean style, fresh state
    feeds["features"] = rng.standard_normal((1, N_FEATURES)).astype(np.float32)
    feeds["neutral"] = model.neutral.reshape(1, N_LANDMARKS, 3)
    rounds = []
    for _ in range(N_ROUNDS):
        begin = time.process_time()
        for _ in range(N_STEPS):
            model.network.run(feeds)
        rounds.append((time.process_time() - begin) / N_STEPS)
    return min(rounds)
