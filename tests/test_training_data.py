"""Laws of what training reads: made once and kept by key, checked before it is used, named when it is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs scipy (extra 'export')")

from export.data import prepare, synth
from export.data.align import fits
from export.data.corpora import is_held_out
from export.data.store import kept, key_of
from export.data.texts import _finnish_word, _joined
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE


def test_a_thing_is_made_again_only_when_what_it_was_made_from_changed(tmp_path: Path) -> None:
    source, target, made = tmp_path / "source", tmp_path / "target", []

    def make(path: Path) -> None:
        made.append(path.name)
        path.write_bytes(source.read_bytes())

    source.write_bytes(b"one")
    for _ in range(2):
        assert kept(target, ("1", source), make).read_bytes() == b"one"
    assert len(made) == 1
    source.write_bytes(b"two")
    assert kept(target, ("1", source), make).read_bytes() == b"two"
    kept(target, ("2", source), make)
    assert len(made) == 3


def test_what_is_half_made_never_gets_the_name(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        kept(tmp_path / "target", ("1",), fail)
    assert not list(tmp_path.iterdir())


def test_a_key_tells_parts_apart_by_their_borders(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("ab", encoding="ascii")
    assert len({key_of(("ab", "c")), key_of(("a", "bc")), key_of(("abc",))}) == 3
    assert key_of(("ab",)) == key_of((file,))


def test_parts_are_named_by_their_plan() -> None:
    parts = synth.plan({"flite": 2, "festival": 1, "festival-en": 2, "espeak": 1}, 24)
    names = [part.file for part in parts]
    assert len(set(names)) == len(names) == 2 * 4 + 2 * 3 + 9 + len(synth.ESPEAK)
    assert names == [part.file for part in synth.plan({"flite": 2, "festival": 1, "festival-en": 2, "espeak": 1}, 24)]
    assert not set(names) & {part.file for part in synth.plan({"flite": 2, "festival": 1, "espeak": 1}, 36)}
    assert len({speaker.language for speaker in (*synth.FLITE, *synth.FESTIVAL, *synth.ESPEAK)}) >= 10


def test_made_up_sentences_repeat_by_seed_and_end() -> None:
    def speak(seed: int) -> str:
        rng = np.random.default_rng(seed)
        return _joined([_finnish_word(rng) for _ in range(5)], rng)

    assert speak(1) == speak(1) != speak(2)
    assert all(speak(seed)[-1] in ".?!" for seed in range(20))


def speech(spans: list[tuple[float, float]], seconds: float = 2.0) -> np.ndarray:
    pcm = 0.001 * np.random.default_rng(0).standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32)
    for start, end in spans:
        pcm[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] *= 200
    return pcm


def test_an_alignment_beside_its_sound_is_dropped() -> None:
    phones = [("pau", 0.0, 0.5), ("M", 0.5, 0.6), ("AA", 0.6, 0.9), ("pau", 0.9, 2.0)]
    assert fits(speech([(0.5, 0.9)]), phones)
    assert not fits(speech([(1.2, 1.6)]), phones), "the vowel lies in silence, the pause in speech"


def test_an_alignment_with_an_endless_phone_is_dropped() -> None:
    assert not fits(speech([(0.5, 1.4)]), [("pau", 0.0, 0.5), ("AA", 0.5, 1.4), ("pau", 1.4, 2.0)])
    assert not fits(speech([]), [("pau", 0.0, 2.0)])


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data folder .*nowhere is missing"):
        prepare.check_data(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"speech.manifest\.jsonl and \d more files are missing"):
        prepare.check_data(tmp_path)
    for name in (*prepare.NEEDED, *(f"talking_heads/{film}.opus" for film in prepare.FILMS)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    prepare.check_data(tmp_path)
    manifest = tmp_path / "speech" / "manifest.jsonl"
    manifest.write_text('{"file": "gone.opus"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"gone\.opus is missing; restore"):
        prepare.check_data(tmp_path)
    manifest.write_text('{"file": "gone.opus"}\nno json\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"line 2 of .* is no JSON"):
        prepare.check_data(tmp_path)


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="flite is missing"):
        prepare.check_programs()


def test_held_out_speakers_are_some_of_one_corpus() -> None:
    assert is_held_out("speechocean762:so0019") and not is_held_out("speechocean762:so0091")
    assert not is_held_out("kathleen9")
