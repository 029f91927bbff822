"""Godot, USD, Blender, VMC and JSON: what readers, ours and others', read back."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from engine_bridge.adapters.sink import Face
from engine_bridge.adapters.vmc import packets_of, unity_rotation
from engine_bridge.adapters.vrm import Preset
from engine_bridge.formats.axes import quaternions
from engine_bridge.formats.blender_script import read_blender, write_blender
from engine_bridge.formats.clip import Clip, ClipError
from engine_bridge.formats.flat_json import read_json, write_json
from engine_bridge.formats.godot_tres import read_tres, write_tres
from engine_bridge.formats.keys import Curve, Tolerance
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_file import read_rig
from engine_bridge.formats.table import FORMATS, Writer
from engine_bridge.formats.usda import read_usda, write_usda
from engine_bridge.formats.vmc_recording import read_vmc, write_vmc
from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.baking.jobs import Result
from space_runtime.option_parsing import PICTURES, Format
from tests.support.clips import random_clip, speaking_clip

EXACT = FormatOptions(tolerance=Tolerance(0, 0), renderer_path="Head/Face")


def written(writer: Writer, clip: Clip, options: FormatOptions = EXACT) -> bytes:
    file = io.BytesIO()
    writer(clip, options, file)
    return file.getvalue()


@pytest.mark.parametrize("n_frames", [0, 1, 2, 30])
@pytest.mark.parametrize(
    ("write", "read"), [(write_tres, read_tres), (write_usda, read_usda), (write_blender, read_blender)]
)
def test_curves_are_read_back(write: Writer, read: Callable[[bytes], tuple[Curve, ...]], n_frames: int) -> None:
    clip = random_clip(n_frames, name='a "quoted" näme')
    curves = read(written(write, clip))
    assert [curve.name for curve in curves] == list(ARKIT_NAMES)
    assert clip.blendshapes is not None
    for place, curve in enumerate(curves):
        assert len(curve.values) == n_frames
        assert np.allclose(curve.values, clip.blendshapes[:, place], atol=1e-6)
        assert np.allclose(curve.times_s, clip.times_s, atol=1e-6)


@pytest.mark.parametrize("read", [read_tres, read_usda, read_blender, read_json])
@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"CURVES = 1", b"CURVES = {1: [2]}", b"[gd_resource"])
def test_what_is_no_clip_ends_in_one_sentence(read: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(ClipError):
        read(data)


@pytest.mark.parametrize("write", [write_tres, write_usda, write_blender])
def test_names_of_a_rig_are_driven(write: Writer, tmp_path: Path) -> None:
    (tmp_path / "rig.txt").write_text("Face.jawOpen\nmouthSmile_L\n")
    text = written(write, speaking_clip(), FormatOptions(rig=read_rig(tmp_path / "rig.txt"))).decode()
    assert "Face.jawOpen" in text and "mouthSmile_L" in text and "eyeBlinkLeft" not in text


def test_godots_tracks_have_three_numbers_a_key() -> None:
    text = written(write_tres, speaking_clip()).decode()
    assert text.startswith('[gd_resource type="Animation" format=3]\n\n[resource]\n')
    assert text.count('/type = "blend_shape"') == 52
    assert 'tracks/17/path = NodePath("Head/Face:jawOpen")' in text


def test_godot_drives_several_meshes() -> None:
    text = written(write_tres, speaking_clip(), FormatOptions(renderer_path="Face,Teeth")).decode()
    assert 'tracks/35/path = NodePath("Teeth:jawOpen")' in text
    assert len(read_tres(text.encode())) == 2 * 52


def test_usd_itself_reads_weights_and_rotations() -> None:
    usd = pytest.importorskip("pxr.Usd", reason="needs usd-core (extra 'test')")
    skel = pytest.importorskip("pxr.UsdSkel", reason="needs usd-core (extra 'test')")
    layers = pytest.importorskip("pxr.Sdf", reason="needs usd-core (extra 'test')")
    clip = random_clip(12, name='a "quoted" näme')
    layer = layers.Layer.CreateAnonymous(".usda")
    assert layer.ImportFromString(written(write_usda, clip).decode())
    stage = usd.Stage.Open(layer)
    assert (stage.GetTimeCodesPerSecond(), stage.GetEndTimeCode()) == (30, 11)
    animation = skel.Animation(stage.GetDefaultPrim())
    query = skel.Cache().GetAnimQuery(animation)
    assert tuple(query.GetBlendShapeOrder()) == ARKIT_NAMES
    assert list(query.GetJointOrder()) == ["Head", "Head/LeftEye", "Head/RightEye"]
    assert clip.blendshapes is not None and clip.head_rotation_rad is not None
    for k in range(12):
        assert np.allclose(query.ComputeBlendShapeWeights(k), clip.blendshapes[k], atol=1e-6)
        head = query.ComputeJointLocalTransforms(k)[0].ExtractRotationQuat()
        expected = quaternions(*clip.head_rotation_rad[k : k + 1].T)[0]
        assert np.allclose([*head.GetImaginary(), head.GetReal()], expected, atol=1e-5)


def test_quaternions_are_the_adapters_with_x_turned_round() -> None:
    yaw, pitch, roll = (np.array([value]) for value in (0.3, -0.2, 0.1))
    x, y, z, w = quaternions(yaw, pitch, roll)[0]
    assert (x, -y, -z, w) == pytest.approx(unity_rotation(0.3, -0.2, 0.1))


def test_a_vmc_recording_is_what_the_adapter_sends_with_times() -> None:
    clip = random_clip(6)
    assert clip.blendshapes is not None and clip.head_rotation_rad is not None and clip.eye_rotation_rad is not None
    records = list(read_vmc(written(write_vmc, clip)))
    expected = [
        (k / 30, packet)
        for k in range(6)
        for packet in packets_of(
            Face(k / 30, clip.blendshapes[k], clip.head_rotation_rad[k], clip.eye_rotation_rad[k].reshape(4)),
            Preset.ARKIT,
        )
    ]
    assert [packet for _, packet in records] == [packet for _, packet in expected]
    assert [time for time, _ in records] == pytest.approx([time for time, _ in expected], abs=1e-9)


def test_an_independent_reader_reads_the_recording() -> None:
    data, at, seen = written(write_vmc, random_clip(2)), 0, []
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        bundle = OscBundle(data[at + 4 : at + 4 + size])
        seen += [message.address for message in bundle if isinstance(message, OscMessage)]
        at += 4 + size
    assert seen.count("/VMC/Ext/Blend/Val") == 2 * 52
    assert seen[-1] == "/VMC/Ext/Blend/Apply"


@pytest.mark.parametrize("cut", [1, 3, 4, 100, -1])
def test_a_recording_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ClipError, match="cut off"):
        list(read_vmc(written(write_vmc, random_clip(1))[:cut]))


def test_json_has_no_lists_of_lists_and_is_read_back() -> None:
    clip = random_clip(7)
    data = written(write_json, clip)
    told = json.loads(data)
    for key, value in told.items():
        if isinstance(value, list):
            assert not any(isinstance(item, list | dict) for item in value), key
    assert len(told["blendshapes"]) == 7 * len(told["blendshape_names"])
    read = read_json(data)
    for key in ("times_s", "blendshapes", "head_rotation_rad", "head_translation", "eye_rotation_rad", "landmarks"):
        assert np.allclose(getattr(read, key), getattr(clip, key), rtol=1e-5, atol=1e-9)


def test_a_json_clip_of_rows_as_it_was_before_is_read() -> None:
    told = json.loads(written(write_json, random_clip(3)))
    told["blendshapes"] = np.reshape(told["blendshapes"], (3, 52)).tolist()
    assert read_json(json.dumps(told).encode()).n_frames == 3


def test_every_list_of_formats_is_the_tables() -> None:
    assert {name.value for name in Format} == {name.value for name in FORMATS} | {name.value for name in PICTURES}
    assert {name.value for name in Result} == {name.value for name in Format} | {"curves", "sheet"}
    assert len({row.ending for row in FORMATS.values()}) == len(FORMATS)
    assert all(name.row is not None for name in Format if name not in PICTURES)
