"""Vowels cut from recordings with phone times, and vowels of formants: what cries and held notes are made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from scipy.signal import lfilter

from export.data.corpora import is_held_out
from export.data.speech.phones import CLASSES, classes_of
from export.data.speech.voices import Segment, read_pcm
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

Rng = np.random.Generator
NAMES: Final = ("i", "e", "ae", "aa", "uh", "o", "u", "y")
VOWELS: Final = frozenset(CLASSES.index(name) for name in NAMES)
SHORTEST_S: Final = 0.12
FADE_S: Final = 0.01
ONE_IN: Final = 10
"""Of so many recordings one judges; none of its vowels teaches as a cry."""
FORMANTS: Final = {
    "i": (270, 2290, 3010),
    "e": (530, 1840, 2480),
    "ae": (660, 1720, 2410),
    "aa": (730, 1090, 2440),
    "uh": (520, 1190, 2390),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
"""Hertz, means of 33 men (Peterson & Barney 1952, J. Acoust. Soc. Am. 24)."""
BANDWIDTHS: Final = (70.0, 100.0, 150.0, 250.0)
FOURTH_FORMANT: Final = 3400.0


@dataclass(frozen=True, slots=True, eq=False)
class Vowel:
    """A vowel in its recording. kind: class number. pcm: (n,) of the whole recording at 16 kHz, in which it sounds."""

    kind: int
    pcm: Floats
    start_s: float
    end_s: float

    @property
    def alone(self) -> Floats:
        """The (n,) vowel by itself, faded in and out."""
        return faded(self.pcm[round(self.start_s * SAMPLE_RATE) : round(self.end_s * SAMPLE_RATE)])


@dataclass(frozen=True, slots=True)
class Aligned:
    """A recording whose phones are known. number: among all such. file: in the folder of speech."""

    number: int
    file: str
    symbols: str
    phones: list[Segment]


def cut_vowels(data: Path, cache: Path, judging: bool, shortest_s: float = SHORTEST_S) -> Iterator[Vowel]:
    """Yield the long vowels of recordings whose phones are known: of those that judge, or of those that teach."""
    for recording in aligned_recordings(data, cache, judging):
        if any(_kind(phone, recording.symbols, shortest_s) for phone in recording.phones):
            yield from vowels_of(recording, read_pcm(data / "speech" / recording.file), shortest_s)


def vowels_of(recording: Aligned, pcm: Floats, shortest_s: float = SHORTEST_S) -> list[Vowel]:
    """Return the long vowels of a recording, (n,) at 16 kHz."""
    rows = (_kind(phone, recording.symbols, shortest_s) for phone in recording.phones)
    return [Vowel(row[0], pcm, row[1], row[2]) for row in rows if row and row[2] * SAMPLE_RATE <= len(pcm)]


def aligned_recordings(data: Path, cache: Path, judging: bool) -> Iterator[Aligned]:
    """Yield one recording in ten if they judge, the others if they teach; speakers who are held out never teach."""
    given = (data / "speech" / "alignments.jsonl").read_text(encoding="utf-8").splitlines()
    found = (cache / "aligned_speech.jsonl").read_text(encoding="utf-8").splitlines()
    for number, row in enumerate(map(json.loads, chain(given, found))):
        is_judge = number % ONE_IN == ONE_IN - 1
        if is_judge is judging and (judging or not is_held_out(row.get("speaker", ""))):
            told = "emodb" if row["file"].startswith("emodb") else "ipa"
            yield Aligned(number, row["file"], "arpabet" if "speaker" in row else told, row["phones"])


def faded(pcm: Floats) -> Floats:
    """Return a sound without clicks at its ends."""
    n = min(round(FADE_S * SAMPLE_RATE), len(pcm) // 2)
    ramp = np.ones(len(pcm), np.float32)
    ramp[:n], ramp[len(pcm) - n :] = np.linspace(0, 1, n), np.linspace(1, 0, n)
    return np.asarray(pcm * ramp, np.float32)


def formant_vowel(name: str, pitch_hz: Floats, stretch: float = 1.0, breath: float = 0.02, seed: int = 0) -> Floats:
    """Return (n,) a vowel of (n,) pitch: pulses and breath through resonators. stretch: of the formants, up for
    children.

    Source: falling 12 dB per octave, radiation +6 (Klatt 1980, J. Acoust. Soc. Am. 67).
    """
    phase = np.cumsum(pitch_hz) / SAMPLE_RATE
    pulses = np.diff(np.floor(phase), prepend=0.0)
    source = lfilter([1], [1, -0.95], pulses) + breath * np.random.default_rng(seed).standard_normal(len(pitch_hz))
    for hertz, band in zip((*FORMANTS[name], FOURTH_FORMANT), BANDWIDTHS, strict=True):
        radius, angle = np.exp(-np.pi * band / SAMPLE_RATE), 2 * np.pi * min(hertz * stretch, 7500) / SAMPLE_RATE
        poles = [1, -2 * radius * np.cos(angle), radius**2]
        source = lfilter([sum(poles)], poles, source)
    return faded(np.asarray(0.3 * source / (np.abs(source).max() + 1e-9), np.float32))


def _kind(phone: Segment, symbols: str, shortest_s: float) -> tuple[int, float, float] | None:
    name, start, end = phone
    classes = classes_of(name, symbols)
    is_vowel = bool(classes) and set(classes or ()) <= VOWELS and end - start >= shortest_s
    return (classes[0], start, end) if is_vowel and classes else None
