"""A live server in this process and a client that speaks to it by hand, for tests."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import zmq

from engine_bridge.protocol import messages as m
from engine_bridge.protocol import wire
from engine_bridge.protocol.messages import ServerMessage
from space_runtime.arrays import Floats
from space_runtime.inference.bundle import load_bundle
from space_runtime.server.limits import Limits
from space_runtime.server.server import Server, Settings
from tests.conftest import speechlike

Told = TypeVar("Told", bound=ServerMessage)

PATIENCE_S = 20.0
"""How long a test waits for what must come."""


@contextmanager
def serving(limits: Limits | None = None) -> Iterator[Server]:
    """A server on any free port, ready, that takes sessions however slow the machine is."""
    settings = Settings("tcp://127.0.0.1:*", limits or Limits())
    with Server(load_bundle(), settings) as server:
        server.gateway._busy_lag_s = PATIENCE_S
        yield server


def wait_for(condition: Callable[[], object]) -> None:
    """Return once a condition holds."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.005)


def line_of(seconds: float) -> Floats:
    """(n,) mono sound at 16 kHz."""
    return np.ascontiguousarray(speechlike(seconds)[:, 0])


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class ServerClient:
    """A client. n_said: messages sent. heard: everything that came, in order."""

    def __init__(self, address: str, name: str = "test", greet: bool = True) -> None:
        self.n_said = 0
        self.heard: list[ServerMessage] = []
        self._context = zmq.Context()
        self._dealer = self._context.socket(zmq.DEALER)
        self._dealer.linger = 0
        self._dealer.connect(address)
        if greet:
            self.say(m.Hello(versions=(1,), client=name))
            self.wait(m.Welcome)

    def say(self, *messages: m.Message) -> None:
        """Send messages together."""
        self.send(*map(wire.encode, messages))

    def send(self, *parts: bytes) -> None:
        """Send bytes, whatever they are."""
        self.n_said += len(parts)
        self._dealer.send_multipart(list(parts))

    def wait(self, kind: type[Told]) -> Told:
        """Return the next message of a kind, everything before it heard."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if not self._dealer.poll(100):
                continue
            found = [wire.decode(part) for part in self._dealer.recv_multipart()]
            self.heard += found  # type: ignore[arg-type]
            wanted = [message for message in found if isinstance(message, kind)]
            if wanted:
                return wanted[0]
        raise AssertionError(f"no {kind.__name__} came; the last was {self.heard[-1:]}")

    def open(self, until: int = 10_000, **settings: object) -> m.Opened:
        """Open a session with curves."""
        fields: dict[str, object] = {"outputs": ("weights", "head"), "fps": (30, 1), "playout_ms": 5_000, **settings}
        self.say(m.Open(request=1, until=until, **fields))  # type: ignore[arg-type]
        return self.wait(m.Opened)

    def start(self, session: int, stream: int = 1, pace: str = "clip") -> None:
        """Begin a stream of float sound at 16 kHz."""
        self.say(m.Start(session=session, stream=stream, rate=16_000, format="f32", pace=pace))

    def push(self, session: int, sound: Floats, stream: int = 1, first_sample: int = 0) -> None:
        """Push one chunk."""
        pcm = sound.tobytes()
        self.say(m.Audio(session=session, stream=stream, first_sample=first_sample, pcm=pcm))

    def speak_line(self, session: int, seconds: float, stream: int = 1) -> m.Finished:
        """Push a whole line and return how it finished."""
        sound = line_of(seconds)
        self.start(session, stream)
        self.push(session, sound, stream)
        self.say(m.End(session=session, stream=stream, n_samples=sound.size))
        return self.wait(m.Finished)

    def frames(self) -> int:
        """How many frames have come."""
        return sum(isinstance(message, m.Frame) for message in self.heard)

    def close(self) -> None:
        """Leave without a word."""
        self._dealer.close()
        self._context.term()

    def __enter__(self) -> ServerClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
