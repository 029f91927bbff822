"""Laws of the warm-up: nothing is imported for the first client, and what the machine carries is a stable number."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from space_runtime.server.limits import Limits
from space_runtime.server.server import MEASURE_S, Server, Settings
from space_runtime.server.warm_up import capacity
from tests.support.quick_batch import quick
from tests.support.real_server import child_environment
from tests.support.session_frames import BUNDLE
from tests.support.wire_client import connect_client

FIRST_LINE = """
import sys
from space_runtime.server.server import Server, Settings
from tests.support.real_server import SETTINGS
from tests.support.session_frames import BUNDLE
from tests.support.sounds import silence
from tests.support.wire_client import connect_client

silence(1)
with Server(BUNDLE, SETTINGS) as server, connect_client(server.address) as client:
    before = set(sys.modules)
    session = client.open(outputs=("weights", "head", "eyes", "landmarks"))
    client.speak(session, 1, silence(8_000))
    print(sorted(name for name in set(sys.modules) - before))
"""


def test_the_first_line_imports_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_LINE], capture_output=True, text=True, cwd=tmp_path, env=child_environment()
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_capacity_is_a_round_number_of_some_size() -> None:
    measured = capacity(BUNDLE)
    assert measured >= 1 and (measured < 20 or measured % 10 == 0)


def test_a_server_that_was_started_at_a_bad_moment_learns_better() -> None:
    settings = Settings("tcp://127.0.0.1:*", Limits(sessions=1), measures_sessions=True)
    with quick(), Server(BUNDLE, settings) as server:
        server._measured_at -= MEASURE_S
        end = time.monotonic() + 30.0
        while server.gateway.limits.sessions == 1 and time.monotonic() < end:
            time.sleep(0.02)
        with connect_client(server.address) as client:
            welcome = client.heard[0]
            assert welcome.limits["sessions"] == server.gateway.limits.sessions > 1  # type: ignore[union-attr]  # the first is
            assert client.open() and client.open()
