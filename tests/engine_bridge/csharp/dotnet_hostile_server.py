"""The C# client against a server that lies and floods: it lives, stays quick and small, and plays again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine_bridge.csharp.dotnet_loaded import Probe, Space
from tests.engine_bridge.csharp.dotnet_session import client_of, is_open
from tests.support.hostile_behaviours import BEHAVIOURS
from tests.support.hostile_server import Served, hostile
from tests.support.waiting import eventually, wait_for

ATTACK_S = 0.3
USUAL_MS, SLOWEST_MS = 5.0, 250.0
"""Longest median and 99th percentile of an answer here, beside other programs; `tests.tools.hostile_clients` prints
what they are."""
MOST_BYTES = 300 << 20
"""Memory that an attack may take, pools that keep it for the next picture included."""


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with hostile() as process:
        yield process


def names(*, is_useless: bool) -> list[str]:
    return [each.name for each in BEHAVIOURS.values() if each.in_suite and each.is_useless is is_useless]


def resident_bytes() -> int:
    """Return the memory of this process, 0 where that is not told."""
    path = Path("/proc/self/statm")
    return int(path.read_text().split()[1]) * 4_096 if path.exists() else 0


def with_pictures() -> object:
    wanted = Space.SessionOptions()
    wanted.Outputs = Space.Outputs.Blendshapes | Space.Outputs.Texture
    wanted.TextureFormat = "rgb"
    return wanted


@pytest.mark.parametrize("name", names(is_useless=False))
def test_a_client_survives_and_plays_again(served: Served, name: str) -> None:
    served.become(name)
    before = resident_bytes()
    with client_of(served.port) as client:
        session = client.Open(with_pictures())
        wait_for(lambda: is_open(session))
        session.Idle(None)
        p50, p99, _, n_wrong = Probe.EvaluateTimes(session, ATTACK_S)
        assert p50 < USUAL_MS and p99 < SLOWEST_MS and not n_wrong
        assert resident_bytes() - before < MOST_BYTES
        if BEHAVIOURS[name].is_bad:
            wait_for(lambda: client.BadMessages)
        served.become("honest")
        wait_for(plays(client), "frames of an honest server")
        begun = time.perf_counter()
        client.Dispose()
        assert time.perf_counter() - begun < 0.25


def plays(client: Any) -> Callable[[], bool]:
    """Return whether a new session of a client gets frames."""

    def is_playing() -> bool:
        session = client.Open(None)
        if not eventually(lambda: is_open(session), 2.0):
            return False
        session.Idle(None)
        return eventually(lambda: session.Counters.FramesTaken, 1.0)

    return is_playing


@pytest.mark.parametrize("name", names(is_useless=True))
def test_a_server_of_no_use_is_refused_in_a_sentence(served: Served, name: str) -> None:
    served.become(name)
    with client_of(served.port) as client:
        client.Open(None)
        if BEHAVIOURS[name].says:
            wait_for(lambda: BEHAVIOURS[name].says in str(client.LastError))
        elif BEHAVIOURS[name].is_bad:
            wait_for(lambda: client.BadMessages)
            assert "expected 0 … 3600" in str(client.LastError)
        served.become("honest")
        wait_for(plays(client), "frames of an honest server")
