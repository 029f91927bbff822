"""Texts for synthetic voices: transcripts of the recorded speech, and sentences of random dictionary words.

Dictionary words come from the system's hunspell packages (Debian: hunspell-fr, hunspell-es, …), which name their own
encoding; Finnish, which has no such package, gets words built from its syllables, as its spelling is its sound. What is
said means nothing and need not: every sound of a language comes in many neighbourhoods.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache as once
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.errors import UsageError

Rng = np.random.Generator
DICTIONARIES: Final = Path("/usr/share/hunspell")
DICTIONARY_OF: Final = {
    "fr": "fr",
    "es": "es_ES",
    "it": "it_IT",
    "pt": "pt_BR",
    "pl": "pl_PL",
    "sv": "sv_SE",
    "hu": "hu_HU",
    "cs": "cs_CZ",
    "ca": "ca",
    "ro": "ro_RO",
    "hr": "hr_HR",
    "ru": "ru_RU",
    "el": "el_GR",
    "da": "da_DK",
    "tr": "tr_TR",
    "id": "id_ID",
    "nb": "nb_NO",
    "sk": "sk_SK",
    "uk": "uk_UA",
    "bg": "bg_BG",
}
PACKAGE_OF: Final = {"pt": "pt-br", "nb": "no"}
"""Language → the end of its package's name, where it is not the language's."""
TRANSCRIBED: Final = ("en", "de", "nl")
"""Languages whose sentences come from the transcripts of the recorded speech."""
MAX_WORDS: Final = 14
_FINNISH: Final = (
    ("p", "t", "k", "s", "h", "l", "r", "m", "n", "v", "j", "pp", "tt", "kk", "ll", "mm", "nn", "ss", "mp", "st", "lk"),
    ("a", "i", "u", "e", "o", "ä", "y", "ö", "aa", "ii", "uu", "ee", "ää", "ai", "uo", "ie", "yö", "ei", "au"),
)


def sentence_maker(data: Path, language: str) -> Callable[[Rng], str]:
    """Return what makes a random sentence of a language. Raises `UsageError` when its dictionary is not installed."""
    if language in TRANSCRIBED:
        lines = transcripts(data)[language]
        return lambda rng: _part_of(str(lines[rng.integers(len(lines))]), rng)
    if language == "fi":
        return lambda rng: _joined([_finnish_word(rng) for _ in range(_length(rng))], rng)
    words = dictionary(language)
    return lambda rng: _joined([words[i] for i in rng.integers(len(words), size=_length(rng))], rng)


@once
def transcripts(data: Path) -> dict[str, list[str]]:
    """Return the sorted transcript lines of the recorded speech by language; acted emotions are left out."""
    texts: dict[str, set[str]] = {language: set() for language in TRANSCRIBED}
    for line in (data / "speech" / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["text"] and row["language"][:2] in texts and row["emotion"] == "neutral":
            texts[row["language"][:2]].add(row["text"].lower())
    return {language: sorted(lines) for language, lines in texts.items()}


@once
def dictionary(language: str) -> list[str]:
    """Return the sorted plain words (2–12 letters) of a language's dictionary."""
    path = DICTIONARIES / f"{DICTIONARY_OF[language]}.dic"
    if not path.is_file():
        package = f"hunspell-{PACKAGE_OF.get(language, language)}"
        raise UsageError(f"{path.name} is missing, the words of {language!r}; install the package {package}")
    encoding = "utf-8"
    for line in path.with_suffix(".aff").read_bytes().splitlines()[:40]:
        if line.lstrip(b"\xef\xbb\xbf").startswith(b"SET "):
            encoding = line.split()[1].decode("ascii")
    listed = path.read_text(encoding=encoding, errors="ignore").splitlines()[1:]
    words = {re.split(r"[/\t ]", line, maxsplit=1)[0] for line in listed}
    return sorted(word for word in words if word.isalpha() and word == word.lower() and 2 <= len(word) <= 12)


def _part_of(line: str, rng: Rng) -> str:
    words = line.split()
    first = int(rng.integers(0, max(1, len(words) - MAX_WORDS + 1)))
    return " ".join(words[first : first + MAX_WORDS])


def _length(rng: Rng) -> int:
    return int(rng.integers(2, 9))


def _joined(words: list[str], rng: Rng) -> str:
    """Return the words as a sentence, now and then with a pause in it."""
    middle = len(words) // 2
    pause = ", " if middle and rng.random() < 0.4 else " "
    return (" ".join(words[:middle]) + pause + " ".join(words[middle:])).strip() + str(rng.choice([".", ".", "?", "!"]))


def _finnish_word(rng: Rng) -> str:
    consonants, vowels = _FINNISH
    syllables = [str(rng.choice(consonants)) + str(rng.choice(vowels)) for _ in range(int(rng.integers(1, 5)))]
    return "".join(syllables)
