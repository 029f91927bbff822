"""Samples that teach that a mouth moves as far as its voice is raised: actors, and recordings said with another effort.

The recordings and actors that judge make none of them. pyworld is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from export.data.corpora import Row, acted_efforts, labelled_row, rows_with_alignments
from export.data.speech.voices import read_pcm
from export.data.speech.vowels import Aligned, aligned_recordings
from export.data.store import N_PROCESSES

VERSION: Final = "1"
SEED: Final = 29
RAISED: Final = 0.2
"""Share of the recordings that are said with another effort."""
EFFORT_RANGE: Final = 0.3
"""Full effort moves the mouth e^0.3 = 1.35 times as far, a soft voice 0.74 times; by hand, nobody was filmed."""
AT_ONCE: Final = 20
log = logging.getLogger("effort")


def effort_rows(data: Path, cache: Path) -> Iterator[Row]:
    """Yield the rows; some recordings at a time in every process."""
    taught = acted_efforts(data)
    yield from (row for file, row in rows_with_alignments(data) if file in taught)
    recordings = list(aligned_recordings(data, cache, judging=False))
    with ProcessPoolExecutor(N_PROCESSES) as pool:
        for row in pool.map(partial(_raised_row, data), recordings, chunksize=AT_ONCE):
            if row is not None:
                yield row


def _raised_row(data: Path, recording: Aligned) -> Row | None:
    """Return a recording with another effort; None if it is not one of `RAISED`."""
    from export.data.speech.changed_voices import raised

    rng = np.random.default_rng((SEED, recording.number))
    if rng.random() >= RAISED:
        return None
    try:
        pcm = read_pcm(data / "speech" / recording.file)
    except soundfile.SoundFileError as error:
        log.warning("left out: speech/%s cannot be read (%s); restore it", recording.file, error)
        return None
    effort = float(rng.uniform(-1, 1))
    factor = float(np.exp(EFFORT_RANGE * effort))
    return labelled_row(raised(pcm, effort), recording.phones, recording.symbols, factor)
