"""The likely reason why a mouth stays shut although a line has sound, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.timebase import SAMPLE_RATE

HEARD: Final = 0.2
"""Least share of speech in a frame with which the mouth moves."""
WINDOW: Final = SAMPLE_RATE // 50
SILENT_DB: Final = -120.0
QUIET_DB: Final = -75.0
"""Level of the loudest 20 ms, in dB of full scale, below which a voice is no longer found."""
STEADY_DB: Final = 1.5
"""Deviation of the levels of a sound that does not change, like hum, hiss and tones."""
SHORT_S: Final = 0.7


@dataclass(frozen=True, slots=True)
class HeardSound:
    """Measures of a sound.

    loudest_db: level of its loudest 20 ms, dB of full scale. deviation_db: of the levels of all of them, infinite where
    it is not known. n_samples: at 16 kHz. n_channels: before they were mixed.
    """

    loudest_db: float
    deviation_db: float
    n_samples: int
    n_channels: int


def no_speech_note(most_speech: float, sound: HeardSound) -> str:
    """Return a sentence without a full stop, or nothing where speech was found.

    most_speech: how much of a frame is speech, 0…1, at most.
    """
    if most_speech >= HEARD:
        return ""
    return f"no speech is heard in it, so that the mouth stays shut: {_reason(sound)}"


class SpeechCheck:
    """Takes the sound of a line and the speech of its frames; knows at the end if speech was found, and if not, why.

    n_channels: of the sound, before it was mixed.
    """

    def __init__(self, n_channels: int = 1) -> None:
        self._n_channels = n_channels
        self._rest = np.zeros(0, np.float32)
        self._n_samples = self._n_levels = 0
        self._loudest_db, self._sum_db, self._sum_db2 = -np.inf, 0.0, 0.0
        self._most_speech = 0.0

    def hear(self, samples: Floats) -> None:
        """Take (n,) mono sound at 16 kHz."""
        self._n_samples += len(samples)
        samples = np.concatenate([self._rest, samples])
        n_windows = len(samples) // WINDOW
        self._rest = samples[n_windows * WINDOW :]
        if n_windows:
            windows = samples[: n_windows * WINDOW].reshape(n_windows, WINDOW).astype(np.float64)
            self._add_levels(10 * np.log10((windows**2).mean(axis=1) + 1e-20))

    def see(self, speech: Floats) -> None:
        """Take how much of each frame is speech, (F,) 0…1."""
        self._most_speech = max(self._most_speech, float(speech.max(initial=0.0)))

    def note(self) -> str:
        """Return what `no_speech_note` returns for the line."""
        n = max(1, self._n_levels)
        deviation_db = float(np.sqrt(max(0.0, self._sum_db2 / n - (self._sum_db / n) ** 2)))
        heard = HeardSound(self._loudest_db, deviation_db, self._n_samples, self._n_channels)
        return no_speech_note(self._most_speech, heard)

    def _add_levels(self, levels_db: Doubles) -> None:
        self._loudest_db = max(self._loudest_db, float(levels_db.max()))
        self._n_levels += len(levels_db)
        self._sum_db += float(levels_db.sum())
        self._sum_db2 += float((levels_db**2).sum())


def _reason(sound: HeardSound) -> str:
    """The first that applies."""
    reasons = (
        (sound.loudest_db < SILENT_DB, "it is silent"),
        (sound.loudest_db < QUIET_DB, f"it is very quiet ({sound.loudest_db:.0f} dB at its loudest); raise its level"),
        (sound.n_samples < SHORT_S * SAMPLE_RATE, "it is short, and a vowel alone is not always taken for speech"),
        (sound.deviation_db < STEADY_DB, "it is a steady tone, hum or noise"),
        (sound.n_channels > 1, f"it is music or noise, or one of its {sound.n_channels} channels has the voice alone"),
    )
    return next((reason for applies, reason in reasons if applies), "it is music or noise, or they drown the voice")
