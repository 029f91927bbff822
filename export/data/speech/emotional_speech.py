"""Recorded speech with and without emotion, measured as the runtime measures it (`space_runtime.voice.features`).

EmoDB's ten actors give joy, sadness, anger and neutral; sentences that adults read in other corpora are neutral too,
and teach that an unknown voice, room or language is no emotion. Each recording also comes changed: another microphone
(a random curve over frequency), noise, and of the actors a piece of two seconds, because the runtime hears pieces.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from export.data.speech.voices import read_pcm
from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.emotion import Emotion
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.voice.emotion import LEAST_VOICED_S
from space_runtime.voice.features import measure

ACTED: Final = "EmoDB via hkveeranki"
ELSEWHERE: Final = ("Audio2Face-3D-Samples", "thorsten")
"""Sources with a few emotional lines in other voices and languages: never trained on, looked at afterwards."""
CHILDREN: Final = "child"
EMOTIONS: Final = {
    "neutral": Emotion.NEUTRAL,
    "happiness": Emotion.HAPPY,
    "joy": Emotion.HAPPY,
    "sadness": Emotion.SAD,
    "anger": Emotion.ANGRY,
    "angry": Emotion.ANGRY,
}
"""Emotion of each of the manifest's words; other words have no label here."""
READ_PER_SPEAKER: Final = 40
READ_PER_LEARNER: Final = 3
"""Sentences of each speaker of a read corpus; of speechocean762, which has hundreds of speakers, fewer."""
VARIANTS_ACTED, VARIANTS_READ = 4, 2
PIECE_S: Final = (1.8, 3.5)
"""Read sentences are cut to the length of the actors', which else would tell them apart."""
SEED: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """N pieces of speech. values: (N, 90). words, speakers, sources, files: (N,) text, as the manifest has it.

    variant: (N,) 0 as it was recorded, else changed. skipped: files that could not be read or hold too little voice.
    """

    values: Doubles
    words: NDArray[np.str_]
    speakers: NDArray[np.str_]
    sources: NDArray[np.str_]
    files: NDArray[np.str_]
    variant: Longs
    skipped: NDArray[np.str_]


Row = dict[str, str]


def measured_speech(data: Path, cache: Path) -> Measurements:
    """Return the measurements of the speech in ``data``, from ``cache`` where nothing that they depend on has changed.

    Raises `UsageError` naming the manifest when the data are not there.
    """
    manifest = data / "speech" / "manifest.jsonl"
    if not manifest.is_file():
        raise UsageError(f"{manifest} is missing; name the folder of the training data with --data")
    path = cache / f"voice_emotion_{_key(manifest)}.npz"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        measured = _measure_all(manifest)
        np.savez(path, **{name: getattr(measured, name) for name in Measurements.__slots__})
    with np.load(path, allow_pickle=False) as archive:
        return Measurements(*(archive[name] for name in Measurements.__slots__))


def _key(manifest: Path) -> str:
    """A hash of the manifest, of this file and of what the runtime measures on a sound that is always the same."""
    digest = hashlib.sha256(manifest.read_bytes() + Path(__file__).read_bytes())
    rate = 0.12 + 0.03 * np.sin(np.arange(SAMPLE_RATE) / 2_000)
    buzz = np.sin(np.cumsum(rate)) + np.random.default_rng(SEED).normal(0, 0.1, SAMPLE_RATE)
    digest.update(measure(buzz.astype(np.float32), LEAST_VOICED_S).values.astype(np.float32).round(3).tobytes())
    return digest.hexdigest()[:12]


def _measure_all(manifest: Path) -> Measurements:
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    values, kept, variants, skipped = [], [], [], []
    for number, row in enumerate(_chosen(rows)):
        rng = np.random.default_rng((SEED, number))
        try:
            pieces = _pieces(row, read_pcm(manifest.parent / row["file"]), rng)
        except (OSError, soundfile.LibsndfileError):
            skipped.append(row["file"])
            continue
        for variant, piece in pieces:
            measured = measure(piece, LEAST_VOICED_S)
            if measured.voiced_s < LEAST_VOICED_S:
                skipped.append(row["file"])
                continue
            values.append(measured.values)
            kept.append(row)
            variants.append(variant)
    words, speakers, sources, files = (
        np.array([row[key] for row in kept]) for key in ("emotion", "speaker", "source", "file")
    )
    return Measurements(np.array(values), words, speakers, sources, files, np.array(variants), np.array(skipped))


def _chosen(rows: list[Row]) -> list[Row]:
    """All acted lines, and some sentences of every adult who reads."""
    special = {ACTED, *ELSEWHERE}
    by_speaker: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["source"] not in special and CHILDREN not in (row["accent"] or ""):
            by_speaker[row["speaker"]].append(row)
    rng = np.random.default_rng(SEED)
    read = []
    for lines in by_speaker.values():
        n = READ_PER_LEARNER if lines[0]["source"] == "speechocean762" else READ_PER_SPEAKER
        read += [lines[k] for k in sorted(rng.permutation(len(lines))[:n])]
    return [row for row in rows if row["source"] in special] + read


def _pieces(row: Row, pcm: Floats, rng: np.random.Generator) -> list[tuple[int, Floats]]:
    """The sounds of a line to measure, with the number of their variant."""
    if row["source"] in ELSEWHERE:
        n = max(1, round(len(pcm) / (2 * SAMPLE_RATE)))
        return [(0, piece) for piece in np.array_split(pcm, n)]
    if row["source"] == ACTED:
        changed = [_elsewhere(pcm, rng) for _ in range(1, VARIANTS_ACTED)]
        return list(enumerate([pcm, *changed[:-1], _piece(changed[-1], 2.0, rng)]))
    cut = _piece(pcm, rng.uniform(*PIECE_S), rng)
    return list(enumerate([cut, *(_elsewhere(cut, rng) for _ in range(1, VARIANTS_READ))]))


def _piece(pcm: Floats, seconds: float, rng: np.random.Generator) -> Floats:
    n = int(seconds * SAMPLE_RATE)
    if len(pcm) <= n:
        return pcm
    first = int(rng.integers(0, len(pcm) - n))
    return pcm[first : first + n]


_KNOTS_HZ: Final = np.array([0, 100, 250, 500, 1000, 2000, 4000, 8000.0])
EQUALISER_DB: Final = 2.0
"""Standard deviation of the random walk of gain from knot to knot."""


def _elsewhere(pcm: Floats, rng: np.random.Generator) -> Floats:
    """The sound through another microphone, most times in another room's noise (12…45 dB below, white or pink)."""
    n = len(pcm)
    n_fft = 1 << (n - 1).bit_length()
    hz = np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE)
    walk = np.cumsum(rng.normal(0, EQUALISER_DB, len(_KNOTS_HZ)))
    gain = 10 ** (np.interp(np.log(hz + 50), np.log(_KNOTS_HZ + 50), walk - walk.mean()) / 20)
    heard = np.fft.irfft(np.fft.rfft(pcm, n_fft) * gain, n_fft)[:n]
    if rng.random() < 0.7:
        colour = np.sqrt(hz + 50) if rng.random() < 0.5 else np.ones(len(hz))
        noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(n_fft)) / colour, n_fft)[:n]
        ratio = np.sqrt(np.square(heard).mean() / np.square(noise).mean())
        heard = heard + noise * ratio * 10 ** (-rng.uniform(12, 45) / 20)
    return heard.astype(np.float32)
