"""Block *lip_sync*: three mouth signals against filmed strangers (`metrics`), beside simpler systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from export.data.motion.films import Talk
from export.evaluation import baselines
from export.evaluation.evaluated_model import EvaluatedModel, Sources
from export.evaluation.metrics import SIGNALS, Match, match, mean_over_speakers, mouth_signals, remove_drift
from export.evaluation.recordings import NO_EMOTION, Recording, tracks_of
from export.evaluation.results import Found, Measure
from space_runtime.arrays import Floats
from space_runtime.inference.network import Network

REST_SHARE: Final = 0.15
"""A speaker's face at rest is the median of this share of his frames: those with the lips closest."""
OURS: Final = "speech2landmarks"
LONGEST: Final = "hq_female"
"""The one stranger with fifty sentences; every other has one."""

Signals = Mapping[str, Floats]
"""Signal name → (frames,) prediction, at the film's frame rate."""

SYSTEMS: Final[dict[str, Callable[[list[Talk], Path], list[Signals]]]] = {
    "loudness": baselines.loudness,
    "phone_table": baselines.phone_table,
    "rhubarb": baselines.rhubarb,
    "headaudio": baselines.headaudio,
}
"""The systems to compare with, the simplest first."""


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return the scores of all systems: means over the speakers, each speaker, and where they lag."""
    talks = sources.films()
    predicted = predict(model.network, model.look_ahead, talks)
    values = _columns(OURS, scores(talks, predicted))
    for speaker in sorted({talk.speaker for talk in talks}):
        rows = [row for row, talk in enumerate(talks) if talk.speaker == speaker]
        values |= _columns(speaker, scores([talks[row] for row in rows], [predicted[row] for row in rows]))
    missing = {}
    for name, system in SYSTEMS.items():
        try:
            values |= _columns(name, scores(talks, system(talks, sources.cache)), in_one_unit=False)
        except baselines.Unavailable as why:
            missing[name] = str(why)
    return Found(values, missing)


def lip_sync_scores(network: Network, look_ahead: int, talks: list[Talk]) -> dict[str, Match]:
    """Return gap, width and jaw of an exported network on filmed talks: the mean over speakers; about a second."""
    return scores(talks, predict(network, look_ahead, talks))


def predict(
    network: Network, look_ahead: int, talks: list[Talk], change: Callable[[Floats], Floats] = np.asarray
) -> list[Signals]:
    """Return the signals that a network hears in every talk, whose sound ``change`` may alter first.

    Every speaker is driven on his own resting face.
    """
    rests = resting_faces(talks)
    rows = [Recording(change(talk.pcm), rests[talk.speaker], NO_EMOTION) for talk in talks]
    tracks = tracks_of(network, look_ahead, rows)
    times = [np.arange(len(talk.landmarks)) / talk.fps for talk in talks]
    return [mouth_signals(track.at(at)) for track, at in zip(tracks, times, strict=True)]


def scores(talks: list[Talk], predicted: list[Signals]) -> dict[str, Match]:
    """Return the match per signal of predictions for every talk: by length within a speaker, then over speakers."""
    rows: dict[str, list[tuple[str, int, Match]]] = {name: [] for name in SIGNALS}
    for talk, signals in zip(talks, predicted, strict=True):
        for name, real in mouth_signals(talk.landmarks).items():
            a, b = remove_drift(signals[name], talk.fps), remove_drift(real, talk.fps)
            rows[name].append((talk.speaker, len(real), match(a, b, talk.fps)))
    return {name: mean_over_speakers(found) for name, found in rows.items()}


def resting_faces(talks: list[Talk]) -> dict[str, Floats]:
    """Return each speaker's (78, 3) face at rest."""
    faces = {}
    for speaker in sorted({talk.speaker for talk in talks}):
        frames = np.concatenate([talk.landmarks for talk in talks if talk.speaker == speaker])
        gap = mouth_signals(frames)["gap"]
        faces[speaker] = np.median(frames[gap <= np.quantile(gap, REST_SHARE)], 0).astype(np.float32)
    return faces


def _columns(row: str, found: dict[str, Match], in_one_unit: bool = True) -> dict[Measure, float]:
    """Lay a match per signal out as numbers; spread says nothing unless prediction and film share a unit."""
    values: dict[Measure, float] = {}
    for name, score in found.items():
        values |= {(row, f"{name}_r"): score.r, (row, f"{name}_lag_ms"): score.lag_s * 1000}
        values |= {(row, f"{name}_spread"): score.spread} if in_one_unit else {}
    return values
