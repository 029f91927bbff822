"""One articulatory set for all phone symbols: 23 classes that differ in what the lips, jaw and tongue do.

A symbol of several sounds (a diphthong, an affricate) is several classes that share its time equally.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from export.data.speech.voices import Segment, is_espeak_pause
from space_runtime.arrays import Mask

CLASSES: Final = (
    "sil",
    "p",
    "m",
    "f",
    "th",
    "t",
    "n",
    "l",
    "s",
    "sh",
    "r",
    "k",
    "h",
    "j",
    "w",
    "i",
    "e",
    "ae",
    "aa",
    "uh",
    "o",
    "u",
    "y",
)
UNKNOWN: Final = 255
"""Label of time whose phone is not known: no loss there."""
SPOKEN: Final = 254
"""Label of speech whose phones are not known: only that somebody speaks."""
SPOKEN_SYMBOL: Final = "?"
N_CLASSES: Final = len(CLASSES)
BILABIAL: Final = (CLASSES.index("p"), CLASSES.index("m"))
LABIODENTAL: Final = CLASSES.index("f")
SILENCE: Final = CLASSES.index("sil")

_PAUSES = frozenset({"", "_", "_:", "pau", "sil", "SIL", "#", "##", "h#", ".", "brth", "SPN"})

_ARPABET = {
    "aa": "aa",
    "ae": "ae",
    "ah": "uh",
    "ao": "o",
    "aw": "aa u",
    "ax": "uh",
    "axr": "r",
    "ay": "aa i",
    "b": "p",
    "ch": "t sh",
    "d": "t",
    "dh": "th",
    "dx": "t",
    "eh": "e",
    "el": "l",
    "em": "m",
    "en": "n",
    "er": "r",
    "ey": "e i",
    "f": "f",
    "g": "k",
    "hh": "h",
    "ih": "i",
    "ix": "i",
    "iy": "i",
    "jh": "t sh",
    "k": "k",
    "l": "l",
    "m": "m",
    "n": "n",
    "ng": "k",
    "ow": "o u",
    "oy": "o i",
    "p": "p",
    "r": "r",
    "s": "s",
    "sh": "sh",
    "t": "t",
    "th": "th",
    "uh": "u",
    "uw": "u",
    "v": "f",
    "w": "w",
    "y": "j",
    "z": "s",
    "zh": "sh",
}

_IPA = {
    "p": "pbβ",
    "m": "mɱ",
    "f": "fvʋ",
    "th": "θð",
    "t": "tdɾʈɖ",
    "n": "nɳ",
    "l": "lɫɭʎ",
    "s": "sz",
    "sh": "ʃʒɕʑʂʐ",
    "r": "ɹɻr",
    "k": "kɡgŋxɣʁχqc",
    "h": "hɦʔ",
    "j": "jçɟɲ",
    "w": "wʍɥ",
    "i": "iɪᵻ",
    "e": "eɛ",
    "ae": "æaɐ",
    "aa": "ɑ",
    "uh": "əʌɜɝɚɨɘɤɯ",
    "o": "oɔɒ",
    "u": "uʊʉɵ",
    "y": "yʏøœ",
}

_SAMPA = {
    "p": "pbB",
    "m": "mF",
    "f": "fvVM",
    "th": "TD",
    "t": "td4",
    "n": "n",
    "l": "lL",
    "s": "sz",
    "sh": "SZ",
    "r": "r",
    "k": "kgNxXGRqc",
    "h": "h?H",
    "j": "jCJ",
    "w": "w",
    "i": "iI",
    "e": "eE",
    "ae": "a6@{",
    "aa": "A",
    "uh": "3",
    "o": "oOQ",
    "u": "uU",
    "y": "yY29",
}

_OWN = {
    "festival-it": {"ts": "t s", "dz": "t s", "tS": "t sh", "dZ": "t sh", "J": "n", "SS": "sh"},
    "festival-fi": {"@": "ae", "7": "y"},
    "festival-cs": {
        "c": "t s",
        "c~": "t sh",
        "s~": "sh",
        "z~": "sh",
        "d~": "j",
        "t~": "j",
        "n~": "n",
        "ch": "k",
        "r~": "sh",
        "r~*": "sh",
        "h": "h",
        "dz~": "t sh",
        "dz": "t s",
        "y": "i",
    },
    "festival-ca": {
        "ax": "uh",
        "rr": "r",
        "J": "n",
        "tS": "t sh",
        "dZ": "t sh",
        "uw": "u",
        "iy": "i",
        "D": "th",
        "G": "k",
        "B": "p",
    },
    "emodb": {"@": "uh", "B": "m", "V": "uh", "aU": "aa u", "aI": "aa i", "OY": "o i"},
}
"""Symbols whose meaning in one set differs from SAMPA or that are longer than one character."""


def classes_of(symbol: str, symbols: str) -> tuple[int, ...] | None:
    """Return the classes of a symbol of a set (``arpabet``, ``ipa``, ``emodb``, ``festival-…``); None when unknown."""
    if symbol in _PAUSES:
        return (SILENCE,)
    if symbols == "arpabet":
        return _indices(_ARPABET.get(re.sub(r"\d", "", symbol.lower()), ""))
    if symbols == "ipa":
        return (SILENCE,) if is_espeak_pause(symbol) else _by_character(symbol, _IPA_INDEX)
    own = _OWN[symbols].get(symbol) or _OWN[symbols].get(re.sub(r"[\d:]", "", symbol))
    if own:
        return _indices(own)
    if symbols == "emodb":
        symbol = re.sub(r"^[!_(]|asp$", "", symbol)
    return _by_character(symbol, _SAMPA_INDEX)


def is_speech(labels: NDArray[np.uint8]) -> Mask:
    """Return where (…) labels are phones that are known."""
    spoken: Mask = (labels != SILENCE) & (labels < SPOKEN)
    return spoken


def somebody_speaks(labels: NDArray[np.uint8]) -> Mask:
    """Return where (…) labels are speech for sure, its phones known or not."""
    spoken: Mask = is_speech(labels) | (labels == SPOKEN)
    return spoken


def frame_labels(phones: tuple[Segment, ...] | list[Segment], symbols: str, n_frames: int) -> NDArray[np.uint8]:
    """Return (n_frames,) classes on the 10 ms grid (entry j: time j·10 ms), `UNKNOWN` where nothing is known."""
    labels = np.full(n_frames, UNKNOWN, np.uint8)
    previous: tuple[int, ...] | None = None
    for symbol, start, end in phones:
        classes = previous if symbols == "emodb" and symbol[:1] in "+-" else classes_of(symbol, symbols)
        previous = classes
        without = (SPOKEN if symbol == SPOKEN_SYMBOL else UNKNOWN,)
        bounds = np.ceil(np.linspace(start, end, len(classes or (0,)) + 1) * 100 - 0.5).astype(int)
        for label, first, last in zip(classes or without, bounds[:-1], bounds[1:], strict=True):
            labels[max(first, 0) : max(last, 0)] = label
    return labels


def _indices(names: str) -> tuple[int, ...] | None:
    return tuple(CLASSES.index(name) for name in names.split()) or None


def _by_character(symbol: str, table: dict[str, int]) -> tuple[int, ...] | None:
    found = [table[character] for character in symbol if character in table]
    found = found or [table[character] for character in normalize("NFD", symbol) if character in table]
    if not found:
        return None
    merged = [found[0], *(b for a, b in pairwise(found) if a != b)]
    return tuple(merged)


def _character_index(table: dict[str, str]) -> dict[str, int]:
    return {character: CLASSES.index(name) for name, characters in table.items() for character in characters}


_IPA_INDEX = _character_index(_IPA)
_SAMPA_INDEX = _character_index(_SAMPA)
