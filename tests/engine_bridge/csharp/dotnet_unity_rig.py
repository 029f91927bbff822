"""Clips, rig maps, layers and clocks of the C# core, as the Unity components use them."""

from __future__ import annotations

import math
import random
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import soundfile

from engine_bridge.protocol import messages as m
from engine_bridge.protocol import wire
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import as_floats
from tests.engine_bridge.csharp.dotnet_loaded import Space, System
from tests.engine_bridge.csharp.dotnet_unity_loaded import clip_file, jaw_ramp, read_clip, texts
from tests.support.sounds import speechlike
from tests.tools import golden_vectors as golden

JAW = ARKIT_NAMES.index("jawOpen")


def test_the_arkit_names_are_those_of_python() -> None:
    assert tuple(Space.ArkitShapes.Names) == ARKIT_NAMES


@pytest.mark.parametrize("nested", [False, True])
def test_a_clip_is_read_and_mixed_between_its_frames(nested: bool) -> None:
    clip, pose = read_clip(clip_file(jaw_ramp(1.0), nested=nested)), Space.FacePose()
    assert (clip.FrameCount, clip.FramesPerSecond, clip.Seconds) == (31, 30.0, 1.0)
    for seconds in (0.0, 0.25, 0.9871, 1.0):
        clip.Sample(seconds, pose, 1.0)
        assert as_floats(pose.Blendshapes)[JAW] == pytest.approx(seconds, abs=1e-6)
        assert str(pose.State) == "Playing"
    np.testing.assert_allclose(as_floats(pose.HeadRotationRad), [0.1, 0.2, 0.3], atol=1e-7)


def test_a_clip_is_at_rest_before_and_after() -> None:
    clip, pose = read_clip(clip_file(jaw_ramp(1.0))), Space.FacePose()
    expected = {-0.1: (0.0, "Waiting"), 1.15: (0.5, "Releasing"), 1.3: (0.0, "Resting"), 9e9: (0.0, "Resting")}
    for seconds, (jaw, state) in expected.items():
        clip.Sample(seconds, pose, 1.0)
        assert as_floats(pose.Blendshapes)[JAW] == pytest.approx(jaw, abs=1e-6)
        assert str(pose.State) == state


def test_the_clip_of_a_real_bake_equals_its_npz(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "line.wav", speechlike(1.0), 16_000, subtype="PCM_16")
    words = [sys.executable, "-m", "space_runtime", "bake", str(tmp_path / "line.wav"), "--formats", "json,npz"]
    subprocess.run([*words, "--out", str(tmp_path)], check=True, capture_output=True, timeout=120)
    clip, pose = read_clip((tmp_path / "line.json").read_bytes()), Space.FacePose()
    columns = np.load(tmp_path / "line.npz")
    assert clip.FrameCount == len(columns["times_s"])
    for n, seconds in enumerate(columns["times_s"]):
        clip.Sample(float(seconds), pose, 1.0)
        np.testing.assert_allclose(as_floats(pose.Blendshapes), columns["blendshapes"][n], atol=2e-5)
        np.testing.assert_allclose(as_floats(pose.HeadRotationRad), columns["head_rotation_rad"][n], atol=2e-5)
        np.testing.assert_allclose(as_floats(pose.EyeRotationRad), columns["eye_rotation_rad"][n].ravel(), atol=2e-5)


def spaceclip(rows: Sequence[Sequence[float]], **fields: object) -> bytes:
    """Return a ``.spaceclip``: a header and frames of the wire, with eyes and without head."""
    frames = [
        wire.encode(
            m.Frame(
                session=0,
                stream=0,
                seq=n,
                index=n,
                sample=n * 16_000 / 30,
                speech=0.5,
                weights=np.array([*row, *[0.0] * (52 - len(row))], np.float32),
                eyes=np.array([0.1, 0.2, 0.3, n], np.float32),
            )
        )
        for n, row in enumerate(rows)
    ]
    told = {"name": "x", "fps": [30, 1], "sample_rate": 16_000, "frames": len(frames), "frame_bytes": len(frames[0])}
    header = bytes(msgpack.packb({**told, "weights": list(ARKIT_NAMES), "later": {"a": [1]}, **fields}))
    return b"SPACECLP" + struct.pack("<II", 1, len(header)) + header + b"".join(frames)


def test_a_spaceclip_is_read() -> None:
    clip, pose = read_clip(spaceclip(jaw_ramp(1.0))), Space.FacePose()
    assert (clip.FrameCount, clip.FramesPerSecond, tuple(clip.Blendshapes)) == (31, 30.0, ARKIT_NAMES)
    clip.Sample(0.25, pose, 1.0)
    assert as_floats(pose.Blendshapes)[JAW] == pytest.approx(0.25, abs=1e-6)
    np.testing.assert_allclose(as_floats(pose.EyeRotationRad), [0.1, 0.2, 0.3, 7.5], atol=1e-6)
    assert as_floats(pose.HeadRotationRad).max() == 0


def test_the_golden_clip_is_read() -> None:
    clip, pose = read_clip((golden.FOLDER / "clip.spaceclip").read_bytes()), Space.FacePose()
    assert (clip.FrameCount, clip.FramesPerSecond) == (4, pytest.approx(30_000 / 1_001))
    for k in range(4):
        clip.Sample(k / clip.FramesPerSecond, pose, 1.0)
        np.testing.assert_allclose(as_floats(pose.Blendshapes), golden.ramp(52, k / 10, 1.0), atol=1e-5)
        head, eyes = golden.ramp(12, -0.3, 0.3).reshape(4, 3), golden.ramp(16, -0.2, 0.2).reshape(4, 4)
        np.testing.assert_allclose(as_floats(pose.HeadRotationRad), head[k], atol=1e-5)
        np.testing.assert_allclose(as_floats(pose.EyeRotationRad), eyes[k], atol=1e-5)


@pytest.mark.parametrize(
    "fields",
    [
        {"frames": 30},
        {"frames": 1 << 40},
        {"frame_bytes": 0},
        {"frames": 0},
        {"fps": [0, 1]},
        {"fps": [30]},
        {"fps": [30, 0]},
        {"weights": []},
        {"weights": ["a"] * 53},
        {"frames": -1},
    ],
)
def test_a_spaceclip_whose_header_lies_is_refused(fields: dict[str, object]) -> None:
    assert is_refused(spaceclip(jaw_ramp(1.0), **fields))


def is_refused(data: bytes) -> bool:
    try:
        read_clip(data)
    except Space.ClipException as error:
        assert len(str(error.Message)) > 10
        return True
    return False


def test_files_that_are_no_clip_are_refused_in_a_sentence() -> None:
    good = clip_file(jaw_ramp(0.2))
    binary = spaceclip(jaw_ramp(0.2))
    assert not is_refused(binary)
    assert all(is_refused(binary[:n]) for n in range(0, len(binary), 7))
    assert not is_refused(b"\xef\xbb\xbf" + good + b"\n")
    for data in (b"", b"{}", b"[]", b"{", b"PK\x03\x04", good + b"x", good[:-1], b"[" * 100_000, b'{"a":' * 100_000):
        assert is_refused(data), data[:20]
    rng = random.Random(1)
    for n in range(2_000):
        mutated = bytearray(good if n % 2 else binary)
        for _ in range(rng.randint(1, 4)):
            mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        is_refused(bytes(mutated[: rng.randint(1, len(mutated))]))


def test_names_are_matched_by_four_rules() -> None:
    targets = ["jawopen", "mouthSmile_L", "mesh.eyeBlink_R", "MouthPucker", "browInnerUp", "nose"]
    names = ["jawOpen", "mouthSmileLeft", "eyeBlinkRight", "mouthPucker", "browInnerUp", "tongueOut"]
    assert list(Space.ShapeMatching.Match(texts(names), texts(targets))) == [0, 1, 2, 3, 4, -1]


def test_an_exact_name_wins_over_another_case() -> None:
    assert list(Space.ShapeMatching.Match(texts(["A", "a"]), texts(["a", "A"]))) == [1, 0]


@pytest.mark.parametrize(
    ("preset", "names"),
    [
        ("Arkit", [name[0].upper() + name[1:] for name in ARKIT_NAMES]),
        ("Arkit", ["viseme_aa", "viseme_O", *ARKIT_NAMES]),
        ("Reallusion", ["Brow_Drop_L", "Eye_Blink_L", "Eye_Blink_R", "Jaw_Open", "Mouth_Smile_L"]),
        ("MetaHuman", ["CTRL_expressions_jawOpen", "CTRL_expressions_eyeBlinkL"]),
        ("OculusVisemes", [f"viseme_{name}" for name in ("sil", "PP", "FF", "aa", "E", "I", "O", "U")]),
        ("Vrm0", ["Fcl_MTH_A", "Fcl_MTH_I", "Fcl_EYE_Close_L", "Fcl_ALL_Joy"]),
        ("Vrm1", ["aa", "ih", "ou", "blinkLeft", "happy"]),
        ("Arkit", ["none", "of", "them"]),
    ],
)
def test_the_preset_is_told_by_the_names(preset: str, names: list[str]) -> None:
    assert str(Space.RigPresets.Best(texts(names))) == preset


def test_rows_of_all_presets_name_arkit_shapes() -> None:
    for preset in Space.RigPresets.All:
        mixer = Space.RigMixer(Space.RigPresets.Rows(preset))
        assert list(mixer.UnknownSources) == []
        assert len(mixer.Targets) > 8
        assert not any(mark in target for target in mixer.Targets for mark in "#%*=")


def row(source: str, target: str, **fields: float) -> object:
    made = Space.RigRow(source, target, 1.0)
    for name, value in fields.items():
        setattr(made, name, float(value))
    return made


def mixer_of(*rows: object) -> Any:
    many = System.Collections.Generic.List[Space.RigRow]()
    for each in rows:
        many.Add(each)
    return Space.RigMixer(many)


def weights(**values: float) -> object:
    array = System.Array.CreateInstance(System.Single, len(ARKIT_NAMES))
    for name, value in values.items():
        array[ARKIT_NAMES.index(name)] = value
    return array


def test_gain_offset_limits_and_sums() -> None:
    mixer = mixer_of(
        row("jawOpen", "a", Gain=2, Offset=0.1, Max=0.9),
        row("jawOpen", "b", Gain=0.5),
        row("mouthClose", "b", Gain=-0.5, Min=-1),
        row("nonsense", "c"),
    )
    assert (list(mixer.Targets), list(mixer.UnknownSources)) == (["a", "b"], ["nonsense"])
    for jaw, close, expected in ((0.0, 0.0, [0.1, 0.0]), (0.2, 0.1, [0.5, 0.05]), (1, 0, [0.9, 0.5])):
        mixer.Mix(weights(jawOpen=jaw, mouthClose=close), 0.02)
        np.testing.assert_allclose(as_floats(mixer.Values), expected, atol=1e-6)


@pytest.mark.parametrize("fps", [30, 60, 144])
def test_smoothing_takes_the_same_time_at_every_frame_rate(fps: int) -> None:
    mixer = mixer_of(row("jawOpen", "a", SmoothingMs=100))
    mixer.Mix(weights(), 1 / fps)
    for _ in range(fps // 5):
        mixer.Mix(weights(jawOpen=1.0), 1 / fps)
    assert as_floats(mixer.Values)[0] == pytest.approx(1 - math.exp(-2), abs=0.01)


def test_silence_where_sound_was_missing_is_not_counted() -> None:
    queue, heard = Space.SoundQueue(10, 2), []
    rng = random.Random(3)
    written = total = 0
    into = System.Array.CreateInstance(System.Single, 8)
    media: list[float] = []
    for _ in range(600):
        if total < 1_500 and rng.random() < 0.6:
            frames = rng.randint(1, 7)
            values = [float(total + n // 2 + 1) for n in range(2 * frames)]
            queue.Write(System.Array[System.Single](values), len(values))
            total += frames
        queue.Read(into)
        heard += list(into)[::2]
    while sum(value != 0 for value in heard) < total:
        queue.Read(into)
        heard += list(into)[::2]
    for value in heard:
        media.append(written)
        written += value != 0
    assert [value for value in heard if value] == [float(n + 1) for n in range(total)]
    assert queue.Written == total
    first = max(0, len(heard) - 300)  # older gaps are forgotten
    for played in range(first, len(heard)):
        assert queue.PositionAt(played) == media[played]


def test_a_shape_has_one_owner_by_priority() -> None:
    layers = Space.FaceLayers()
    layers.SetSpeech(weights(jawOpen=0.5, browInnerUp=0.2), System.Array[System.Int32](range(52)))
    emote, under = layers.Add(1), layers.Add(-1)
    emote.Set("browInnerUp", 0.9)
    under.Set("jawOpen", 1.0)
    brow = ARKIT_NAMES.index("browInnerUp")
    found = as_floats(layers.Compose())
    assert (found[JAW], found[brow]) == (pytest.approx(0.5), pytest.approx(0.9))
    emote.Weight, layers.Speech.Weight = 0.5, 0.0
    found = as_floats(layers.Compose())
    assert (found[JAW], found[brow]) == (pytest.approx(1.0), pytest.approx(0.45))
    emote.Release("browInnerUp")
    layers.Remove(under)
    assert as_floats(layers.Compose()).max() == 0
    with pytest.raises(System.ArgumentException):
        emote.Set("browUp", 1.0)
