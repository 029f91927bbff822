"""The Python client against a server that lies and floods: it lives, stays quick and small, and plays again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.client.client import CLOSE_S, Client, ClientSession
from engine_bridge.protocol.errors import BridgeError
from tests.support.hostile_behaviours import BEHAVIOURS
from tests.support.hostile_server import Served, hostile
from tests.support.waiting import eventually, wait_for

ATTACK_S = 0.3
USUAL_S, SLOWEST_S = 0.005, 0.25
"""Longest median and 99th percentile of an answer here, on a machine that does other things too;
`tests.tools.hostile_clients` prints what they are."""
MOST_BYTES = 120 << 20
"""Memory that an attack may take in so short a time, the buffers of TCP and ZeroMQ included."""


def resident_bytes() -> int:
    """Return the memory of this process, 0 where that is not told."""
    path = Path("/proc/self/statm")
    return int(path.read_text().split()[1]) * 4_096 if path.exists() else 0


def answer_times(session: ClientSession, seconds: float) -> list[float]:
    """Return how long the answers of a face took that is asked for as an engine does, but more often."""
    took, begun = [], time.perf_counter()
    while (now := time.perf_counter()) < begun + seconds:
        pose = session.evaluate(16_000 * (now - begun), 1 / 60)
        took.append(time.perf_counter() - now)
        assert np.isfinite(pose.blendshapes).all() and 0 <= pose.blendshapes.min() <= pose.blendshapes.max() <= 1
        session.texture()
        session.events()
        time.sleep(0.005)
    return took


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with hostile() as process:
        yield process


def names(*, is_useless: bool) -> list[str]:
    return [each.name for each in BEHAVIOURS.values() if each.in_suite and each.is_useless is is_useless]


@pytest.mark.parametrize("name", names(is_useless=False))
def test_a_client_survives_and_plays_again(served: Served, name: str) -> None:
    served.become(name)
    before = resident_bytes()
    with Client(served.address) as client:
        session = client.open(outputs=("weights", "texture"), texture="rgb")
        session.idle()
        took = answer_times(session, ATTACK_S)
        assert float(np.median(took)) < USUAL_S and float(np.percentile(took, 99)) < SLOWEST_S
        assert resident_bytes() - before < MOST_BYTES
        if BEHAVIOURS[name].is_bad:
            wait_for(lambda: client.counters.bad and client.counters.reason)
        served.become("honest")
        wait_for(plays(client), "frames of an honest server")
        begun = time.perf_counter()
        client.close()
        assert time.perf_counter() - begun < CLOSE_S + 0.1


def plays(client: Client) -> Callable[[], bool]:
    """Return whether a new session of a client gets frames."""

    def is_playing() -> bool:
        try:
            with client.open(timeout_s=2.0) as session:
                session.idle()
                return bool(eventually(lambda: session.counters.frames > 0, 1.0))
        except BridgeError:
            return False

    return is_playing


@pytest.mark.parametrize("name", names(is_useless=True))
def test_a_server_of_no_use_is_refused_in_a_sentence(served: Served, name: str) -> None:
    served.become(name)
    with Client(served.address) as client:
        with pytest.raises(BridgeError, match=BEHAVIOURS[name].says or "no SPACE server"):
            client.open(timeout_s=0.5)
        assert not BEHAVIOURS[name].is_bad or client.counters.reason
        served.become("honest")
        if name != "another version":  # which is final
            wait_for(plays(client), "frames of an honest server")
