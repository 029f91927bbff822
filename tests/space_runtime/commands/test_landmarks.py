"""``--landmarks`` and the command that makes the page: a drawing speaks, a wrong file is told before any work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from space_runtime.portrait.landmark_file import landmarks_json
from space_runtime.server.commands import CharacterSpec
from space_runtime.server.worker.character_cache import CharacterCache
from tests.support import pictures
from tests.support.command_line import Call
from tests.support.drawn_faces import anime
from tests.support.session_frames import BUNDLE


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawings")
    (folder / "face.json").write_text(landmarks_json(anime().landmarks), "utf-8")
    return pictures.save(folder / "face.png", anime().picture)


def test_a_drawing_is_baked_with_its_landmarks(drawing: Path, tmp_path: Path, line: Path, call: Call) -> None:
    words = ("bake", line, "--portrait", drawing, "--formats", "json", "--out", tmp_path / "out")
    assert "clear human face" in call(*words).err and not (tmp_path / "out").exists()
    taken = call(*words, "--landmarks", drawing.with_suffix(".json"))
    assert taken.code == 0
    clip = json.loads((tmp_path / "out" / f"{line.stem}.json").read_text("utf-8"))
    assert len(clip["metadata"]["portrait"]["mesh_sha256"]) == 64


@pytest.mark.parametrize("command", ["portrait", "still", "bake", "table"])
def test_commands_take_the_landmarks_beside_the_photo(command: str, tmp_path: Path, line: Path, call: Call) -> None:
    photo, beside = pictures.save(tmp_path / "face.png", anime().picture), tmp_path / "face.landmarks.json"
    table = tmp_path / "lines.csv"
    table.write_text(f"sound,portrait\n{line},{photo}\n", "utf-8")
    made = ("--formats", "json", "--dry-run", "--out", tmp_path / "out")
    words: tuple[object, ...] = {
        "portrait": ("portrait", photo),
        "still": ("still", photo, "--out", tmp_path / "still.png"),
        "bake": ("bake", line, "--portrait", photo, *made),
        "table": ("bake", "--manifest", table, *made),
    }[command]
    beside.write_text("{", "utf-8")
    assert "the landmarks face.landmarks.json: it is no JSON" in call(*words).err
    named = tmp_path / "named.json"
    named.write_text(landmarks_json(anime().landmarks), "utf-8")
    if command != "table":
        assert call(*words, "--landmarks", named).code == 0
    named.replace(beside)
    assert call(*words).code == 0


def test_a_table_names_landmarks(drawing: Path, tmp_path: Path, line: Path, call: Call) -> None:
    table = tmp_path / "lines.csv"
    table.write_text(f"sound,portrait,landmarks\n{line},{drawing},{drawing.with_suffix('.json')}\n", "utf-8")
    done = call("bake", "--manifest", table, "--formats", "json", "--dry-run", "--out", tmp_path / "out")
    assert done.code == 0 and "1 planned" in done.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    {
        ("bake", "line.wav", "--landmarks", "a.json"): "name that photo with --portrait",
        ("live", "line.wav", "--landmarks", "a.json", "--no-wait"): "name that photo with --portrait",
        ("landmarks", "nobody.png", "--no-open"): "nobody.png",
        ("landmarks", "face.png", "--page", "face.txt"): "ends in .html",
    }.items(),
)
def test_a_wrong_call_is_told(words: tuple[str, ...], sentence: str, call: Call) -> None:
    done = call(*words)
    assert done.code != 0 and sentence in done.complaint


def test_the_page_of_a_drawing_is_written(drawing: Path, tmp_path: Path, call: Call) -> None:
    page = tmp_path / "page.html"
    done = call("landmarks", drawing, "--landmarks", drawing.with_suffix(".json"), "--page", page, "--no-open")
    assert done.code == 0 and str(page) in done.out
    assert '"name": "face.png"' in page.read_text("utf-8")


def test_live_takes_the_landmarks_beside_its_photo_and_says_where_it_cannot(tmp_path: Path, call: Call) -> None:
    photo, words = pictures.save(tmp_path / "face.png", anime().picture), ("live", "line.wav", "--no-wait")
    (tmp_path / "face.landmarks.json").write_text("{", "utf-8")
    complaint = call(*words, "--portrait", photo).complaint
    assert complaint.startswith("space-runtime: the landmarks face.landmarks.json: it is")
    done = call(*words, "--portrait", photo, "--server", "tcp://127.0.0.1:9")
    assert done.err.startswith("face.landmarks.json is left out: a running server")
    done = call(*words, "--portrait", photo, "--landmarks", photo, "--server", "tcp://127.0.0.1:9")
    assert done.complaint.startswith("space-runtime: a running server takes no landmarks")


def test_a_server_takes_landmarks(drawing: Path) -> None:
    spec = CharacterSpec(None, drawing.read_bytes(), False)
    cache = CharacterCache(BUNDLE, landmarks=anime().landmarks)
    assert cache.find(cache.prepare(spec)) is not None
