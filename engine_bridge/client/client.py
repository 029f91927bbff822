"""A client of a SPACE server for programs with threads.

::

    with Client("tcp://127.0.0.1:5570") as client:
        session = client.open(outputs=("weights", "head"), fps=30, playout_ms=200)
        session.start(16_000)
        session.push(samples)
        pose = session.evaluate(playback_position)

One background thread owns the socket; everything may be called from any thread. Lost connections are made again and
streams go on, or are taken up where playback is; `ClientSession.is_open` tells. Every error is a `BridgeError`.
"""

from __future__ import annotations

import logging
import random
import socket as sockets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import zmq

from engine_bridge.client.core import ClientCore
from engine_bridge.client.log import ClientCounters
from engine_bridge.client.session_api import SessionCommands, opening
from engine_bridge.client.session_core import SessionCore
from engine_bridge.client.transport import Curve, Dealer, check_address, slices
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from engine_bridge.protocol.errors import BridgeError, RefusedError
from engine_bridge.protocol.frame_rate import FrameRate
from engine_bridge.protocol.messages import Output, TextureFormat

NAME: Final = "space-python"
CLOSE_S: Final = 0.15
"""Longest time for which `Client.close` waits for its thread."""
GIVE_WAY_S: Final = 5e-5
"""Pause of the thread after each slice of a flood, so that callers get the interpreter: it would keep it for 5 ms."""
AT_LEAST_EVERY_S: Final = 0.25
"""The thread looks after everything at least this often."""

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
        """Begin to connect; `open` waits for it.

        curve: keys for an encrypted connection, needed for other machines unless ``allow_insecure``.
        """
        check_address(address, curve, allow_insecure)
        self._io = _Io(ClientCore(name, address, random.Random()), address, curve)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(
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
        """Open a session and wait for it.

        character: name of a picture on the server; portrait: a picture's path here, or its bytes. Raises `RefusedError`
        when the server says no, `UnreachableError` when nobody says anything within ``timeout_s``.
        """
        asked = opening(outputs, fps, playout_ms, character, portrait, texture, lease_ms)
        with self._io as _:
            core = self._io.core.open(asked)
        self._io.wait(lambda: core.is_open or core.failure is not None, timeout_s)
        with self._io as _:
            if core.is_open:
                return ClientSession(core, self._io)
            self._io.core.drop(core)
            raise core.failure if isinstance(core.failure, RefusedError) else self._io.core.unreachable(timeout_s)

    @property
    def welcome(self) -> m.Welcome | None:
        """The server's description of itself; None before it has come."""
        return self._io.core.welcome

    @property
    def counters(self) -> ClientCounters:
        """Counters since the client was made; they grow."""
        return self._io.core.counters

    def close(self) -> None:
        """Close all sessions and the connection, within 0.2 s whatever the server does."""
        self._io.stop()


class ClientSession(SessionCommands):
    """A session with a server; see `SessionCommands` for everything that does not wait."""

    def __init__(self, core: SessionCore, io: _Io) -> None:
        super().__init__(core, io)
        self._io = io

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait(self, timeout_s: float | None = None) -> m.Finished | None:
        """Wait until the stream is finished; return its end, or None after ``timeout_s``. Raises what made it fail."""
        self._io.wait(lambda: self._core.result() is not None, timeout_s)
        with self._io as _:
            return self._core.result()

    def frames(self, timeout_s: float | None = None) -> Iterator[m.Frame]:
        """Yield the frames of a stream of pace ``clip``, in order, until it is finished.

        Raises what made it fail, and `BridgeError` when no frame comes for ``timeout_s``.
        """
        while True:
            with self._io as _:
                frame = self._core.next_frame()
                over = frame is None and self._core.result() is not None
            if frame:
                yield frame
            elif over:
                return
            elif not self._io.wait(lambda: bool(self._core.receiver.has_clip or self._core.result()), timeout_s):
                raise BridgeError(f"no frame came within {timeout_s} s; is the stream's sound complete (end)?")

    def close(self) -> None:
        """End the session."""
        with self._io as _:
            self._io.core.drop(self._core)


class _Io:
    """The thread that owns the socket, and the lock around the core.

    As a context manager: the lock; gives the time, and wakes the thread if something is to be sent.
    """

    def __init__(self, core: ClientCore, address: str, curve: Curve | None) -> None:
        self.core = core
        self._address, self._curve = address, curve
        self._changed = threading.Condition(threading.RLock())
        self._stopping = False
        self._wake_out, self._wake_in = _pair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="space-client", daemon=True)
        self._thread.start()

    def __enter__(self) -> float:
        self._changed.acquire()
        return time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wake = self.core.has_output
        self._changed.release()
        if wake:
            self._wake()

    def wait(self, condition: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait until something is true; return whether it is. Raises what the condition raises."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping or condition(), timeout_s) and condition()

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self.core.close()
            self._stopping = True
            self._changed.notify_all()
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_S)

    def _wake(self) -> None:
        try:
            self._wake_out.send(b"x")
        except OSError:
            return  # full: it is being woken already; closed: nobody sleeps

    def _run(self) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        link = Dealer(context, self._address, self._curve)
        try:
            while not self._stopping:
                self._try_once(link)
            self._send(link)
        except Exception:
            log.exception("the last words to %s failed by a fault of this program", self._address)
        finally:
            with self._changed:
                self._stopping = True
                self.core.fail(BridgeError("the client is closed; make another one"))
                self._changed.notify_all()
            link.hang_up()
            self._wake_in.close()
            self._wake_out.close()
            context.term()

    def _try_once(self, link: Dealer) -> None:
        """Do what is due; whatever fails ends this connection, and another one is made after a pause."""
        try:
            self._run_once(link)
        except Exception as error:
            if not isinstance(error, BridgeError):
                log.exception("the connection to %s has ended by a fault of this program", self._address)
            with self._changed:
                self.core.lost(time.monotonic(), str(error))
            link.hang_up()

    def _run_once(self, link: Dealer) -> None:
        """Do what is due, then wait for what comes."""
        with self._changed:
            now = time.monotonic()
            self.core.tick(now)
            if link.is_up and self.core.is_down:
                link.hang_up()
            if self.core.wants_dial(now):
                self.core.dialled(now)
                link.dial()
            until = self.core.wake_at(now)
        self._send(link)
        link.poll(self._wake_in, min(max(0.0, until - time.monotonic()), AT_LEAST_EVERY_S))
        self._receive(link)

    def _send(self, link: Dealer) -> None:
        with self._changed:
            parts = self.core.drain(time.monotonic()) if link.is_up else []
        if not link.send(parts):
            with self._changed:
                self.core.lost(time.monotonic(), "the server does not take what is sent")

    def _receive(self, link: Dealer) -> None:
        arrived = link.receive()
        is_up, why = link.news()
        if is_up:
            with self._changed:
                self.core.connected(time.monotonic())
        for parts in slices(arrived):
            self._take(parts)
            if len(arrived) > len(parts):
                time.sleep(GIVE_WAY_S)
        if is_up is False:
            with self._changed:
                self.core.lost(time.monotonic(), why)
                self._changed.notify_all()

    def _take(self, parts: list[bytes]) -> None:
        """Take some parts; they are read before callers have to wait."""
        messages = self.core.read(parts)
        with self._changed:
            self.core.take(messages, time.monotonic())
            self._changed.notify_all()


def _pair() -> tuple[sockets.socket, sockets.socket]:
    """Return two connected sockets. Raises `BridgeError` where the system has none."""
    try:
        return sockets.socketpair()
    except OSError as error:
        raise BridgeError(f"a client needs two sockets, which this system does not lend ({error.strerror})") from None
