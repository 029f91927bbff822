"""Unity's .anim: the layout of clips that Unity saved, and what our reader and a YAML parser read back."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.formats.clip import Clip, ClipError
from engine_bridge.formats.keys import Tolerance
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_file import read_rig
from engine_bridge.formats.unity_anim import write_anim
from engine_bridge.formats.unity_anim_reader import read_anim
from engine_bridge.formats.unity_text import number, yaml_text
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.support.clips import SHAPE, random_clip, speaking_clip

EXACT = Tolerance(0, 0)

SAVED = """\
%YAML 1.1
%TAG !u! tag:unity3d.com,2011:
--- !u!74 &7400000
AnimationClip:
  m_Name: Smile
  serializedVersion: 7
  m_FloatCurves:
  - serializedVersion: 2
    curve:
      serializedVersion: 2
      m_Curve:
      - serializedVersion: 3
        time: 0
        value: 0
        inSlope: Infinity
        outSlope: 0
        tangentMode: 136
        weightedMode: 0
        inWeight: 0
        outWeight: 0
      m_PreInfinity: 2
      m_PostInfinity: 2
      m_RotationOrder: 4
    attribute: blendShape.vrc.blink_left
    path: Body
    classID: 137
    script: {fileID: 0}
    flags: 16
  m_PPtrCurves: []
  m_SampleRate: 60
"""
"""The form of a clip that Unity 2022 saved, shortened."""


def written(clip: Clip, **options: object) -> str:
    file = io.BytesIO()
    write_anim(clip, FormatOptions(**options), file)  # type: ignore[arg-type]
    return file.getvalue().decode()


def parsed(text: str) -> dict[str, dict[str, object]]:
    """The document as a YAML parser reads it."""
    lines = [line for line in text.splitlines() if not line.startswith(("%", "---"))]
    return dict(yaml.safe_load("\n".join(lines)))


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_what_is_read_back_is_what_was_written(scale: float) -> None:
    clip = random_clip(40, Fraction(30_000, 1_001))
    text = written(clip, weight_scale=scale, tolerance=EXACT, renderer_path="Body/Face")
    read = read_anim(text.encode(), scale)
    assert (read.name, round(read.sample_rate, 2)) == ("hello", 29.97)
    assert [curve.curve.name for curve in read.curves] == list(ARKIT_NAMES)
    assert {curve.path for curve in read.curves} == {"Body/Face"}
    assert clip.blendshapes is not None
    for place, curve in enumerate(read.curves):
        assert np.allclose(curve.curve.at(clip.times_s), clip.blendshapes[:, place], atol=1e-5)  # times are float32


def test_unity_evaluates_straight_lines_between_the_keys() -> None:
    curve = read_anim(written(speaking_clip()).encode()).curves[SHAPE["jawOpen"]]
    times, values = curve.curve.times_s, curve.curve.values
    x = np.linspace(0, 1, 9)
    for k in range(len(times) - 1):
        step = times[k + 1] - times[k]
        hermite = (
            (2 * x**3 - 3 * x**2 + 1) * values[k]
            + (x**3 - 2 * x**2 + x) * step * curve.out_slopes[k]
            + (3 * x**2 - 2 * x**3) * values[k + 1]
            + (x**3 - x**2) * step * curve.in_slopes[k + 1]
        )
        assert np.allclose(hermite, values[k] + x * (values[k + 1] - values[k]), atol=2e-6)


def test_the_curves_stay_within_the_tolerance() -> None:
    clip = speaking_clip()
    assert clip.blendshapes is not None
    for place, curve in enumerate(read_anim(written(clip, tolerance=Tolerance(0.002, 0)).encode()).curves):
        assert np.abs(curve.curve.at(clip.times_s) - clip.blendshapes[:, place]).max() < 0.0021


def test_the_layout_is_unitys() -> None:
    text = written(speaking_clip(), renderer_path="Body")
    clip = parsed(text)["AnimationClip"]
    assert text.startswith("%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:\n--- !u!74 &7400000\nAnimationClip:\n")
    assert text.endswith("\n")
    assert "\r" not in text
    assert re.findall(r"^  (\w+):", text, re.MULTILINE) == FIELDS
    assert clip["m_EditorCurves"] == clip["m_FloatCurves"]
    assert clip["serializedVersion"] == 6
    bindings = clip["m_ClipBindingConstant"]["genericBindings"]  # type: ignore[index]
    assert bindings[SHAPE["jawOpen"]] == {
        "serializedVersion": 2,
        "path": 2073732236,
        "attribute": 536272755,
        "script": {"fileID": 0},
        "typeID": 137,
        "customType": 20,
        "isPPtrCurve": 0,
    }
    assert [binding["attribute"] for binding in bindings] == [zlib.crc32(name.encode()) for name in ARKIT_NAMES]
    key = text[text.index("      - serializedVersion: 3") :].split("      - ")[1]
    assert [line.split(":")[0].strip() for line in key.splitlines()] == [
        "serializedVersion",
        *("time", "value", "inSlope", "outSlope", "tangentMode", "weightedMode", "inWeight", "outWeight"),
    ]


FIELDS = [
    *("m_ObjectHideFlags", "m_CorrespondingSourceObject", "m_PrefabInstance", "m_PrefabAsset", "m_Name"),
    *("serializedVersion", "m_Legacy", "m_Compressed", "m_UseHighQualityCurve", "m_RotationCurves"),
    *("m_CompressedRotationCurves", "m_EulerCurves", "m_PositionCurves", "m_ScaleCurves", "m_FloatCurves"),
    *("m_PPtrCurves", "m_SampleRate", "m_WrapMode", "m_Bounds", "m_ClipBindingConstant", "m_AnimationClipSettings"),
    *("m_EditorCurves", "m_EulerEditorCurves", "m_HasGenericRootTransform", "m_HasMotionFloatCurves", "m_Events"),
]


def test_a_clip_that_unity_saved_is_written_byte_for_byte(tmp_path: Path) -> None:
    """jaw_neutral.anim of VRCFaceTracking-Templates (commit 0017c0f), which Unity saved as version 6."""
    (tmp_path / "rig.txt").write_text("JawLeft\nJawRight\n")
    clip = random_clip(1, Fraction(60), name="jaw_neutral")
    assert clip.blendshapes is not None
    clip.blendshapes[:] = 0
    text = written(clip, renderer_path="Body", rig=read_rig(tmp_path / "rig.txt"))
    saved = "b9dec8e16e56d99df8e3501408672a0b39473ee7de97c1fe9975ee3c17442970"
    assert (len(text), hashlib.sha256(text.encode()).hexdigest()) == (3_243, saved)


def test_meshes_of_their_own_are_driven_too() -> None:
    read = read_anim(written(speaking_clip(), renderer_path="/Body/Face, Teeth,Teeth").encode())
    assert [curve.path for curve in read.curves[:2]] == ["Body/Face", "Teeth"]
    assert len(read.curves) == 2 * 52
    bindings = parsed(written(speaking_clip(), renderer_path="Face,Teeth"))["AnimationClip"]["m_ClipBindingConstant"]
    paths = [binding["path"] for binding in bindings["genericBindings"]]  # type: ignore[index]
    assert paths[:2] == [zlib.crc32(b"Face"), zlib.crc32(b"Teeth")]


def test_a_curve_of_one_key_is_flat() -> None:
    text = written(random_clip(1))
    assert text.count("tangentMode: 136") == 2 * 52
    assert "inWeight: 0\n" in text
    assert "    path: \n" in text  # of the object itself: one blank, as Unity writes it


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_the_shortest_clips_are_read_back(n_frames: int) -> None:
    curves = read_anim(written(random_clip(n_frames)).encode()).curves
    assert [len(curve.curve.values) for curve in curves] == [n_frames] * 52


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 60, "0.016666668"),
        (1 / 30, "0.033333335"),
        (43.55, "43.55"),
        (-0.0, "0"),
        (100, "100"),
        (2550, "2550"),
        (np.inf, "Infinity"),
    ],
)
def test_numbers_are_written_as_unity_does(value: float, text: str) -> None:
    assert number(value) == text


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda t: t.strip() == t))
def test_any_name_is_read_back(name: str) -> None:
    text = yaml_text(name)
    assert text.isascii()
    assert yaml.safe_load(f"a: {text}") == {"a": name}
    assert read_anim(SAVED.replace("m_Name: Smile", f"m_Name: {text}").encode()).name == name


def test_a_clip_that_unity_saved_is_read() -> None:
    read = read_anim(SAVED.encode())
    assert (read.name, read.sample_rate) == ("Smile", 60)
    assert [(c.path, c.curve.name, c.in_slopes) for c in read.curves] == [("Body", "vrc.blink_left", (np.inf,))]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"%YAML 1.1\n",
        SAVED.replace("time: 0", "time: x").encode(),
        SAVED.replace("time: 0", "time: nan").encode(),
        SAVED.replace("        value: 0\n", "").encode(),
        SAVED.replace("m_SampleRate: 60", "").encode(),
    ],
)
def test_what_is_no_clip_ends_in_one_sentence(data: bytes) -> None:
    with pytest.raises(ClipError, match=r"no Unity \.anim"):
        read_anim(data)


def test_names_of_a_rig_are_driven_and_others_left_out(tmp_path: Path) -> None:
    (tmp_path / "rig.txt").write_text("Face.jawOpen\nMouthSmileLeft\neyeBlink_R\nvisemeAA\n")
    rig = read_rig(tmp_path / "rig.txt")
    read = read_anim(written(speaking_clip(), rig=rig).encode())
    assert [curve.curve.name for curve in read.curves] == ["eyeBlink_R", "Face.jawOpen", "MouthSmileLeft"]
    assert rig.report().startswith("rig.txt: 3 of 52 shapes drive rig; without a target: eyeBlinkLeft, ")
    assert rig.report().endswith("; not driven: visemeAA")
    (tmp_path / "rig.txt").write_text("jawOpen\n")
    assert read_rig(tmp_path / "rig.txt").report().startswith("rig.txt: 1 of 52 shapes drive rig; ")
