"""The C# client against the real server, in a process of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from space_runtime import Session, load_bundle, open_portrait, open_tracker
from tests.engine_bridge.csharp.dotnet import as_floats, byte_array
from tests.engine_bridge.csharp.dotnet_loaded import Probe, Protocol, Space, System
from tests.engine_bridge.csharp.dotnet_session import client_of, is_open, kinds, line, pose_at
from tests.support.ports import free_port
from tests.support.session_frames import session_frames
from tests.support.sounds import speechlike
from tests.support.waiting import eventually

pytest.importorskip("space_runtime.server.server", reason="needs the server")

START_S = 60.0


@contextlib.contextmanager
def serving(port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``space-runtime serve`` on a port; killed afterwards as a crash would."""
    words = [sys.executable, "-m", "space_runtime", "serve", "--bind", f"tcp://127.0.0.1:{port}", "--http", "0"]
    with log.open("ab") as out:
        server = subprocess.Popen(words, stdout=out, stderr=out)
        try:
            yield server
        finally:
            server.kill()
            server.wait(20)


def floats(seconds: float, rate: int, n_channels: int = 1) -> object:
    values = speechlike(seconds, rate, n_channels).ravel()
    array = System.Array.CreateInstance(System.Single, values.size)
    copy = System.Runtime.InteropServices.Marshal.Copy
    copy(System.IntPtr(values.ctypes.data), array, 0, values.size)
    return array


def jaws(client: Any, session: Any, seconds: float, rate: int) -> list[float]:
    """``jawOpen`` thirty times a second."""
    which = list(client.Server.Blendshapes).index("jawOpen")
    poses = [pose_at(session, i * rate / 30, 1 / 30) for i in range(int(seconds * 30))]
    return [float(as_floats(pose.Blendshapes)[which]) for pose in poses]


def test_a_line_of_stereo_at_48_khz(tmp_path: Path) -> None:
    port = free_port()
    with serving(port, tmp_path / "log"), client_of(port) as client:
        session = client.Open(None)
        assert eventually(lambda: is_open(session), START_S)
        assert len(client.Server.Blendshapes) == 52
        session.Start(line(48_000, Channels=2, Format=Space.SoundFormat.F32, Pace=Space.Pace.Clip))
        assert session.Push(floats(2.0, 48_000, 2)) == 96_000
        session.End()
        assert eventually(lambda: not session.IsStreaming, 30)
        assert session.Counters.FramesTaken == 60
        found = jaws(client, session, 2.0, 48_000)
        assert 0 <= min(found) < max(found) <= 1
        assert kinds(session) == ["Opened", "Started", "Finished"]
        assert client.BadMessages == client.UnknownMessages == 0


def test_a_server_that_is_killed_in_the_middle_of_a_line_and_comes_back(tmp_path: Path) -> None:
    port, rate = free_port(), 16_000
    with client_of(port) as client:
        session = client.Open(None)
        with serving(port, tmp_path / "log"):
            assert eventually(lambda: is_open(session), START_S)
            session.Start(line(rate, Pace=Space.Pace.Clip))
            session.Push(floats(2.0, rate))
            assert eventually(lambda: session.Counters.FramesTaken > 20, 20)
            pose_at(session, 8_000)
        session.Push(floats(2.0, rate))
        session.End()
        with serving(port, tmp_path / "log"):
            assert eventually(lambda: not session.IsStreaming, START_S)
            found = jaws(client, session, 4.0, rate)
            assert max(found[60:]) > 0
            seen = kinds(session)
        assert seen == ["Opened", "Started", "LinkLost", "Reopened", "Started", "Finished"]


def test_pictures_of_a_talking_portrait(tmp_path: Path, photo: Path) -> None:
    port, rate = free_port(), 16_000
    with serving(port, tmp_path / "log"), client_of(port) as client:
        wanted = Space.SessionOptions()
        wanted.Outputs = Space.Outputs.Blendshapes | Space.Outputs.Landmarks | Space.Outputs.Texture
        wanted.FpsNumerator, wanted.TextureFormat = 10, "rgb"
        wanted.Portrait = byte_array(photo.read_bytes())
        session = client.Open(wanted)
        while client.Server is None:
            assert eventually(lambda: client.Server, START_S)
        if not eventually(lambda: is_open(session), START_S):
            pytest.fail(f"{session.State} {list(map(str, Probe.Events(session)))}")
        session.Start(line(rate, Pace=Space.Pace.Clip))
        session.Push(floats(1.0, rate))
        session.End()
        assert eventually(lambda: not session.IsStreaming, 60)
        assert pose_at(session, 0).HasLandmarks
        image = session.TakeTexture(0.0)
        assert image is not None
        assert (image.Format, image.Width, image.Height, image.Pixels.Count) == ("rgb", 512, 512, 3 * 512 * 512)
        pixels = np.frombuffer(memoryview(image.Pixels.Array), np.uint8)
        assert pixels[image.Pixels.Offset :][: image.Pixels.Count].std() > 10
        image.Dispose()
        session.Close()
        assert eventually(lambda: client.BuffersInUse == 0)


def test_keypoints_of_a_talking_portrait_are_those_of_an_offline_session(tmp_path: Path, photo: Path) -> None:
    port, rate, fps = free_port(), 16_000, 10
    bundle = load_bundle()
    offline = Session(bundle, open_portrait(photo, open_tracker(bundle)), fps=Fraction(fps), keypoints=True)
    expected = [frame.keypoints for frame in session_frames(speechlike(1.0, rate)[:, 0], offline)]
    with serving(port, tmp_path / "log"), client_of(port) as client:
        wanted = Space.SessionOptions()
        wanted.Outputs = Space.Outputs.Keypoints
        wanted.FpsNumerator, wanted.Portrait = fps, byte_array(photo.read_bytes())
        session = client.Open(wanted)
        assert eventually(lambda: is_open(session), START_S)
        assert client.Server.KeypointCount == 160
        controls = Protocol.Controls()
        controls.Seed = 0
        session.Start(line(rate, Format=Space.SoundFormat.F32, Pace=Space.Pace.Clip, Controls=controls))
        session.Push(floats(1.0, rate))
        session.End()
        assert eventually(lambda: not session.IsStreaming, 60)
        assert session.Counters.FramesTaken == len(expected) == fps
        for index, points in enumerate(expected):
            assert points is not None
            found = as_floats(pose_at(session, index * rate / fps).Keypoints)
            np.testing.assert_allclose(found, points.ravel(), atol=1e-3)
