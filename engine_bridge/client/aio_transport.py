"""The DEALER socket of a client in an event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import zmq
import zmq.asyncio

from engine_bridge.client.transport import (
    LINGER_MS,
    MAX_BACKLOG,
    MAX_PARTS,
    MONITORED,
    Curve,
    check_descriptors,
    configure,
    slices,
    verdict,
)


class AsyncDealer:
    """A DEALER socket, its monitor and the tasks that read them, or none."""

    def __init__(
        self,
        address: str,
        curve: Curve | None,
        news: Callable[[bool, str], None],
        parts: Callable[[list[bytes]], None],
    ) -> None:
        self.context = zmq.asyncio.Context()
        self._address, self._curve, self._news, self._parts = address, curve, news, parts
        self._socket: zmq.asyncio.Socket | None = None
        self._monitor: zmq.asyncio.Socket | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._backlog: deque[list[bytes]] = deque()

    @property
    def is_crowded(self) -> bool:
        """True while messages wait for the peer."""
        return bool(self._backlog)

    def dial(self) -> None:
        """Begin to connect. The socket tries once. Raises `BridgeError` where no descriptors are left."""
        self.hang_up()
        check_descriptors()
        self._socket = self.context.socket(zmq.DEALER)
        configure(self._socket, self._curve)
        self._monitor = self._socket.get_monitor_socket(MONITORED)
        self._tasks = [asyncio.create_task(self._read(self._socket)), asyncio.create_task(self._watch(self._monitor))]
        try:
            self._socket.connect(self._address)
        except zmq.ZMQError:
            self.hang_up()  # the silence that follows ends the attempt

    def hang_up(self) -> None:
        """Close the socket."""
        self._backlog.clear()
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        if self._socket:
            self._socket.disable_monitor()
            self._socket.close(linger=LINGER_MS)
        if self._monitor:
            self._monitor.close(linger=0)
        self._socket = self._monitor = None

    async def send(self, parts: list[bytes]) -> bool:
        """Send messages as far as the peer takes them, the rest with the next call; return false when too many wait."""
        self._backlog += [parts[k : k + MAX_PARTS] for k in range(0, len(parts), MAX_PARTS)]
        while self._backlog and self._socket:
            try:
                await self._socket.send_multipart(self._backlog[0], zmq.NOBLOCK)
            except zmq.ZMQError:
                return len(self._backlog) <= MAX_BACKLOG
            if self._backlog:
                self._backlog.popleft()
        return True

    async def _read(self, socket: zmq.asyncio.Socket) -> None:
        while True:
            parts = await socket.recv_multipart()
            for some in slices(parts):
                self._parts(some)
                await asyncio.sleep(0)  # what is there already is read without a pause in which others could run

    async def _watch(self, monitor: zmq.asyncio.Socket) -> None:
        while True:
            is_up, why = verdict(await monitor.recv_multipart())
            if is_up is not None:
                self._news(is_up, why)
