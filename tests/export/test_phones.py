"""Symbols of speech engines: what is a sound, and what is a pause or a marker."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from export.data.speech.phones import BILABIAL, SILENCE, classes_of
from export.data.speech.voices import Voice, is_espeak_pause, synthesise


@pytest.mark.parametrize(
    "marker", ["(en)", "(cmn)", "(pl)", "(ru)", "(yue)", "(mk)", "(pt-br)", "(en-us)", "(en-029)", "(en-gb-x"]
)
def test_the_marker_of_a_language_is_no_sound(marker: str) -> None:
    assert is_espeak_pause(marker)
    assert classes_of(marker, "ipa") == (SILENCE,)


@pytest.mark.parametrize("pause", ["", "_", "_:", "__", "_|", "_!", "||"])
def test_a_pause_is_silence(pause: str) -> None:
    assert classes_of(pause, "ipa") == (SILENCE,)


@pytest.mark.parametrize("symbol", ["m", "p", "b", "mˈ", "ä", "ɕ", "ts", "ɑ5"])
def test_a_sound_is_a_sound(symbol: str) -> None:
    assert not is_espeak_pause(symbol)
    assert classes_of(symbol, "ipa") not in (None, (SILENCE,))


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs the program espeak-ng")
@pytest.mark.parametrize(
    ("name", "text"), [("cmn", "你好 hello 世界"), ("pl", "jak hello tak"), ("ru", "где hello это")]
)
def test_a_change_of_language_makes_no_closure(tmp_path: Path, name: str, text: str) -> None:
    phones = synthesise(Voice("espeak", name, name), text, tmp_path).phones
    assert not [symbol for symbol, _, _ in phones if set(classes_of(symbol, "ipa") or ()) & set(BILABIAL)]
