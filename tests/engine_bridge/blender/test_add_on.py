"""The add-on in Blender: installed, every format imported, weights and rotations read back.

Blender comes from PyPI (``bpy``) into an environment of its own, ``.tools/blender``, made by ``python3.11 -m venv``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
import soundfile

from engine_bridge.formats.axes import Quaternions, inverse, product
from engine_bridge.formats.clip import Values
from engine_bridge.formats.joints import rotations_of
from engine_bridge.formats.keys import Tolerance
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_map import BONE_NAMES, Bone, match_names
from engine_bridge.formats.table import FORMATS, ClipFormat
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.docs.pages import ROOT
from tests.support.clips import file_of, random_clip
from tests.support.rigs import rig_glb

ADD_ON = ROOT / "engine_bridge" / "blender" / "io_space_clip.py"
PYTHON = ROOT / ".tools" / "blender" / "bin" / "python"
TILTED = (0.5, 0.5, -0.5, 0.5)
N = 31
KINDS = (ClipFormat.JSON, ClipFormat.CSV, ClipFormat.NPZ, ClipFormat.SPACECLIP, ClipFormat.BLENDER)
EXACT = FormatOptions(tolerance=Tolerance(0, 0))
BAD = {
    "bad.json": (b"{}", "bad.json is no clip: it has no 'fps'; bake it anew"),
    "text.json": (b"\xff", "text.json is damaged or no clip"),
    "bad.csv": (b"a,b\n1,2\n", "bad.csv is damaged or no clip (it has no row with a face); bake it anew"),
    "bad.npz": (b"1", "bad.npz is damaged or no clip"),
    "bad.spaceclip": (
        b"SPACECLP1",
        "bad.spaceclip is damaged or no clip (it has no header of version 1); bake it anew",
    ),
    "clip.fbx": (b"", "clip.fbx is no clip; expected one of .json, .csv, .spaceclip, .npz"),
}


@pytest.fixture
def add_on(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The add-on outside Blender, for what needs none of it: names and readers."""
    stand_ins: dict[str, dict[str, object]] = {
        "bpy": {"types": SimpleNamespace(Operator=type("Operator", (), {})), "props": MagicMock()},
        "bpy_extras": {},
        "bpy_extras.io_utils": {"ImportHelper": type("ImportHelper", (), {})},
        "mathutils": {"Quaternion": object},
    }
    for name, members in stand_ins.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "io_space_clip", ModuleType("io_space_clip"))  # dataclasses look there
    namespace: dict[str, object] = {"__name__": "io_space_clip"}
    exec(compile(ADD_ON.read_text(encoding="utf-8"), ADD_ON, "exec"), namespace)
    return SimpleNamespace(**namespace)


def test_names_are_matched_as_everywhere(add_on: SimpleNamespace) -> None:
    assert {str(bone): names for bone, names in BONE_NAMES.items()} == add_on.JOINTS
    for names, targets in (
        (["jawOpen", "mouthClose"], ["JawOpen", "jawOpen", "mouthClose"]),
        (["mouthSmileLeft", "jawLeft"], ["Face.mouthSmile_L", "jaw_l", "other"]),
        (["a", "A", "x.a"], ["X.A", "a", "A"]),
    ):
        expected = {match.name: match.target for match in match_names(names, targets).matches}
        assert add_on.match_names(names, targets) == expected


@pytest.mark.parametrize("kind", KINDS[:-1])
@pytest.mark.parametrize("n_frames", [1, 2, 40])
def test_every_format_is_read(add_on: SimpleNamespace, kind: ClipFormat, n_frames: int, tmp_path: Path) -> None:
    clip, path = random_clip(n_frames, Fraction(24_000, 1_001)), tmp_path / f"hello{FORMATS[kind].ending}"
    path.write_bytes(file_of(FORMATS[kind].write, clip, EXACT))
    take = add_on.read_take(path)
    assert take.name == "hello" and list(take.curves) == sorted(ARKIT_NAMES, key=list(take.curves).index)
    assert take.length == pytest.approx(clip.times_s[-1], abs=1e-4)
    assert clip.blendshapes is not None
    for place, name in enumerate(ARKIT_NAMES):
        assert np.abs(take.curves[name][1] - clip.blendshapes[:, place]).max() < 1e-5
    for bone, turned in rotations_of(clip).items():
        assert np.abs(take.turns[str(bone)][1] - turned).max() < 1e-5


@pytest.mark.parametrize("name", ["hello.json", "hello.csv", "hello.spaceclip", "hello.npz"])
def test_a_clip_that_is_cut_off_ends_in_one_sentence(add_on: SimpleNamespace, name: str, tmp_path: Path) -> None:
    kind = next(kind for kind in KINDS if name.endswith(FORMATS[kind].ending))
    whole = file_of(FORMATS[kind].write, random_clip(3), EXACT)
    for size in range(0, len(whole) - 1, max(1, len(whole) // 200)):
        (tmp_path / name).write_bytes(whole[:size])
        with suppress(add_on.ClipProblem):  # text that ends between rows is a shorter clip
            assert add_on.read_take(tmp_path / name).length < 0.1


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Blender's view of every file, by the file's name; ``said`` is what it printed."""
    if not PYTHON.exists():
        pytest.skip("needs importers of clips: Blender (bpy) in .tools/blender")
    folder = tmp_path_factory.mktemp("clips")
    clip = random_clip(N)
    names = [f"hello{FORMATS[kind].ending}" for kind in KINDS]
    for kind, name in zip(KINDS, names, strict=True):
        (folder / name).write_bytes(file_of(FORMATS[kind].write, clip, EXACT))
    for name, (data, _) in BAD.items():
        (folder / name).write_bytes(data)
    (folder / "rig.glb").write_bytes(rig_glb([f"Face.{name}" for name in ARKIT_NAMES], TILTED))
    soundfile.write(folder / "hello.wav", np.zeros(16_000), 16_000)
    done = subprocess.run(
        [PYTHON, ROOT / "tests" / "tools" / "blender_add_on.py", ADD_ON, "rig.glb", str(N), *names, *BAD],
        cwd=folder,
        env={**os.environ, "BLENDER_USER_SCRIPTS": str(folder / "scripts")},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**told, "said": done.stdout}


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_moves_shapes_head_and_eyes(seen: dict[str, Any], kind: ClipFormat) -> None:
    clip, shown = random_clip(N), seen[f"hello{FORMATS[kind].ending}"]
    assert np.abs(np.array(shown["weights"]) - clip.blendshapes).max() < 1e-5
    turned = rotations_of(clip)
    check_axes(shown["heads"], turned[Bone.HEAD])
    check_axes(shown["eyes"], product(turned[Bone.HEAD], turned[Bone.LEFT_EYE]))


def test_bones_turn_whatever_their_rest_and_their_place_in_the_scene(seen: dict[str, Any]) -> None:
    turned = rotations_of(random_clip(N))
    check_axes(seen["bones"]["heads"], turned[Bone.HEAD])
    check_axes(seen["bones"]["eyes"], product(turned[Bone.HEAD], turned[Bone.LEFT_EYE]))


def check_axes(axes: object, rotations: Quaternions) -> None:
    """The images of left, up and front are those of the rotations, in Blender's axes: z up, the face to -y."""
    for place, axis in enumerate(np.eye(3)):
        x, y, z = rotated(rotations, axis).T
        assert np.abs(np.array(axes)[:, place] - np.stack([x, -z, y], axis=1)).max() < 1e-5


def rotated(rotations: Quaternions, vector: Values) -> Values:
    turned = product(product(rotations, np.array([*vector, 0])), inverse(rotations))
    return turned[:, :3]


def test_a_sound_beside_the_clip_is_added_and_what_was_matched_is_said(seen: dict[str, Any]) -> None:
    assert seen["hello.json"]["sounds"] == [["hello", 1]] and seen["hello.blender.py"]["sounds"] == []
    driven = "hello: 52 of 52 shapes drive Face; head: Head; left eye: LeftEye; right eye: RightEye"
    assert f"{driven}; sound: hello.wav" in seen["said"]


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_clip_ends_in_one_sentence(seen: dict[str, Any], name: str) -> None:
    assert BAD[name][1] in seen[name]["error"]
    assert seen[name]["error"].count("\n") == 1
