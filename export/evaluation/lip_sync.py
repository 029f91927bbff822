"""Block *lip_sync*: three mouth signals against people who taught nothing (`metrics`), beside simpler systems.

Strangers who speak freely come first, then GRID's, whose one grammar hides faults. Beside every r stands chance: what
the predictions for other clips score here. A best lag within ±200 ms always finds something in a short clip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from export.data.motion.films import Talk, resting_face
from export.data.motion.people import FOLDER
from export.evaluation import baselines
from export.evaluation.evaluated_model import EvaluatedModel, Sources
from export.evaluation.metrics import SIGNALS, Match, match, mean_over_speakers, mouth_signals, remove_drift
from export.evaluation.recordings import NO_EMOTION, Recording, tracks_of
from export.evaluation.results import Found, Measure
from space_runtime.arrays import Floats
from space_runtime.inference.network import Network

STRANGERS: Final = "strangers"
LONGEST: Final = "hq_female"
"""The one of GRID who has several sentences; every other has one."""
OUTLIER: Final = 0.5
"""A clip whose r, mean of the three, is below this share of its set's is listed."""
N_OTHERS: Final = 4
"""Chance is the mean over the predictions for so many other clips."""

Signals = Mapping[str, Floats]
"""Signal name → (frames,) prediction, at the film's frame rate."""
System = Callable[[list[Talk], Path], list[Signals]]

SYSTEMS: Final[dict[str, System]] = {
    "loudness": baselines.loudness,
    "phone_table": baselines.phone_table,
    "rhubarb": baselines.rhubarb,
    "headaudio": baselines.headaudio,
}
"""The systems to compare with, the simplest first."""


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return the scores of all systems on every set of people, each group of strangers, and clips far below the rest.

    Raises `FileNotFoundError` without GRID's films; without the third-party films their rows are missing.
    """
    sets, missing = judging_sets(sources)
    values: dict[Measure, float] = {}
    for name, talks in sets.items():
        values |= _rows(name, talks, predict(model.network, model.look_ahead, talks))
        for system, run in SYSTEMS.items():
            if name == STRANGERS and system == "rhubarb":
                continue  # their cues are given, below
            try:
                values |= _plain(f"{name}_{system}", scores(talks, run(talks, sources.cache)))
            except baselines.Unavailable as why:
                missing[system] = str(why)
        if name == STRANGERS:
            heard, cues = baselines.given_rhubarb(talks, sources.data.parent / FOLDER / "rhubarb")
            values |= _plain(f"{name}_rhubarb_1.14", scores(heard, cues))
    return Found(values, missing)


def judging_sets(sources: Sources) -> tuple[dict[str, list[Talk]], dict[str, str]]:
    """Return the talks that judge, by set, strangers first, and which set is missing and why."""
    sets = grid_sets(sources.films())
    try:
        return {STRANGERS: sources.strangers()} | sets, {}
    except FileNotFoundError as why:
        return sets, {STRANGERS: f"{why.filename} is missing; GRID's people judge alone"}


def grid_sets(talks: list[Talk]) -> dict[str, list[Talk]]:
    """Return GRID's judging sentences by set: the nine with one sentence each, and the one with several."""
    alone, longest = ([talk for talk in talks if (talk.speaker == LONGEST) is one] for one in (False, True))
    return {"grid_nine": alone, LONGEST: longest}


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
        for name, found in clip_scores(talk, signals).items():
            rows[name].append((talk.speaker, len(talk.landmarks), found))
    return {name: mean_over_speakers(found) for name, found in rows.items()}


def clip_scores(talk: Talk, predicted: Signals) -> dict[str, Match]:
    """Return the match per signal of the prediction for one talk."""
    film = mouth_signals(talk.landmarks)
    pairs = {name: (remove_drift(predicted[name], talk.fps), remove_drift(film[name], talk.fps)) for name in SIGNALS}
    return {name: match(*pair, talk.fps) for name, pair in pairs.items()}


def chance(talks: list[Talk], predicted: list[Signals]) -> dict[str, float]:
    """Return what r the predictions for other clips have, at their best lag too: the floor under every r."""
    found: list[dict[str, Match]] = []
    for number in range(1, min(N_OTHERS, len(talks) - 1) + 1):
        order = np.roll(np.arange(len(talks)), number)
        moved = [_as_long(predicted[other], talks[other], talk) for other, talk in zip(order, talks, strict=True)]
        found.append(scores(talks, moved))
    return {name: float(np.mean([each[name].r for each in found])) if found else float("nan") for name in SIGNALS}


def resting_faces(talks: list[Talk]) -> dict[str, Floats]:
    """Return each speaker's (78, 3) face at rest."""
    frames = {talk.speaker: [other.landmarks for other in talks if other.speaker == talk.speaker] for talk in talks}
    return {speaker: resting_face(np.concatenate(parts)) for speaker, parts in frames.items()}


def mean_r(found: Mapping[str, Match]) -> float:
    """Return the mean r of the three signals."""
    return float(np.mean([score.r for score in found.values()]))


def _rows(name: str, talks: list[Talk], predicted: list[Signals]) -> dict[Measure, float]:
    """Return the row of a set with its chance, of each of its speakers where there are several, of its outliers."""
    whole = scores(talks, predicted)
    values = _columns(name, whole, chance(talks, predicted))
    speakers = sorted({talk.speaker for talk in talks})
    for speaker in speakers if len(speakers) > 1 else ():
        rows = [row for row, talk in enumerate(talks) if talk.speaker == speaker]
        values |= _columns(speaker, scores([talks[row] for row in rows], [predicted[row] for row in rows]))
    for talk, signals in zip(talks, predicted, strict=True):
        found = clip_scores(talk, signals)
        if mean_r(found) < OUTLIER * mean_r(whole):
            values |= _columns(f"outlier_{talk.clip}", found)
    return values


def _as_long(signals: Signals, spoken: Talk, talk: Talk) -> Signals:
    """Return the prediction for one talk as one of another talk's length and rate, repeated where it is too short."""
    n = len(next(iter(signals.values())))
    place = np.arange(len(talk.landmarks)) / talk.fps * spoken.fps % n
    return {name: np.interp(place, np.arange(n), signal).astype(np.float32) for name, signal in signals.items()}


def _columns(row: str, found: Mapping[str, Match], floor: Mapping[str, float] | None = None) -> dict[Measure, float]:
    """Lay a match per signal out as numbers, its floor beside r where it was worked out."""
    values: dict[Measure, float] = {}
    for name, score in found.items():
        values[row, f"{name}_r"] = score.r
        values[row, f"{name}_chance"] = floor[name] if floor else float("nan")
        values |= {(row, f"{name}_lag_ms"): score.lag_s * 1000, (row, f"{name}_spread"): score.spread}
    return values


def _plain(row: str, found: Mapping[str, Match]) -> dict[Measure, float]:
    """Lay the match of a simpler system out; its spread says nothing, for it shares no unit with a film."""
    return {key: value for key, value in _columns(row, found).items() if not key[1].endswith("_spread")}
