"""A server that the C# client starts itself: it comes, is used, and ends with whoever wanted it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.engine_bridge.csharp.dotnet_loaded import Space, System
from tests.space_runtime.commands.test_serve_with_parent import SERVE
from tests.support.waiting import eventually

START_S: Final = 60.0
WORDS: Final = " ".join([*SERVE[1:], "--sessions", "4", "--ready-line", "--with-parent"])


@contextmanager
def server(program: str = sys.executable, words: str = WORDS, start_ms: int = 60_000) -> Iterator[Any]:
    process = Space.ServerProcess(program, words, start_ms)
    try:
        yield process
    finally:
        process.Dispose()


def state(process: Any) -> str:
    return str(process.State)


def children() -> set[int]:
    """The processes that this one has started and that run."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(word) for text in lists for word in text.read_text().split() if Path(f"/proc/{word}/exe").exists()}


def failed(process: Any) -> str:
    assert eventually(lambda: state(process) == "Failed", START_S), state(process)
    return str(process.Error)


def test_it_comes_serves_and_ends_at_once() -> None:
    before = children()
    began = time.monotonic()
    with server() as process:
        assert time.monotonic() - began < 0.1
        assert eventually(lambda: state(process) == "Ready", START_S), process.Error
        options = Space.ClientOptions()
        options.Address = process.Endpoint
        client = Space.SpaceClient(options)
        assert eventually(lambda: str(client.State) == "Ready", START_S)
        client.Dispose()
        began = time.monotonic()
    took_s = time.monotonic() - began
    print(f"MEASURED the end of a server: {1e3 * took_s:.0f} ms")
    assert took_s < 0.3  # 0.1 on a quiet machine
    assert state(process) == "Ended"
    assert eventually(lambda: children() <= before, START_S)


def test_it_can_be_ended_at_any_moment_of_its_start() -> None:
    before = children()
    for wait_s in (0.0, 0.001, 0.01, 0.05, 0.2):
        with server() as process:
            time.sleep(wait_s)
        assert state(process) == "Ended"
    assert eventually(lambda: children() <= before, START_S)


def test_a_program_that_is_not_there() -> None:
    with server(Space.ServerProcess.ProgramIn("/nowhere")) as process:
        assert failed(process) == (
            "the server /nowhere/space-server cannot be started (there is no such file); "
            "name the folder that `space-runtime package` wrote for this system"
        )


def test_a_program_that_is_another_one() -> None:
    with server("/bin/echo", "hello") as process:
        assert 'said "hello" instead of where it is' in failed(process)


def test_a_program_that_says_something_else_and_stays_is_ended() -> None:
    before = children()
    with server("/bin/sh", '-c "echo hello; exec sleep 100"') as process:
        assert 'said "hello" instead of where it is' in failed(process)
        assert children() <= before


def test_a_program_that_says_nothing_is_ended() -> None:
    before = children()
    with server("/bin/sleep", "100", 200) as process:
        assert "has not said within 200 ms where it is" in failed(process)
        assert children() <= before  # it is told after the fact


def test_a_server_that_refuses_says_why() -> None:
    with server(words=f"{WORDS} --sounds /nowhere") as process:
        assert failed(process).endswith(
            "has ended: space-runtime: --sounds /nowhere is no folder; name one that exists"
        )


def test_one_program_is_started_once_for_all_and_anew_after_a_failure() -> None:
    one = Space.SharedServers.Rent("/bin/sleep", "100")
    assert Space.SharedServers.Rent("/bin/sleep", "100") == one
    Space.SharedServers.Return(one)
    assert state(one) == "Starting"
    Space.SharedServers.Return(one)
    assert state(one) == "Ended"
    lost = Space.SharedServers.Rent("/nowhere", "")
    failed(lost)
    again = Space.SharedServers.Rent("/nowhere", "")
    assert again != lost
    Space.SharedServers.Clear()
    assert state(again) in ("Ended", "Failed")
    assert Space.SharedServers.Rent("/nowhere", "") != again
    Space.SharedServers.Clear()


def test_fifty_lives_leave_no_thread_and_no_descriptor() -> None:
    def counts() -> tuple[int, int]:
        return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))

    for n in range(50):
        with server("/bin/cat", "") as process:
            time.sleep(0.01)
        assert state(process) == "Ended"
        if n == 9:
            time.sleep(0.3)
            System.GC.Collect()
            threads, descriptors = counts()
    time.sleep(0.5)
    System.GC.Collect()
    System.GC.WaitForPendingFinalizers()
    assert counts()[0] < threads + 8
    assert counts()[1] < descriptors + 8
