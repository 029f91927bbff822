"""The examples of docs/python.md, as they are written, against the real server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from engine_bridge.client import Client
from tests.support.ports import free_port
from tests.support.real_server import child_environment
from tests.support.sounds import speechlike

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A real server with one worker."""
    port = free_port()
    command = [sys.executable, "-m", "space_runtime", "serve", "--bind", f"tcp://127.0.0.1:{port}", "--http", "0"]
    server = subprocess.Popen(command, env=child_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with Client(f"tcp://127.0.0.1:{port}") as client:
            client.open(timeout_s=60)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def run(example: str, port: int, folder: Path) -> str:
    """Run an example next to a line.wav of 1.5 s; return what it prints."""
    soundfile.write(folder / "line.wav", 2 * speechlike(1.5), 16_000, subtype="PCM_16")
    address = f"tcp://127.0.0.1:{port}"
    code = example.replace("tcp://127.0.0.1:5570", address).replace("Client()", f'Client("{address}")')
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=child_environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("k", [0, 1])
def test_a_line_in_real_time_opens_the_jaw(k: int, port: int, tmp_path: Path) -> None:
    said = run(EXAMPLES[k], port, tmp_path)
    jaw = [float(number) for number in re.findall(r"jawOpen (\d\.\d+)", said)]
    assert len(jaw) > 40
    assert max(jaw) > 0.1
    assert "holding" not in said or said.count("playing") > said.count("holding")


def test_a_clip_comes_as_a_whole(port: int, tmp_path: Path) -> None:
    assert run(EXAMPLES[2], port, tmp_path).startswith("90 frames; the last at sample 23733")


def test_a_portrait_speaks(port: int, tmp_path: Path, photo: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo.read_bytes())
    assert run(EXAMPLES[3], port, tmp_path) == "160 keypoints; a picture of 512 x 512\n"
    assert (tmp_path / "face.jpg").read_bytes().startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_short(example: str) -> None:
    assert len(example.splitlines()) <= 30


def test_every_public_call_is_described() -> None:
    from engine_bridge.client import ClientSession

    for name in dir(ClientSession):
        assert name.startswith("_") or f"`{name}" in TEXT, name
