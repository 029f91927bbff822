"""The client of the tests: speaks the protocol message by message, over a socket or with a server in this thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol, Self, TypeVar

import zmq

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import decode, encode
from tests.support.sounds import silence
from tests.support.waiting import PATIENCE_S, wait_for

RATE: Final = 16_000
CHUNK: Final = 320
PLENTY: Final = 1 << 30
"""Credit for everything."""
OPENING: Final = m.Open(request=1, outputs=("weights", "head"), fps=(30, 1), playout_ms=10_000, until=PLENTY)
NAME: Final = "test 1.0"

Kind = TypeVar("Kind", bound=Message)


class Transport(Protocol):
    """The way to a server. route: the identity of the connection. patience_s: longest wait for a due answer."""

    route: bytes
    patience_s: float

    def now(self) -> float:
        """Return the time in seconds."""
        ...

    def send(self, parts: Sequence[bytes]) -> None:
        """Send one ZeroMQ message."""
        ...

    def settle(self) -> None:
        """Let the server work until it has nothing left to do, if it runs in this thread."""
        ...

    def receive(self, wait_ms: int) -> list[bytes]:
        """Return the parts of the next message; none if none came in time."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def close(self) -> None:
        """End the connection without a word."""
        ...


class SocketTransport:
    """One DEALER. keys: its public and secret key and the server's public one."""

    patience_s = PATIENCE_S

    def __init__(self, address: str, keys: tuple[bytes, bytes, bytes] | None = None, identity: bytes = b"") -> None:
        self.route = identity
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.setsockopt(zmq.RECONNECT_IVL, 20)
        if identity:
            self._socket.setsockopt(zmq.ROUTING_ID, identity)
        if keys:
            self._socket.curve_publickey, self._socket.curve_secretkey, self._socket.curve_serverkey = keys
        self._socket.connect(address)

    def now(self) -> float:
        return time.monotonic()

    def send(self, parts: Sequence[bytes]) -> None:
        self._socket.send_multipart(list(parts))

    def settle(self) -> None:
        """Do nothing: the server works by itself."""

    def receive(self, wait_ms: int) -> list[bytes]:
        return self._socket.recv_multipart() if self._socket.poll(wait_ms) else []

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        self._socket.close(linger=0)
        self._context.term()


class WireClient:
    """Sends messages and keeps those that come, in order. heard_at: the times at which they came.

    opening: the message that `open` sends where the caller says nothing else. tokens: of the sessions that it opened.
    seed: of streams that are begun without one, so that they equal those of a `Session`; None lets the server choose.
    """

    seed: int | None = 0

    def __init__(self, transport: Transport, opening: m.Open = OPENING) -> None:
        self.transport = transport
        self.opening = opening
        self.heard: list[Message] = []
        self.heard_at: list[float] = []
        self.tokens: dict[int, bytes] = {}
        self._n_passed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up without a word."""
        self.transport.close()

    @property
    def route(self) -> bytes:
        """The identity by which a server tells this connection from others; empty where the server chooses it."""
        return self.transport.route

    def greet(self, name: str = NAME) -> None:
        """Say hello and wait for the welcome."""
        n_before = len(self.take(m.Welcome))
        self.say(m.Hello(versions=(m.VERSION,), client=name))
        self.expect(m.Welcome, n_before + 1)

    def send(self, *parts: bytes) -> None:
        """Send any bytes as one ZeroMQ message."""
        self.transport.send(parts)

    def send_all(self, *messages: Message) -> None:
        """Send messages, each in a ZeroMQ message of its own."""
        for message in messages:
            if isinstance(message, m.Seeded) and message.seed is None:
                message = replace(message, seed=self.seed)
            self.transport.send([encode(message)])

    def say(self, *messages: Message) -> None:
        """Send messages and let a server in this thread answer."""
        self.send_all(*messages)
        self.transport.settle()

    def listen(self, wait_ms: int = 0) -> None:
        """Take all messages that have come; wait at most so long for the first."""
        while parts := self.transport.receive(wait_ms):
            self.hear(parts)
            wait_ms = 0

    def hear(self, parts: Sequence[bytes]) -> None:
        """Keep the messages of one ZeroMQ message, with the time."""
        self.heard += map(decode, parts)
        self.heard_at += [self.transport.now()] * len(parts)

    def take(self, kind: type[Kind]) -> list[Kind]:
        """Return the messages of a kind that were taken so far."""
        return [message for message in self.heard if isinstance(message, kind)]

    def last(self, kind: type[Kind]) -> Kind:
        """Return the latest message of a kind."""
        return self.take(kind)[-1]

    def frames(self, stream: int | None = None, session: int | None = None) -> list[m.Frame]:
        """Return the frames of a stream or session, or all."""
        return [
            frame for frame in self.take(m.Frame) if stream in (None, frame.stream) and session in (None, frame.session)
        ]

    def when(self, kind: type[Message]) -> list[float]:
        """Return the times at which messages of a kind came."""
        return [at for at, message in zip(self.heard_at, self.heard, strict=True) if isinstance(message, kind)]

    def expect(self, kind: type[Kind], n: int = 1) -> Kind:
        """Wait until ``n`` messages of a kind have come since the beginning; return the last of these."""
        end = time.monotonic() + self.transport.patience_s
        while len(found := self.take(kind)) < n:
            self.listen(50)
            assert time.monotonic() <= end or len(self.take(kind)) >= n, f"no {kind.__name__} but {self.heard[-3:]}"
        return found[n - 1]

    def wait(self, kind: type[Kind]) -> Kind:
        """Wait for the next message of a kind after the one that the last `wait` returned."""
        n_before = sum(isinstance(message, kind) for message in self.heard[: self._n_passed])
        found = self.expect(kind, n_before + 1)
        self._n_passed = next(n for n, message in enumerate(self.heard, 1) if message is found)
        return found

    def open(self, **fields: object) -> int:
        """Open a session; return its number."""
        n_before = len(self.take(m.Opened))
        self.say(replace(self.opening, **fields))  # type: ignore[arg-type]  # the caller's fields fit
        opened = self.expect(m.Opened, n_before + 1)
        self.tokens[opened.session] = bytes(opened.token)
        return opened.session

    def start(self, session: int, stream: int = 1, pace: str | None = None) -> None:
        """Begin a stream of int16 sound at 16 kHz."""
        self.say(m.Start(session=session, stream=stream, rate=RATE, format="s16", pace=pace))

    def push(self, session: int, stream: int, pcm: bytes, first_sample: int = 0) -> None:
        """Push one chunk of sound."""
        self.say(m.Audio(session=session, stream=stream, first_sample=first_sample, pcm=pcm))

    def push_chunks(self, session: int, stream: int, pcm: bytes, chunk: int, width: int, pace_s: float = 0.0) -> None:
        """Push sound in chunks of so many samples, ``pace_s`` of time after each. width: bytes of a sample."""
        for start in range(0, len(pcm), chunk * width):
            self.push(session, stream, pcm[start : start + chunk * width], start // width)
            if pace_s:
                self.transport.wait(pace_s)

    def end(self, session: int, stream: int, n_samples: int) -> None:
        """Say that a stream's sound is complete."""
        self.say(m.End(session=session, stream=stream, n_samples=n_samples))

    def speak(self, session: int, stream: int, pcm: bytes) -> m.Finished:
        """Send a whole clip of int16 sound at 16 kHz and wait until the server has finished it."""
        n_before = len(self.take(m.Finished))
        self.start(session, stream, "clip")
        self.push(session, stream, pcm)
        self.end(session, stream, len(pcm) // 2)
        return self.expect(m.Finished, n_before + 1)

    def end_session(self, session: int) -> None:
        """Close a session and wait until the server has."""
        n_before = len(self.take(m.Closed))
        self.say(m.Close(session=session))
        self.expect(m.Closed, n_before + 1)


def connect_client(
    address: str,
    name: str = NAME,
    keys: tuple[bytes, bytes, bytes] | None = None,
    identity: bytes = b"",
    greet: bool = True,
) -> WireClient:
    """Return a client of a server over a socket."""
    client = WireClient(SocketTransport(address, keys, identity))
    if greet:
        try:
            client.greet(name)
        except BaseException:
            client.close()  # else its context would wait for ever when it is collected
            raise
    return client


class BackgroundClient(threading.Thread):
    """Streams silence in real time from a thread until the ``with`` ends; then checks that no frame was lost."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._stop_asked = threading.Event()
        self._has_frames = threading.Event()
        self.frames: list[m.Frame] = []
        self.finished: m.Finished | None = None
        self.errors: list[m.Error] = []
        self.n_samples = 0

    def run(self) -> None:
        with connect_client(self._address) as client:
            session = client.open()
            client.start(session)
            while not self._stop_asked.is_set():
                client.push(session, 1, silence(CHUNK), self.n_samples)
                self.n_samples += CHUNK
                client.listen(1_000 * CHUNK // RATE)
                if client.take(m.Frame):
                    self._has_frames.set()
            client.end(session, 1, self.n_samples)
            self.finished = client.expect(m.Finished)
            client.end_session(session)
            self.frames, self.errors = client.frames(), client.take(m.Error)

    def __enter__(self) -> Self:
        self.start()
        wait_for(self._has_frames.is_set, "the first frame of a background client")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop_asked.set()
        self.join()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Fail unless every frame has come, in order."""
        wanted = -(-self.n_samples * 30 // RATE)
        assert self.finished and (self.finished.frames, self.finished.dropped) == (wanted, 0)
        assert [frame.seq for frame in self.frames] == list(range(wanted))
        assert not self.errors
