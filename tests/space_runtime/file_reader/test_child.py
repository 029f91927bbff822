"""Laws of a child process: it answers in time or is killed, it is limited, and it never outlives its server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from space_runtime.assets import LINE
from space_runtime.file_reader.child import Child, ChildEnded
from space_runtime.file_reader.packing import MAX_BYTES
from space_runtime.file_reader.requests import DropSound, FileKind, ReadSound, Refused, SoundPart
from space_runtime.inference.bundle import EMBEDDED
from tests.support.real_server import child_environment
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc are not there: only on Linux, macOS")

READ_LINE = ReadSound(1, LINE.read_bytes(), "", 0, 80_000, 300.0)


@pytest.fixture
def child() -> Iterator[Child]:
    started = Child(FileKind.SOUND, EMBEDDED, 300.0)
    yield started
    started.close()


def test_without_a_program_to_run_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(OSError, match="not known"):
        Child(FileKind.SOUND, EMBEDDED, 300.0)


def test_it_answers_one_question_after_the_other(child: Child) -> None:
    assert isinstance(child.ask(READ_LINE, 60), SoundPart)
    assert isinstance(child.ask(ReadSound(2, b"no sound", "", 0, 9, 300.0), 60), Refused)
    assert isinstance(child.ask(ReadSound(1, b"", "", 80_000, 9, 300.0), 60), SoundPart)


def test_threads_that_wait_for_it_all_come_through(child: Child) -> None:
    waiting = [threading.Thread(target=child.wait_until_ready, daemon=True) for _ in range(3)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join(30)
        assert not thread.is_alive()


def test_one_that_hangs_is_killed_when_its_time_is_over(child: Child) -> None:
    child.wait_until_ready()
    os.kill(child.pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(ChildEnded) as ended:
        child.ask(READ_LINE, 0.3)
    assert not ended.value.in_time and time.monotonic() - began < 5 and not child.alive


def test_one_that_dies_is_told_from_one_that_was_too_slow(child: Child) -> None:
    child.wait_until_ready()
    os.kill(child.pid, signal.SIGSEGV)
    with pytest.raises(ChildEnded) as ended:
        child.ask(READ_LINE, 60)
    assert ended.value.in_time


def test_one_that_uses_up_its_processor_time_was_too_slow() -> None:
    child = Child(FileKind.SOUND, EMBEDDED, 0.0)  # rounded up to a second in all
    try:
        with pytest.raises(ChildEnded) as ended:
            for key in range(10_000):
                child.ask(READ_LINE if not key else ReadSound(key, READ_LINE.data, "", 0, 9, 300.0), 60)
                os.kill(child.pid, signal.SIGXCPU) if key == 3 else None
        assert not ended.value.in_time
    finally:
        child.close()


def test_one_that_cannot_read_a_request_ends_at_once(child: Child) -> None:
    child.wait_until_ready()
    began = time.monotonic()
    with pytest.raises(ChildEnded) as ended:
        child.ask(ReadSound(1, bytes(MAX_BYTES), "", 0, 9, 300.0), 20)
    assert ended.value.in_time and time.monotonic() - began < 15


@pytest.mark.skipif(sys.platform != "linux", reason="limits can be read on Linux alone")
def test_it_is_limited_in_memory_and_descriptors_and_leaves_no_core(child: Child) -> None:
    child.wait_until_ready()
    limits = Path(f"/proc/{child.pid}/limits").read_text()
    bounds = {line[:25].strip(): line[25:].split()[:2] for line in limits.splitlines()}
    assert int(bounds["Max address space"][1]) < 2 << 30
    assert int(bounds["Max open files"][1]) <= 4_096
    assert bounds["Max core file size"] == ["0", "0"]


PARENT = """
import sys, time
from pathlib import Path
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.file_reader.child import Child
from space_runtime.file_reader.requests import FileKind

child = Child(FileKind.SOUND, EMBEDDED, 300.0)
child.wait_until_ready()
print(child.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_a_server_that_is_killed() -> None:
    words = [sys.executable, "-c", PARENT]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=child_environment()) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_for(lambda: not is_running(pid), "the end of the child")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_to_hurry_is_taken_back_at_the_end_of_a_request(child: Child) -> None:
    child.wait_until_ready()
    child.hurry(0.2)
    assert child.ask(DropSound(1), 60) is not None
    time.sleep(0.4)
    assert child.alive
