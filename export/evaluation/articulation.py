"""Block *articulation*: what lips do at single sounds, where the times of the sounds are known.

Lips count as closed within 10 % of the speaker's own range over rest (`usual_range`) at some moment of a p, b or m,
20 ms of grace on either side; a vowel far from those, closed at some moment of its middle half, is a false closure. Lip
and teeth touch at f and v when the lips are nearly together and the lower lip stands clearly higher over the chin than
in that speaker's vowels: true of 95 % of f and v in the films, of 1 in 9 vowels and of 1 in 5 other consonants.
Rounding is a mouth narrower than at rest. Films are judged beside the network, with 40 ms of grace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

from export.data.corpora import aligned_talks
from export.data.motion.films import read_talks
from export.data.motion.people import GRID_OTHERS, judging
from export.evaluation.evaluated_model import EvaluatedModel, Sources, opening, usual_range
from export.evaluation.lip_sync import resting_faces
from export.evaluation.metrics import mouth_signals
from export.evaluation.results import Found, Measure
from export.evaluation.spoken import (
    ROUND,
    SPREAD,
    Phone,
    Spoken,
    phones_of,
    read_aligned,
    read_synthetic,
    silent_voices,
)
from space_runtime.arrays import Floats

CLOSED: Final = 0.10
"""Lips within this share of a speaker's range are closed."""
NEARLY_CLOSED: Final = 0.35
"""The gap at f and v: the lower lip stands at the upper teeth, below the upper lip."""
GRACE_S: Final = 0.02
FILM_GRACE_S: Final = 0.04
"""A film has a frame every 40 ms: the moment of touch may lie between two."""
LIFTED: Final = 0.2
"""Least rise of the lower lip over the chin at f and v against vowels, as a share of the speaker's range."""
LOWER_LIP, CHIN = 66, 8


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """The lips in an utterance. times_s: (T,). gap, width, lift: (T,) over rest, outer-eye-corner distances.

    lift: height of the lower lip over the chin. grace_s: how far from a phone its closure may lie.
    """

    times_s: Floats
    gap: Floats
    width: Floats
    lift: Floats
    grace_s: float = GRACE_S


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return recall of closures, false closures, contact and rounding: per language, real English, and the films."""
    synthetic = read_synthetic(sources.cache)
    values = _by_group(synthetic, mouths(model, synthetic))
    silent = silent_voices(synthetic)
    missing = {"voices": f"{', '.join(silent)} did not speak; export/README.md says what to install"} if silent else {}
    for row, read in {"real_english": _real, GRID_OTHERS: _filmed}.items():
        try:
            values |= read(model, sources, row)
        except FileNotFoundError as why:
            missing[row] = f"{why.filename} is missing; run python -m export prepare first"
    values |= {} if silent else _worst(values, sorted({spoken.group for spoken in synthetic}))
    return Found(values, missing)


def mouths(model: EvaluatedModel, spoken: list[Spoken], emotion: Floats | None = None) -> list[Mouth]:
    """Return what the lips of the model's neutral face do at every utterance."""
    sounds = [utterance.pcm for utterance in spoken]
    tracks = model.tracks(sounds) if emotion is None else model.tracks(sounds, emotion=emotion)
    return [mouth_of(track.landmarks, model.neutral, track.times_s) for track in tracks]


def mouth_of(landmarks: Floats, rest: Floats, times_s: Floats, grace_s: float = GRACE_S) -> Mouth:
    """Return the signals of (T, 78, 3) landmarks over those of the (78, 3) face at rest."""
    width = mouth_signals(landmarks)["width"] - mouth_signals(rest[None])["width"]
    lift = (landmarks[:, LOWER_LIP, 1] - landmarks[:, CHIN, 1]) - (rest[LOWER_LIP, 1] - rest[CHIN, 1])
    return Mouth(times_s, opening(landmarks, rest), width, lift, grace_s)


def judge(spoken: list[Spoken], lips: list[Mouth]) -> dict[str, float]:
    """Return the shares of all phones that are right, NaN where there is none of a kind."""
    rows: list[dict[str, list[float]]] = []
    by_voice = sorted(zip(spoken, lips, strict=True), key=lambda pair: pair[0].voice)
    for _, pairs in groupby(by_voice, key=lambda pair: pair[0].voice):
        rows.append(_judge_voice(list(pairs)))
    names = ("recall", "false", "contact", "rounded", "widened")
    pooled = {name: [value for row in rows for value in row[name]] for name in names}
    means = {name: float(np.mean(values)) if values else float("nan") for name, values in pooled.items()}
    return {**means, "n_closures": float(len(pooled["recall"])), "n_vowels": float(len(pooled["false"]))}


def _judge_voice(pairs: list[tuple[Spoken, Mouth]]) -> dict[str, list[float]]:
    """Judge the utterances of one voice by its own range."""
    usual = usual_range([mouth.gap[mouth.times_s <= spoken.end_s] for spoken, mouth in pairs])
    vowel_lift = _median(_at_middle(mouth, "lift", p) for spoken, mouth in pairs for p in spoken.vowels)
    found: dict[str, list[float]] = {n: [] for n in ("recall", "false", "contact", "rounded", "widened")}
    for spoken, mouth in pairs:
        grace = mouth.grace_s
        least = [lowest(mouth.times_s, mouth.gap, p.start_s - grace, p.end_s + grace) for p in spoken.closures]
        found["recall"] += [gap <= CLOSED * usual for gap in least]
        found["false"] += [lowest(mouth.times_s, mouth.gap, *p.middle_half) <= CLOSED * usual for p in spoken.vowels]
        for phone in spoken.labiodentals:
            gap = lowest(mouth.times_s, mouth.gap, phone.start_s - grace, phone.end_s + grace)
            is_lifted = _at_middle(mouth, "lift", phone) - vowel_lift >= LIFTED * usual
            found["contact"].append(is_lifted and gap <= NEARLY_CLOSED * usual)
        found["rounded"] += [_at_middle(mouth, "width", p) < 0 for p in spoken.only(ROUND)]
        round_width = _median(_at_middle(mouth, "width", p) for p in spoken.only(ROUND))
        found["widened"] += [_at_middle(mouth, "width", p) > round_width for p in spoken.only(SPREAD)]
    return found


def lowest(times_s: Floats, signal: Floats, start_s: float, end_s: float) -> float:
    """Return the least value between two times of a signal that runs straight from step to step."""
    inside = signal[(times_s > start_s) & (times_s < end_s)]
    ends = np.interp([start_s, end_s], times_s, signal)
    return float(min(ends.min(), inside.min() if len(inside) else np.inf))


def _at_middle(mouth: Mouth, name: str, phone: Phone) -> float:
    signal: Floats = getattr(mouth, name)
    return float(np.interp((phone.start_s + phone.end_s) / 2, mouth.times_s, signal))


def _median(values: Iterable[float]) -> float:
    listed = list(values)
    return float(np.median(listed)) if listed else float("nan")


def _by_group(spoken: list[Spoken], lips: list[Mouth]) -> dict[Measure, float]:
    values: dict[Measure, float] = {}
    for group in dict.fromkeys(utterance.group for utterance in spoken):
        rows = [row for row, utterance in enumerate(spoken) if utterance.group == group]
        found = judge([spoken[row] for row in rows], [lips[row] for row in rows])
        values |= {(group, name): value for name, value in found.items()}
    return values


def _worst(values: dict[Measure, float], languages: list[str]) -> dict[Measure, float]:
    """Return what the languages have in common at worst: a promise for every one of them; the mean hides no bad one."""
    worst: dict[str, Callable[[list[float]], float]] = {"recall": min, "false": max, "contact": min, "rounded": min}
    return {("worst_language", name): pick([values[row, name] for row in languages]) for name, pick in worst.items()}


def _real(model: EvaluatedModel, sources: Sources, row: str) -> dict[Measure, float]:
    spoken = read_aligned(sources.data, sources.cache)
    return {(row, name): value for name, value in judge(spoken, mouths(model, spoken)).items()} if spoken else {}


def _filmed(model: EvaluatedModel, sources: Sources, row: str) -> dict[Measure, float]:
    """Judge the network and the films themselves on the filmed strangers."""
    spoken, films = read_filmed(sources.data, sources.cache)
    values = {(row, name): value for name, value in judge(spoken, mouths(model, spoken)).items()}
    return values | {("the_film", name): value for name, value in judge(spoken, films).items()}


def read_filmed(data: Path, cache: Path) -> tuple[list[Spoken], list[Mouth]]:
    """Return GRID's sentences that taught nothing with their phones, and what the lips in the film did."""
    aligned = aligned_talks(data, cache, GRID_OTHERS)
    known = {talk.clip for talk in judging(read_talks(data, GRID_OTHERS, cache))}
    talks = [(talk, phones) for talk, phones in aligned if talk.clip in known]
    rests = resting_faces([talk for talk, _ in talks])
    spoken = [Spoken(talk.pcm, phones_of(phones, "arpabet"), talk.speaker, GRID_OTHERS) for talk, phones in talks]
    films = []
    for talk, _ in talks:
        times = (np.arange(len(talk.landmarks)) / talk.fps).astype(np.float32)
        films.append(mouth_of(talk.landmarks, rests[talk.speaker], times, FILM_GRACE_S))
    return spoken, films
