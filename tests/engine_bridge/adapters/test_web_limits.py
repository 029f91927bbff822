"""Limits of what strangers cost a web server: a share of a processor, few connections, little read at a time."""

from __future__ import annotations

import asyncio
import selectors
import socket
import time
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from engine_bridge.adapters import open_sink
from engine_bridge.adapters.web_limits import BURST_S, MAX_GUESTS, SHARE, thrifty_loop
from engine_bridge.adapters.websocket import WebSocket
from tests.support.waiting import wait_for
from tests.support.web_clients import client


@pytest.fixture
def sink() -> Generator[WebSocket, None, None]:
    opened = open_sink("ws://127.0.0.1:0")
    assert isinstance(opened, WebSocket)
    yield opened
    opened.close()


def is_over(connection: socket.socket) -> bool:
    """Return whether the server has hung up."""
    connection.setblocking(False)
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_a_loop_that_always_has_work_keeps_to_its_share() -> None:
    seconds = 1.0

    async def work() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sum(range(10_000))
            await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=thrifty_loop) as runner:
        runner.run(asyncio.sleep(0))
        begin = time.thread_time()
        runner.run(work())
        assert time.thread_time() - begin < 2 * (BURST_S + SHARE * seconds)


def test_connections_that_say_nothing_give_way_to_new_ones_and_clients_stay(sink: WebSocket) -> None:
    with client(sink) as page, ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", sink.port))) for _ in range(MAX_GUESTS + 8)
        ]
        wait_for(lambda: sum(map(is_over, silent)) == 8)
        assert all(map(is_over, silent[:8])), "the oldest first"
        with client(sink):
            assert page.ping().wait(5.0)


def test_no_connection_is_remembered_once_it_is_over(sink: WebSocket) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", sink.port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            with selectors.DefaultSelector() as selector:
                selector.register(connection, selectors.EVENT_READ)
                assert selector.select(5.0)
    with client(sink):
        wait_for(lambda: not sink.server._guests._waiting)
