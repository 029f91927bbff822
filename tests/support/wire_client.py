"""A client over a real socket, as plain as can be, and servers in processes of their own."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import zmq

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import decode, encode

PATIENCE_S = 60.0
"""How long a test waits for what must come; only a failure takes that long."""
RATE = 16_000
CHUNK = 320

Kind = TypeVar("Kind", bound=Message)


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)


class WireClient:
    """One DEALER. keys: its public and secret key and the server's public one."""

    def __init__(
        self, address: str, keys: tuple[bytes, bytes, bytes] | None = None, identity: bytes = b"", greet: bool = True
    ) -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.setsockopt(zmq.RECONNECT_IVL, 20)
        if identity:
            self.socket.setsockopt(zmq.ROUTING_ID, identity)
        if keys:
            self.socket.curve_publickey, self.socket.curve_secretkey, self.socket.curve_serverkey = keys
        self.socket.connect(address)
        self.heard: list[Message] = []
        if greet:
            self.say(m.Hello(versions=(1,), client="caller 1.0"))
            self.expect(m.Welcome)

    def __enter__(self) -> WireClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.socket.close(linger=0)
        self.context.term()

    def say(self, *messages: Message) -> None:
        """Send messages, each in a ZeroMQ message of its own."""
        for message in messages:
            self.socket.send(encode(message))

    def listen(self, wait_ms: int = 0) -> None:
        """Take what has come."""
        while self.socket.poll(wait_ms):
            self.heard += map(decode, self.socket.recv_multipart())
            wait_ms = 0

    def take(self, kind: type[Kind]) -> list[Kind]:
        """Everything of a kind that came so far."""
        return [message for message in self.heard if isinstance(message, kind)]

    def expect(self, kind: type[Kind], n: int = 1) -> Kind:
        """Wait until ``n`` messages of a kind have come; return the last of these."""
        end = time.monotonic() + PATIENCE_S
        while len(found := self.take(kind)) < n:
            assert time.monotonic() < end, f"no {kind.__name__} but {self.heard[-3:]}"
            self.listen(50)
        return found[n - 1]

    def open(self, **fields: object) -> m.Opened:
        """Open a session."""
        wanted: dict[str, object] = {
            "request": 1, "outputs": ("weights", "head"), "fps": (30, 1), "playout_ms": 10_000, "until": 1 << 30
        }  # fmt: skip
        n_before = len(self.take(m.Opened))
        self.say(m.Open(**{**wanted, **fields}))  # type: ignore[arg-type]  # the caller's fields fit
        return self.expect(m.Opened, n_before + 1)

    def start(self, session: int, stream: int = 1, pace: str | None = None) -> None:
        """Begin a line of silence."""
        self.say(m.Start(session=session, stream=stream, rate=RATE, format="s16", pace=pace))

    def push(self, session: int, stream: int, first: int, n_samples: int = CHUNK) -> None:
        """Push silence."""
        self.say(m.Audio(session=session, stream=stream, first_sample=first, pcm=bytes(2 * n_samples)))

    def error(self, n: int = 1) -> m.Error:
        """Wait for the ``n``-th error."""
        return self.expect(m.Error, n)

    def line(self, session: int, stream: int, seconds: float) -> m.Finished:
        """Say a whole line and wait for its end."""
        n_before, n = len(self.take(m.Finished)), round(seconds * RATE)
        self.start(session, stream, "clip")
        self.push(session, stream, 0, n)
        self.say(m.End(session=session, stream=stream, n_samples=n))
        return self.expect(m.Finished, n_before + 1)


class BackgroundClient(threading.Thread):
    """Talks live, chunk by chunk, until told to stop; then knows whether it got everything."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._stop_asked = threading.Event()
        self._talking = threading.Event()
        self.frames: list[m.Frame] = []
        self.finished: m.Finished | None = None
        self.errors: list[m.Error] = []
        self.n_samples = 0

    def run(self) -> None:
        with WireClient(self._address) as caller:
            session = caller.open().session
            caller.start(session)
            while not self._stop_asked.is_set():
                caller.push(session, 1, self.n_samples)
                self.n_samples += CHUNK
                caller.listen(1_000 * CHUNK // RATE)
                if caller.take(m.Frame):
                    self._talking.set()
            caller.say(m.End(session=session, stream=1, n_samples=self.n_samples))
            self.finished = caller.expect(m.Finished)
            caller.say(m.Close(session=session))
            caller.expect(m.Closed)
            self.frames, self.errors = caller.take(m.Frame), caller.take(m.Error)

    def __enter__(self) -> BackgroundClient:
        self.start()
        until(self._talking.is_set, "a bystander's first frame")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop_asked.set()
        self.join()
        if kind is None:
            self.check()

    def check(self) -> None:
        """It got every frame, in order."""
        wanted = -(-self.n_samples * 30 // RATE)
        assert self.finished and (self.finished.frames, self.finished.dropped) == (wanted, 0)
        assert [frame.seq for frame in self.frames] == list(range(wanted))
        assert not self.errors


@contextmanager
def serving(log: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server in a process of its own; gives it and its address."""
    words = [sys.executable, "-m", "space_runtime", "serve", "--http", "0", *options]
    if "--bind" not in options:
        words += ["--bind", "tcp://127.0.0.1:0"]
    with log.open("wb") as file, subprocess.Popen(words, stderr=file, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: _address(log) or process.poll() is not None, "a server")
            assert process.poll() is None, log.read_text()
            yield process, _address(log)
        finally:
            process.kill()


def _address(log: Path) -> str:
    found = re.search(r"ready.*?(tcp://[\d.]+:\d+)", log.read_text())
    return found[1] if found else ""
