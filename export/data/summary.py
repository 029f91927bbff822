"""A table of the training data: hours, speakers, languages, licences of every source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.table import Table

from export.data import synth
from export.data.corpora import is_held_out, read_corpus
from export.data.motion.people import PEOPLE
from export.data.noise import sounds
from export.data.noise.music import LICENCE as FONT_LICENCE
from export.data.prepare import parts_of, synthetic_files
from export.recipes.recipe import CorporaPlan
from space_runtime.media.atomic_files import written_whole

FRAMES_PER_HOUR: Final = 360_000
FILM_LICENCES: Final = {
    "grid_s1": "CC BY 4.0",
    "grid_others": "CC BY 4.0",
    "address": "public domain (work of the US government)",
}
ENGINE_LICENCES: Final = {
    "flite": "voices BSD-like (CMU)",
    "festival": "voices BSD-like (en), GPL (it, cs), LGPL (fi, ca); they make data, nothing of them ships",
    "espeak": "GPL-3; it makes data, nothing of it ships",
}

MADE: Final = {
    "vocal": "cries and changed voices",
    "cut": "vowels alone",
    "effort": "actors, lines with another effort",
}
"""Corpora that are made of the recordings."""


@dataclass(frozen=True, slots=True)
class Source:
    """One row. hours: of sound in training, augmentation not counted."""

    corpus: str
    source: str
    hours: float
    speakers: int
    languages: str
    licence: str


def summarise(plan: CorporaPlan, data: Path, cache: Path) -> list[Source]:
    """Return all sources of training and write them to ``corpora.json`` in the cache."""
    rows = [*_filmed(plan, cache), *_synthetic(plan, data, cache), *_recorded(data, cache)]
    rows += [*_made_of_recordings(cache), *_sounds(cache)]
    with written_whole(cache / "corpora.json") as path:
        path.write_text(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False), encoding="utf-8")
    return rows


def table(rows: list[Source]) -> Table:
    """Return the rows as a table with the sum of hours of speech."""
    shown = Table("corpus", "source", "hours", "speakers", "languages", "licence", title="What training hears")
    for row in rows:
        shown.add_row(row.corpus, row.source, f"{row.hours:.2f}", str(row.speakers), row.languages, row.licence)
    speech = sum(row.hours for row in rows if row.corpus != "sounds")
    shown.add_row("", "speech in all", f"{speech:.2f}", "", "", "")
    return shown


def _filmed(plan: CorporaPlan, cache: Path) -> Iterator[Source]:
    corpus = read_corpus(cache / "filmed.npz")
    lengths = np.diff(corpus.offsets) / FRAMES_PER_HOUR
    for number, person in enumerate(PEOPLE):
        mine = corpus.utterances_of(number)
        hours, n_clips = float(lengths[mine.start : mine.stop].sum()), len(mine) // (1 + plan.n_voices)
        own, name = hours / (1 + plan.n_voices), f"{person.film}, {person.name}"
        yield Source("filmed", f"{name}, {n_clips} sentences", own, 1, "en", FILM_LICENCES[person.film])
        voices = f"the same in {plan.n_voices} other voices a sentence (WORLD)"
        yield Source("filmed", f"{name}, {voices}", hours - own, 1, "en", FILM_LICENCES[person.film])


def _synthetic(plan: CorporaPlan, data: Path, cache: Path) -> Iterator[Source]:
    files = dict(zip(parts_of(plan), synthetic_files(plan, cache), strict=True))
    for engine, licence in ENGINE_LICENCES.items():
        mine = [part for part in files if part.speaker.engine == engine]
        hours = sum(len(read_corpus(files[part]).labels) for part in mine) / FRAMES_PER_HOUR
        languages = " ".join(sorted({part.speaker.language for part in mine}))
        n_speakers = len({part.speaker.name for part in mine}) * (
            len(synth.ESPEAK_VARIANTS) if engine == "espeak" else 1
        )
        yield Source("synthetic", engine, hours, n_speakers, languages, licence)


def _recorded(data: Path, cache: Path) -> Iterator[Source]:
    lines = (cache / "aligned_speech.jsonl").read_text(encoding="utf-8").splitlines()
    used = {row["file"] for row in map(json.loads, lines) if not is_held_out(row["speaker"])}
    given = (data / "speech" / "alignments.jsonl").read_text(encoding="utf-8").splitlines()
    used |= {json.loads(line)["file"] for line in given}
    manifest = (data / "speech" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, manifest) if row["file"] in used]
    for source in sorted({row["source"] for row in rows}):
        mine = [row for row in rows if row["source"] == source]
        yield Source(
            "recorded",
            source,
            sum(row["seconds"] for row in mine) / 3600,
            len({row["speaker"] for row in mine}),
            " ".join(sorted({row["language"] for row in mine})),
            "; ".join(sorted({row["licence"] for row in mine})),
        )


def _made_of_recordings(cache: Path) -> Iterator[Source]:
    for name, what in MADE.items():
        hours = len(read_corpus(cache / f"{name}.npz").labels) / FRAMES_PER_HOUR
        yield Source(name, f"{what}, made of the recordings", hours, 0, "", "as the recordings")


def _sounds(cache: Path) -> Iterator[Source]:
    rows = sounds.read_index(cache / "sounds")
    for group in sorted({row.group for row in rows}):
        mine = [row for row in rows if row.group == group]
        kinds = {row.kind for row in mine}
        licence = FONT_LICENCE if kinds & sounds.PLAYED.keys() else "made here"
        hours = sum(row.seconds for row in mine) / 3600
        yield Source("sounds", f"{group}, {len(kinds)} {'kind' if len(kinds) == 1 else 'kinds'}", hours, 0, "", licence)
