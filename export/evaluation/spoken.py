"""Speech with known phone times to judge articulation by: sentences of its own in ten languages, and real English."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from export.data.corpora import is_held_out
from export.data.speech.phones import BILABIAL, CLASSES, LABIODENTAL, classes_of
from export.data.speech.voices import Segment, Voice, read_pcm, synthesise
from export.data.speech.vowels import VOWELS
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

VOICES: Final = (
    Voice("flite", "slt", "en"),
    Voice("flite", "rms", "en"),
    Voice("festival", "lp_diphone", "it", "latin1"),
    Voice("festival", "pc_diphone", "it", "latin1"),
    Voice("festival", "czech_ph", "cs", "iso8859-2"),
    Voice("festival", "czech_dita", "cs", "iso8859-2"),
    Voice("festival", "suo_fi_lj_diphone", "fi", "latin1"),
    Voice("festival", "hy_fi_mv_diphone", "fi", "latin1"),
    Voice("festival", "upc_ca_ona_hts", "ca", "iso8859-15"),
    *(Voice("espeak", name + kind, name[:2]) for name in ("de", "fr-fr", "es", "pl", "tr") for kind in ("+m3", "+f2")),
)
"""The voices that speak the sentences: two per language where there are two."""
OPEN_BILABIALS: Final = {"ipa": "βɱ", "festival-ca": "B", "festival-it": "F"}
"""Sounds of the classes p and m in which lips need not meet: Spanish and Catalan b between vowels, m before f."""
ROUND: Final = frozenset(CLASSES.index(name) for name in ("w", "u", "o", "y", "sh"))
SPREAD: Final = frozenset(CLASSES.index(name) for name in ("i", "s"))
SHORTEST_VOWEL_S: Final = 0.04
SHORTEST_CLOSURE_S: Final = 0.015
"""Shorter labels are none: espeak-ng's shifted boundaries leave 10 ms to some phones, whose time is not known."""
APART_S: Final = 0.06
"""Vowels this near to a bilabial may still be closing or opening."""
REAL_PER_SPEAKER, MAX_REAL = 4, 120


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone in seconds, with what lips must do in it by the articulatory classes of `export.data.speech.phones`."""

    start_s: float
    end_s: float
    classes: tuple[int, ...]
    is_closing: bool

    @property
    def middle_half(self) -> tuple[float, float]:
        """Start and end of its middle half."""
        quarter = (self.end_s - self.start_s) / 4
        return self.start_s + quarter, self.end_s - quarter


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """An utterance. voice: who speaks, for his own range. group: the row it counts to, a language or a corpus."""

    pcm: Floats
    phones: tuple[Phone, ...]
    voice: str
    group: str

    @property
    def closures(self) -> list[Phone]:
        """All p, b, m whose time is known."""
        return [p for p in self.phones if p.is_closing and p.end_s - p.start_s >= SHORTEST_CLOSURE_S]

    @property
    def vowels(self) -> list[Phone]:
        """Vowels far from every p, b, m (and from sounds that may close the lips)."""
        near = [p for p in self.phones if set(p.classes) & set(BILABIAL)]
        vowels = [p for p in self.phones if p.classes and set(p.classes) <= VOWELS]
        return [v for v in vowels if v.end_s - v.start_s >= SHORTEST_VOWEL_S and not any(_are_near(v, p) for p in near)]

    @property
    def labiodentals(self) -> list[Phone]:
        """All f, v."""
        return [phone for phone in self.phones if phone.classes == (LABIODENTAL,)]

    def only(self, classes: frozenset[int]) -> list[Phone]:
        """Return the phones that are of these classes from beginning to end."""
        return [phone for phone in self.phones if phone.classes and set(phone.classes) <= classes]

    @property
    def end_s(self) -> float:
        """The end of the last phone that is none of silence, in seconds; 0 without any."""
        return max((p.end_s for p in self.phones if p.classes != (0,)), default=0.0)


def phones_of(segments: list[Segment] | tuple[Segment, ...], symbols: str) -> tuple[Phone, ...]:
    """Return phones from the segments of an engine or of an aligner; pauses and unknown symbols keep their place."""
    phones = []
    for symbol, start, end in segments:
        classes = classes_of(symbol, symbols) or ()
        closes = bool(set(classes) & set(BILABIAL)) and not set(symbol) & set(OPEN_BILABIALS.get(symbols, ""))
        phones.append(Phone(start, end, classes, closes))
    return tuple(phones)


def read_synthetic(cache: Path) -> list[Spoken]:
    """Return the sentences of `sentences.toml` in all voices; spoken into ``cache/spoken_eval`` when not yet there."""
    folder = cache / "spoken_eval"
    text = Path(__file__).with_name("sentences.toml").read_text(encoding="utf-8")
    sentences: dict[str, list[str]] = tomllib.loads(text)
    wanted = [(voice, line) for voice in VOICES for line in sentences[voice.language]]
    index = folder / "index.jsonl"
    known = {}
    if index.exists():
        known = {(row["voice"], row["text"]): row for row in map(json.loads, index.read_text("utf-8").splitlines())}
    new = [(voice, line) for voice, line in wanted if (voice.name, line) not in known]
    if new:
        known |= _speak(new, folder)
        rows = [json.dumps(row, ensure_ascii=False) for row in known.values()]
        index.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return [_spoken(known[voice.name, line], folder) for voice, line in wanted if (voice.name, line) in known]


def silent_voices(spoken: list[Spoken]) -> list[str]:
    """Return the names of the `VOICES` that say nothing in ``spoken``: their engine or they are not installed."""
    present = {(utterance.voice, utterance.group) for utterance in spoken}
    return [voice.name for voice in VOICES if (voice.name, voice.language) not in present]


def read_aligned(data: Path, cache: Path) -> list[Spoken]:
    """Return real English of `is_held_out` speakers, as forced alignment cut it."""
    lines = (cache / "aligned_speech.jsonl").read_text(encoding="utf-8").splitlines()
    chosen: dict[str, list[dict[str, object]]] = {}
    for row in map(json.loads, lines):
        if is_held_out(row["speaker"]):
            chosen.setdefault(row["speaker"], []).append(row)
    rows = [row for speaker in sorted(chosen) for row in chosen[speaker][:REAL_PER_SPEAKER]][:MAX_REAL]
    return [
        Spoken(read_pcm(data / "speech" / str(r["file"])), phones_of(r["phones"], "arpabet"), str(r["speaker"]), "en")  # type: ignore[arg-type]
        for r in rows
    ]


def _speak(wanted: list[tuple[Voice, str]], folder: Path) -> dict[tuple[str, str], dict[str, object]]:
    """Speak every sentence that its engine can speak; an engine that is missing leaves its sentences out."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[tuple[str, str], dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for voice, line in wanted:
            try:
                said = synthesise(voice, line, Path(scratch))
            except (RuntimeError, OSError, ValueError, IndexError, subprocess.SubprocessError):
                continue
            name = hashlib.sha256(f"{voice} {line}".encode()).hexdigest()[:16] + ".wav"
            soundfile.write(folder / name, said.pcm, SAMPLE_RATE, subtype="PCM_16")
            row = {"file": name, "voice": voice.name, "language": voice.language, "text": line}
            rows[voice.name, line] = {**row, "symbols": said.symbols, "phones": said.phones}
    return rows


def _spoken(row: dict[str, object], folder: Path) -> Spoken:
    phones = phones_of(row["phones"], str(row["symbols"]))  # type: ignore[arg-type]
    return Spoken(read_pcm(folder / str(row["file"])), phones, str(row["voice"]), str(row["language"]))


def _are_near(a: Phone, b: Phone) -> bool:
    return a.start_s < b.end_s + APART_S and b.start_s < a.end_s + APART_S


def silence(seconds: float) -> Floats:
    """Return digital silence."""
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)
