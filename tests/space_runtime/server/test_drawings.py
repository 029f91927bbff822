"""A drawing in the server's folder is taken by the landmarks beside it; what is wrong with them is one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from space_runtime.portrait.landmark_file import landmarks_json
from space_runtime.server.limits import Folders, Refusal
from tests.support import pictures
from tests.support.drawn_faces import anime
from tests.support.inline_server import InlineServer

BESIDE = "face.landmarks.json"
PLACED = landmarks_json(anime().landmarks)
NEEDS_LINKS = pytest.mark.skipif(os.name == "nt", reason="links need a right there")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the operator's with a drawing in a folder of it."""
    (tmp_path / "portraits" / "drawn").mkdir(parents=True)
    pictures.save(tmp_path / "portraits" / "drawn" / "face.png", anime().picture)
    return tmp_path / "portraits"


def answer_to_open(folder: Path) -> m.Message:
    """The server's last answer to a client that asks for the drawing."""
    client = InlineServer(folders=Folders(portraits=folder)).client()
    client.say(m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=0, until=1, character="drawn/face.png"))
    return (client.take(m.Opened) + client.take(m.Error))[-1]


def test_a_drawing_speaks_by_the_landmarks_beside_it(folder: Path) -> None:
    refused = answer_to_open(folder)
    assert isinstance(refused, m.Error) and refused.code == ErrorCode.BAD_PICTURE
    (folder / "drawn" / BESIDE).write_text(PLACED, "utf-8")
    assert isinstance(answer_to_open(folder), m.Opened)


def test_other_landmarks_make_another_character_of_the_same_picture(folder: Path) -> None:
    server = InlineServer(folders=Folders(portraits=folder))
    client = server.client()
    keys = []
    for text in (PLACED, PLACED.replace("\n", ""), PLACED):
        (folder / "drawn" / BESIDE).write_text(text, "utf-8")
        keys.append(server.state_of(client.open(character="drawn/face.png")).character)
    assert keys[0] == keys[2] != keys[1]
    assert len({key.digest for key in keys}) == 1


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 100_000, b" " * (2 << 20), PLACED.replace("chin", "shin").encode()]
)
def test_wrong_landmarks_are_told_in_a_sentence_without_a_path(folder: Path, content: bytes) -> None:
    (folder / "drawn" / BESIDE).write_bytes(content)
    refused = answer_to_open(folder)
    assert isinstance(refused, m.Error) and refused.code == ErrorCode.BAD_PICTURE
    assert refused.message.startswith(f"the landmarks {BESIDE}: ")
    assert str(folder) not in refused.message and "\n" not in refused.message


@NEEDS_LINKS
def test_landmarks_outside_the_folder_are_not_read(folder: Path) -> None:
    outside = folder.parent / "secret.json"
    outside.write_text(PLACED, "utf-8")
    (folder / "drawn" / BESIDE).symlink_to(outside)
    with pytest.raises(Refusal) as refusal:
        Folders(portraits=folder).landmarks("drawn/face.png")
    assert refusal.value.code == ErrorCode.NO_ASSET and str(folder) not in str(refusal.value)
    assert str(refusal.value).startswith("the landmarks beside 'drawn/face.png' lie outside the server's folder; ")
    (folder / "drawn" / BESIDE).unlink()
    (folder / BESIDE).write_text(PLACED, "utf-8")
    (folder / "drawn" / BESIDE).symlink_to(folder / BESIDE)
    assert Folders(portraits=folder).landmarks("drawn/face.png") == (folder / BESIDE).resolve()


@pytest.mark.parametrize("name", ["{folder}/drawn/face.png", "drawn/../drawn/face.png", "../secret.png", "drawn/b.png"])
def test_landmarks_are_looked_for_beside_pictures_alone_that_clients_may_name(folder: Path, name: str) -> None:
    pictures.save(folder.parent / "secret.png", anime().picture)
    for beside in (folder.parent / "secret", folder / "drawn" / "face", folder / "drawn" / "b"):
        beside.with_suffix(".landmarks.json").write_text(PLACED, "utf-8")
    named = name.format(folder=folder)
    with pytest.raises(Refusal) as refusal:
        Folders(portraits=folder).landmarks(named)
    assert refusal.value.code == ErrorCode.NO_ASSET
    assert str(refusal.value).startswith(f"there is no file {named[:80]!r} here; ")


@pytest.mark.parametrize("length", [240, 241, 255])
def test_a_picture_of_a_long_name_is_taken_by_its_landmarks(folder: Path, length: int) -> None:
    deep = folder / ("d" * 100)
    deep.mkdir()
    picture = deep / f"{'a' * (length - 105)}.png"
    pictures.save(picture, anime().picture)
    name = picture.relative_to(folder).as_posix()
    assert len(name) == length and Folders(portraits=folder).landmarks(name) is None
    beside = picture.with_suffix(".landmarks.json")
    beside.write_text(PLACED, "utf-8")
    assert Folders(portraits=folder).landmarks(name) == beside.resolve()
