"""`space-runtime live` with its page: it waits, speaks with sound, obeys the page, and ends in order."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from websockets.sync.client import ClientConnection, connect

from engine_bridge.adapters import WEB_SOCKET_PORT
from engine_bridge.adapters.web_player import PLAYER
from space_runtime.server.server import Server
from tests.support.command_line import Call
from tests.support.real_server import child_environment, serving
from tests.support.sounds import speechlike
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="only on Windows signals are other ones")

SOUND, PICTURE = 1, 2


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@dataclass
class Viewer:
    """A page, as a program: what it was sent is kept."""

    connection: ClientConnection

    def say(self, **message: object) -> None:
        self.connection.send(json.dumps(message))

    def next(self, until: float) -> str | bytes:
        """Return the next message; there must be one by a time."""
        message = self.connection.recv(timeout=max(0.0, until - time.monotonic()))
        assert isinstance(message, str | bytes)
        return message

    def texts_until(self, kind: str) -> list[dict[str, object]]:
        """Return the texts up to the first of a kind, which is the last of them."""
        seen: list[dict[str, object]] = []
        until = time.monotonic() + PATIENCE_S
        while not seen or seen[-1]["type"] != kind:
            message = self.next(until)
            if isinstance(message, str):
                seen.append(json.loads(message))
        return seen

    def begin(self) -> dict[str, object]:
        """Return how the next line with sound begins."""
        while not (begin := self.texts_until("begin")[-1])["rate"]:
            pass
        return begin

    def line(self) -> tuple[dict[str, object], float, list[dict[str, object]]]:
        """Return how the next line with sound begins, its seconds of sound, and its frames."""
        begin, until = self.begin(), time.monotonic() + PATIENCE_S
        frames, n_bytes, last = [], 0, ""
        while last != "over":
            message = self.next(until)
            if isinstance(message, bytes):
                n_bytes += len(message) - 16 if message[0] == SOUND else 0
                continue
            document = json.loads(message)
            last = document["type"]
            frames += [document] if last == "frame" else []
        rate = begin["rate"]
        assert isinstance(rate, int)
        return begin, n_bytes / 4 / rate, frames


@contextmanager
def live(server: Server, *words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a program of its own, and its page's address; ended by Ctrl-C, which must be clean."""
    program = [sys.executable, "-m", "space_runtime", "live", *map(str, words), "--server", server.address]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(program, text=True, env=child_environment(), **pipes) as process:  # type: ignore[call-overload]  # text pipes
        try:
            assert process.stdout
            said = process.stdout.readline()
            found = re.fullmatch(r"open (http://127\.0\.0\.1:\d+/) in a browser; Ctrl-C ends\n", said)
            assert found, said
            yield process, found[1]
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 0 and err == "", err
            assert "s spoken" in out
        finally:
            process.kill()


@contextmanager
def viewing(page: str) -> Iterator[Viewer]:
    with connect(page.replace("http", "ws"), subprotocols=[PLAYER], max_size=None) as connection:
        yield Viewer(connection)


@pytest.fixture
def line_file(tmp_path: Path) -> Path:
    path = tmp_path / "line.wav"
    soundfile.write(path, speechlike(0.8, 22_050), 22_050)
    return path


def test_it_waits_speaks_repeats_and_takes_a_file(server: Server, line_file: Path) -> None:
    with live(server, line_file, "--to", "ws://127.0.0.1:0") as (_, page), viewing(page) as viewer:
        idle = viewer.texts_until("frame")
        assert idle[1]["rate"] == 0, "until somebody can hear it the face only lives"
        viewer.say(type="ready")
        begin, seconds, frames = viewer.line()
        assert (begin["title"], begin["rate"], begin["audible"]) == ("line.wav", 22_050, True)
        assert seconds == pytest.approx(0.8, abs=1e-3)
        times = np.array([frame["seconds"] for frame in frames], float)
        assert len(frames) > 20 and (np.diff(times) > 0).all()
        assert set(frames[-1]["weights"].values()) == {0.0}, "it ends at rest"  # type: ignore[attr-defined]
        viewer.say(type="replay")
        assert viewer.line()[0]["title"] == "line.wav"
        content = line_file.read_bytes()
        viewer.say(type="file", title="mine.wav", bytes=len(content))
        viewer.connection.send(content)
        begin, seconds, _ = viewer.line()
        assert begin["title"] == "mine.wav" and seconds == pytest.approx(0.8, abs=1e-3)
        viewer.say(type="file", title="odd.wav", bytes=4)
        viewer.connection.send(b"odd!")
        assert "odd.wav" in str(viewer.texts_until("note")[-1]["text"])


def test_a_line_is_stopped_and_the_microphone_speaks(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, speechlike(20.0), 16_000)
    with live(server, path, "--to", "ws://127.0.0.1:0") as (_, page), viewing(page) as viewer:
        viewer.say(type="ready")
        viewer.begin()
        viewer.texts_until("frame")
        viewer.say(type="stop")
        assert viewer.texts_until("over")[-1]["cut"] is True
        viewer.say(type="microphone", rate=48_000)
        pcm = np.round(speechlike(0.6, 48_000) * 32_767).astype("<i2").tobytes()
        for start in range(0, len(pcm), 1_920):
            viewer.connection.send(pcm[start : start + 1_920])
        viewer.say(type="microphone_end")
        begin, seconds, frames = viewer.line()
        assert (begin["audible"], begin["rate"]) == (False, 48_000)
        assert seconds == pytest.approx(0.6, abs=0.02) and frames
        viewer.say(type="replay")
        assert "cannot be repeated" in str(viewer.texts_until("note")[-1]["text"])


def test_the_portrait_is_shown(server: Server, line_file: Path, photo: Path) -> None:
    with live(server, line_file, "--portrait", photo, "--to", "ws://127.0.0.1:0") as (_, page):
        with viewing(page) as viewer:
            viewer.say(type="ready")
            message: str | bytes = ""
            until = time.monotonic() + PATIENCE_S
            while not (isinstance(message, bytes) and message[0] == PICTURE):
                message = viewer.next(until)
        assert message[16:19] == b"\xff\xd8\xff"


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), (b"no picture", "not a picture")])
def test_a_portrait_that_is_none_is_one_sentence(
    server: Server, call: Call, line_file: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    photo = tmp_path / "photo.png"
    if content is not None:
        photo.write_bytes(content)
    done = call("live", line_file, "--portrait", photo, "--server", server.address, "--to", "ws://127.0.0.1:0")
    assert done.code == 1 and said in done.complaint and "PosixPath" not in done.complaint


def test_without_a_wait_it_ends_with_the_line_and_says_that_nobody_looked(
    server: Server, call: Call, line_file: Path
) -> None:
    done = call("live", line_file, "--no-wait", "--server", server.address, "--to", "ws://127.0.0.1:0")
    assert (done.code, done.err) == (0, "")
    assert "0.80 s spoken" in done.out and "0 sent; nobody opened it in a browser" in done.out


def test_a_port_that_is_taken_is_no_hindrance(server: Server, call: Call, line_file: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", WEB_SOCKET_PORT))
            other.listen()
        except OSError:
            pass  # taken already
        done = call("live", line_file, "--no-wait", "--server", server.address)
    assert done.code == 0 and f":{WEB_SOCKET_PORT}/" not in done.out
