"""The model under evaluation: a network with the face that it moves."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from export.data.motion.films import Talk, read_talks
from export.evaluation.metrics import mouth_signals
from export.evaluation.recordings import NO_EMOTION, EvaluatedTrack, Recording, tracks_of
from space_runtime.arrays import Floats
from space_runtime.inference.network import Network

STRANGERS: Final = "grid_others"
"""Films of people who taught nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedModel:
    """A network to be judged. look_ahead: in samples. neutral: (78, 3) the face that all checks without a film use."""

    network: Network
    look_ahead: int
    neutral: Floats

    def tracks(
        self, sounds: Sequence[Floats], faces: Sequence[Floats] | None = None, emotion: Floats = NO_EMOTION
    ) -> list[EvaluatedTrack]:
        """Return a track per (n,) sound at 16 kHz, on ``neutral`` or on a face of its own."""
        faces = faces or [self.neutral] * len(sounds)
        rows = [Recording(pcm, face, emotion) for pcm, face in zip(sounds, faces, strict=True)]
        return tracks_of(self.network, self.look_ahead, rows)


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of an evaluation. network: the ONNX file. data: films, recordings, face model.

    cache: the folder of what is made from them.
    """

    network: Path
    data: Path
    cache: Path

    def films(self, name: str = STRANGERS) -> list[Talk]:
        """Return the sentences of a film. Raises `FileNotFoundError` when the data have none."""
        listed = self.data / "talking_heads" / f"{name}.json"
        if not listed.exists():
            raise FileNotFoundError(errno.ENOENT, "no film", str(listed))
        return read_talks(self.data, name, self.cache)


def opening(landmarks: Floats, rest: Floats) -> Floats:
    """Return the (T,) lip gap of (T, 78, 3) landmarks above that of the (78, 3) face at rest."""
    return mouth_signals(landmarks)["gap"] - mouth_signals(rest[None])["gap"]


def usual_range(openings: Sequence[Floats]) -> float:
    """Return a speaker's own range: the 95th percentile of how far the lips open over rest in all of his speech."""
    return float(np.quantile(np.concatenate(list(openings)), 0.95))
