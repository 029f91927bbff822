"""A client of a SPACE server for asyncio, with the surface of `client`; what waits there is awaited here.

::

    async with Client("tcp://127.0.0.1:5570") as client:
        session = await client.open(outputs=("weights", "head"), fps=30, playout_ms=200)
        session.start(16_000)
        session.push(samples)
        pose = session.evaluate(playback_position)

Everything belongs to the event loop in which the client was entered. Every error is a `BridgeError`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from engine_bridge.client.aio_transport import AsyncDealer
from engine_bridge.client.client import AT_LEAST_EVERY_S, CLOSE_S, NAME
from engine_bridge.client.core import ClientCore
from engine_bridge.client.log import ClientCounters
from engine_bridge.client.session_api import SessionCommands, opening
from engine_bridge.client.session_core import SessionCore
from engine_bridge.client.transport import (
    Curve,
    check_address,
)
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from engine_bridge.protocol.errors import BridgeError, RefusedError
from engine_bridge.protocol.frame_rate import FrameRate
from engine_bridge.protocol.messages import Output, TextureFormat

CROWDED_S: Final = 0.02
"""Pause before another attempt to send what the peer did not take."""

log = logging.getLogger(__name__)


class Client:
    """A connection to a server, with any number of sessions."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        curve: Curve | None = None,
        allow_insecure: bool = False,
        name: str = NAME,
    ) -> None:
        """Prepare a connection; entering the client begins it. See `engine_bridge.client.client.Client`."""
        check_address(address, curve, allow_insecure)
        self._io = _Io(ClientCore(name, address, random.Random()), address, curve)

    async def __aenter__(self) -> Self:
        self._io.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(
        self,
        outputs: Iterable[Output | str] = (Output.WEIGHTS, Output.HEAD, Output.EYES),
        fps: FrameRate = 30,
        playout_ms: int = 200,
        *,
        character: str | None = None,
        portrait: str | Path | bytes | None = None,
        texture: TextureFormat | str | None = None,
        lease_ms: int | None = None,
        timeout_s: float = 5.0,
    ) -> ClientSession:
        """Open a session. Raises `RefusedError` and `UnreachableError`; see `Client.open`."""
        with self._io as _:
            core = self._io.core.open(opening(outputs, fps, playout_ms, character, portrait, texture, lease_ms))
        try:
            await self._io.wait(lambda: core.is_open or core.failure is not None, timeout_s)
        except asyncio.CancelledError:
            self._io.drop(core)
            raise
        if core.is_open:
            return ClientSession(core, self._io)
        failure = core.failure
        self._io.drop(core)
        raise failure if isinstance(failure, RefusedError) else self._io.core.unreachable(timeout_s)

    @property
    def welcome(self) -> m.Welcome | None:
        """The server's description of itself; None before it has come."""
        return self._io.core.welcome

    @property
    def counters(self) -> ClientCounters:
        """Counters since the client was made; they grow."""
        return self._io.core.counters

    async def close(self) -> None:
        """Close all sessions and the connection, within 0.2 s whatever the server does."""
        await self._io.stop()


class ClientSession(SessionCommands):
    """A session with a server; see `SessionCommands` for everything that does not wait."""

    def __init__(self, core: SessionCore, io: _Io) -> None:
        super().__init__(core, io)
        self._io = io

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def wait(self, timeout_s: float | None = None) -> m.Finished | None:
        """Wait until the stream is finished; return its end, or None after ``timeout_s``. Raises what made it fail."""
        await self._io.wait(lambda: self._core.result() is not None, timeout_s)
        return self._core.result()

    async def frames(self, timeout_s: float | None = None) -> AsyncIterator[m.Frame]:
        """Yield the frames of a stream of pace ``clip``; see `engine_bridge.client.client.ClientSession.frames`."""
        while True:
            with self._io as _:
                frame = self._core.next_frame()
            if frame:
                yield frame
            elif self._core.result() is not None:
                return
            elif not await self._io.wait(lambda: self._core.receiver.has_clip or bool(self._core.result()), timeout_s):
                raise BridgeError(f"no frame came within {timeout_s} s; is the stream's sound complete (end)?")

    async def close(self) -> None:
        """End the session."""
        self._io.drop(self._core)


class _Io:
    """The tasks that own the socket. As a context manager: gives the time, and has sent what is to be sent."""

    def __init__(self, core: ClientCore, address: str, curve: Curve | None) -> None:
        self.core = core
        self._address, self._curve = address, curve
        self._stopping = False
        self._woken = asyncio.Event()
        self._waiting: set[asyncio.Future[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> float:
        return time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.core.has_output:
            self._woken.set()

    def begin(self) -> None:
        """Begin to connect."""
        self._task = self._task or asyncio.create_task(self._run(), name="space-client")

    def drop(self, session: SessionCore) -> None:
        """Close a session."""
        with self as _:
            self.core.drop(session)

    async def wait(self, condition: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait until something is true; return whether it is. Raises what the condition raises."""
        if self._task is None:
            raise BridgeError("the client has not been entered: use 'async with Client(…) as client'")
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while not condition() and not self._stopping:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return False
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            await asyncio.wait([future], timeout=left)
            self._waiting.discard(future)
        return condition()

    async def stop(self) -> None:
        """End the tasks."""
        self.core.close()
        self._stopping = True
        self._woken.set()
        if self._task:
            await asyncio.wait([self._task], timeout=CLOSE_S)
            self._task.cancel()

    async def _run(self) -> None:
        link = AsyncDealer(self._address, self._curve, self._news, self._parts)
        try:
            while not self._stopping:
                await self._try_once(link)
            await self._send(link)
        except Exception:
            log.exception("the last words to %s failed by a fault of this program", self._address)
        finally:
            self._stopping = True
            self.core.fail(BridgeError("the client is closed; make another one"))
            self._notify()
            link.hang_up()
            threading.Thread(target=link.context.term, name="space-client-end", daemon=True).start()

    async def _try_once(self, link: AsyncDealer) -> None:
        """Do what is due; whatever fails ends this connection, and another one is made after a pause."""
        try:
            await self._run_once(link)
        except Exception as error:
            if not isinstance(error, BridgeError):
                log.exception("the connection to %s has ended by a fault of this program", self._address)
            self.core.lost(time.monotonic(), str(error))
            link.hang_up()

    async def _run_once(self, link: AsyncDealer) -> None:
        """Do what is due, then wait for what comes."""
        now = time.monotonic()
        self._woken.clear()
        self.core.tick(now)
        if self.core.is_down:
            link.hang_up()
        if self.core.wants_dial(now):
            self.core.dialled(now)
            link.dial()
        await self._send(link)
        longest = CROWDED_S if link.is_crowded else AT_LEAST_EVERY_S
        pause = min(max(0.0, self.core.wake_at(now) - time.monotonic()), longest)
        try:
            async with asyncio.timeout(pause):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _send(self, link: AsyncDealer) -> None:
        if not await link.send(self.core.drain(time.monotonic())):
            self.core.lost(time.monotonic(), "the server does not take what is sent")

    def _parts(self, parts: list[bytes]) -> None:
        self.core.receive(parts, time.monotonic())
        self._notify()

    def _news(self, is_up: bool, why: str) -> None:
        if is_up:
            self.core.connected(time.monotonic())
        else:
            self.core.lost(time.monotonic(), why)
        self._notify()

    def _notify(self) -> None:
        if self.core.has_output or self.core.is_down:
            self._woken.set()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
