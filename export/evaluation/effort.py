"""Block *effort*: how far the lips go with the effort of a voice, every sound brought to one level.

*acted*: sentences of the actors who never teach (`export.data.corpora.JUDGES`), the spread of the lip gap under an
emotion over that in neutral ones. *resynthesised*: lines said again with another effort, over the line as it is.
*levels*: the same lines fainter and louder, which must change nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from export.data.corpora import EFFORTS, acted_efforts
from export.data.speech.voices import read_pcm
from export.evaluation.evaluated_model import EvaluatedModel, Sources, opening
from export.evaluation.results import Found, Measure
from export.evaluation.spoken import read_synthetic
from space_runtime.arrays import Floats

LEVEL_DB: Final = -23.0
"""Of every sound, RMS against full scale."""
OTHER_LEVELS_DB: Final = (-43.0, -13.0)
N_LINES, N_ACTED = 12, 12
STEPS: Final = {"shouted": 1.0, "raised": 0.5, "soft": -0.5, "murmured": -1.0}


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return the rows of acted emotions, of efforts and of levels."""
    try:
        from export.data.speech.changed_voices import raised
    except ImportError:
        return Found({}, {"effort": "pyworld is not installed; export/README.md says how to install it"})
    values, notes = _acted(model, sources), {}
    lines = [each.pcm for each in read_synthetic(sources.cache)]
    if not lines:
        notes["effort"] = "no program for text-to-speech is installed; see export/README.md"
        return Found(values, notes)
    lines = lines[:: max(len(lines) // N_LINES, 1)][:N_LINES]
    plain = _spreads(model, lines)
    for name, effort in STEPS.items():
        changed = _spreads(model, [raised(pcm, effort) for pcm in lines])
        values["effort_" + name, "size"] = float(np.median(changed / plain))
    for level in OTHER_LEVELS_DB:
        values[f"level_{level:.0f}_db", "size"] = float(np.median(_spreads(model, lines, level) / plain))
    return Found(values, notes)


def _acted(model: EvaluatedModel, sources: Sources) -> dict[Measure, float]:
    """Return the size of the lips' motion under each acted emotion over that of neutral sentences."""
    files = acted_efforts(sources.data, judging=True)
    sizes = {}
    for emotion, effort in EFFORTS.items():
        chosen = [file for file, told in files.items() if told == effort][:N_ACTED]
        sizes[emotion] = float(
            np.median(_spreads(model, [read_pcm(sources.data / "speech" / file) for file in chosen]))
        )
    return {(f"acted_{emotion}", "size"): size / sizes["neutral"] for emotion, size in sizes.items()}


def _spreads(model: EvaluatedModel, sounds: list[Floats], level_db: float = LEVEL_DB) -> Floats:
    """Return (n,) spreads of the lip gap while the sounds are animated at one level."""
    tracks = model.tracks([at_level(pcm, level_db) for pcm in sounds])
    return np.array([np.std(opening(track.landmarks, model.neutral)) + 1e-9 for track in tracks], np.float32)


def at_level(pcm: Floats, level_db: float) -> Floats:
    """Return (n,) samples whose RMS is a level in dB against full scale."""
    rms = float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)))) + 1e-12
    return np.asarray(pcm * (10 ** (level_db / 20) / rms), np.float32)
