"""Every command of docs/live.md runs as it is written, but on free ports: servers until ready, all else to its end."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from engine_bridge.client import Client
from tests.docs.other_machines import exchange_keys, steps
from tests.docs.test_docs import waits_for_a_page
from tests.support.ports import free_port
from tests.support.real_server import child_environment
from tests.support.sounds import speechlike

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
READY_S = 60.0
BIND_PORT, HTTP_PORT = 5570, 5571
"""The ports of the guide, which other programs of a shared machine may use."""
PORT_OPTIONS = {"serve": ("--bind", "--http"), "doctor": ("--bind", "--http"), "top": ("--http",)}
"""The options by which a command takes a port, whether the guide writes them or not."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="only on Windows signals are other ones")


def commands() -> list[str]:
    text = "\n".join(re.findall(r"^```bash\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))
    return [line.split("  #")[0].strip() for line in text.splitlines() if line.strip()]


SERVERS = [command for command in commands() if command.startswith("space-runtime serve")]
OTHERS = [command for command in commands() if command not in SERVERS]


@dataclass(frozen=True, slots=True)
class Ports:
    """Free ports: of the server's socket and of its status page."""

    bind: int
    http: int

    def moved(self, words: list[str]) -> list[str]:
        """Return the words of a command with these ports instead of the guide's."""
        values = {"--bind": f"tcp://127.0.0.1:{self.bind}", "--http": str(self.http)}
        guides = {"--bind": (BIND_PORT, self.bind), "--http": (HTTP_PORT, self.http)}
        for option in PORT_OPTIONS.get(words[1], ()):
            if option in words:
                at, (guide, free) = words.index(option) + 1, guides[option]
                words = [*words[:at], words[at].replace(str(guide), str(free)), *words[at + 1 :]]
            else:
                words = [*words, option, values[option]]
        return words


@pytest.fixture
def ports() -> Ports:
    return Ports(free_port(), free_port())


def start(command: str, folder: Path, ports: Ports) -> subprocess.Popen[str]:
    words = ports.moved(shlex.split(command))
    assert words[0] == "space-runtime"
    program = [sys.executable, "-m", "space_runtime", *words[1:]]
    return subprocess.Popen(
        program, cwd=folder, env=child_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@contextmanager
def serving(command: str, folder: Path, ports: Ports) -> Iterator[subprocess.Popen[str]]:
    """A server that is ready; ended by SIGTERM, which must be clean."""
    server = start(command, folder, ports)
    try:
        wait_until_ready(server, ports.http)
        yield server
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=READY_S)
        assert server.returncode == 0, said
    finally:
        server.kill()


def wait_until_ready(server: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"not ready: {server.communicate()[0] if server.poll() is not None else 'it still starts'}")


@pytest.fixture
def folder(tmp_path: Path, photo: Path) -> Path:
    """A folder with the files that the commands read."""
    for name in ("faces", "lines"):
        (tmp_path / name).mkdir()
    shutil.copy(photo, tmp_path / "face.jpg")
    soundfile.write(tmp_path / "line.wav", speechlike(0.4, 44_100), 44_100)
    return tmp_path


def test_the_guide_shows_how_to_serve() -> None:
    assert SERVERS
    assert {shlex.split(command)[1] for command in OTHERS} >= {"live", "keygen", "bench", "doctor", "top"}


@pytest.mark.parametrize("command", SERVERS)
def test_a_server_of_the_guide_serves(command: str, folder: Path, ports: Ports) -> None:
    with serving(command, folder, ports):
        pass


@pytest.mark.parametrize("command", OTHERS)
def test_a_command_of_the_guide_runs(command: str, folder: Path, ports: Ports) -> None:
    if shlex.split(command)[1] == "top":
        with serving(SERVERS[0], folder, ports):
            done = start(command, folder, ports)
            said, _ = done.communicate(timeout=READY_S)
    else:
        done = start(command, folder, ports)
        if waits_for_a_page(shlex.split(command)):
            assert done.stdout and "in a browser" in done.stdout.readline()
            done.send_signal(signal.SIGINT)
        said, _ = done.communicate(timeout=300)
    assert done.returncode == 0, said


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:|#)([^)#]+)", GUIDE))
def test_a_link_of_the_guide_leads_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is no address of this machine")
def test_the_steps_for_other_machines_work_as_printed(tmp_path: Path, ports: Ports) -> None:
    """Two machines are two folders and two addresses of loopback; addresses are the only words that change."""
    of_server, of_anna, serve, relay = steps()
    there, here = tmp_path / "server", tmp_path / "anna"
    for machine, step in ((there, of_server), (here, of_anna)):
        machine.mkdir()
        made = start(step, machine, ports)
        assert made.wait(READY_S) == 0
    exchange_keys(there, here)
    address, local = f"127.0.0.2:{ports.bind}", f"tcp://127.0.0.1:{free_port()}"
    serve = serve.replace("0.0.0.0:5570", address)
    relay = relay.replace("10.0.0.5:5570", address) + f" --bind {local}"
    assert address in serve and address in relay
    with serving(serve, there, ports):
        passing = start(relay, here, ports)
        try:
            with Client(local) as client:
                assert client.open(fps=30)
        finally:
            passing.kill()
            passing.wait()
