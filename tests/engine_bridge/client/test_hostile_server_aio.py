"""The asyncio client against a server that floods: its event loop goes on, and so does everything else in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import numpy as np
import pytest

from engine_bridge.client.aio import Client
from engine_bridge.client.client import CLOSE_S
from engine_bridge.protocol.errors import BridgeError
from tests.support.hostile_behaviours import BEHAVIOURS
from tests.support.hostile_server import Served, hostile

ATTACK_S = 0.3


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with hostile() as process:
        yield process


async def turns_of_the_loop(client: Client, seconds: float) -> list[float]:
    """Return how much longer than asked for the naps of another task took."""
    session = await client.open(outputs=("weights", "texture"), texture="rgb")
    session.idle()
    late, begun = [], time.perf_counter()
    while (now := time.perf_counter()) < begun + seconds:
        await asyncio.sleep(0.002)
        late.append(time.perf_counter() - now - 0.002)
        session.evaluate(16_000 * (now - begun), 1 / 60)
    return late


async def plays(client: Client) -> bool:
    """Return whether a new session gets frames."""
    for _ in range(50):
        try:
            async with await client.open(timeout_s=1.0) as session:
                session.idle()
                await asyncio.sleep(0.2)
                if session.counters.frames:
                    return True
        except BridgeError:
            continue
    return False


@pytest.mark.parametrize("name", [each.name for each in BEHAVIOURS.values() if each.in_suite and each.is_endless])
def test_a_flood_leaves_the_loop_its_turns(served: Served, name: str) -> None:
    async def suffer() -> None:
        async with Client(served.address) as client:
            late = await turns_of_the_loop(client, ATTACK_S)
            assert float(np.median(late)) < 0.05
            served.become("honest")
            assert await plays(client)
            begun = time.perf_counter()
            await client.close()
            assert time.perf_counter() - begun < CLOSE_S + 0.1

    served.become(name)
    asyncio.run(suffer())
