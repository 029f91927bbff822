"""A short slice of tests/tools/attacks: each in a process of its own, beside a line that loses nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.wire import encode
from tests.support.real_server import serving_process
from tests.support.wire_client import connect_client
from tests.tools.attacks.raw_peer import MORE, RawPeer, frame
from tests.tools.attacks.run import MIB, Usage, measure
from tests.tools.soak import Reading, faults

SECONDS = 1.5
PATIENT_S = 5.0
"""Playout delay: a machine that runs other tests is late, and a server drops what is."""
SLICE = (
    "endless-empty-parts-before-hello",
    "endless-big-parts",
    "junk-in-64-parts",
    "large-junk",
    "pings",
    "sessions-by-reconnecting",
    "controls-without-end",
)
GROWN = 48 * MIB
"""Memory that an attack may cost at its worst: a few long messages on their way."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory and descriptors are read from /proc")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """A server in a process of its own: its number and address."""
    log = tmp_path_factory.mktemp("server") / "log"
    with serving_process(Path(log), "--sessions", "48", "--lease", "1") as (process, address):
        yield process.pid, address


@pytest.mark.parametrize("name", SLICE)
def test_an_innocent_line_is_whole_beside_an_attack(server: tuple[int, str], name: str) -> None:
    """Times are judged by the tool on an idle machine; here nothing may be lost, however busy the machine is."""
    pid, address = server
    result = measure(name, address, pid, SECONDS, PATIENT_S)
    assert result.line.lost == 0
    assert result.peak - result.before.resident < GROWN


@pytest.mark.parametrize("greet", [False, True])
@pytest.mark.parametrize("size", [0, 1_000])
def test_a_message_without_end_is_cut_off(server: tuple[int, str], greet: bool, size: int) -> None:
    with RawPeer(server[1], greet) as peer:
        assert peer.is_cut_off(frame(bytes(size), MORE) * 100, 10.0)


def test_a_sender_beyond_every_budget_is_told_and_then_cut_off(server: tuple[int, str]) -> None:
    ping = frame(encode(m.Ping(nonce=1)))
    with RawPeer(server[1]) as peer:
        assert peer.is_cut_off(ping * 500, 20.0)
    with connect_client(server[1]) as client:
        client.send(*[b"\xc1"] * 32)
        assert client.expect(m.Error, 32).code == "bad_message"


def test_half_of_a_message_is_not_waited_for_without_end(server: tuple[int, str]) -> None:
    with RawPeer(server[1], greet=False) as peer:
        peer.send(b"\x02" + (1 << 40).to_bytes(8, "big") + b"x")
        assert peer.hung_up_within(10.0)


def readings(*resident: int, files: int = 8, lost: int = 0) -> list[Reading]:
    return [
        Reading(n, Usage(each * MIB, files + (n > 5) * (files - 8), 5), 1, lost, 0) for n, each in enumerate(resident)
    ]


def test_the_soak_tells_growth_from_rest() -> None:
    flat = [100, 120, 130, 131, 131, 132, 131, 131]
    assert not faults(readings(*flat))
    assert "memory" in faults(readings(*range(100, 260, 20)))[0]
    assert "descriptors" in faults(readings(*flat, files=20))[0]
    assert "frames" in faults(readings(*flat, lost=1))[0]
