"""Runs an attack in a process of its own while an innocent line is spoken; measures what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.real_server import child_environment
from tests.tools.attacks.innocent import PLAYOUT_S, LineResult, speak_line

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Usage:
    """A process: resident bytes, descriptors, threads."""

    resident: int
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class AttackResult:
    """A line beside an attack, and the server before and after it. peak: its resident bytes at most."""

    name: str
    line: LineResult
    before: Usage
    after: Usage
    peak: int


def usage_of(pid: int) -> Usage:
    """Return what a process uses now. Linux alone."""
    folder = Path(f"/proc/{pid}")
    pages = int((folder / "statm").read_text().split()[1])
    return Usage(
        resident=pages * os.sysconf("SC_PAGE_SIZE"),
        descriptors=len(list((folder / "fd").iterdir())),
        threads=len(list((folder / "task").iterdir())),
    )


def peak_of(pid: int) -> int:
    """Return the most bytes that a process has had in memory since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def forget_peak(pid: int) -> None:
    """Begin a new measure of `peak_of`."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@contextmanager
def attacking(name: str, address: str, seconds: float) -> Iterator[None]:
    """Let an attack run for so long in a process of its own."""
    words = [sys.executable, "-m", "tests.tools.attacks.child", name, address, str(seconds)]
    with subprocess.Popen(words, env=child_environment(), stderr=subprocess.DEVNULL) as child:
        try:
            yield
        finally:
            child.kill()


def measure(name: str, address: str, pid: int, seconds: float, playout_s: float = PLAYOUT_S) -> AttackResult:
    """Speak a line of so many seconds beside an attack that begins before it and ends after it."""
    before = usage_of(pid)
    forget_peak(pid)
    with attacking(name, address, seconds + 3.0):
        time.sleep(1.5)  # until its process has started
        line = speak_line(address, seconds, playout_s)
    return AttackResult(name, line, before, usage_of(pid), peak_of(pid))
