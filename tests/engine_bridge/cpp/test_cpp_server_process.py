"""A server that the C++ client starts itself: it comes, is used, and ends with whoever wanted it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.engine_bridge.cpp import cpp_program
from tests.engine_bridge.cpp.cpp_program import MEMORY, THREADS, Driven, driven
from tests.space_runtime.commands.test_serve_with_parent import STARTED, alive
from tests.support.packaged_server import packaged_server
from tests.support.waiting import wait_for


@pytest.fixture(scope="module", autouse=True)
def _imports_the_checkout() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


def said(one: Driven) -> tuple[str, str, str]:
    """State, endpoint and error."""
    one.process.stdin.write("state\n")  # type: ignore[union-attr]
    one.process.stdin.flush()  # type: ignore[union-attr]
    state, _, rest = one.line().partition(" ")
    endpoint, _, error = rest.partition("|")
    return state, endpoint, error


def failure(one: Driven) -> str:
    wait_for(lambda: said(one)[0] == "failed", "a failure")
    return said(one)[2]


def close_ms(one: Driven) -> int:
    answer = one.ask("close")
    assert isinstance(answer, int)
    return answer


def children(one: Driven) -> list[int]:
    lists = Path(f"/proc/{one.process.pid}/task").glob("*/children")
    return [int(word) for text in lists for word in text.read_text().split()]


@pytest.mark.parametrize("sanitizers", [MEMORY, THREADS])
def test_it_comes_serves_and_ends_at_once(sanitizers: tuple[str, ...]) -> None:
    with driven("server", "60000", *STARTED, sanitizers=sanitizers) as one:
        wait_for(lambda: said(one)[0] == "ready", "a server")
        assert said(one)[1].startswith("tcp://127.0.0.1:")
        assert one.ask("connect") == 1
        (pid,) = children(one)
        assert close_ms(one) < 300  # 100 on a quiet machine, without sanitizers
        assert said(one)[0] == "ended"
        assert not alive(pid)


def test_the_packaged_server() -> None:
    cpp_program.need_compiler()
    with driven("server", "60000", str(packaged_server())) as one:
        wait_for(lambda: said(one)[0] == "ready", "a server")
        assert one.ask("connect") == 1
        (pid,) = children(one)
        one.process.send_signal(signal.SIGSTOP)  # as still as a game in a debugger: its server waits
        assert alive(pid)
        one.process.send_signal(signal.SIGCONT)
        print(f"MEASURED the end of a server: {close_ms(one)} ms")


def test_it_ends_with_a_program_that_is_killed() -> None:
    words = [str(cpp_program.program()), "server", "60000", *STARTED]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    one = Driven(process)
    wait_for(lambda: said(one)[0] == "ready", "a server")
    (pid,) = children(one)
    process.kill()
    process.communicate()
    wait_for(lambda: not alive(pid), "the end of the server")


def test_what_is_no_server_is_told() -> None:
    with driven("server", "60000", "/nowhere/space-server") as one:
        assert failure(one).startswith(
            "the server /nowhere/space-server cannot be started (No such file or directory);"
        )
    with driven("server", "60000", "/bin/echo", "hello") as one:
        assert failure(one).endswith("/bin/echo has ended: hello")
    with driven("server", "100", "/bin/sleep", "100") as one:
        assert "has not said within 100 ms where it is" in failure(one)
        assert not children(one)
    with driven("server", "60000", *STARTED, "--sounds", "/nowhere") as one:
        assert failure(one).endswith("space-runtime: --sounds /nowhere is no folder; name one that exists")


def test_words_reach_the_program_as_they_are() -> None:
    word = 'with "quotes", spaces and \\ back\\\\slashes\\'
    code = f"import sys; sys.exit(0 if sys.argv[1] == {word!r} else 'other words')"
    with driven("server", "60000", sys.executable, "-c", code, word) as one:
        assert failure(one).endswith("has ended")


def test_a_server_that_dies_is_told() -> None:
    with driven("server", "60000", *STARTED) as one:
        wait_for(lambda: said(one)[0] == "ready", "a server")
        os.kill(children(one)[0], signal.SIGKILL)
        assert "has ended" in failure(one)


def test_the_program_of_the_guide(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "ship.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```cpp\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    (tmp_path / "main.cpp").write_text(code, encoding="utf-8")
    program = cpp_program.with_library(tmp_path / "game", tmp_path / "main.cpp", ("-O0",))
    said = cpp_program.run([program, packaged_server().parent])
    assert re.fullmatch(r"connected to tcp://127\.0\.0\.1:\d+\n", said)
    failed = subprocess.run([program, "/nowhere"], capture_output=True, text=True, timeout=60)
    assert failed.returncode == 1
    assert "/nowhere/space-server cannot be started" in failed.stdout
