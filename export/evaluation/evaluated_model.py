"""The model under evaluation: a network with the face that it moves."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.data.motion.films import HEADS, Talk, read_talks
from export.data.motion.people import FOLDER, GRID_OTHERS, judging, read_strangers
from export.evaluation.metrics import mouth_signals
from export.evaluation.recordings import NO_EMOTION, EvaluatedTrack, Recording, tracks_of
from space_runtime.arrays import Floats
from space_runtime.inference.network import Network
from space_runtime.style import MEAN_CODE


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedModel:
    """A network to be judged. look_ahead: in samples. neutral: (78, 3) the face that all checks without a film use."""

    network: Network
    look_ahead: int
    neutral: Floats

    def tracks(
        self,
        sounds: Sequence[Floats],
        faces: Sequence[Floats] | None = None,
        emotion: Floats = NO_EMOTION,
        style: Floats = MEAN_CODE,
    ) -> list[EvaluatedTrack]:
        """Return a track per (n,) sound at 16 kHz, on ``neutral`` or on a face of its own."""
        faces = faces or [self.neutral] * len(sounds)
        rows = [Recording(pcm, face, emotion, style) for pcm, face in zip(sounds, faces, strict=True)]
        return tracks_of(self.network, self.look_ahead, rows)


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of an evaluation. network: the ONNX file. data: films, recordings, face model.

    cache: the folder of what is made from them.
    """

    network: Path
    data: Path
    cache: Path

    def films(self) -> list[Talk]:
        """Return the sentences of GRID that taught nothing. Raises `FileNotFoundError` when the data have none."""
        _check_there(self.data / HEADS / f"{GRID_OTHERS}.json")
        return judging(read_talks(self.data, GRID_OTHERS, self.cache))

    def strangers(self) -> list[Talk]:
        """Return the third-party clips. Raises `FileNotFoundError` when there are none beside the data."""
        _check_there(self.data.parent / FOLDER / f"{FOLDER}.json")
        return read_strangers(self.data, self.cache)


def _check_there(path: Path) -> None:
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "no film", str(path))


def opening(landmarks: Floats, rest: Floats) -> Floats:
    """Return the (T,) lip gap of (T, 78, 3) landmarks above that of the (78, 3) face at rest."""
    return mouth_signals(landmarks)["gap"] - mouth_signals(rest[None])["gap"]


def usual_range(openings: Sequence[Floats]) -> float:
    """Return a speaker's own range: the 95th percentile of how far the lips open over rest in all of his speech."""
    return float(np.quantile(np.concatenate(list(openings)), 0.95))
