"""The mouth at cries: as far open as the vowel asks by the table of phonetics, with the loudness of the moment.

Nobody was filmed who cries, holds a vowel or laughs, and a teacher that has heard sentences alone closes the mouth on
what lasts longer than a vowel does. So lip gap, width and jaw are taken from `export.data.phonetics` here; all other
motion stays the teacher's.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from export.data.phonetics import Phonetics
from export.data.speech.phones import CLASSES, SILENCE
from export.data.speech.vowels import VOWELS
from space_runtime.arrays import Floats

BREATH: Final = CLASSES.index("h")
VOICED: Final = tuple(sorted(VOWELS))
QUIETEST: Final = 6.9
"""At this logarithm of power below the loudest the mouth is no longer open by its voice: 30 dB."""
BETWEEN: Final = 0.35
"""Share of the opening that stays in the breaths of laughter and sobs."""
SMOOTHING_FRAMES: Final = 3.0
"""Jaws follow loudness within some 50 ms."""


def is_cry(labels: NDArray[np.uint8]) -> bool:
    """Return whether an utterance of (n,) classes is made of vowels and breath alone."""
    return bool(np.isin(labels, (*VOICED, BREATH, SILENCE)).all())


def called(motion: Floats, labels: NDArray[np.uint8], loudness: Floats, phonetics: Phonetics) -> Floats:
    """Return (n, K) motion of a cry from a teacher's ``motion``, (n,) classes and the (n,) logarithm of its power
    against its peak."""
    voiced = np.isin(labels, VOICED)
    level = np.clip(1 + loudness / QUIETEST, 0, 1)
    opening = np.where(voiced, np.maximum(level, BETWEEN * (level > 0)), np.where(labels == BREATH, BETWEEN, 0.0))
    smooth = gaussian_filter1d(opening, SMOOTHING_FRAMES, mode="constant")
    shown, expected = phonetics.signals(motion, labels)
    return np.asarray(motion + (expected * smooth[:, None] - shown) @ phonetics.directions.T, np.float32)
