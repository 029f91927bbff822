"""The C++ client, under sanitizers, against a server that lies and floods: it lives, stays quick and small, and plays
again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine_bridge.cpp.cpp_program import Driven, driven
from tests.support.hostile_behaviours import BEHAVIOURS
from tests.support.hostile_server import Served, hostile
from tests.support.waiting import eventually, wait_for

ATTACK_S = 0.3
USUAL_MS, SLOWEST_MS = 5.0, 250.0
"""Longest median and 99th percentile of an answer here, with sanitizers and other programs;
`tests.tools.hostile_clients` prints what they are without."""
MOST_BYTES = 400 << 20
"""Memory under a sanitizer that keeps what was freed."""


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with hostile() as process:
        yield process


def names(*, is_useless: bool) -> list[str]:
    return [each.name for each in BEHAVIOURS.values() if each.in_suite and each.is_useless is is_useless]


def resident_bytes(one: Driven) -> int:
    """Return the memory of the program, 0 where that is not told."""
    path = Path(f"/proc/{one.process.pid}/statm")
    return int(path.read_text().split()[1]) * 4_096 if path.exists() else 0


@pytest.mark.parametrize("name", names(is_useless=False))
def test_a_client_survives_and_plays_again(served: Served, name: str) -> None:
    served.become(name)
    with driven("client") as one:
        one.table("client", endpoint=served.address)
        one.ask("open", texture="rgb")
        one.wait_for("opened")
        one.do("idle")
        before = resident_bytes(one)
        times = one.table("probe", seconds=ATTACK_S)
        assert times["sound"] and float(str(times["p50"])) < USUAL_MS and float(str(times["p99"])) < SLOWEST_MS
        assert resident_bytes(one) - before < MOST_BYTES
        if BEHAVIOURS[name].is_bad:
            wait_for(lambda: one.table("counts")["bad"])
        served.become("honest")
        wait_for(plays(one), "frames of an honest server")
        begun = time.perf_counter()
        assert float(str(one.table("dispose")["ms"])) < 250
        assert time.perf_counter() - begun < 1


def plays(one: Driven) -> Callable[[], bool]:
    """Return whether a new session of a client gets frames."""
    numbers = iter(range(1, 1_000))

    def is_playing() -> bool:
        one.ask("open")
        number = next(numbers)
        one.ask("idle", session=number)
        return eventually(lambda: one.table("counts", session=number)["taken"], 2.0)

    return is_playing


@pytest.mark.parametrize("name", names(is_useless=True))
def test_a_server_of_no_use_is_refused_in_a_sentence(served: Served, name: str) -> None:
    served.become(name)
    with driven("client") as one:
        one.table("client", endpoint=served.address)
        one.ask("open")
        if BEHAVIOURS[name].says:
            wait_for(lambda: BEHAVIOURS[name].says in str(one.table("counts")["problem"]))
        elif BEHAVIOURS[name].is_bad:
            assert "3600" in str(one.wait_for("error")["text"])
        served.become("honest")
        wait_for(plays(one), "frames of an honest server")
