"""Real servers with threads and sockets: in this process or in one of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from space_runtime.inference.bundle import load_bundle
from space_runtime.server.server import Server, Settings
from tests.support.waiting import PATIENCE_S, wait_for

ROOT: Final = Path(__file__).parents[2]
SETTINGS: Final = Settings("tcp://127.0.0.1:*")
"""Any free port."""


@contextmanager
def serving(**settings: object) -> Iterator[Server]:
    """A ready server of this process that takes sessions however slow the machine is. settings: those of `SETTINGS`
    that are replaced."""
    wanted = replace(SETTINGS, **settings)  # type: ignore[arg-type]  # the caller's fields fit
    with Server(load_bundle(), wanted) as server:
        server.gateway._busy_lag_s = PATIENCE_S
        yield server


def child_environment() -> Mapping[str, str]:
    """Return the variables under which a child process imports this checkout, installed or not."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}


@contextmanager
def serving_process(log: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server in a process of its own; yields the process and the server's address."""
    words = [sys.executable, "-m", "space_runtime", "serve", "--http", "0", *options]
    if "--bind" not in options:
        words += ["--bind", "tcp://127.0.0.1:0"]
    with log.open("wb") as file:
        process = subprocess.Popen(words, stderr=file, stdout=subprocess.DEVNULL, env=child_environment())
        try:
            wait_for(lambda: _address(log) or process.poll() is not None, "a server")
            assert process.poll() is None, log.read_text()
            yield process, _address(log)
        finally:
            process.kill()
            process.wait()


def _address(log: Path) -> str:
    found = re.search(r"ready.*?(tcp://[\d.]+:\d+)", log.read_text())
    return found[1] if found else ""
