"""The packaged server: it is small, starts without Python, serves as the installed one does, and names all licences."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile
import yaml
from typer.testing import CliRunner

from engine_bridge.client import Client
from engine_bridge.protocol.errors import RefusedError
from space_runtime import cli
from space_runtime.commands.packaged_server import DEFAULTS, option_of, parse
from space_runtime.commands.serving import Choices
from space_runtime.media.audio_file import open_sound
from space_runtime.version import VERSION
from tests.docs.pages import ROOT, commands
from tests.space_runtime.commands.test_serve_with_parent import PARENT, alive
from tests.support.command_line import Call
from tests.support.packaged_server import packaged_server
from tests.support.waiting import PATIENCE_S, wait_for

MAX_BYTES: Final = 150_000_000
FORBIDDEN: Final = re.compile(
    r"libav(codec|format|util)|x264|x265|libheif|readline|gdbm|cuda|cudnn|tensorrt|cv2|matplotlib|torch|/rich/|typer",
    re.IGNORECASE,
)
"""Parts under the GPL, for GPUs or of no use to a player."""
CLEAN: Final = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
"""The environment of a machine without Python."""


@pytest.fixture(scope="module")
def program() -> Path:
    """The program in the package."""
    return packaged_server()


@contextmanager
def started(program: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, object]]]:
    """A running packaged server and what its line says."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([program, *options], env=CLEAN, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def files_of(program: Path) -> list[Path]:
    return [path for path in program.parent.rglob("*") if path.is_file()]


def test_it_is_small_and_holds_nothing_that_a_player_does_not_need(program: Path) -> None:
    files = files_of(program)
    assert sum(path.stat().st_size for path in files) < MAX_BYTES
    names = [f"/{path.relative_to(program.parent).as_posix()}" for path in files]
    assert not [name for name in names if FORBIDDEN.search(name) and not name.startswith("/licenses/")]
    assert not [path for path in program.parent.rglob("*") if path.is_symlink()]


def test_every_file_in_it_has_an_owner_with_its_licence(program: Path) -> None:
    licenses = program.parent / "licenses"
    components = json.loads((licenses / "components.json").read_text(encoding="utf-8"))
    owned = [name for component in components for name in component["files"]]
    inside = [path.relative_to(program.parent).as_posix() for path in files_of(program)]
    assert sorted(owned) == sorted(name for name in inside if not name.startswith("licenses/"))
    listed = (licenses / "LICENCES.md").read_text(encoding="utf-8")
    for component in components:
        assert component["texts"] and component["licence"], component["name"]
        assert all(len((program.parent / text).read_bytes()) > 100 for text in component["texts"])
        assert f"| {component['name']} | {component['version']} | {component['licence']} |" in listed
    named = {component["name"].removesuffix("-gpu") for component in components}
    assert {"numpy", "onnxruntime", "soundfile", "soxr", "pyzmq", "PyNaCl", "Python", "space-runtime"} <= named


def test_it_serves_what_files_and_sound_a_client_sends(program: Path, tmp_path: Path) -> None:
    """Its own child processes read the files: FLAC works, and of m4a it says what is missing."""
    sound = np.round(np.random.default_rng(1).standard_normal(8_000) * 3_000).astype(np.int16)
    soundfile.write(tmp_path / "line.flac", sound, 16_000)
    (tmp_path / "line.m4a").write_bytes(b"\0\0\0\x1cftypM4A \0\0\0\0" + bytes(4_000))
    with started(program) as (process, ready), Client(str(ready["endpoint"])) as client:
        assert (ready["pid"], ready["version"]) == (process.pid, VERSION)
        session = client.open(outputs=("weights",), fps=30)
        session.speak(tmp_path / "line.flac", pace="clip")
        assert len(list(session.frames(timeout_s=30))) >= 15
        with pytest.raises(RefusedError, match="which this packaged server does not hold") as refused:
            session.speak(tmp_path / "line.m4a", pace="clip")
            list(session.frames(timeout_s=30))
        assert "pip" not in str(refused.value)


def test_it_ends_with_a_program_that_is_killed(program: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(program)], stdout=subprocess.PIPE)
    assert parent.stdout
    pid = json.loads(parent.stdout.readline())["pid"]
    readers = [int(word) for text in Path(f"/proc/{pid}/task").glob("*/children") for word in text.read_text().split()]
    assert len(readers) == 1
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    began = time.monotonic()
    wait_for(lambda: not any(map(alive, [pid, *readers])), "the end of the server and of its reader")
    print(f"MEASURED the end after the parent's: {1e3 * (time.monotonic() - began):.0f} ms")
    parent.stdout.close()


def test_wrong_words_and_what_it_lacks_are_said_in_a_sentence(program: Path, photo: Path) -> None:
    wrong = subprocess.run([program, "--sounds", "/nowhere"], env=CLEAN, capture_output=True, text=True, timeout=60)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "space-runtime: --sounds /nowhere is no folder; name one that exists\n"
    lacks = "which this packaged server does not hold"
    with (
        started(program) as (_, ready),
        Client(str(ready["endpoint"])) as client,
        pytest.raises(RefusedError, match=lacks),
    ):
        client.open(outputs=("texture",), portrait=photo, timeout_s=PATIENCE_S)


def test_its_options_are_those_of_serve() -> None:
    pages = CliRunner().invoke(cli.app, ["serve", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    of_serve = set(re.findall(r"--[a-z][a-z-]+", pages)) - {"--help", "--debug"}
    assert {option_of(name) for name in Choices.__slots__} <= of_serve
    assert parse([]) == DEFAULTS
    assert parse(["--no-with-parent", "--lease", "3", "--to", "vmc://127.0.0.1:1", "--sessions", "2"]) == Choices(
        **{**{name: getattr(DEFAULTS, name) for name in Choices.__slots__}, "with_parent": False, "lease_s": 3.0}
        | {"to": ("vmc://127.0.0.1:1",), "sessions": 2}
    )


def test_a_folder_of_others_is_not_replaced(call: Call, tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="needs PyInstaller (extra 'package')")
    (tmp_path / "mine.txt").write_text("mine")
    done = call("package", "--out", tmp_path)
    assert done.code == 2
    assert "exists and is no package" in done.complaint
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_sound_that_libsndfile_reads_needs_nothing_more(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.mp3", np.zeros(16_000, np.float32), 16_000)
    assert open_sound(tmp_path / "a.mp3").rate == 16_000


def test_the_commands_of_the_guide_are_those_that_these_tests_run() -> None:
    assert commands(ROOT / "docs" / "ship.md") == [
        "space-runtime package --out space-server",  # `packaged_server`
        "space-server/space-server",  # `started`
    ]


def test_the_template_for_three_systems_runs_the_same_command() -> None:
    text = (ROOT / "docs" / "ci" / "package.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["jobs"].values()
    assert job["strategy"]["matrix"]["system"] == ["ubuntu-22.04", "windows-2022", "macos-14"]
    ran = [step["run"] for step in job["steps"] if "run" in step]
    assert ran[:2] == ['pip install ".[package]"', "space-runtime package --out space-server"]
    assert "space-server/space-server --version" in ran[2]
