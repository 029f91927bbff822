"""The Godot add-on in Godot itself: names, baked clips, sound and live frames on a rig."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.axes import Quaternions, inverse, product, quaternions
from engine_bridge.formats.clip import Clip, Values
from engine_bridge.formats.flat_json import write_json
from engine_bridge.formats.glb import read_glb, write_glb
from engine_bridge.formats.gltf import animated
from engine_bridge.formats.godot_tres import write_tres
from engine_bridge.formats.keys import Tolerance
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_file import read_rig
from engine_bridge.formats.rig_map import match_names
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.docs.pages import ROOT
from tests.support.browser.devtools import Page
from tests.support.clips import SHAPE, file_of, random_clip
from tests.support.godot import complaints, godot, needs_godot, told
from tests.support.ports import free_port
from tests.support.real_server import serving
from tests.support.rigs import rig_glb
from tests.support.sounds import speech_pcm
from tests.support.waiting import wait_for
from tests.support.wire_client import WireClient, connect_client

pytestmark = needs_godot

NPC = ROOT / "unity_sample" / "Assets" / "Npc" / "npc.glb.bytes"
TILTED = (0.5, 0.5, -0.5, 0.5)
NAMES = [
    (["jawOpen", "mouthClose"], ["JawOpen", "jawOpen", "mouthClose"]),
    (["mouthSmileLeft", "jawLeft"], ["Face.mouthSmile_L", "jaw_l", "other"]),
    (["a", "A", "x.a"], ["X.A", "a", "A"]),
]


def as_json(clip: Clip) -> bytes:
    return file_of(write_json, clip)


def column(frames: object, key: str) -> Values:
    assert isinstance(frames, list)
    return np.array([frame[key] for frame in frames])


def test_names_are_matched_as_everywhere(tmp_path: Path) -> None:
    with godot(tmp_path, "names", files={"names.json": json.dumps(NAMES).encode()}) as opened:
        found = told(opened, "names")
        assert complaints(opened) == []
    expected = [{each.name: each.target for each in match_names(*pair).matches} for pair in NAMES]
    assert found == {"pairs": expected}


@pytest.mark.parametrize("rest", [(0, 0, 0, 1), TILTED])
def test_a_clip_moves_shapes_head_and_eyes(tmp_path: Path, rest: tuple[float, ...]) -> None:
    clip = random_clip(7)
    rig = rig_glb([f"Face.{name}" for name in ARKIT_NAMES], rest)
    files = {"clip.json": as_json(clip), "rig.glb": rig, "names.json": b"[]"}
    with godot(tmp_path, "clip", files=files) as opened:
        shown = told(opened, "clip")
        assert told(opened, "none") == {"clip": True}
        assert [line for line in complaints(opened) if "ERROR" in line] == [
            "ERROR: res://names.json is no clip of space-runtime; bake it with --formats json"
        ]
    check_frames(shown["frames"], clip, rest)
    assert clip.blendshapes is not None
    between = shown["between"]
    assert isinstance(between, dict)
    jaw = clip.blendshapes[:, SHAPE["jawOpen"]]
    assert between["jawOpen"] == pytest.approx(jaw[1] + 0.5 * (jaw[2] - jaw[1]), abs=1e-5)
    assert shown["report"] == "52 of 52 shapes drive 1 mesh; head: Head; left eye: LeftEye; right eye: RightEye"


def check_frames(frames: object, clip: Clip, rest: tuple[float, ...]) -> None:
    """Weights and rotations are the clip's, the latter from the rest of the bones."""
    assert clip.blendshapes is not None and clip.head_rotation_rad is not None and clip.eye_rotation_rad is not None
    assert np.abs(column(frames, "weights") - clip.blendshapes).max() < 1e-5
    bone = np.array(rest, np.float64)
    check_rotations(frames, "Head", product(quaternions(*clip.head_rotation_rad.T), bone))
    for side, name in enumerate(("LeftEye", "RightEye")):
        yaw, pitch = clip.eye_rotation_rad[:, side].T
        check_rotations(frames, name, product(product(inverse(bone), quaternions(yaw, pitch, 0 * yaw)), bone))


def check_rotations(frames: object, name: str, expected: Quaternions) -> None:
    alike = np.abs(np.sum(column(frames, name) * expected, axis=1))
    assert np.abs(1 - alike).max() < 1e-6, name


@pytest.mark.parametrize("kind", ["glb", "tres"])
def test_godot_plays_the_animations_that_are_baked(tmp_path: Path, kind: str) -> None:
    clip, rig = random_clip(7), rig_glb([f"Face.{name}" for name in ARKIT_NAMES], TILTED)
    (tmp_path / "rig.glb").write_bytes(rig)
    options = FormatOptions(
        rig=read_rig(tmp_path / "rig.glb"),
        renderer_path="Head/Face",
        head_path="Head",
        eye_paths="Head/LeftEye,Head/RightEye",
        tolerance=Tolerance(0, 0),
    )
    baked = write_glb(animated(read_glb(rig, "rig"), clip)) if kind == "glb" else rig
    files = {"clip.json": as_json(clip), "rig.glb": baked, "clip.tres": file_of(write_tres, clip, options)}
    with godot(tmp_path, "animation", kind, files=files) as opened:
        shown = told(opened, "animation")
        assert complaints(opened) == []
    check_frames(shown["frames"], clip, TILTED)


def test_a_head_from_a_photo_is_imported_and_moved(tmp_path: Path) -> None:
    """Its meshes are quantised, which Godot takes from the plugin's word."""
    files = {"clip.json": as_json(random_clip(2)), "rig.glb": NPC.read_bytes()}
    with godot(tmp_path, "look", "0", files=files) as opened:
        looked = told(opened, "looked")
        assert complaints(opened) == []
    assert looked["report"] == "52 of 52 shapes drive 1 mesh; head: Head; left eye: LeftEye; right eye: RightEye"
    assert all(0.15 < size < 0.5 for size in looked["size_m"])  # type: ignore[attr-defined]


def test_a_face_follows_its_sound_and_rests_when_it_ends(tmp_path: Path) -> None:
    files = {"clip.json": as_json(ramp(1.3)), "rig.glb": rig_glb(["jawOpen"])}
    with godot(tmp_path, "sound", files=files) as opened:
        stopped = told(opened, "stopped")
        played, paused = told(opened, "played"), told(opened, "paused")
        words = [line.split()[0] for line in lines_of(opened)]
        assert complaints(opened) == []
    said = [word for word in words if word in ("started", "finished", "played", "paused", "stopped")]
    assert said == ["started", "finished", "played", "started", "paused", "finished", "stopped"]
    heard, jaws = np.array(played["frames"]).T
    is_heard = heard > 0
    assert is_heard.any()
    assert np.median(np.abs(heard - jaws)[is_heard]) < 0.03  # the ramp says its own time; a mix may come in between
    assert paused["before"] == paused["after"] != 0
    assert played["rest"] == stopped["rest"] == 0


def ramp(seconds: float) -> Clip:
    """A clip whose jaw opens as time goes, and shuts within its last frames."""
    clip = random_clip(round(seconds * 60), Fraction(60))
    assert clip.blendshapes is not None
    clip.blendshapes[:] = 0
    clip.blendshapes[:, SHAPE["jawOpen"]] = np.where(clip.times_s < 1, clip.times_s, 0)
    return clip


def test_a_live_server_moves_the_face(tmp_path: Path) -> None:
    port = free_port()
    with (
        godot(tmp_path, "live", f"ws://127.0.0.1:{port}", files={"rig.glb": rig_glb(ARKIT_NAMES, TILTED)}) as opened,
        serving(sinks=(f"ws://127.0.0.1:{port}",)) as server,
        connect_client(server.address) as client,
    ):
        told(opened, "connected")
        frames = spoken(client, 3.0)
        assert told(opened, "live") == {"is_live": True}
        wait_for(lambda: not any(last_shown(opened)), "rest")
        seen = [json.loads(line[6:]) for line in lines_of(opened) if line.startswith("frame ")]
        assert complaints(opened) == []
    indices = [nearest(each["weights"], frames) for each in seen if any(each["weights"])]
    assert indices and indices == sorted(indices)


def last_shown(opened: Page) -> list[float]:
    """The weights of the frame that was printed last."""
    line = next(line for line in reversed(lines_of(opened)) if line.startswith("frame "))
    weights: list[float] = json.loads(line[6:])["weights"]
    return weights


def nearest(weights: list[float], frames: list[m.Frame]) -> int:
    """The index of the frame that is shown, which must be one."""
    told = np.array([frame.weights for frame in frames])
    distances = np.abs(told - weights).max(axis=1)
    assert distances.min() < 2e-5
    return int(distances.argmin())


def spoken(client: WireClient, seconds: float) -> list[m.Frame]:
    """Speak a line; return its frames."""
    session = client.open(playout_ms=200)
    client.start(session, pace="live")
    pcm = speech_pcm(seconds)
    client.push(session, 1, pcm)
    client.say(m.End(session=session, stream=1, n_samples=len(pcm) // 2))
    client.wait(m.Finished)
    return [frame for frame in client.heard if isinstance(frame, m.Frame)]


def lines_of(opened: Page) -> list[str]:
    lines = opened.evaluate("window.said")
    assert isinstance(lines, list)
    return lines
