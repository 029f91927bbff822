"""A server that a test plays itself, message by message, on a real ZeroMQ socket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import numpy as np
import zmq

from engine_bridge.protocol import messages as m
from engine_bridge.protocol import wire
from tests.support.ports import bind_again

RATE: Final = 16_000
STEP: Final = RATE / 30
TOKEN: Final = bytes(range(16))
Kind = TypeVar("Kind", bound=m.Message)


class ScriptedServer:
    """One ROUTER. Pings are answered; what a test does not wait for is put aside."""

    def __init__(self, served: zmq.Socket[bytes]) -> None:
        self.socket = served
        self.peer = b""
        self.kept: list[m.Message] = []

    def take(self, kind: type[Kind], seconds: float = 10.0) -> Kind:
        """Return the next message of a kind, whatever else has come before it."""
        end = time.monotonic() + seconds
        while True:
            for at, message in enumerate(self.kept):
                if isinstance(message, kind):
                    del self.kept[at]
                    return message
            self.receive(end - time.monotonic())

    def receive(self, seconds: float) -> None:
        """Wait for one ZeroMQ message."""
        assert self.socket.poll(round(max(seconds, 0.0) * 1000)), f"nothing came; put aside: {self.kept}"
        self.peer, *parts = self.socket.recv_multipart()
        for part in parts:
            message = wire.decode(part)
            if isinstance(message, m.Ping):
                self.send(m.Pong(nonce=message.nonce))
            else:
                self.kept.append(message)

    def send(self, *messages: m.Message | bytes) -> None:
        """Send these in one ZeroMQ message."""
        parts = [message if isinstance(message, bytes) else wire.encode(message) for message in messages]
        self.socket.send_multipart([self.peer, *parts])

    def welcome(self, **limits: int) -> None:
        """Answer ``hello``."""
        assert self.take(m.Hello).versions == (1,)
        limits = {"message_bytes": 4 << 20, "audio_ms": 10_000} | limits
        self.send(
            m.Welcome(
                version=1,
                server="scripted",
                bundle="none",
                look_ahead_s=0.1,
                weights=("eyeBlinkLeft", "jawOpen", *(f"weight{k}" for k in range(50))),
                emotions=("happy",),
                outputs=("weights",),
                textures=("rgb",),
                limits=limits,
            )
        )

    def opened(self, session: int = 7, token: bytes = TOKEN) -> m.Open:
        """Answer ``open``."""
        asked = self.take(m.Open)
        self.send(m.Opened(request=asked.request, session=session, token=token, look_ahead_s=0.1, lease_ms=9_000))
        return asked

    def sound(self, n_samples: int, first: int = 0) -> None:
        """Receive so much sound, and check it."""
        while first < n_samples:
            audio = self.take(m.Audio)
            values = np.frombuffer(audio.pcm, "<i2")
            assert audio.first_sample == first
            assert np.array_equal(values, np.arange(first, first + values.size) % 30_000)
            first += values.size


def frame(index: int, value: float, stream: int = 1, session: int = 7, seq: int | None = None) -> m.Frame:
    weights = np.full(52, value, np.float32)
    seq = index if seq is None else seq
    return m.Frame(
        session=session, stream=stream, seq=seq, index=index, sample=index * STEP, speech=1.0, weights=weights
    )


@contextmanager
def serving(port: int) -> Iterator[ScriptedServer]:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as served:
        served.setsockopt(zmq.LINGER, 0)
        bind_again(served, port)
        yield ScriptedServer(served)
