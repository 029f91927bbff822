"""``space-runtime portrait``: a head on disk or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.command_line import Call
from tests.support.pictures import save


def test_a_photo_becomes_a_head(call: Call, photo: Path, tmp_path: Path) -> None:
    done = call("portrait", photo, "--glb", tmp_path / "npc.glb")
    assert (done.code, done.err) == (0, "")
    verdict, written = done.out.splitlines()
    assert verdict.endswith(": taken")
    assert "52 shapes" in written and " MB, " in written and written.endswith(" s")
    assert (tmp_path / "npc.glb").read_bytes()[:4] == b"glTF"


def test_without_a_file_the_verdict_alone_is_said(call: Call, photo: Path) -> None:
    done = call("portrait", photo)
    assert (done.code, done.out) == (0, f"{photo}: taken\n")


@pytest.mark.parametrize("name", ["npc.fbx", "npc"])
def test_another_ending_is_refused(call: Call, photo: Path, tmp_path: Path, name: str) -> None:
    done = call("portrait", photo, "--glb", tmp_path / name)
    assert done.code == 2 and ".glb" in done.err and not (tmp_path / name).exists()


def test_a_photo_is_not_overwritten(call: Call, photo: Path, tmp_path: Path) -> None:
    own = tmp_path / "photo.glb"
    own.write_bytes(photo.read_bytes())
    done = call("portrait", own, "--glb", own)
    assert done.code == 2 and "would overwrite" in done.err and own.read_bytes() == photo.read_bytes()


def test_a_photo_without_a_face_is_refused_in_a_sentence(call: Call, tmp_path: Path) -> None:
    picture = tmp_path / "grey.png"
    save(picture, np.full((200, 200, 3), 90, np.uint8))
    done = call("portrait", picture, "--glb", tmp_path / "npc.glb")
    assert done.code == 1 and "no face was found in grey.png" in done.err and done.err.count("\n") == 1
    assert not (tmp_path / "npc.glb").exists()
