"""The C++ test program of ``engine_bridge/cpp``: compiled once per session, and talked to line by line."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.support.waiting import wait_for

ROOT: Final = Path(__file__).parents[3] / "engine_bridge" / "cpp"
WARNINGS: Final = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
MEMORY: Final = ("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all")
DEBUG: Final = ("-O0", "-g1", "-D_GLIBCXX_ASSERTIONS")
THREADS: Final = ("-fsanitize=thread",)
LANGUAGE: Final = {".cpp": ("g++", "-std=c++17"), ".c": ("gcc", "-std=c99")}


@cache
def folder() -> Path:
    """Return a temporary folder that goes with the session."""
    path = Path(tempfile.mkdtemp(prefix="space-cpp-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def program(sanitizers: tuple[str, ...] = MEMORY) -> Path:
    """Return the test program, built with these sanitizers. Skips where there is no compiler."""
    return _program(sanitizers)


@cache
def _program(sanitizers: tuple[str, ...]) -> Path:
    name = "_".join(["check", *sanitizers]).replace("=", "_").replace(",", "_")
    sources = [joined("space"), joined("tests"), *(ROOT / "tests").glob("*.c")]
    return link(folder() / name, compiled(sources, (*DEBUG, *sanitizers)), sanitizers)


def with_library(target: Path, source: Path, flags: tuple[str, ...]) -> Path:
    """Return a program of one source and the library, which has neither exceptions nor type information.

    `test_cpp_package` compiles each of the library's sources on its own.
    """
    library = compiled([joined("space")], ("-O0", "-fno-exceptions", "-fno-rtti"))
    return link(target, [*compiled([source], flags), *library], ())


@cache
def joined(name: str) -> Path:
    """Return a source that includes all of a folder's: a third of the time to compile, and how Unreal does it."""
    source = folder() / f"{name}.cpp"
    source.write_text("".join(f'#include "{path}"\n' for path in sorted((ROOT / name).glob("*.cpp"))), "utf-8")
    return source


def compiled(sources: list[Path], flags: tuple[str, ...]) -> list[Path]:
    """Return the objects of these sources, in parallel and free of warnings."""
    need_compiler()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda source: _compile(source, flags), sources))


def need_compiler() -> None:
    """Skip the test where there is no compiler."""
    if not (shutil.which("g++") and shutil.which("gcc")):
        pytest.skip("needs g++")


@cache
def _compile(source: Path, flags: tuple[str, ...]) -> Path:
    target = Path(tempfile.mkdtemp(dir=folder())) / f"{source.stem}.o"
    run([*LANGUAGE[source.suffix], *flags, *WARNINGS, "-I", ROOT, "-c", source, "-o", target])
    return target


def link(target: Path, objects: list[Path], flags: tuple[str, ...]) -> Path:
    run(["g++", *flags, *objects, "-o", target, "-pthread"])
    return target


def run(command: list[str | Path], **more: bytes) -> str:
    """Run to the end. Return stdout; what stderr says and any other code than 0 fail the test."""
    done = subprocess.run(command, capture_output=True, timeout=300, **more)  # type: ignore[call-overload]
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0 and not err, f"{' '.join(map(str, command))}\n{out[-2000:]}\n{err[-6000:]}"
    return str(out)


class Driven:
    """A running test program: one line in, one line of JSON out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, command: str, **options: object) -> object:
        """Send a command. Return its answer."""
        words = [command, *(f"{key}={value}" for key, value in options.items())]
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.line())

    def line(self) -> str:
        """Return the next line that it prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the program has ended"
        return line.rstrip("\n")

    def do(self, command: str, **options: object) -> None:
        """Send a command that must succeed."""
        assert self.ask(command, **options) == {"status": "ok"}

    def table(self, command: str, **options: object) -> dict[str, object]:
        answer = self.ask(command, **options)
        assert isinstance(answer, dict)
        return answer

    def events(self) -> list[dict[str, object]]:
        """Return what has happened since it was last asked."""
        answer = self.ask("events")
        assert isinstance(answer, list)
        return answer

    def wait_for(self, kind: str) -> dict[str, object]:
        """Return the next event of a kind; others before it are lost."""
        found: list[dict[str, object]] = []

        def seen() -> bool:
            found.extend(event for event in self.events() if event["kind"] == kind)
            return bool(found)

        wait_for(seen, f"an event {kind}")
        return found[0]


@contextmanager
def driven(*words: str, sanitizers: tuple[str, ...] = MEMORY) -> Iterator[Driven]:
    """Start the test program; in the end it must stop by itself, with nothing on stderr."""
    command = [str(program(sanitizers)), *words]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        yield Driven(process)
    except BaseException:
        process.kill()
        raise
    finally:
        _, err = process.communicate()
        watchdog.cancel()
    assert process.returncode == 0 and not err, err[-6000:]
