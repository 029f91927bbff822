"""Laws of what training reads: made once and kept by key, checked before it is used, named when it is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("scipy", reason="needs scipy (extra 'export')")

from export.data import prepare, synth
from export.data.align import fits
from export.data.corpora import is_held_out, read_corpus
from export.data.motion import films, people
from export.data.motion.films import Talk
from export.data.motion.pauses import cut_at_pauses
from export.data.speech.phones import SILENCE, SPOKEN, SPOKEN_SYMBOL, frame_labels
from export.data.speech.texts import _finnish_word, _joined
from export.data.store import kept, key_of
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


ROW = {"file": "a.flac", "source": "s", "speaker": "p", "language": "en", "licence": "CC0-1.0", "seconds": 1.0}


def data_folder(folder: Path) -> Path:
    """Data of one recording, as far as they are looked at before anything is made."""
    for name in (*prepare.NEEDED, *(f"talking_heads/{film}.opus" for film in prepare.FILMS), "speech/a.flac"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        match path.suffix:
            case ".npz":
                np.savez(path, numbers=np.arange(1000))
            case ".json" | ".jsonl":
                path.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
            case ".opus":
                soundfile.write(path, speech([]), SAMPLE_RATE, format="OGG", subtype="OPUS")
            case _:
                soundfile.write(path, speech([]), SAMPLE_RATE)
    return folder


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data folder .*nowhere is missing"):
        prepare.check_data(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"speech.manifest\.jsonl and \d+ more files are missing"):
        prepare.check_data(tmp_path)
    prepare.check_data(data_folder(tmp_path))
    manifest = tmp_path / "speech" / "manifest.jsonl"
    manifest.write_text(json.dumps({**ROW, "file": "gone.opus"}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"gone\.opus is missing; restore"):
        prepare.check_data(tmp_path)
    for line in ("no json", '{"file": "a.flac"}', "[]"):
        manifest.write_text(json.dumps(ROW) + f"\n{line}\n", encoding="utf-8")
        with pytest.raises(UsageError, match=r"line 2 of .* is not a JSON object with file, source"):
            prepare.check_data(tmp_path)


@pytest.mark.parametrize("name", [*prepare.NEEDED[1:], "talking_heads/grid_s1.opus"])
@pytest.mark.parametrize("n_bytes", [0, 7])
def test_broken_data_are_named(name: str, n_bytes: int, tmp_path: Path) -> None:
    path = data_folder(tmp_path) / name
    path.write_bytes(path.read_bytes()[:n_bytes])
    if name == "speech/alignments.jsonl" and not n_bytes:
        prepare.check_data(tmp_path)  # nothing was aligned by others
        return
    with pytest.raises(UsageError, match=rf"{path.name} is broken .*; restore it"):
        prepare.check_data(tmp_path)


def test_a_recording_that_was_broken_once_comes_back_when_it_is_restored(tmp_path: Path) -> None:
    data, cache = data_folder(tmp_path / "data"), tmp_path / "cache"
    rows = [ROW, {**ROW, "file": "b.flac"}]
    sound = data / "speech" / "b.flac"
    sound.write_bytes(b"fLaC and nothing more")
    (data / "speech" / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    aligned = [{"file": row["file"], "phones": [["a", 0.0, 1.0]]} for row in rows]
    (data / "speech" / "alignments.jsonl").write_text("\n".join(map(json.dumps, aligned)), encoding="utf-8")
    cache.mkdir()
    (cache / "aligned_speech.jsonl").touch()
    assert len(read_corpus(prepare.make_recorded(data, cache)).offsets) == 1 + 1
    soundfile.write(sound, speech([]), SAMPLE_RATE)
    assert len(read_corpus(prepare.make_recorded(data, cache)).offsets) == 2 + 1


def test_a_voice_that_says_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth, "_rows", lambda *_: iter(()))
    (part, *_) = synth.plan({"flite": 1, "festival": 1, "espeak": 1}, 12)
    with pytest.raises(UsageError, match=f"flite's voice {part.speaker.name} says nothing; .*packages to install"):
        synth.make_part(part, tmp_path, tmp_path)
    assert not list(tmp_path.iterdir())


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="flite is missing"):
        prepare.check_programs()
    monkeypatch.setattr(shutil, "which", lambda program: program)
    monkeypatch.setattr(prepare, "find_spec", lambda package: None)
    with pytest.raises(UsageError, match="Python package pocketsphinx is missing"):
        prepare.check_programs()


def test_held_out_speakers_are_some_of_one_corpus() -> None:
    assert is_held_out("speechocean762:so0019") and not is_held_out("speechocean762:so0091")
    assert not is_held_out("kathleen9")


# People on film


def test_nobody_both_teaches_and_judges() -> None:
    face = np.zeros((3, 78, 3), np.float32)
    speakers = ["hq_female"] * 50 + [f"x_{k}" for k in range(9)]
    talks = [Talk(f"{who}_{k}", who, np.zeros(9, np.float32), face, 25.0) for k, who in enumerate(speakers)]
    judges = {talk.clip for talk in people.judging(talks)}
    teach = {talk.clip for talk in people.taught(people.PEOPLE[1], talks[:50])}
    assert len(judges) == 19 and len(teach) == 40
    assert not judges & teach
    assert {"hq_female_39"} <= teach and {"hq_female_40", "x_0_50"} <= judges


def test_a_frame_without_a_face_lies_between_its_neighbours() -> None:
    points = np.arange(6, dtype=np.float32)[:, None, None] * np.ones((6, 2, 3), np.float32)
    lost = points.copy()
    lost[[2, 3]] = -1000
    assert np.allclose(films._without_lost(lost), points)
    assert films._without_lost(points) is points


def test_a_long_film_is_cut_in_its_pauses() -> None:
    spans = [(0.2, 2.7), (3.1, 5.6), (6.2, 8.9)]
    pcm = speech(spans, 9.5)
    face = np.zeros((round(9.5 * 25), 78, 3), np.float32)
    parts = cut_at_pauses(Talk("film", "who", pcm, face, 25.0))
    assert sum(len(talk.pcm) for talk, _ in parts) == len(pcm)
    assert sum(len(talk.landmarks) for talk, _ in parts) == len(face)
    ends = np.cumsum([len(talk.pcm) for talk, _ in parts])[:-1] / SAMPLE_RATE
    assert all(any(before < end < after for before, after in ((2.7, 3.1), (5.6, 6.2))) for end in ends)
    for talk, segments in parts:
        assert segments[0][1] == 0 and segments[-1][2] == pytest.approx(len(talk.pcm) / SAMPLE_RATE, abs=0.05)
        assert {name for name, *_ in segments} == {"pau", SPOKEN_SYMBOL}
    assert set(frame_labels(parts[0][1], "arpabet", 200)) == {SILENCE, SPOKEN}


def test_people_of_any_size_who_move_any_far_teach_the_same_motion() -> None:
    rng = np.random.default_rng(3)
    face = rng.standard_normal((78, 3)).astype(np.float32)
    moving = np.zeros((200, 78, 3), np.float32)
    moving[:, [8, 65, 66, 67], 1] = 0.05 * rng.standard_normal((200, 1))
    moving[:, 48, 0] = 0.05 * rng.standard_normal(200)

    def person(size: float, spread: float) -> people.Filmed:
        talk = Talk("clip", "who", np.zeros(9, np.float32), face * size + moving * spread, 25.0)
        return people.Filmed([(talk, [("aa", 0.0, 8.0)])], face * size, np.ones(3, np.float32))

    everyone = [person(1.0, 0.1), person(1.3, 0.2)]
    sized, alike = (people.scales_of(everyone, share) for share in (0.0, 1.0))
    assert sized[:, 0] == pytest.approx([1, 1 / 1.3], rel=1e-3)
    assert list(alike[0] * 0.1) == pytest.approx(list(alike[1] * 0.2), rel=0.02)
