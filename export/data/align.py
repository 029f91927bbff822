"""Forced alignment of English recordings with pocketsphinx (two passes, best-path search off: with it most clips fail).

pocketsphinx is needed here alone. It rewards clean transcripts: clips that do not align are left out.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from functools import cache as once
from pathlib import Path

import numpy as np
import soundfile
from pocketsphinx import Decoder

from export.data.motion import sound_file
from export.data.voices import Segment, read_pcm
from space_runtime.geometry import Floats
from space_runtime.timebase import SAMPLE_RATE

ALIGNED_SOURCES = {
    "rhasspy/dataset-voice-kathleen": 1,
    "PhilippMatthes/dc_tts": 1,
    "coqui-ai/TTS": 1,
    "pocketsphinx": 1,
    "whisper.cpp": 1,
    "speechocean762": 1,
}
"""Source in the manifest → every how many of its clips are aligned (bounds the time)."""
log = logging.getLogger("align")
FRAME_S = 0.01
VERSION = "1"
"""Counts changes of the code below that change an alignment."""


def align_speech(data: Path, output: Path) -> None:
    """Align the English recordings of ``data/speech``; a row each into ``output``."""
    with output.open("w", encoding="utf-8") as rows:
        for row in _chosen_rows(data / "speech" / "manifest.jsonl"):
            try:
                pcm = read_pcm(data / "speech" / row["file"])
            except soundfile.SoundFileError as error:
                log.warning("left out: speech/%s cannot be read (%s); restore it", row["file"], error)
                continue
            phones = align(pcm, row["text"])
            if phones:
                rows.write(json.dumps({"file": row["file"], "speaker": row["speaker"], "phones": phones}) + "\n")


def align_grid(data: Path, name: str, output: Path) -> None:
    """Align the sentences of a tracked GRID recording; a row each into ``output``."""
    folder = data / "talking_heads"
    pcm = read_pcm(sound_file(data, name))
    with output.open("w", encoding="utf-8") as rows:
        for clip in json.loads((folder / f"{name}.json").read_text()):
            part = pcm[clip["first_sample"] : clip["first_sample"] + clip["n_samples"]]
            phones = align(part, clip["text"], letters=True)
            rows.write(json.dumps({"clip": clip["clip"], "phones": phones}) + "\n")


def align(pcm: Floats, text: str, letters: bool = False) -> list[Segment]:
    """Return the ARPAbet phones of (n,) speech at 16 kHz, pauses as ``pau``; empty when the text does not fit.

    letters: single letters in the text are spelled (GRID's ``a`` is the letter, not the article).
    """
    decoder = _decoder()
    words = _known_words(decoder, text, letters)
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
    return Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", lm=None, bestpath=False)


def _decode(decoder: Decoder, samples: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()


def _segment(word: str, phone: object) -> Segment:
    name, start, duration = phone.name, phone.start, phone.duration  # type: ignore[attr-defined]
    pause = word.startswith("<") or name in {"SIL", "+NSN+", "+SPN+"}
    return ("pau" if pause else name, round(start * FRAME_S, 2), round((start + duration) * FRAME_S, 2))


def _known_words(decoder: Decoder, text: str, letters: bool) -> list[str]:
    if letters and decoder.lookup_word("letter_a") is None:
        decoder.add_word("letter_a", "EY", True)
        decoder.add_word("letter_z", "Z EH D", True)
    words = re.sub(r"[^a-z' ]", " ", text.lower()).split()
    spelled = {"a": "letter_a", "z": "letter_z"} if letters else {}
    words = [spelled.get(word, word) for word in words]
    return [word for word in words if decoder.lookup_word(word) is not None]


def _chosen_rows(manifest: Path) -> Iterator[dict[str, str]]:
    seen: dict[str, int] = {}
    for line in manifest.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        step = ALIGNED_SOURCES.get(row["source"])
        if step is None or not row["text"]:
            continue
        seen[row["source"]] = seen.get(row["source"], 0) + 1
        if seen[row["source"]] % step == 0:
            yield row
