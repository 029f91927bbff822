"""Training corpora in the cache: mel powers, phone labels and motion of many utterances in flat arrays.

Everything lies on one 10 ms grid. Mel frame k ends at sample (k+1)·160; label and motion j belong to time j·10 ms.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from export.data.motion.films import Talk, read_talks, resample_track
from export.data.motion.motion_space import BREATH_S, LEAD_IN_S, MotionSpace, rest_of, speech_envelope
from export.data.speech.phones import SILENCE, frame_labels
from export.data.speech.voices import Segment, read_pcm
from space_runtime.animation.stages.features import FRAME_HOP, N_MELS, TAIL, WINDOW, mel_power
from space_runtime.arrays import Floats, Longs
from space_runtime.timebase import HOP

log = logging.getLogger("corpora")
POWER_FLOOR = 1e-12
VOICE_SEED = 5
ACROSS = np.array([1, 0, 0], np.float32)
"""The axis of the mouth's width."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """mel: (N, 48) float16 natural logarithms of power. labels: (N,) classes. offsets: (n+1,) first frames.

    motion: (N, K) motion weights, or (0, 0) where nobody was filmed. n_voices: every utterance is there so many times
    in a row, first in the speaker's own voice.
    """

    name: str
    mel: NDArray[np.float16]
    labels: NDArray[np.uint8]
    offsets: Longs
    motion: Floats
    n_voices: int = 1

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
    )


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


def recorded_rows(data: Path, cache: Path) -> Iterable[Row]:
    """Yield recordings: English as pocketsphinx aligned it, Dutch and German with the alignments they came with."""
    for line in (cache / "aligned_speech.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not is_held_out(row["speaker"]):
            yield labelled_row(read_pcm(data / "speech" / row["file"]), row["phones"], "arpabet")
    for line in (data / "speech" / "alignments.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        symbols = "emodb" if row["file"].startswith("emodb") else "ipa"
        try:
            pcm = read_pcm(data / "speech" / row["file"])
        except soundfile.SoundFileError as error:
            log.warning("left out: speech/%s cannot be read (%s); restore it", row["file"], error)
            continue
        yield labelled_row(pcm, row["phones"], symbols)


def is_held_out(speaker: str) -> bool:
    """Return whether a recorded speaker is kept for evaluation: those of speechocean762 whose number ends in 9."""
    return speaker.startswith("speechocean762:") and speaker.endswith("9")


def sound_rows(folder: Path, files: list[str]) -> Iterable[Row]:
    """Yield sounds that are no speech: silence, as far as a face is concerned."""
    for file in files:
        mel = log_powers(read_pcm(folder / file))
        yield Row(mel, np.full(len(mel), SILENCE, np.uint8))


def filmed_rows(
    talks: list[tuple[Talk, list[Segment]]], space: MotionSpace, n_voices: int, first: int = 0
) -> Iterable[Row]:
    """Yield filmed sentences with their motion, each in the man's own voice and in ``n_voices`` others.

    The others depend on a sentence's number in the film, which counts from ``first``.
    """
    for number, (talk, phones) in enumerate(talks, first):
        rng = np.random.default_rng((VOICE_SEED, number))
        mel = log_powers(talk.pcm)
        labels, motion = frame_labels(phones, "arpabet", len(mel)), filmed_motion(talk, phones, space, len(mel))
        yield Row(mel, labels, motion)
        if n_voices:
            from export.data.speech.voice_conversion import speak_as_another, take_apart  # needs pyworld

            voice = take_apart(talk.pcm)
            for _ in range(n_voices):
                yield Row(log_powers(speak_as_another(voice, len(talk.pcm), rng)), labels, motion)


def filmed_motion(talk: Talk, phones: list[Segment], space: MotionSpace, n_frames: int) -> Floats:
    """Return the (n_frames, K) motion weights of a filmed sentence, at rest before and after it."""
    moved = talk.landmarks - rest_of(talk, phones, space.rest)
    motion = np.zeros((n_frames, len(space.basis)), np.float32)
    for axes, lead_in_s in ((ACROSS, LEAD_IN_S), (1 - ACROSS, BREATH_S)):
        part = resample_track(space.weights(moved * axes), talk.fps, n_frames)
        motion += part * speech_envelope(phones, n_frames, lead_in_s)[:, None]
    return motion


def aligned_talks(data: Path, cache: Path, name: str) -> list[tuple[Talk, list[Segment]]]:
    """Return the filmed sentences that could be aligned, with their phones."""
    lines = (cache / f"aligned_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    phones = {row["clip"]: row["phones"] for row in map(json.loads, lines)}
    return [(talk, phones[talk.clip]) for talk in read_talks(data, name, cache) if phones[talk.clip]]


assert HOP == 2 * FRAME_HOP
