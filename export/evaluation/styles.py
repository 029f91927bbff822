"""Block *styles*: what a named style does to lines with known phones.

*size*: the spread of the lip gap over that in the mean style (median over lines). *agreement*: r of the lip gap with
it. *recall*, *false*: closures at p, b, m and in vowels (`articulation`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from export.evaluation.articulation import judge, mouth_of
from export.evaluation.emotion import LANGUAGES, agreement
from export.evaluation.evaluated_model import EvaluatedModel, Sources, opening
from export.evaluation.results import Found, Measure
from export.evaluation.spoken import read_synthetic
from space_runtime.animation.stages.landmarks import knows_styles
from space_runtime.style import CODES, MEAN_CODE

STRIDE: Final = 2


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return a row per style."""
    if not knows_styles(model.network):
        return Found({}, {"styles": "the network has no styles"})
    spoken = [each for each in read_synthetic(sources.cache) if each.group in LANGUAGES][::STRIDE]
    if not spoken:
        return Found({}, {"styles": "no program for text-to-speech is installed; see export/README.md"})
    sounds = [each.pcm for each in spoken]
    plain = [opening(track.landmarks, model.neutral) for track in model.tracks(sounds)]
    values: dict[Measure, float] = {}
    for row, code in (("mean", MEAN_CODE), *((style.value, code) for style, code in CODES.items())):
        tracks = model.tracks(sounds, style=np.array(code, np.float32))
        gaps = [opening(track.landmarks, model.neutral) for track in tracks]
        found = judge(spoken, [mouth_of(track.landmarks, model.neutral, track.times_s) for track in tracks])
        sizes = [np.std(gap) / np.std(before) for gap, before in zip(gaps, plain, strict=True)]
        values |= {(row, "size"): float(np.median(sizes)), (row, "agreement"): agreement(gaps, plain)}
        values |= {(row, column): found[column] for column in ("recall", "false")}
    return Found(values)
