"""Training corpora in the cache: mel powers, phone labels and motion of many utterances in flat arrays.

Everything lies on one 10 ms grid. Mel frame k ends at sample (k+1)·160; label and motion j belong to time j·10 ms.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from export.data.motion.films import Talk, read_talks
from export.data.speech.phones import SILENCE, frame_labels
from export.data.speech.voices import Segment, read_pcm
from space_runtime.animation.stages.features import FRAME_HOP, N_MELS, TAIL, WINDOW, mel_power
from space_runtime.arrays import Floats, Longs
from space_runtime.timebase import HOP

log = logging.getLogger("corpora")
POWER_FLOOR = 1e-12
EFFORTS: Final = {"anger": 1.25, "happiness": 1.1, "neutral": 1.0, "sadness": 0.8}
"""How far the mouth moves under an acted emotion against plain speech, by hand: nobody filmed these actors."""
JUDGES: Final = ("14", "16")
"""Endings of the names of the actors by whom effort is judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """mel: (N, 48) float16 natural logarithms of power. labels: (N,) classes. offsets: (n+1,) first frames.

    motion: (N, K) motion weights, or (0, 0) where nobody was filmed. n_voices: every utterance is there so many times
    in a row, first in the speaker's own voice. groups: (n,) the number of who was filmed in every utterance, or of the
    kind of a sound, in rising order; empty where nobody tells. efforts: (n,) how far an utterance moves the mouth for
    its effort, 1 as in plain speech; empty where all are plain. hard: (m,) frames in rising order that are drawn more
    often, see `export.training.hard_negatives`.
    """

    name: str
    mel: NDArray[np.float16]
    labels: NDArray[np.uint8]
    offsets: Longs
    motion: Floats
    n_voices: int = 1
    groups: Longs = field(default_factory=lambda: np.zeros(0, np.int64))
    efforts: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    hard: Longs = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def n_groups(self) -> int:
        """The number of people who were filmed, or of kinds of sounds; 1 where nobody tells."""
        return int(self.groups[-1]) + 1 if len(self.groups) else 1

    def utterances_of(self, group: int) -> range:
        """Return the numbers of a group's utterances."""
        if not len(self.groups):
            return range(len(self.offsets) - 1)
        first, last = np.searchsorted(self.groups, [group, group + 1])
        return range(int(first), int(last))

    def effort_of(self, row: int) -> float:
        """Return the effort of an utterance."""
        return float(self.efforts[row]) if len(self.efforts) else 1.0

    @property
    def has_motion(self) -> bool:
        """True if the speaker was filmed."""
        return self.motion.size > 0


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One utterance of a corpus, see `Corpus`."""

    mel: NDArray[np.float16]
    labels: NDArray[np.uint8]
    motion: Floats | None = None
    group: int | None = None
    effort: float = 1.0


def write_corpus(path: Path, rows: Iterable[Row]) -> None:
    """Write the utterances as one npz file."""
    listed = [row for row in rows if len(row.mel) > 20]
    offsets = np.cumsum([0] + [len(row.mel) for row in listed])
    motion = [row.motion for row in listed if row.motion is not None]
    np.savez(
        path,
        mel=np.concatenate([row.mel for row in listed]),
        labels=np.concatenate([row.labels for row in listed]),
        offsets=offsets,
        motion=np.concatenate(motion) if motion else np.zeros((0, 0), np.float32),
        groups=np.array([row.group for row in listed if row.group is not None], np.int64),
        efforts=np.array([row.effort for row in listed], np.float32),
    )


def read_corpus(path: Path) -> Corpus:
    """Return a corpus that `write_corpus` wrote."""
    with np.load(path) as archive:
        return Corpus(path.stem, **archive)


def read_parts(name: str, paths: list[Path]) -> Corpus:
    """Return several corpora without motion as one of that name."""
    parts = [read_corpus(path) for path in paths]
    starts = np.cumsum([0] + [len(part.labels) for part in parts])
    offsets = [part.offsets[:-1] + start for part, start in zip(parts, starts, strict=False)]
    return Corpus(
        name,
        np.concatenate([part.mel for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([*offsets, starts[-1:]]),
        np.zeros((0, 0), np.float32),
        efforts=np.concatenate([_efforts(part) for part in parts]),
    )


def _efforts(part: Corpus) -> Floats:
    return part.efforts if len(part.efforts) else np.ones(len(part.offsets) - 1, np.float32)


def log_powers(pcm: Floats) -> NDArray[np.float16]:
    """Return (n, 48) logarithms of the mel powers of (samples,) speech, frame by frame as the runtime computes them."""
    n_hops = len(pcm) // HOP
    padded = np.concatenate([np.zeros(TAIL, np.float32), pcm[: n_hops * HOP].astype(np.float32)])
    powers = [mel_power(padded[i * HOP : i * HOP + WINDOW]) for i in range(n_hops)]
    flat = np.concatenate(powers) if powers else np.zeros((0, N_MELS), np.float32)
    return np.log(np.maximum(flat, POWER_FLOOR)).astype(np.float16)


def labelled_row(pcm: Floats, phones: list[Segment], symbols: str, effort: float = 1.0) -> Row:
    """Return speech with known phones as a row."""
    mel = log_powers(pcm)
    return Row(mel, frame_labels(phones, symbols, len(mel)), effort=effort)


def recorded_rows(data: Path, cache: Path) -> Iterable[Row]:
    """Yield recordings: English as pocketsphinx aligned it, Dutch and German with the alignments they came with."""
    for line in (cache / "aligned_speech.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not is_held_out(row["speaker"]):
            yield labelled_row(read_pcm(data / "speech" / row["file"]), row["phones"], "arpabet")
    yield from (row for _, row in rows_with_alignments(data))


def rows_with_alignments(data: Path) -> Iterable[tuple[str, Row]]:
    """Yield the files and rows of the recordings that came with alignments; those of actors have an effort."""
    efforts = acted_efforts(data)
    for line in (data / "speech" / "alignments.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        symbols = "emodb" if row["file"].startswith("emodb") else "ipa"
        try:
            pcm = read_pcm(data / "speech" / row["file"])
        except soundfile.SoundFileError as error:
            log.warning("left out: speech/%s cannot be read (%s); restore it", row["file"], error)
            continue
        yield row["file"], labelled_row(pcm, row["phones"], symbols, efforts.get(row["file"], 1.0))


def acted_efforts(data: Path, judging: bool = False) -> dict[str, float]:
    """Return the effort of acted recordings by file: of the actors who teach it, or of those who judge."""
    lines = (data / "speech" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    acted = [row for row in map(json.loads, lines) if row["file"].startswith("emodb/") and row["emotion"] in EFFORTS]
    return {row["file"]: EFFORTS[row["emotion"]] for row in acted if row["speaker"].endswith(JUDGES) == judging}


def is_held_out(speaker: str) -> bool:
    """Return whether a recorded speaker is kept for evaluation: those of speechocean762 whose number ends in 9."""
    return speaker.startswith("speechocean762:") and speaker.endswith("9")


def sound_rows(folder: Path, files: list[tuple[str, int]]) -> Iterable[Row]:
    """Yield sounds that are no speech, files and the rising numbers of their kinds: silence, as far as a face is
    concerned."""
    for file, kind in files:
        mel = log_powers(read_pcm(folder / file))
        yield Row(mel, np.full(len(mel), SILENCE, np.uint8), group=kind)


def aligned_talks(data: Path, cache: Path, name: str) -> list[tuple[Talk, list[Segment]]]:
    """Return the filmed sentences that could be aligned, with their phones."""
    lines = (cache / f"aligned_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    phones = {row["clip"]: row["phones"] for row in map(json.loads, lines)}
    return [(talk, phones[talk.clip]) for talk in read_talks(data, name, cache) if phones[talk.clip]]


assert HOP == 2 * FRAME_HOP
