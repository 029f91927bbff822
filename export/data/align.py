"""Forced alignment of English recordings with pocketsphinx (two passes, best-path search off: with it most clips fail).

pocketsphinx is needed here alone. It rewards clean transcripts: clips that do not align are left out.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache as once
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile

from export.data.motion.films import film_sound
from export.data.speech.voices import Segment, read_pcm
from export.data.store import N_PROCESSES
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from pocketsphinx import Decoder

ALIGNED_SOURCES: Final = frozenset(
    {
        "rhasspy/dataset-voice-kathleen",
        "PhilippMatthes/dc_tts",
        "coqui-ai/TTS",
        "pocketsphinx",
        "whisper.cpp",
        "speechocean762",
    }
)
"""Sources in the manifest whose English has a text."""
LONGEST_PHONE_S: Final = 0.6
"""A phone that lasts longer was stretched over something that is not in the text."""
LEAST_CONTRAST: Final = 4.0
"""Least power ratio of vowels to pauses: below it the words lie beside their sound."""
AT_ONCE: Final = 20
"""Recordings that a process takes at a time."""
log = logging.getLogger("align")
FRAME_S: Final = 0.01
VERSION: Final = "2"
"""Counts changes of the code below that change an alignment."""


def align_speech(data: Path, output: Path) -> None:
    """Align the English recordings of ``data/speech``; a row each into ``output``."""
    chosen = list(_chosen_rows(data / "speech" / "manifest.jsonl"))
    with output.open("w", encoding="utf-8") as rows, ProcessPoolExecutor(N_PROCESSES) as pool:
        found = pool.map(partial(_align_recording, data), chosen, chunksize=AT_ONCE)
        for row, phones in zip(chosen, found, strict=True):
            if phones:
                rows.write(json.dumps({"file": row["file"], "speaker": row["speaker"], "phones": phones}) + "\n")


def _align_recording(data: Path, row: dict[str, str]) -> list[Segment]:
    """Return the phones of one recording, none where it cannot be read or its alignment cannot be true."""
    try:
        pcm = read_pcm(data / "speech" / row["file"])
    except soundfile.SoundFileError as error:
        log.warning("left out: speech/%s cannot be read (%s); restore it", row["file"], error)
        return []
    phones = align(pcm, row["text"])
    return phones if phones and fits(pcm, phones) else []


def align_grid(data: Path, name: str, output: Path) -> None:
    """Align the sentences of a tracked GRID recording; a row each into ``output``."""
    folder = data / "talking_heads"
    pcm = read_pcm(film_sound(data, name))
    with output.open("w", encoding="utf-8") as rows:
        for clip in json.loads((folder / f"{name}.json").read_text()):
            part = pcm[clip["first_sample"] : clip["first_sample"] + clip["n_samples"]]
            phones = align(part, clip["text"], letters=True)
            rows.write(json.dumps({"clip": clip["clip"], "phones": phones}) + "\n")


def align(pcm: Floats, text: str, letters: bool = False) -> list[Segment]:
    """Return the ARPAbet phones of (n,) speech at 16 kHz, pauses as ``pau``; empty when the text does not fit or has a
    word that the dictionary lacks: what is left out would be taken for its neighbours.

    letters: single letters in the text are spelled (GRID's ``a`` is the letter, not the article).
    """
    decoder = _decoder()
    words = _words(decoder, text, letters)
    if not words or any(decoder.lookup_word(word) is None for word in words):
        return []
    samples = (pcm / (np.abs(pcm).max() + 1e-9) * 0.9 * 32767).astype(np.int16).tobytes()
    try:
        decoder.set_align_text(" ".join(words))
        _decode(decoder, samples)
        if decoder.hyp() is None:
            return []
        decoder.set_alignment()
        _decode(decoder, samples)
        return [_segment(word.name, phone) for word in decoder.get_alignment() for phone in word]
    except RuntimeError:
        return []


@once
def _decoder() -> Decoder:
    from pocketsphinx import Decoder

    return Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", lm=None, bestpath=False)


def _decode(decoder: Decoder, samples: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()


def _segment(word: str, phone: object) -> Segment:
    name, start, duration = phone.name, phone.start, phone.duration  # type: ignore[attr-defined]
    pause = word.startswith("<") or name in {"SIL", "+NSN+", "+SPN+"}
    return ("pau" if pause else name, round(start * FRAME_S, 2), round((start + duration) * FRAME_S, 2))


def _words(decoder: Decoder, text: str, letters: bool) -> list[str]:
    if letters and decoder.lookup_word("letter_a") is None:
        decoder.add_word("letter_a", "EY", True)
        decoder.add_word("letter_z", "Z EH D", True)
    words = re.sub(r"[^a-z' ]", " ", text.lower()).split()
    spelled = {"a": "letter_a", "z": "letter_z"} if letters else {}
    return [spelled.get(word, word) for word in words]


def _chosen_rows(manifest: Path) -> Iterator[dict[str, str]]:
    for line in manifest.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["source"] in ALIGNED_SOURCES and row["text"]:
            yield row


def fits(pcm: Floats, phones: list[Segment]) -> bool:
    """Return whether an alignment of (n,) speech can be true: no phone for ever, vowels louder than pauses."""
    spoken = [(name, start, end) for name, start, end in phones if name != "pau"]
    if not spoken or max(end - start for _, start, end in spoken) > LONGEST_PHONE_S:
        return False
    vowels = [(start, end) for name, start, end in spoken if name[0] in "AEIOU"]
    pauses = [(start, end) for name, start, end in phones if name == "pau"]
    return not vowels or not pauses or _power(pcm, vowels) > LEAST_CONTRAST * _power(pcm, pauses)


def _power(pcm: Floats, spans: list[tuple[float, float]]) -> float:
    parts = [pcm[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] for start, end in spans]
    return float(np.mean(np.concatenate(parts) ** 2)) if parts else 0.0
