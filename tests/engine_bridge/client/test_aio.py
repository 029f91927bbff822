"""The client for asyncio over real sockets; what it shares with the other one is tested there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine

import numpy as np
import pytest

from engine_bridge.client.aio import Client
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError, RefusedError, UnreachableError
from tests.support.fake_server import FakeServer, Served

RATE = 16_000
SOUND = np.zeros(RATE, np.float32)


def run(story: Coroutine[object, object, None]) -> None:
    """Tell a story to its end; nothing may be left in the loop."""

    async def told() -> None:
        async with asyncio.timeout(30):
            await story
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(told())


def test_a_line_from_open_to_close() -> None:
    async def story(served: Served) -> None:
        async with Client(served.address) as client, await client.open(fps=25) as session:
            session.start(RATE)
            assert session.push(SOUND) == RATE
            session.end()
            finished = await session.wait(5)
            assert finished and finished.sample == RATE
            assert float(session.evaluate(0.5 * RATE, dt=1.0).blendshapes[0]) == pytest.approx(0.0125)
            session.speak(b"RIFF", pace="clip")
            assert [frame.index async for frame in session.frames(5)] == list(range(500))
            assert client.welcome and client.counters.connections == 1

    with Served() as served:
        run(story(served))


def test_two_sessions_at_once() -> None:
    async def line(client: Client) -> None:
        session = await client.open(fps=25)
        session.start(RATE)
        for k in range(10):
            session.push(SOUND[k * 1_600 : (k + 1) * 1_600])
            await asyncio.sleep(0)
        session.end()
        finished = await session.wait(5)
        assert finished and finished.reason == "end"

    async def story(served: Served) -> None:
        async with Client(served.address) as client:
            await asyncio.gather(line(client), line(client))

    with Served() as served:
        run(story(served))


def test_a_restarted_server_goes_on() -> None:
    async def story(served: Served) -> None:
        async with Client(served.address) as client:
            session = await client.open(fps=25, playout_ms=100)
            session.start(RATE)
            session.push(SOUND)
            while session.counters.frames < 23:
                await asyncio.sleep(0.005)
            session.evaluate(0.4 * RATE)
            served.close()
            while session.is_open:
                await asyncio.sleep(0.005)
            session.push(SOUND)
            session.end()
            with Served(FakeServer(first_session=50), port=served.port):
                finished = await session.wait(10)
                assert finished and finished.sample == 2 * RATE
                assert session.counters.taken_up == 1

    run(story(Served()))


def test_errors_say_what_is_wrong() -> None:
    async def story(served: Served) -> None:
        async with Client(served.address) as client:
            served.brain.refuse = m.Error(code="busy", message="not now")
            with pytest.raises(RefusedError, match="not now"):
                await client.open()
            served.brain.refuse = None
            session = await client.open()
            session.start(RATE, pace="clip")
            assert await session.wait(0.05) is None
            with pytest.raises(BridgeError, match="no frame came"):
                await anext(session.frames(0.05))
            await session.close()
            with pytest.raises(BridgeError, match="closed"):
                session.idle()
            with pytest.raises(BridgeError, match="CURVE"):
                Client("tcp://example.org:5570")
        with pytest.raises(BridgeError, match="closed"):
            await client.open()
        with pytest.raises(BridgeError, match="async with"):
            await Client(served.address).open()

    with Served() as served:
        run(story(served))


def test_nobody_there_and_closing_at_once() -> None:
    async def story(address: str) -> None:
        async with Client(address) as client:
            with pytest.raises(UnreachableError, match="refused"):
                await client.open(timeout_s=0.3)
            begun = time.monotonic()
        assert time.monotonic() - begun < 0.2

    with Served() as served:
        address = served.address
    run(story(address))


def test_a_cancelled_open_leaves_no_session() -> None:
    async def story(served: Served) -> None:
        async with Client(served.address) as client:
            await client.open()
            opening = asyncio.create_task(client.open())
            await asyncio.sleep(0)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            while len(served.brain.seats) != 1 or sum(isinstance(x, m.Open) for x in served.brain.heard) < 2:
                await asyncio.sleep(0.005)

    with Served() as served:
        run(story(served))
