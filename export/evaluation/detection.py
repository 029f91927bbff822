"""Block *detection*: is it speech? The network's own output and Silero VAD, on synthetic speech in room noise."""

from __future__ import annotations

from typing import Final

import numpy as np

from export.evaluation import silero
from export.evaluation.baselines import Unavailable
from export.evaluation.evaluated_model import EvaluatedModel, Sources
from export.evaluation.rest import with_room
from export.evaluation.results import Found, Measure
from export.evaluation.spoken import Spoken, read_synthetic, silence
from space_runtime.arrays import Floats, Mask

AROUND_S: Final = 1.0
"""Silence before and behind every utterance."""
COLLAR_S: Final = 0.1
"""Nobody is judged this near to a border between speech and silence."""
NOISES: Final[dict[str, float | None]] = {"clean": None, "snr_20_db": 20.0, "snr_10_db": 10.0, "snr_0_db": 0.0}


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return hits, false alarms and balanced accuracy of both detectors per noise."""
    spoken = read_synthetic(sources.cache)[::2]
    if not spoken:
        return Found({}, {"detection": "no program for text-to-speech is installed; see export/README.md"})
    missing: dict[str, str] = {}
    try:
        other = silero.load_silero(sources.cache)
    except Unavailable as why:
        other, missing = None, {"silero": str(why)}
    values: dict[Measure, float] = {}
    for row, snr_db in NOISES.items():
        padded = [np.concatenate([silence(AROUND_S), each.pcm, silence(AROUND_S)]) for each in spoken]
        sounds = [pcm if snr_db is None else with_room(pcm, snr_db, seed) for seed, pcm in enumerate(padded)]
        tracks = model.tracks(sounds)
        truths = [truth(each, track.times_s) for each, track in zip(spoken, tracks, strict=True)]
        values |= _row(row, "ours", truths, [track.speech > 0.5 for track in tracks])
        if other is not None:
            probabilities = silero.speech_probabilities(other, sounds)
            said = [silero.at_times(p, track.times_s) > 0.5 for p, track in zip(probabilities, tracks, strict=True)]
            values |= _row(row, "silero", truths, said)
    return Found(values, missing)


def truth(spoken: Spoken, times_s: Floats) -> tuple[Mask, Mask]:
    """Return (T,) where there is speech and (T,) where there is none for sure; the utterance begins at `AROUND_S`."""
    speech, near = np.zeros((2, len(times_s)), bool)
    for phone in spoken.phones:
        if phone.classes != (0,):
            start, end = phone.start_s + AROUND_S, phone.end_s + AROUND_S
            speech |= (times_s >= start) & (times_s < end)
            near |= (times_s > start - COLLAR_S) & (times_s < end + COLLAR_S)
    return speech, ~near


def _row(row: str, who: str, truths: list[tuple[Mask, Mask]], said: list[Mask]) -> dict[Measure, float]:
    marks = np.concatenate(said)
    speech, hush = (np.concatenate([pair[side] for pair in truths]) for side in (0, 1))
    hits, alarms = float(marks[speech].mean()), float(marks[hush].mean())
    return {
        (row, f"{who}_hits"): hits,
        (row, f"{who}_false_alarms"): alarms,
        (row, f"{who}_balanced"): (hits + 1 - alarms) / 2,
    }
