"""Names onto a rig: exact, any case, _L and _R, after the last dot; nothing fuzzy, everything reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine_bridge.formats.clip import ClipError
from engine_bridge.formats.rig_file import read_rig
from engine_bridge.formats.rig_map import Match, match_names
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.support.rigs import rig_glb


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("mouthSmileLeft", "mouthSmileLeft"),
        ("MouthSmileLeft", "mouthSmileLeft"),
        ("mouthSmile_L", "mouthSmileLeft"),
        ("MOUTHSMILE_r", "mouthSmileRight"),
        ("blendShape1.jawOpen", "jawOpen"),
        ("Face.Rig.mouthSmile_L", "mouthSmileLeft"),
        ("jawLeft", "jawLeft"),
    ],
)
def test_a_spelling_finds_its_shape(target: str, name: str) -> None:
    assert match_names(ARKIT_NAMES, [target]).matches == (Match(name, target),)


@pytest.mark.parametrize("target", ["jaw_Open", "jawOpen2", "jaw open", "smileLeft", "jaw_L.x", ""])
def test_nothing_fuzzy_is_matched(target: str) -> None:
    found = match_names(ARKIT_NAMES, [target])
    assert found.matches == ()
    assert found.undriven == (target,)
    assert found.missing == ARKIT_NAMES


def test_the_better_rule_wins_and_each_target_is_driven_once() -> None:
    found = match_names(["jawOpen", "mouthClose"], ["x.jawOpen", "JawOpen", "jawOpen"])
    assert found.matches == (Match("jawOpen", "jawOpen"),)
    assert found.missing == ("mouthClose",)
    assert found.undriven == ("x.jawOpen", "JawOpen")


def test_a_glb_says_the_names_of_its_meshes(tmp_path: Path) -> None:
    (tmp_path / "head.glb").write_bytes(rig_glb(["mouthSmile_L", "JawOpen", "other"]))
    rig = read_rig(tmp_path / "head.glb")
    assert rig.face.shapes == ("mouthSmile_L", "JawOpen", "other")
    assert len(rig.face.map.matches) == 2


def test_a_list_may_be_json_or_lines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(["jawOpen", "mouthClose"]))
    (tmp_path / "a.txt").write_text("jawOpen\n\n mouthClose \n", encoding="utf-8-sig")
    assert read_rig(tmp_path / "a.json").face.shapes == read_rig(tmp_path / "a.txt").face.shapes


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.glb", b"", "no binary glTF"),
        ("a.glb", b"glTF\1\0\0\0\x0c\0\0\0", "damaged or outdated"),
        ("a.glb", b"glTF\2\0\0\0\x0e\0\0\0{}", "ends within"),
        ("a.gltf", b"{", "no JSON"),
        ("a.gltf", b"[]", "no JSON object"),
        ("a.gltf", b'{"a":1e999}', "no number of JSON"),
        ("a.gltf", b'{"a":NaN}', "no number of JSON"),
        ("a.gltf", b"{}", "no blend shape with one of ARKit's names"),
        ("a.txt", b"visemeAA", "no blend shape with one of ARKit's names"),
        ("a.txt", b"\xff", "no list of names"),
        ("a.json", b"[1]", "no list of names"),
        ("a.json", b"[" * 5_000, "no list of names"),
    ],
)
def test_what_is_no_rig_ends_in_one_sentence(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ClipError, match=sentence):
        read_rig(tmp_path / name)


def test_a_rig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"none\.glb cannot be read"):
        read_rig(tmp_path / "none.glb")
