"""Laws of commands that write one file: its folder is made, and what cannot be written ends before any work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from space_runtime.assets import write_portrait
from space_runtime.errors import OutputError
from space_runtime.media.atomic_files import prepare_folder, written_whole
from tests.support.command_line import Call

COMMANDS = {
    "still": ("still", "{source}", "--out", "{result}"),
    "portrait": ("portrait", "{source}", "--glb", "{result}"),
    "landmarks": ("landmarks", "{source}", "--no-open", "--page", "{result}"),
    "suggest-emotion": ("suggest-emotion", "{source}", "--json", "{result}"),
    "bake": ("bake", "{source}", "--formats", "npz", "--out", "{folder}", "--report", "{result}"),
}
ENDINGS = {"still": ".png", "portrait": ".glb", "landmarks": ".html"}


def words(command: str, source: Path, result: Path) -> list[str]:
    given = {"source": source, "result": result, "folder": source.parent / "baked"}
    return [word.format(**given) for word in COMMANDS[command]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_in_the_place_of_the_file_ends_before_any_work(tmp_path: Path, command: str, call: Call) -> None:
    result = tmp_path / f"result{ENDINGS.get(command, '.json')}"
    result.mkdir()
    done = call(*words(command, tmp_path / "missing.wav", result))
    assert (done.code, done.complaint) == (1, f"space-runtime: {result} is a folder, not a file; name a file in it")


IN_FOLDERS = {
    "bake": ("bake", "{source}", "--out", "{folder}"),
    "demo": ("demo", "{folder}", "--samples"),
    "keygen": ("keygen", "anna", "--folder", "{folder}"),
}


@pytest.mark.parametrize("place", ["taken", "taken/deep/down"])
@pytest.mark.parametrize("command", [*IN_FOLDERS, *COMMANDS])
def test_a_file_in_the_place_of_a_folder_is_named(
    tmp_path: Path, command: str, place: str, line: Path, call: Call
) -> None:
    taken, folder = tmp_path / "taken", tmp_path / place
    taken.write_text("mine")
    given = {"source": line, "folder": folder, "result": folder / f"result{ENDINGS.get(command, '.json')}"}
    if command not in IN_FOLDERS:
        given["folder"] = tmp_path / "baked"
    done = call(*(word.format(**given) for word in (IN_FOLDERS | COMMANDS)[command]))
    why = f"{taken} is no folder; move it away, or choose another"
    assert (done.code, done.complaint) == (1, f"space-runtime: the output folder {folder} cannot be written: {why}")
    assert taken.read_text() == "mine" and not (tmp_path / "baked").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_broken_link_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match=f"{link} is no folder; move it away"):
        prepare_folder(link / "deep")


NAMED = {
    "still": (("still", "a.jpg", "--out"), ".png"),
    "portrait": (("portrait", "a.jpg", "--glb"), ".glb"),
    "landmarks": (("landmarks", "a.jpg", "--no-open", "--page"), ".html"),
    "track": (("track", "a.mp4", "--preview"), ".mp4"),
    "dub": (("dub", "a.mp4", "a.wav", "--out"), ".mp4"),
    "bake": (("bake", "a.wav", "--report"), ".json"),
}


@pytest.mark.parametrize("name", ["{ending}", "folder/{ending}", "a{ending}.txt", "a", "{ending}/a"])
@pytest.mark.parametrize("command", NAMED)
def test_a_name_without_the_ending_or_with_nothing_before_it_is_refused(command: str, name: str, call: Call) -> None:
    words, ending = NAMED[command]
    named = name.format(ending=ending)
    done = call(*words, named)
    assert done.code == 2 and f"; name a file that ends in {ending}" in done.complaint
    assert done.complaint.endswith(f", not {named} alone" if named.endswith(ending) else f", not {named}")


@pytest.mark.parametrize("command", ["still", "landmarks"])
def test_the_files_folder_is_made(tmp_path: Path, command: str, call: Call) -> None:
    photo = tmp_path / "face.png"
    write_portrait(photo)
    result = tmp_path / "new" / "folder" / f"result{ENDINGS[command]}"
    assert call(*words(command, photo, result)).code == 0
    assert [path.name for path in result.parent.iterdir()] == [result.name]


@pytest.mark.parametrize("command", ["still", "portrait", "landmarks", "suggest-emotion"])
def test_a_source_that_is_missing_leaves_no_folder(tmp_path: Path, command: str, call: Call) -> None:
    result = tmp_path / "new" / f"result{ENDINGS.get(command, '.json')}"
    done = call(*words(command, tmp_path / "missing.wav", result))
    assert done.code == 1 and "missing.wav" in done.complaint
    assert not result.parent.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [("missing/a.npz", "make its folder, or choose another one"), ("a" * 300, "choose a shorter name")],
)
def test_advice_fits_the_reason(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(OutputError, match=said), written_whole(tmp_path / name) as partial:
        partial.touch()
