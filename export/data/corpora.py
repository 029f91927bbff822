"""Training corpora in the cache: mel powers, phone labels and motion of many utterances in flat arrays.

Everything lies on one 10 ms grid. Mel frame k ends at sample (k+1)·160; label and motion j belong to time j·10 ms.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.data.motion import Talk, read_talks, resample_track
from export.data.motion_space import BREATH_S, LEAD_IN_S, MotionSpace, rest_of, speech_envelope
from export.data.phones import frame_labels
from export.data.voices import Segment, read_pcm
from space_runtime.geometry import Floats
from space_runtime.stages.features import FRAME_HOP, N_MELS, TAIL, WINDOW, mel_power
from space_runtime.timebase import HOP

POWER_FLOOR = 1e-12
ACROSS = np.array([1, 0, 0], np.float32)
"""The axis of the mouth's width."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """mel: (N, 48) float16 natural logarithms of power. labels: (N,) classes. offsets: (n+1,) first frames.

    motion: (N, K) motion weights, or (0, 0) where nobody was filmed.
    """

    name: str
    mel: NDArray[np.float16]
    labels: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    motion: Floats

    @property
    def has_motion(self) -> bool:
        """Whether the speaker was filmed."""
        return self.motion.size > 0


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One utterance of a corpus, see `Corpus`."""

    mel: NDArray[np.float16]
    labels: NDArray[np.uint8]
    motion: Floats | None = None


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
    )


def read_corpus(path: Path) -> Corpus:
    """Return a corpus that `write_corpus` wrote."""
    with np.load(path) as archive:
        return Corpus(path.stem, archive["mel"], archive["labels"], archive["offsets"], archive["motion"])


def data_hash(paths: list[Path]) -> str:
    """Return one SHA-256 over the contents of all files, for the checkpoint."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def log_powers(pcm: Floats) -> NDArray[np.float16]:
    """Return (n, 48) logarithms of the mel powers of (samples,) speech, frame by frame as the runtime computes them."""
    n_hops = len(pcm) // HOP
    padded = np.concatenate([np.zeros(TAIL, np.float32), pcm[: n_hops * HOP].astype(np.float32)])
    powers = [mel_power(padded[i * HOP : i * HOP + WINDOW]) for i in range(n_hops)]
    flat = np.concatenate(powers) if powers else np.zeros((0, N_MELS), np.float32)
    return np.log(np.maximum(flat, POWER_FLOOR)).astype(np.float16)


def labelled_row(pcm: Floats, phones: list[Segment], symbols: str) -> Row:
    """Return speech with known phones as a row."""
    mel = log_powers(pcm)
    return Row(mel, frame_labels(phones, symbols, len(mel)))


def synthetic_rows(cache: Path) -> Iterable[Row]:
    """Yield what `export.data.synth` spoke."""
    for line in (cache / "synth" / "index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield labelled_row(read_pcm(cache / "synth" / row["file"]), row["phones"], row["symbols"])


def recorded_rows(data: Path, cache: Path) -> Iterable[Row]:
    """Yield recordings: English as pocketsphinx aligned it, Dutch and German with the alignments they came with."""
    for line in (cache / "aligned_speech.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield labelled_row(read_pcm(data / "speech" / row["file"]), row["phones"], "arpabet")
    for line in (data / "speech" / "alignments.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        symbols = "emodb" if row["file"].startswith("emodb") else "ipa"
        yield labelled_row(read_pcm(data / "speech" / row["file"]), row["phones"], symbols)


def filmed_rows(data: Path, cache: Path, space: MotionSpace, name: str = "grid_s1") -> Iterable[Row]:
    """Yield filmed sentences with their motion."""
    for talk, phones in aligned_talks(data, cache, name):
        mel = log_powers(talk.pcm)
        moved = talk.landmarks - rest_of(talk, phones, space.rest)
        motion = np.zeros((len(mel), len(space.basis)), np.float32)
        for axes, lead_in_s in ((ACROSS, LEAD_IN_S), (1 - ACROSS, BREATH_S)):
            part = resample_track(space.weights(moved * axes), talk.fps, len(mel))
            motion += part * speech_envelope(phones, len(mel), lead_in_s)[:, None]
        yield Row(mel, frame_labels(phones, "arpabet", len(mel)), motion)


def aligned_talks(data: Path, cache: Path, name: str) -> list[tuple[Talk, list[Segment]]]:
    """Return the filmed sentences that could be aligned, with their phones."""
    lines = (cache / f"aligned_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    phones = {row["clip"]: row["phones"] for row in map(json.loads, lines)}
    return [(talk, phones[talk.clip]) for talk in read_talks(data, name) if phones[talk.clip]]


assert HOP == 2 * FRAME_HOP
