"""Silero VAD, a well-known speech detector, as a yardstick for our own: run from its published wheel, never shipped.

``pip download --no-deps silero-vad -d .cache/silero`` fetches it (MIT).
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from export.evaluation.baselines import Unavailable
from space_runtime.arrays import Floats
from space_runtime.inference.network import Network, load_network
from space_runtime.media.atomic_files import written_whole

CHUNK, CONTEXT, WIDTH = 512, 64, 128
"""Samples of a step, samples of the step before that it hears again, numbers of its state."""
RATE: Final = np.array(16_000, np.int64)
MEMBER: Final = "silero_vad/data/silero_vad.onnx"


def load_silero(cache: Path) -> Network:
    """Return the detector out of its wheel. Raises `Unavailable` when the cache has none."""
    wheels = sorted((cache / "silero").glob("silero_vad-*.whl"))
    if not wheels:
        raise Unavailable("silero-vad's wheel is not in the cache; see export/README.md, Baselines")
    path = cache / "silero" / "silero_vad.onnx"
    if not path.exists():
        with zipfile.ZipFile(wheels[-1]) as wheel, written_whole(path) as partial:
            partial.write_bytes(wheel.read(MEMBER))
    return load_network("silero_vad", path)


def speech_probabilities(network: Network, sounds: Sequence[Floats]) -> list[Floats]:
    """Return the (T,) probability of speech of every (n,) sound at 16 kHz, one per 512 samples."""
    n_steps = [-(-len(sound) // CHUNK) for sound in sounds]
    padded = np.zeros((len(sounds), CONTEXT + max(n_steps) * CHUNK), np.float32)
    for row, sound in enumerate(sounds):
        padded[row, CONTEXT : CONTEXT + len(sound)] = sound
    state = np.zeros((2, len(sounds), WIDTH), np.float32)
    answers = []
    for step in range(max(n_steps)):
        window = padded[:, step * CHUNK : CONTEXT + (step + 1) * CHUNK]
        answer = network.run({"input": window, "state": state, "sr": RATE})
        state = np.asarray(answer["stateN"], np.float32)
        answers.append(np.asarray(answer["output"], np.float32)[:, 0])
    stacked = np.stack(answers, 1)
    return [stacked[row, :n] for row, n in enumerate(n_steps)]


def at_times(probabilities: Floats, times_s: Floats) -> Floats:
    """Return the probabilities of the chunks in which the times lie."""
    chunks = np.clip((times_s * 16_000 / CHUNK).astype(int), 0, len(probabilities) - 1)
    return np.asarray(probabilities[chunks], np.float32)
