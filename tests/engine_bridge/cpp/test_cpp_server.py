"""The C++ client and the examples of docs/cpp.md with the real server."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile

from space_runtime import Session, load_bundle, open_portrait, open_tracker
from tests.engine_bridge.cpp import cpp_program
from tests.engine_bridge.cpp.cpp_program import driven
from tests.support.ports import free_port
from tests.support.session_frames import session_frames
from tests.support.sounds import speechlike
from tests.support.waiting import wait_for

ROOT: Final = Path(__file__).parents[3]
GUIDE: Final = (ROOT / "docs" / "cpp.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one plain WAV of a second."""
    folder = tmp_path_factory.mktemp("sounds")
    soundfile.write(folder / "line.wav", speechlike(1.0), 16_000, subtype="PCM_16")
    return folder


@contextmanager
def serving(port: int, sounds: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    cpp_program.need_compiler()
    words = ["serve", "--bind", f"tcp://127.0.0.1:{port}", "--http", "0", "--sounds", str(sounds), *options]
    process = subprocess.Popen([sys.executable, "-m", "space_runtime", *words], stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def port(sounds: Path) -> Iterator[int]:
    """The port of a running server."""
    port = free_port()
    with serving(port, sounds):
        yield port


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_guide_shows_the_example_that_is_built() -> None:
    example = (ROOT / "engine_bridge" / "cpp" / "examples" / "jaw.cpp").read_text(encoding="utf-8")
    assert example == blocks("cpp")[0]
    assert len(example.splitlines()) <= 30
    assert len(blocks("c")[0].splitlines()) <= 30


@pytest.mark.parametrize("language", ["cpp", "c"])
def test_an_example_of_the_guide_opens_its_jaw(language: str, port: int, sounds: Path, tmp_path: Path) -> None:
    wait_for_welcome(port)
    source = tmp_path / f"jaw.{language}"
    source.write_text(blocks(language)[0], encoding="utf-8")
    flags = ("-O1",) if language == "cpp" else ("-O1", "-D_POSIX_C_SOURCE=200809L")
    jaw = cpp_program.with_library(tmp_path / "jaw", source, flags)
    out = cpp_program.run([jaw, sounds / "line.wav", f"tcp://127.0.0.1:{port}"])
    values = np.array([line.split() for line in out.splitlines()], float)
    assert len(values) > 30
    assert values[:, 1].max() > 0.05, out
    assert abs(values[-1, 1]) < 0.05, out


def wait_for_welcome(port: int) -> None:
    """Wait until the server welcomes."""
    with driven("client") as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        wait_for(lambda: one.table("counts")["connected"] is True)


def test_every_kind_of_stream_ends_well(port: int) -> None:
    with driven("client") as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open", landmarks=1, playout=0)
        one.do("start", pace="clip", mouth=1.2, happy=0.5)
        one.do("push", n=16_000)
        one.do("set", at=8_000, mouth=0.8)
        one.do("end")
        assert one.wait_for("finished")["text"] == "end"
        assert one.table("counts")["taken"] == 30
        one.do("speak", asset="line.wav")
        one.wait_for("started")
        one.do("interrupt", at=1_600, fade=100)
        assert one.wait_for("finished")["text"] == "interrupted"
        one.do("speak", asset="nowhere.wav")
        assert one.wait_for("error")["code"] == "no_asset"
        one.do("idle", seed=2)
        one.wait_for("started")
        one.ask("close")
        assert one.wait_for("closed")["text"] == ""
        assert one.table("counts")["bad"] == 0 == one.table("counts")["unknown"]


def test_a_server_that_is_killed_and_started_again_goes_on_with_the_line(sounds: Path) -> None:
    port = free_port()
    with driven("client") as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open", playout=0)
        one.do("start", pace="clip")
        one.do("push", n=48_000)
        with serving(port, sounds) as process:
            wait_for(lambda: int(str(one.table("counts")["taken"])) > 60)
            process.kill()
        one.ask("evaluate", at=32_000)
        one.wait_for("disconnected")
        with serving(port, sounds):
            wait_for(lambda: one.table("counts")["connections"] == 2)
            one.do("end")
            assert one.wait_for("finished")["text"] == "end"
            assert one.table("evaluate", at=47_000)["state"] == "playing"


def test_keypoints_of_a_portrait_are_those_of_an_offline_session(sounds: Path, photo: Path) -> None:
    bundle, port, step = load_bundle(), free_port(), 1_600
    offline = Session(bundle, open_portrait(photo, open_tracker(bundle)), keypoints=True)
    sound = np.arange(16_000, dtype=np.float32) / np.float32(32_768)  # what the program pushes
    expected = [frame.keypoints for frame in session_frames(sound, offline) if frame.media_sample % step == 0]
    with serving(port, sounds, "--portraits", str(photo.parent)), driven("client") as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open", keypoints=1, character=photo.name, playout=0)
        one.do("start", pace="clip", seed=0)
        one.do("push", n=16_000)
        one.do("end")
        assert one.wait_for("finished")["text"] == "end"
        for n, points in enumerate(expected):
            assert points is not None and points.shape == (160, 3)
            assert one.table("evaluate", at=n * step)["keypoints"] == pytest.approx(points.ravel().tolist(), abs=1e-2)
