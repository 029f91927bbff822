"""Laws of finding lines: folders, patterns, names; what is no sound is passed over, links never turn in circles."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime import BakeJob, UsageError, bake_many, open_portrait
from space_runtime.baking.lines import find_lines


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(800), 16_000, format="WAV")
    return path


def places(*named: Path, out: Path = Path("nowhere")) -> list[str]:
    return [line.place.as_posix() for line in find_lines(named, out).lines]


def test_a_folder_is_its_sounds_with_their_tree(tmp_path: Path) -> None:
    for name in ("b.wav", "npc/hm.wav", "npc/deep/x.ogg.wav", "guard/hm.wav"):
        put(tmp_path / name)
    assert places(tmp_path) == ["b", "guard/hm", "npc/deep/x.ogg", "npc/hm"]
    assert find_lines([tmp_path], tmp_path).is_batch


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.wav", ["a"]),
        ("**/*.wav", ["a", "npc/b", "npc/deep/c"]),
        ("**", ["a", "npc/b", "npc/deep/c"]),
        ("*/*.wav", ["npc/b"]),
        ("n?c/**/[bc].wav", ["npc/b", "npc/deep/c"]),
        ("npc/*.wav", ["b"]),
    ],
)
def test_a_pattern_is_expanded_and_keeps_the_tree_below_its_first_wildcard(
    tmp_path: Path, pattern: str, found: list[str]
) -> None:
    for name in ("a.wav", "npc/b.wav", "npc/deep/c.wav"):
        put(tmp_path / name)
    assert places(tmp_path / pattern) == found


def test_the_decoder_says_what_a_sound_is(tmp_path: Path) -> None:
    put(tmp_path / "line.take2")
    put(tmp_path / "no_ending")
    (tmp_path / "notes.txt").write_text("Hm.")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(99))
    (tmp_path / "broken.wav").write_text("no sound, and it is called one")
    found = find_lines([tmp_path], tmp_path)
    assert [line.sound.name for line in found.lines] == ["broken.wav", "line.take2", "no_ending"]
    assert [path.name for path in found.left_out] == ["notes.txt", "photo.jpg"]


def test_what_systems_and_engines_put_there_is_passed_over_silently(tmp_path: Path) -> None:
    put(tmp_path / "a.wav")
    for name in ("._a.wav", ".DS_Store", "Thumbs.db", "desktop.ini", "a.wav.meta", "a.wav.import", ".git/b.wav"):
        put(tmp_path / name)
    put(tmp_path / "__MACOSX" / "a.wav")
    found = find_lines([tmp_path], tmp_path)
    assert ([line.sound.name for line in found.lines], found.left_out, found.faults) == (["a.wav"], [], [])


def test_results_are_no_lines(tmp_path: Path, photo: Path) -> None:
    put(tmp_path / "lines" / "a.wav")
    put(tmp_path / "lines" / "out" / "old.wav")
    assert places(tmp_path / "lines", out=tmp_path / "lines" / "out") == ["a"]
    assert places(tmp_path / "lines" / "out", out=tmp_path / "lines" / "out") == ["old"]
    job = BakeJob(
        tmp_path / "lines" / "a.wav",
        tmp_path / "lines" / "a",
        formats="mp4,json",
        plot=True,
        portrait=open_portrait(photo),
        fps=1,
    )
    assert [result.outcome for result in bake_many([job])] == ["baked"]
    found = find_lines([tmp_path / "lines"], tmp_path / "lines")
    assert ([line.place.as_posix() for line in found.lines], found.left_out) == (["a", "out/old"], [])


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows links need rights")
def test_links_are_followed_and_never_in_circles(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "far.wav")
    root = tmp_path / "lines"
    for name in ("a", "b", "c"):
        put(root / name / f"{name}.wav")
    for name in ("a", "b", "c"):
        for other in ("a", "b", "c", "."):
            (root / name / f"to_{other[-1]}").symlink_to(root / other)
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "itself.wav").symlink_to("itself.wav")
    (root / "gone").symlink_to("nothing")
    found = find_lines([root], tmp_path / "out")
    assert [line.place.as_posix() for line in found.lines] == ["a/a", "b/b", "c/c", "itself", "linked/far"]
    assert [path.name for path in found.left_out] == ["gone"]


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    put(tmp_path / "take[1].wav")
    assert places(tmp_path / "take[1].wav") == ["take[1]"]
    assert places(Path("..wav"), Path("x/...wav"), Path(".wav")) == ["..wav", "...wav", ".wav"]


def test_overlapping_names_give_a_line_once_and_a_line_named_twice_is_refused(tmp_path: Path) -> None:
    a, b = put(tmp_path / "a.wav"), put(tmp_path / "b.wav")
    assert places(tmp_path, a, tmp_path / "*.wav") == ["a", "b"]
    with pytest.raises(UsageError, match=r"named twice: .*a\.wav, .*b\.wav; name every line once"):
        find_lines([a, b, a, b], tmp_path)


def test_nothing_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = find_lines([tmp_path / "empty", tmp_path / "*.wav", tmp_path / "missing" / "*.wav"], tmp_path)
    assert len(found.faults) == 3
    assert "no sounds in the folder" in found.faults[0]
    assert "no sound matches it" in found.faults[1]
    assert "missing cannot be read" in found.faults[2]


@pytest.mark.skipif(sys.platform != "linux", reason="only on Windows and macOS names keep one Unicode form")
def test_a_pattern_matches_whatever_the_unicode_form(tmp_path: Path) -> None:
    put(tmp_path / "cafe\u0301.wav")
    assert places(tmp_path / "caf\u00e9*.wav") == ["cafe\u0301"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="only on Windows and for root all is open")
def test_a_closed_folder_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    put(tmp_path / "a.wav")
    put(tmp_path / "closed" / "b.wav")
    (tmp_path / "closed").chmod(0)
    found = find_lines([tmp_path], tmp_path)
    (tmp_path / "closed").chmod(0o755)
    assert [line.sound.name for line in found.lines] == ["a.wav"]
    assert "closed cannot be read" in found.faults[0]
