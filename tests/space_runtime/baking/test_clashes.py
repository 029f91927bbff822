"""Laws of clashes: whatever would overwrite something is found, all at once, before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from space_runtime import BakeJob, UsageError, bake_many
from space_runtime.baking.clashes import clashes_of


def jobs(*pairs: tuple[str, str], formats: str = "npz,json") -> list[BakeJob]:
    return [BakeJob(sound, target, formats=formats) for sound, target in pairs]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("out/hm", "out/hm"),
        ("out/hm", "out/HM"),
        ("out/Stra\u00dfe", "out/STRASSE"),
        ("out/caf\u00e9", "out/cafe\u0301"),
        ("out/CAF\u00c9/a", "out/cafe\u0301/A"),
        ("out/sub/../hm", "out/hm"),
    ],
)
def test_names_that_are_one_file_somewhere_clash(first: str, second: str) -> None:
    (sentence,) = clashes_of(jobs(("a.wav", first), ("b.wav", second)))
    assert "the results of a.wav, b.wav would overwrite one another" in sentence
    assert ("Unicode form" in sentence) == (first != second)


def test_all_clashes_are_told_at_once(tmp_path: Path) -> None:
    pairs = [("npc/hm.wav", "out/hm"), ("guard/hm.wav", "out/hm"), ("a.wav", "out/a"), ("a.mp3", "out/a")]
    clashing = jobs(*pairs, ("fine.wav", "out/fine"), ("x.wav", "out/x"), ("old.npz", "elsewhere"))
    assert len(clashes_of(clashing)) == 2
    assert len(clashes_of([*clashing, *jobs(("out/x.json", "y"))])) == 3
    with pytest.raises(UsageError, match=r"npc/hm\.wav, guard/hm\.wav.*; .*a\.wav, a\.mp3"):
        bake_many(clashing)


def test_a_result_overwrites_no_input(tmp_path: Path) -> None:
    (sentence,) = clashes_of(jobs(("lines/hello.wav", "lines/hello")), [Path("lines/hello.json")])
    assert "would overwrite lines/hello.json; choose another folder" in sentence
    assert "would overwrite B.json" in clashes_of(jobs(("a.wav", "b"), ("B.json", "c")))[0]


def test_paths_are_those_of_the_working_folder_at_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "first").mkdir()
    for folder in (tmp_path, tmp_path / "first"):
        monkeypatch.chdir(folder)
        clashing = jobs(("a.wav", "out/hm"), ("b.wav", str(folder / "out" / "hm")))
        assert len(clashes_of(clashing)) == 1


def test_plots_clash_too() -> None:
    first = BakeJob("a.wav", "out/a", plot=True)
    assert clashes_of([first, BakeJob("b.wav", "out/b")], [Path("out/a_curves.png")])


def test_one_name_is_one_line_whatever_the_formats() -> None:
    (sentence,) = clashes_of([BakeJob("a.wav", "out/a", formats="npz"), BakeJob("a.wav", "out/a", formats="json")])
    assert "(out/a)" in sentence
