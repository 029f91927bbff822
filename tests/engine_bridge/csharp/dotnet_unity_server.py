"""Live lines on a mesh of the stand-in against the real server, installed and packaged: they equal the baked clip."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import as_floats
from tests.engine_bridge.csharp.dotnet_loaded import Space, System
from tests.engine_bridge.csharp.dotnet_server import START_S, serving
from tests.engine_bridge.csharp.dotnet_server_process import WORDS
from tests.engine_bridge.csharp.dotnet_unity_live import FRAME_S, live, until
from tests.engine_bridge.csharp.dotnet_unity_live import _ended as _ended
from tests.engine_bridge.csharp.dotnet_unity_loaded import LiveScene, Object, Scene, read_clip, texts
from tests.space_runtime.commands.test_serve_with_parent import alive
from tests.support.packaged_server import packaged_server
from tests.support.ports import free_port
from tests.support.sounds import speechlike
from tests.support.waiting import eventually

RATE, SECONDS, SEED = 16_000, 2.0, 7


def test_a_live_line_shows_what_a_bake_of_it_has(tmp_path: Path) -> None:
    port = free_port()
    with serving(port, tmp_path / "log"):
        scene = live(f"tcp://127.0.0.1:{port}", patience=20.0)
        check_line(scene, tmp_path)


def test_a_scene_that_starts_the_packaged_server_shows_what_a_bake_has(tmp_path: Path) -> None:
    """The server in the folder of the game: started by the component, and ended with it within 100 ms."""
    program = packaged_server()
    scene = live("tcp://127.0.0.1:9", patience=20.0)
    start_own(scene, str(program.parent))
    check_line(scene, tmp_path)
    (pid,) = servers_of(program)
    began = time.monotonic()
    scene.Character.SetActive(False)
    took_s = time.monotonic() - began
    print(f"MEASURED the end of scene and server: {1e3 * took_s:.0f} ms")
    assert took_s < 0.3  # 0.1 on a quiet machine
    assert scene.Connection.Server is None
    assert eventually(lambda: not alive(pid), START_S)


def check_line(scene: Object, tmp_path: Path) -> None:
    sound = np.round(speechlike(SECONDS).ravel() * 32767).astype(np.int16)
    soundfile.write(tmp_path / "line.wav", sound, RATE, subtype="PCM_16")
    words = [sys.executable, "-m", "space_runtime", "bake", str(tmp_path / "line.wav"), "--formats", "json"]
    options = ["--seed", str(SEED), "--out", str(tmp_path)]
    subprocess.run([*words, *options], check=True, capture_output=True, timeout=120)
    clip, baked = read_clip((tmp_path / "line.json").read_bytes()), Space.FacePose()
    face = scene.AddFace(texts(ARKIT_NAMES), 100)
    assert until(lambda: scene.Connection.IsReady, START_S)
    scene.Speaker.Style.Seed = SEED
    values = System.Array[System.Single]((sound / np.float32(32768)).tolist())
    scene.Speaker.Speak(LiveScene.ClipOf(values, RATE))
    assert until(lambda: scene.Sound.isPlaying, 20)
    n_compared, moved = 0, 0.0
    while scene.Speaker.Seconds < SECONDS - 0.1:
        Scene.Step(FRAME_S)
        time.sleep(FRAME_S)
        if str(scene.Speaker.Pose.State) != "Playing" or scene.Speaker.Seconds < 0.2:
            continue
        clip.Sample(scene.Speaker.Seconds, baked, 1.0)
        expected = as_floats(baked.Blendshapes)
        np.testing.assert_allclose(as_floats(scene.Speaker.Pose.Blendshapes), expected, atol=2e-5)
        np.testing.assert_allclose(as_floats(scene.Weights(face)), expected * 100, atol=2e-3)
        n_compared += 1
        moved = max(moved, float(expected[ARKIT_NAMES.index("jawOpen")]))
    assert n_compared > 60
    assert moved > 0.05


def start_own(scene: Object, folder: str, when: str = "Always") -> None:
    """Let the connection of a scene start the server in a folder."""
    scene.Connection.enabled = False
    scene.Connection.StartServer = getattr(Space.ServerStart, when)
    scene.Connection.ServerFolder = folder
    scene.Connection.enabled = True


def own(scene: Object) -> Object:
    """The server that the connection of a scene has started."""
    return scene.Connection.Server


def servers_of(program: Path) -> list[int]:
    """The processes of a program that serve, and read no files for one that does."""
    found = []
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            given = words.read_bytes().split(b"\0")
            if given[0] == str(program).encode() and b"--read-files" not in given:
                found.append(int(words.parent.name))
    return found


def test_a_server_is_started_where_none_answers(tmp_path: Path) -> None:
    """Not before the address had its time, and not where somebody answers."""
    (tmp_path / "space-server").write_text(f"#!/bin/sh\nexec {sys.executable} {WORDS}\n")
    (tmp_path / "space-server").chmod(0o755)
    scene = live(f"tcp://127.0.0.1:{free_port()}")
    start_own(scene, str(tmp_path), "WhenNoneAnswers")
    Scene.Step(FRAME_S, 60)
    assert scene.Connection.Server is None
    assert until(lambda: scene.Connection.IsReady, START_S), scene.Connection.LastError
    other = live(own(scene).Endpoint)
    start_own(other, str(tmp_path), "WhenNoneAnswers")
    assert until(lambda: other.Connection.IsReady, START_S)
    Scene.Step(FRAME_S, 240)
    assert other.Connection.Server is None


def test_a_server_that_cannot_start_is_said_and_tried_again(tmp_path: Path) -> None:
    scene = live("tcp://127.0.0.1:9")
    start_own(scene, str(tmp_path / "nothing"))
    assert until(lambda: "there is no such file" in scene.Connection.LastError, START_S)
    Scene.Step(FRAME_S, 700)  # tried again every 5 s, told once
    assert len([text for text in Scene.Warnings if "no such file" in text]) == 1
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "space-server").write_text(f"#!/bin/sh\nexec {sys.executable} {WORDS}\n")
    (tmp_path / "nothing" / "space-server").chmod(0o755)
    assert until(lambda: scene.Connection.IsReady, START_S), scene.Connection.LastError
    os.kill(int(own(scene).Id), signal.SIGKILL)
    assert until(lambda: "has ended" in scene.Connection.LastError, START_S)
    assert until(lambda: scene.Connection.IsReady, START_S), scene.Connection.LastError
    LiveScene.EndPlay()
    LiveScene.BeginPlay()
