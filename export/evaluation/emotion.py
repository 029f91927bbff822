"""Block *emotion*: intensity acts one way, lips still close, and the same line keeps its timing under any emotion.

The action units that define an emotion (EMFACS) are read off as ARKit weights, through the runtime's own rig.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from export.data.motion.shipped_rig import shipped_rig
from export.evaluation.articulation import judge, mouth_of
from export.evaluation.evaluated_model import EvaluatedModel, Sources, opening
from export.evaluation.recordings import Recording, tracks_of
from export.evaluation.results import Found, Measure
from export.evaluation.spoken import Spoken, read_synthetic, silence
from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.rig.rig import Rig, RigIdentity, RigState

DEFINING: Final[dict[Emotion, tuple[str, ...]]] = {
    Emotion.HAPPY: ("mouthSmileLeft", "mouthSmileRight"),
    Emotion.SAD: ("browInnerUp", "mouthFrownLeft", "mouthFrownRight"),
    Emotion.ANGRY: ("browDownLeft", "browDownRight", "mouthPressLeft", "mouthPressRight"),
    Emotion.FEARFUL: ("browInnerUp", "eyeWideLeft", "eyeWideRight", "mouthStretchLeft", "mouthStretchRight"),
    Emotion.DISGUSTED: ("noseSneerLeft", "noseSneerRight"),
    Emotion.SURPRISED: ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "eyeWideLeft", "eyeWideRight", "jawOpen"),
    Emotion.CONTEMPT: ("mouthSmileLeft", "mouthDimpleLeft"),
}
"""Happy AU 12 (6 moves no landmark of its own), sad 1+15, angry 4+24, fearful 1+5+20, disgusted 9, surprised
1+2+5+26, contempt one-sided 12+14."""
INTENSITIES: Final = tuple(i / 10 for i in range(11))
LANGUAGES: Final = ("en", "it", "es")
STRIDE: Final = 5
"""Every so many steps of a sentence is given to the rig."""


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return, per emotion: dips, rise, closures at full intensity, and the agreement of lip gaps with neutral."""
    rig = shipped_rig()
    identity = rig.neutral_identity()
    face = EvaluatedModel(model.network, model.look_ahead, identity.neutral)
    values: dict[Measure, float] = {}
    for emotion in DEFINING:
        values |= _monotony(face, rig, identity, emotion)
    spoken = [each for each in read_synthetic(sources.cache) if each.group in LANGUAGES][::2]
    if not spoken:
        return Found(values, {"closures": "no program for text-to-speech is installed; see export/README.md"})
    values |= _under_emotions(face, spoken)
    worst = {"dip": max, "rise": min, "closures": min, "timing_r": min}
    values |= {("worst", name): pick(values[e.value, name] for e in DEFINING) for name, pick in worst.items()}
    return Found(values)


def largest_dip(weights: Floats) -> float:
    """Return how far any column of (steps, n) weights falls back below what it has reached, 0 when none does."""
    return float((np.maximum.accumulate(weights, 0) - weights).max())


def _monotony(model: EvaluatedModel, rig: Rig, identity: RigIdentity, emotion: Emotion) -> dict[Measure, float]:
    """Judge a silent face at rising intensity. rise: of the defining weights' mean, from none to full intensity."""
    vectors = [emotion_vector({emotion: share}) for share in INTENSITIES]
    rows = [Recording(silence(0.5), model.neutral, vector) for vector in vectors]
    faces = np.stack([track.landmarks[-1] for track in tracks_of(model.network, model.look_ahead, rows)])
    _, weights, _ = rig.solve(identity, RigState.cold(len(faces)), faces)
    columns = weights[:, [ARKIT_NAMES.index(name) for name in DEFINING[emotion]]]
    rise = float((columns[-1] - columns[0]).mean())
    return {(emotion.value, "dip"): largest_dip(columns), (emotion.value, "rise"): rise}


def _under_emotions(model: EvaluatedModel, spoken: list[Spoken]) -> dict[Measure, float]:
    """Return closures, lip timing against neutral, and the least agreement of any two emotions."""
    sounds = [utterance.pcm for utterance in spoken]
    gaps: dict[str, list[Floats]] = {}
    values: dict[Measure, float] = {}
    for emotion in Emotion:
        tracks = model.tracks(sounds, emotion=emotion_vector({emotion: 1.0}))
        gaps[emotion.value] = [opening(track.landmarks, model.neutral) for track in tracks]
        if emotion in DEFINING:
            values[emotion.value, "closures"] = judge(
                spoken, [mouth_of(t.landmarks, model.neutral, t.times_s) for t in tracks]
            )["recall"]
            values[emotion.value, "timing_r"] = agreement(gaps[emotion.value], gaps[Emotion.NEUTRAL.value])
    least = min(agreement(gaps[a], gaps[b]) for a, b in combinations(gaps, 2))
    return values | {("any_two", "timing_r"): least}


def agreement(a: list[Floats], b: list[Floats]) -> float:
    """Return the mean over lines of r between two lip gaps of the same line."""
    return float(np.mean([np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)]))
