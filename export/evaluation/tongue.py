"""Block *tongue*: the tip of the tongue against the times of the phones, in the sentences of English voices.

*recall*: shares of l, t, d, n in which the tongue is up, of th in which it is out, each by `SURE` somewhere in the
phone. *false*: shares of vowels and lip sounds with it in their middle half.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from export.data.batches import TONGUE_OUT, TONGUE_UP
from export.data.speech.phones import BILABIAL, LABIODENTAL
from export.data.speech.vowels import VOWELS
from export.evaluation.evaluated_model import EvaluatedModel, Sources
from export.evaluation.recordings import EvaluatedTrack
from export.evaluation.results import Found, Measure
from export.evaluation.spoken import Phone, Spoken, read_synthetic
from space_runtime.animation.stages.landmarks import TONGUE

LANGUAGE: Final = "en"
"""th is a sound of few languages; the other tongue tips are alike in all."""
SURE: Final = 0.5
ELSEWHERE: Final = frozenset({*VOWELS, *BILABIAL, LABIODENTAL})


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return the rows *up* and *out*."""
    if TONGUE not in model.network.outputs:
        return Found({}, {"tongue": "the network says nothing of the tongue"})
    spoken = [each for each in read_synthetic(sources.cache) if each.group == LANGUAGE]
    if not spoken:
        return Found({}, {"tongue": "no program for text-to-speech is installed; see export/README.md"})
    tracks = model.tracks([each.pcm for each in spoken])
    values: dict[Measure, float] = {}
    for column, (row, classes) in enumerate((("up", TONGUE_UP), ("out", TONGUE_OUT))):
        there = _found(spoken, tracks, column, frozenset(classes), whole=True)
        elsewhere = _found(spoken, tracks, column, ELSEWHERE, whole=False)
        values |= {(row, "recall"): float(np.mean(there)), (row, "false"): float(np.mean(elsewhere))}
        values[row, "n_phones"] = float(len(there))
    return Found(values)


def _found(
    spoken: list[Spoken], tracks: list[EvaluatedTrack], column: int, classes: frozenset[int], whole: bool
) -> list[bool]:
    """Return for every phone of some classes whether the tongue is there in it, or in its middle half."""
    pairs = zip(spoken, tracks, strict=True)
    return [_is_there(track, column, phone, whole) for each, track in pairs for phone in each.only(classes)]


def _is_there(track: EvaluatedTrack, column: int, phone: Phone, whole: bool) -> bool:
    start, end = (phone.start_s, phone.end_s) if whole else phone.middle_half
    inside = (track.times_s >= start - 0.01) & (track.times_s <= end + 0.01)
    return bool((track.tongue[inside, column] > SURE).any())
