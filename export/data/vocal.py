"""Samples that teach that mouths do more than talk: cries, held vowels and laughter, and lines in changed voices.

All of it is made from recordings with phone times, so it has labels like speech and is taught motion like it. The
recordings that judge (`export.data.speech.vowels.ONE_IN`) make none of it. pyworld is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from export.data.corpora import Row, labelled_row, log_powers
from export.data.speech.phones import CLASSES, SILENCE
from export.data.speech.voices import read_pcm
from export.data.speech.vowels import FORMANTS, Aligned, aligned_recordings, formant_vowel, vowels_of
from export.data.store import N_PROCESSES
from space_runtime.arrays import Floats

Rng = np.random.Generator
VERSION: Final = "4"
SEED: Final = 17
LINES, CRIES, CUT = 0.25, 0.06, 0.3
"""Shares of the recordings that are said in a changed voice, and of the long vowels that become cries, or are cut out
for `cut_rows`."""
EFFORTS: Final = {"scream": 1.5, "bark": 1.3, "held": 1.1, "sing": 1.1, "grunt": 0.9, "whisper": 0.75}
"""How far the mouth opens in a cry against the vowel in a sentence; by hand, nobody was filmed."""
N_FORMANT_ROWS: Final = 300
AT_ONCE: Final = 20
log = logging.getLogger("vocal")
Maker = Callable[[Aligned, Floats], list[Row]]
"""Makes rows of a recording and its (n,) samples at 16 kHz."""


def vocal_rows(data: Path, cache: Path) -> Iterator[Row]:
    """Yield the rows; some recordings at a time in every process."""
    yield from _from_recordings(_cries_and_lines, data, cache)
    yield from _formant_rows(1)


def cut_rows(data: Path, cache: Path) -> Iterator[Row]:
    """Yield vowels alone in silence, as they were recorded or made of formants: what tells the shortest cry from a note
    of music within 100 ms is learned from many of both."""
    yield from _from_recordings(_cut_vowels, data, cache)
    yield from _formant_rows(3)


def _from_recordings(make: Maker, data: Path, cache: Path) -> Iterator[Row]:
    """Yield what is made of every recording that teaches."""
    recordings = list(aligned_recordings(data, cache, judging=False))
    with ProcessPoolExecutor(N_PROCESSES) as pool:
        for rows in pool.map(partial(_rows_of, make, data), recordings, chunksize=AT_ONCE):
            yield from rows


def _rows_of(make: Maker, data: Path, recording: Aligned) -> list[Row]:
    try:
        pcm = read_pcm(data / "speech" / recording.file)
    except soundfile.SoundFileError as error:
        log.warning("left out: speech/%s cannot be read (%s); restore it", recording.file, error)
        return []
    return make(recording, pcm)


def _cries_and_lines(recording: Aligned, pcm: Floats) -> list[Row]:
    from export.data.speech.changed_voices import changed_at_random
    from export.data.speech.cries import KINDS, cry

    rng = np.random.default_rng((SEED, 0, recording.number))
    rows = []
    for vowel in vowels_of(recording, pcm):
        if rng.random() < CRIES:
            sound = cry(str(rng.choice(list(KINDS))), vowel, rng)
            rows.append(_row(sound.pcm, sound.labels, EFFORTS.get(sound.kind, 1.0)))
    if rng.random() < LINES:
        rows.append(labelled_row(changed_at_random(pcm, rng), recording.phones, recording.symbols))
    return rows


def _cut_vowels(recording: Aligned, pcm: Floats) -> list[Row]:
    from export.data.speech.cries import cry

    rng = np.random.default_rng((SEED, 2, recording.number))
    cut = [cry("cut", vowel, rng) for vowel in vowels_of(recording, pcm) if rng.random() < CUT]
    return [_row(sound.pcm, sound.labels) for sound in cut]


def _formant_rows(purpose: int) -> Iterator[Row]:
    """Yield vowels of formants; other ones for every number of a purpose."""
    for number in range(N_FORMANT_ROWS):
        yield _formant_row(np.random.default_rng((SEED, purpose, number)))


def _formant_row(rng: Rng) -> Row:
    """Return one to three vowels of formants with pauses, of a man's, woman's, child's or creature's size."""
    sounds, labels = [np.zeros(3200, np.float32)], [np.full(20, SILENCE, np.uint8)]
    stretch, height = float(rng.uniform(0.8, 1.4)), float(np.exp(rng.uniform(np.log(70), np.log(500))))
    for _ in range(int(rng.integers(1, 4))):
        name, n = str(rng.choice(list(FORMANTS))), int(rng.integers(12, 150))
        contour = np.interp(np.arange(n * 160), np.linspace(0, n * 160, 4), rng.uniform(0.8, 1.2, 4))
        pitch = np.asarray(height * contour, np.float32)
        vowel = formant_vowel(name, pitch, stretch, float(rng.uniform(0, 0.2)), int(rng.integers(1 << 30)))
        pause = int(rng.integers(5, 60))
        sounds += [vowel * np.float32(rng.uniform(0.2, 1.0)), np.zeros(pause * 160, np.float32)]
        labels += [np.full(n, CLASSES.index(name), np.uint8), np.full(pause, SILENCE, np.uint8)]
    return _row(np.concatenate(sounds), np.concatenate(labels))


def _row(pcm: Floats, labels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], effort: float = 1.0) -> Row:
    mel = log_powers(pcm)
    return Row(mel, labels[: len(mel)], effort=effort)
