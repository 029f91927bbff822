"""A process that serves pictures ends cleanly in the middle of one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

SCRIPT = """
import sys
from engine_bridge.client import Client
from space_runtime import load_bundle
from space_runtime.assets import LINE
from space_runtime.server.server import Server, Settings

with Server(load_bundle(), Settings("tcp://127.0.0.1:*")) as server, Client(server.address) as client:
    session = client.open(("weights", "texture"), portrait=sys.argv[1], texture="jpeg", timeout_s=60)
    session.speak(str(LINE))
    while session.counters.textures < 3:
        session.wait(0.01)
"""


def test_a_process_ends_in_the_middle_of_a_picture(photo: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(photo)], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
