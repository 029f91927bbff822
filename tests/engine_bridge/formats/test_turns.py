"""Head and eyes in the formats that find them by path: Unity's .anim and Godot's .tres."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from engine_bridge.formats.axes import Quaternions, inverse, product, quaternions
from engine_bridge.formats.blender_script import read_blender_turns, write_blender
from engine_bridge.formats.clip import ClipError, Values
from engine_bridge.formats.glb import Glb, read_glb, write_glb
from engine_bridge.formats.godot_tres import read_tres_turns, write_tres
from engine_bridge.formats.joints import rotations_of
from engine_bridge.formats.keys import TOLERANCE, Tolerance, Turn, turn_of
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_file import items, read_rig
from engine_bridge.formats.rig_map import Bone
from engine_bridge.formats.table import Writer
from engine_bridge.formats.unity_anim import write_anim
from engine_bridge.formats.unity_anim_reader import read_anim
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.support.clips import file_of, random_clip, speaking_clip
from tests.support.rigs import rig_glb

EXACT = FormatOptions(
    head_path="Body/Head", eye_paths="Body/Head/LeftEye, Body/Head/RightEye/", tolerance=Tolerance(0, 0)
)
PATHS = ["Body/Head", "Body/Head/LeftEye", "Body/Head/RightEye"]
TILTED = (0.5, 0.5, -0.5, 0.5)


def anim_turns(data: bytes) -> tuple[Turn, ...]:
    return read_anim(data).turns


FORMATS = pytest.mark.parametrize(("write", "read"), [(write_anim, anim_turns), (write_tres, read_tres_turns)])
Reader = Callable[[bytes], tuple[Turn, ...]]


@FORMATS
@pytest.mark.parametrize("n_frames", [0, 1, 2, 30])
def test_head_and_eyes_are_read_back_in_our_axes(write: Writer, read: Reader, n_frames: int) -> None:
    clip = random_clip(n_frames)
    turns = read(file_of(write, clip, EXACT))
    assert [turn.path for turn in turns] == PATHS
    for turn, expected in zip(turns, rotations_of(clip).values(), strict=True):
        assert np.allclose(turn.times_s, clip.times_s, atol=1e-6)
        assert np.allclose(turn.rotations, expected, atol=1e-6)


def test_a_blender_script_turns_head_and_eyes() -> None:
    clip = random_clip(5)
    turns = read_blender_turns(file_of(write_blender, clip, EXACT))
    assert [turn.path for turn in turns] == ["head", "left eye", "right eye"]
    for turn, expected in zip(turns, rotations_of(clip).values(), strict=True):
        assert np.allclose(turn.rotations, expected, atol=1e-6)
    assert (
        read_blender_turns(file_of(write_blender, replace(clip, head_rotation_rad=None, eye_rotation_rad=None))) == ()
    )


@FORMATS
def test_only_what_is_named_is_turned(write: Writer, read: Reader) -> None:
    clip = random_clip(3)
    assert read(file_of(write, clip)) == ()
    assert [turn.path for turn in read(file_of(write, clip, FormatOptions(head_path="Head")))] == ["Head"]
    still = replace(clip, head_rotation_rad=None, eye_rotation_rad=None)
    assert read(file_of(write, still, EXACT)) == ()


@FORMATS
def test_a_clip_of_which_nothing_is_left_is_refused(write: Writer, read: Reader) -> None:
    turned = replace(random_clip(3), blendshapes=None, eye_rotation_rad=None)
    assert len(read(file_of(write, turned, EXACT))) == 1
    with pytest.raises(ClipError, match="--head-path"):
        file_of(write, turned)


@FORMATS
def test_bones_turn_from_their_rest_in_the_rig(write: Writer, read: Reader, tmp_path: Path) -> None:
    clip = random_clip(5)
    (tmp_path / "rig.glb").write_bytes(rig_glb(ARKIT_NAMES, TILTED))
    options = FormatOptions(
        rig=read_rig(tmp_path / "rig.glb"), head_path="H", eye_paths="L,R", tolerance=Tolerance(0, 0)
    )
    head, left, _ = read(file_of(write, clip, options))
    bone, turned = np.array(TILTED), rotations_of(clip)
    assert np.allclose(head.rotations, product(turned[Bone.HEAD], bone), atol=1e-6)
    expected = product(product(inverse(bone), turned[Bone.LEFT_EYE]), bone)
    assert np.allclose(left.rotations, expected, atol=1e-6)


def test_unity_turns_to_the_same_side() -> None:
    """A yaw to the character's left, where x is positive in our axes and negative in Unity's."""
    clip = random_clip(2)
    assert clip.head_rotation_rad is not None
    clip.head_rotation_rad[:] = (0.4, 0, 0)
    told = document(file_of(write_anim, clip, EXACT))
    value = told["m_RotationCurves"][0]["curve"]["m_Curve"][0]["value"]
    assert rotated(np.array([value[name] for name in "xyzw"]), np.array([0, 0, 1.0])) == pytest.approx(
        [-np.sin(0.4), 0, np.cos(0.4)]
    )
    assert rotated(quaternions(*clip.head_rotation_rad.T)[0], np.array([0, 0, 1.0]))[0] > 0


def rotated(rotation: Quaternions, vector: Values) -> Values:
    return product(product(rotation, np.array([*vector, 0])), inverse(rotation))[:3]


def document(data: bytes) -> Any:
    """The clip as a YAML parser reads it."""
    return yaml.safe_load(data.decode().split("\n", 3)[3])["AnimationClip"]


def test_unitys_layout_of_a_rotation() -> None:
    told = document(file_of(write_anim, random_clip(3), EXACT))
    assert [item["path"] for item in told["m_RotationCurves"]] == PATHS
    key = told["m_RotationCurves"][0]["curve"]["m_Curve"][1]
    assert list(key["value"]) == list(key["inSlope"]) == list("xyzw")
    edited = [item for item in told["m_EditorCurves"] if item["classID"] == 4]
    assert [item["attribute"] for item in edited[:4]] == [f"m_LocalRotation.{name}" for name in "xyzw"]
    assert len(edited) == 12 and len(told["m_FloatCurves"]) == 52
    for k, name in enumerate("xyzw"):
        keys = edited[k]["curve"]["m_Curve"]
        same = [each["value"][name] for each in told["m_RotationCurves"][0]["curve"]["m_Curve"]]
        assert [each["value"] for each in keys] == same
    binding = told["m_ClipBindingConstant"]["genericBindings"][0]
    assert (binding["path"], binding["attribute"], binding["typeID"]) == (zlib.crc32(b"Body/Head"), 2, 4)


def test_fewer_keys_stay_within_the_tolerance() -> None:
    clip = speaking_clip(300)
    times = clip.times_s
    angles = 0.2 * np.stack([np.sin(times), np.sin(1.7 * times), 0 * times])
    rotations = quaternions(*angles)
    turn = turn_of("Head", times, rotations, TOLERANCE)
    assert 10 < len(turn.times_s) < 100
    told = np.stack([np.interp(times, turn.times_s, turn.rotations[:, k]) for k in range(4)], axis=1)
    speed = np.abs(np.diff(rotations, axis=0)).max() * 60
    assert np.abs(told - rotations).max() <= TOLERANCE.weight + speed * TOLERANCE.ms / 1_000


@pytest.mark.parametrize("rotation", [["x", 0, 0, 1], [[1], 2], [1e308, 1e308, 1e308, 1e308], [0, 0, 0, 0], "none"])
def test_a_rotation_that_is_none_is_refused_or_rest(rotation: object, tmp_path: Path) -> None:
    read = read_glb(rig_glb(["jawOpen"]), "rig")
    nodes = [{**node, "rotation": rotation} for node in items(read.document["nodes"])]
    (tmp_path / "rig.glb").write_bytes(write_glb(Glb({**read.document, "nodes": nodes}, read.binary)))
    try:
        rig = read_rig(tmp_path / "rig.glb")
    except ClipError as error:
        assert "export it anew" in str(error)
        return
    assert all(np.isfinite(joint.rest).all() for joint in rig.joints)
