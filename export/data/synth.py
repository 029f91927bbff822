"""Synthetic speech for training: which voices say how much, made in parts that are kept by the hash of their plan.

A part is a few minutes of one voice. Its file carries the mel powers and labels of its utterances and is named after
its plan, so that an interrupted run goes on where it was and a changed plan makes only what it lacks. Transcripts,
dictionaries and the programs' versions are not part of the name: what they changed is made anew after the file is gone.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from export.data.corpora import Row, labelled_row, write_corpus
from export.data.speech.texts import sentence_maker
from export.data.speech.voices import RATE, Voice, synthesise_many
from space_runtime.errors import UsageError

Rng = np.random.Generator
VERSION: Final = 1
"""Counts changes of the code below that change what a part holds."""
PER_VOICE: Final = 12
"""Sentences that a voice says at one rate (festival: in one process)."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A synthetic speaker of the plan. encoding: of festival's scripts."""

    engine: str
    name: str
    language: str
    encoding: str = "utf8"


FLITE: Final = tuple(Speaker("flite", name, "en") for name in ("kal16", "awb", "rms", "slt"))
FESTIVAL: Final = tuple(
    Speaker("festival", *row)
    for row in (
        ("kal_diphone", "en"),
        ("ked_diphone", "en"),
        ("cmu_us_slt_arctic_hts", "en"),
        ("lp_diphone", "it", "latin1"),
        ("pc_diphone", "it", "latin1"),
        ("suo_fi_lj_diphone", "fi", "latin1"),
        ("hy_fi_mv_diphone", "fi", "latin1"),
        ("czech_ph", "cs", "iso8859-2"),
        ("czech_dita", "cs", "iso8859-2"),
        ("czech_krb", "cs", "iso8859-2"),
        ("czech_machac", "cs", "iso8859-2"),
        ("upc_ca_ona_hts", "ca", "iso8859-15"),
    )
)
ESPEAK: Final = tuple(
    Speaker("espeak", name, {"fr-fr": "fr"}.get(name, name.split("-")[0]))
    for name in [
        "en-us",
        "en-gb",
        "en-gb-scotland",
        "de",
        "nl",
        "fr-fr",
        "es",
        "it",
        "pt",
        "pl",
        "fi",
        "cs",
        "sv",
        "tr",
        "hu",
        "ro",
        "hr",
        "ru",
        "el",
        "da",
        "ca",
        "id",
        "nb",
        "sk",
        "uk",
        "bg",
    ]
)
ESPEAK_VARIANTS: Final = (
    *("", "+f1", "+f2", "+f3", "+f4", "+f5", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+m8"),
    *("+klatt", "+klatt2", "+klatt3"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some minutes of one speaker. number: which of his parts; n_sentences in it."""

    speaker: Speaker
    number: int
    n_sentences: int

    @property
    def file(self) -> str:
        """Return the name of the part's file, which changes with all that determines it."""
        plan = json.dumps([VERSION, asdict(self)], sort_keys=True)
        digest = hashlib.sha256(plan.encode()).hexdigest()[:16]
        return f"{self.speaker.engine}-{self.speaker.name}-{self.number:02d}-{digest}.npz"


def plan(n_parts: dict[str, int], n_sentences: int) -> list[Part]:
    """Return the parts of all speakers. n_parts: by engine and language, ``engine-language`` wins over ``engine``."""
    return [
        Part(speaker, number, n_sentences)
        for speaker in (*FLITE, *FESTIVAL, *ESPEAK)
        for number in range(n_parts.get(f"{speaker.engine}-{speaker.language}", n_parts[speaker.engine]))
    ]


def make_part(part: Part, data: Path, folder: Path) -> Path:
    """Speak a part into ``folder`` unless it is there, and return its file. Raises `UsageError` if nobody speaks."""
    path = folder / part.file
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            whole = Path(scratch) / "part.npz"
            rows = list(_rows(part, data, Path(scratch)))
            if not rows:
                voice = f"{part.speaker.engine}'s voice {part.speaker.name}"
                raise UsageError(f"{voice} says nothing; export/README.md says which packages to install")
            write_corpus(whole, rows)
            whole.replace(path)
    return path


def _rows(part: Part, data: Path, scratch: Path) -> Iterator[Row]:
    rng = np.random.default_rng(list(part.file.encode()))
    sentence = sentence_maker(data, part.speaker.language)
    for _ in range(0, part.n_sentences, PER_VOICE):
        texts = [sentence(rng) for _ in range(PER_VOICE)]
        for spoken in synthesise_many(_voice(part.speaker, rng), texts, scratch):
            yield labelled_row(spoken.pcm, list(spoken.phones), spoken.symbols)


def _voice(speaker: Speaker, rng: Rng) -> Voice:
    """Return the speaker at a random rate; espeak-ng's also with a random timbre and melody."""
    rate = round(RATE * float(np.exp(rng.uniform(-0.3, 0.25))))
    if speaker.engine != "espeak":
        return Voice(speaker.engine, speaker.name, speaker.language, speaker.encoding, rate)
    pitch, spread = (int(rng.integers(20, 80)) for _ in range(2))
    return Voice(
        "espeak", speaker.name + str(rng.choice(ESPEAK_VARIANTS)), speaker.language, "utf8", rate, pitch, spread
    )
