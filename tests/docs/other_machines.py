"""The steps of docs/live.md for other machines, and two machines to walk them on: network namespaces with a cable.

``unshare --map-root-user --net python -m tests.docs.other_machines FOLDER`` makes them: this process is on anna's
machine, 10.0.0.1, and a child holds the server's, 10.0.0.5, the address that the document prints. Linux alone.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from engine_bridge.client import Client
from tests.docs.pages import ROOT
from tests.support.real_server import child_environment

PAGE: Final = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
HOLDER: Final = ["unshare", "--net", "sh", "-c", "echo ready; read end"]
"""A process that keeps the server's namespace until its standard input ends."""


def steps() -> list[str]:
    """Return the commands of the section: keygen there, keygen here, serve there, relay here."""
    section = PAGE[PAGE.index("## Other machines") : PAGE.index("## Sources of sound")]
    return [line.split("  #")[0].strip() for line in section.splitlines() if line.startswith("space-runtime ")]


def exchange_keys(there: Path, here: Path) -> None:
    """Copy the two public files as the text between the steps says."""
    (there / "keys" / "clients").mkdir()
    shutil.copy(here / "keys" / "anna.key", there / "keys" / "clients")
    shutil.copy(there / "keys" / "server.key", here / "keys")


@contextmanager
def two_machines() -> Iterator[list[str]]:
    """Yield the words before a command that run it on the server's machine."""
    with subprocess.Popen(HOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        there = ["nsenter", "-t", str(holder.pid), "-n"]
        for command in (
            f"ip link add cable type veth peer name cable netns {holder.pid}",
            "ip link set lo up",
            "ip addr add 10.0.0.1/24 dev cable",
            "ip link set cable up",
        ):
            subprocess.run(shlex.split(command), check=True)
        for command in ("ip link set lo up", "ip addr add 10.0.0.5/24 dev cable", "ip link set cable up"):
            subprocess.run([*there, *shlex.split(command)], check=True)
        yield there  # leaving closes the holder's standard input, and with it its namespace


@contextmanager
def running(step: str, folder: Path, before: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a step as it is printed, in a folder, until the block ends."""
    words = [*before, sys.executable, "-m", "space_runtime", *shlex.split(step)[1:]]
    process = subprocess.Popen(words, cwd=folder, env=child_environment())
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def walk(folder: Path) -> None:
    """Walk the steps on both machines; an engine here then opens a session through the relay."""
    there, here = folder / "server", folder / "anna"
    keys_there, keys_here, serve, relay = steps()
    with two_machines() as on_server, ExitStack() as stack:
        for step, machine, before in ((keys_there, there, on_server), (keys_here, here, [])):
            machine.mkdir()
            with running(step, machine, before) as made:
                assert made.wait(60) == 0
        exchange_keys(there, here)
        stack.enter_context(running(serve, there, on_server))
        stack.enter_context(running(relay, here, []))
        with Client("tcp://127.0.0.1:5570") as client:
            client.open(fps=30, timeout_s=60)
            print("a session is open")


if __name__ == "__main__":
    walk(Path(sys.argv[1]))
