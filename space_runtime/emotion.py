"""Emotions of a face: the labels, and vectors of intensities from what callers give."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from numpy.typing import ArrayLike

from space_runtime.arrays import Floats
from space_runtime.named_amounts import NamedAmounts


class Emotion(StrEnum):
    """The emotion labels, in the order of the emotion vector's entries."""

    NEUTRAL = "neutral"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    FEARFUL = "fearful"
    DISGUSTED = "disgusted"
    SURPRISED = "surprised"
    CONTEMPT = "contempt"


N_EMOTIONS: Final = len(Emotion)

EmotionMix = Mapping[Emotion, float] | Mapping[str, float]
"""Intensities 0…1 by label; labels left out are 0."""

EmotionLike = EmotionMix | ArrayLike
"""An emotion as callers may give it: intensities by label, or all eight in the order of `Emotion`."""


def emotion_vector(mix: EmotionMix) -> Floats:
    """Return the (8,) vector of a mix: one intensity 0…1 per label. Neutral's entry never matters to the networks.

    Raises `UsageError` on a label that is none and on an intensity outside 0…1.
    """
    return _AMOUNTS.vector(mix)


def emotion_of(given: EmotionLike | None) -> Floats:
    """Return the (8,) vector of an emotion as callers give it, None for neutral. Raises `UsageError`."""
    return _AMOUNTS.given(given)


_AMOUNTS: Final = NamedAmounts(Emotion, "emotion", "intensity", '{"happy": 0.7}', tuple(sorted(Emotion)))
