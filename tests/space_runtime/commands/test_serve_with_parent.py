"""A server that another program starts: it says in one line where it is, and ends with that program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from engine_bridge.client import Client
from space_runtime.version import VERSION
from tests.support.real_server import child_environment
from tests.support.waiting import PATIENCE_S, wait_for

SERVE: Final = [sys.executable, "-m", "space_runtime", "serve", "--bind", "tcp://127.0.0.1:0", "--http", "0"]
STARTED: Final = [*SERVE, "--sessions", "4", "--ready-line", "--with-parent"]
PARENT: Final = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
print(child.stdout.readline().decode(), end="", flush=True)
child.wait()
"""


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    """A server whose standard input and output this program holds; it may still be starting."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(STARTED, env=child_environment(), **pipes) as process:  # type: ignore[call-overload]
        yield process
        process.kill()


def alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and was not yet waited for does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_it_says_in_one_line_where_it_is_and_serves_there(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin and server.stdout
    ready = json.loads(server.stdout.readline())
    assert ready == {"endpoint": ready["endpoint"], "pid": server.pid, "version": VERSION}
    with Client(ready["endpoint"]) as client:
        wait_for(lambda: client.welcome is not None, "a welcome")
    server.stdin.close()
    assert server.wait(PATIENCE_S) == 0
    assert server.stdout.read() == b""


def test_it_ends_where_its_input_ends_before_it_is_ready(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin and server.stdout
    server.stdin.close()
    assert server.wait(PATIENCE_S) in (0, -signal.SIGTERM)


def test_what_comes_on_its_input_is_of_no_interest(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin and server.stdout
    server.stdin.write(b"hello\n" * 20_000)
    server.stdin.flush()
    assert json.loads(server.stdout.readline())["pid"] == server.pid


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc, to see whether a stranger's child runs")
def test_it_ends_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *STARTED], stdout=subprocess.PIPE, env=child_environment())
    assert parent.stdout
    pid = json.loads(parent.stdout.readline())["pid"]
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    readers = [int(word) for text in lists for word in text.read_text().split()]
    assert alive(pid) and len(readers) == 1
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_for(lambda: not any(map(alive, [pid, *readers])), "the end of the server and of its readers")
    parent.stdout.close()
