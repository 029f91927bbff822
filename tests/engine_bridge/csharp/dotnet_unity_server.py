"""A live line on a mesh of the stand-in against the real server: its frames equal the baked clip of the same sound."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import as_floats
from tests.engine_bridge.csharp.dotnet_loaded import Space, System
from tests.engine_bridge.csharp.dotnet_server import START_S, serving
from tests.engine_bridge.csharp.dotnet_unity_live import FRAME_S, live, until
from tests.engine_bridge.csharp.dotnet_unity_live import _ended as _ended
from tests.engine_bridge.csharp.dotnet_unity_loaded import LiveScene, Scene, read_clip, texts
from tests.support.ports import free_port
from tests.support.sounds import speechlike

RATE, SECONDS, SEED = 16_000, 2.0, 7


def test_a_live_line_shows_what_a_bake_of_it_has(tmp_path: Path) -> None:
    sound = np.round(speechlike(SECONDS).ravel() * 32767).astype(np.int16)
    soundfile.write(tmp_path / "line.wav", sound, RATE, subtype="PCM_16")
    words = [sys.executable, "-m", "space_runtime", "bake", str(tmp_path / "line.wav"), "--formats", "json"]
    options = ["--seed", str(SEED), "--out", str(tmp_path)]
    subprocess.run([*words, *options], check=True, capture_output=True, timeout=120)
    clip, baked = read_clip((tmp_path / "line.json").read_bytes()), Space.FacePose()
    port = free_port()
    with serving(port, tmp_path / "log"):
        scene = live(f"tcp://127.0.0.1:{port}", patience=20.0)
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
