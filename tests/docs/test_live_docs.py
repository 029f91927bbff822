"""Every command of docs/live.md runs as it is written: servers until they are ready, everything else to its end."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile

from tests.support.sounds import speechlike

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
READY_S = 60.0
STATUS = "http://127.0.0.1:5571/readyz"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="only on Windows signals are other ones")


def commands() -> list[str]:
    text = "\n".join(re.findall(r"^```bash\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))
    return [line.split("  #")[0].strip() for line in text.splitlines() if line.strip()]


SERVERS = [command for command in commands() if command.startswith("space-runtime serve")]
OTHERS = [command for command in commands() if command not in SERVERS]


def start(command: str, folder: Path) -> subprocess.Popen[str]:
    words = shlex.split(command)
    assert words[0] == "space-runtime"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-m", "space_runtime", *words[1:]]
    return subprocess.Popen(
        program, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@contextmanager
def serving(command: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A server that is ready; ended by SIGTERM, which must be clean."""
    server = start(command, folder)
    try:
        wait_until_ready(server)
        yield server
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=READY_S)
        assert server.returncode == 0, said
    finally:
        server.kill()


def wait_until_ready(server: subprocess.Popen[str]) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(STATUS, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"not ready: {server.communicate()[0] if server.poll() is not None else 'it still starts'}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the commands expect to be there."""
    for name in ("faces", "lines"):
        (tmp_path / name).mkdir()
    soundfile.write(tmp_path / "line.wav", speechlike(0.4, 44_100), 44_100)
    return tmp_path


def test_the_guide_shows_how_to_serve() -> None:
    assert SERVERS
    assert {shlex.split(command)[1] for command in OTHERS} >= {"live", "keygen", "bench", "doctor", "top"}


@pytest.mark.parametrize("command", SERVERS)
def test_a_server_of_the_guide_serves(command: str, folder: Path) -> None:
    with serving(command, folder):
        pass


@pytest.mark.parametrize("command", OTHERS)
def test_a_command_of_the_guide_runs(command: str, folder: Path) -> None:
    if shlex.split(command)[1] == "top":
        with serving(SERVERS[0], folder):
            done = start(command, folder)
            said, _ = done.communicate(timeout=READY_S)
    else:
        done = start(command, folder)
        said, _ = done.communicate(timeout=300)
    assert done.returncode == 0, said


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:|#)([^)#]+)", GUIDE))
def test_a_link_of_the_guide_leads_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).exists()
