"""A stand-in for the server: speaks enough of the protocol to test clients with, and misbehaves on demand.

Frame k of a line has the weight k / 1000 everywhere, so that a test sees which frame it got.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import zmq

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.wire import decode, encode

LIMITS: Final = {"sessions": 10, "message_bytes": 1 << 20, "audio_ms": 1_000, "queue_frames": 256}
LOOK_AHEAD: Final = 0.1
FPS: Final = 25


@dataclass
class Seat:
    """A session and its line."""

    route: bytes
    token: bytes
    until: int
    seq: int = 0
    line: m.Start | m.Speak | m.Idle | None = None
    index: int = 0
    heard: int = 0
    n_samples: int | None = None
    interrupt: m.Interrupt | None = None
    finished: bool = False
    said: list[m.Message] = field(default_factory=list)

    @property
    def rate(self) -> int:
        return self.line.rate if isinstance(self.line, m.Start) else 16_000


class FakeServer:
    """The server without sockets: (route, part) in, (route, part) out."""

    def __init__(self, first_session: int = 1) -> None:
        self.seats: dict[int, Seat] = {}
        self.greeted: set[bytes] = set()
        self.heard: list[m.Message] = []
        self.refuse: m.Error | None = None
        self.mute = False
        self._next = first_session
        self._out: list[tuple[bytes, bytes]] = []

    def hear(self, route: bytes, parts: list[bytes]) -> list[tuple[bytes, bytes]]:
        """Take a ZeroMQ message; return what is answered."""
        for part in parts:
            message = decode(part)
            self.heard.append(message)
            if not self.mute:
                self._take(route, message)
        out, self._out = self._out, []
        return out

    def say(self, route: bytes, message: m.Message) -> None:
        """Answer something."""
        self._out.append((route, encode(message)))

    def _take(self, route: bytes, message: m.Message) -> None:
        if route not in self.greeted and not isinstance(message, m.Hello):
            self.say(route, m.Error(code="not_greeted", message="say hello first"))
            return
        match message:
            case m.Hello():
                self._hello(route, message)
            case m.Ping():
                self.say(route, m.Pong(nonce=message.nonce))
            case m.Open():
                self._open(route, message)
            case m.Resume():
                self._resume(route, message)
            case m.Pong():
                pass
            case _:
                self._about_session(route, message)

    def _hello(self, route: bytes, message: m.Hello) -> None:
        if 1 not in message.versions:
            self.say(route, m.Error(code="unsupported_version", message="this server speaks version 1"))
            return
        self.greeted.add(route)
        welcome = m.Welcome(
            version=1,
            server="stand-in",
            bundle="none",
            look_ahead_s=LOOK_AHEAD,
            weights=("jawOpen",),
            emotions=(),
            outputs=("weights",),
            textures=(),
            limits=LIMITS,
        )
        self.say(route, welcome)

    def _open(self, route: bytes, message: m.Open) -> None:
        if self.refuse:
            text = self.refuse.message
            self.say(route, m.Error(code=self.refuse.code, message=text, request=message.request))
            return
        number, self._next = self._next, self._next + 1
        seat = Seat(route, number.to_bytes(16, "big"), message.until)
        self.seats[number] = seat
        opened = m.Opened(
            request=message.request, session=number, token=seat.token, look_ahead_s=LOOK_AHEAD, lease_ms=10_000
        )
        self.say(route, opened)

    def _resume(self, route: bytes, message: m.Resume) -> None:
        for number, seat in self.seats.items():
            if seat.token == message.token:
                seat.route = route
                stream = seat.line.stream if seat.line else 0
                resumed = m.Resumed(
                    request=message.request, session=number, stream=stream, next_sample=seat.heard, seq=seat.seq
                )
                self.say(route, resumed)
                return
        self.say(route, m.Error(code="bad_token", message="no session has this token", request=message.request))

    def _about_session(self, route: bytes, message: m.Message) -> None:
        number = getattr(message, "session", None)
        seat = self.seats.get(number) if number is not None else None
        if seat is None or number is None or seat.route != route:
            self.say(route, m.Error(code="unknown_session", message="no such session", session=number))
            return
        seat.said.append(message)
        stream = getattr(message, "stream", None)
        begins = isinstance(message, m.Start | m.Speak | m.Idle)
        if stream is not None and not begins and (seat.line is None or seat.finished or stream != seat.line.stream):
            error = m.Error(code="unknown_stream", message="no such stream", session=number, stream=stream)
            self.say(route, error)
            return
        self._do(number, seat, message)
        self._animate(number, seat)

    def _do(self, number: int, seat: Seat, message: m.Message) -> None:
        match message:
            case m.Start() | m.Speak() | m.Idle():
                self._begin(number, seat, message)
            case m.Audio():
                n = len(message.pcm) // (4 if isinstance(seat.line, m.Start) and seat.line.format == "f32" else 2)
                if message.first_sample <= seat.heard:
                    seat.heard = max(seat.heard, message.first_sample + n)
            case m.End():
                seat.n_samples = message.n_samples
            case m.Interrupt():
                seat.interrupt = message
            case m.Credit():
                seat.until = max(seat.until, message.until)
            case m.Close():
                del self.seats[number]
                self.say(seat.route, m.Closed(session=number, reason=""))

    def _begin(self, number: int, seat: Seat, line: m.Start | m.Speak | m.Idle) -> None:
        if seat.line and not seat.finished:
            self._finish(number, seat, "replaced", 0.0)
        seat.line, seat.n_samples, seat.interrupt, seat.finished = line, None, None, False
        seat.heard = (line.first_sample or 0) if isinstance(line, m.Start) else 0
        seat.index = -(-seat.heard * FPS // seat.rate)
        if isinstance(line, m.Speak):
            seat.heard = seat.n_samples = 20 * 16_000
        elif isinstance(line, m.Idle):
            seat.heard = 1 << 40
        self.say(seat.route, m.Started(session=number, stream=line.stream, sample=seat.index * seat.rate / FPS))

    def _animate(self, number: int, seat: Seat) -> None:
        while seat.line and not seat.finished:
            sample = seat.index * seat.rate / FPS
            stop = seat.interrupt.at_sample if seat.interrupt else seat.n_samples
            if stop is not None and sample >= stop and (seat.interrupt or seat.heard >= stop):
                self._finish(number, seat, "interrupted" if seat.interrupt else "end", float(stop))
                return
            if seat.n_samples is None and sample + LOOK_AHEAD * seat.rate > seat.heard:
                return
            if seat.seq >= seat.until:
                return
            self.say(seat.route, frame(number, seat.line.stream, seat.seq, seat.index, sample))
            seat.index, seat.seq = seat.index + 1, seat.seq + 1

    def _finish(self, number: int, seat: Seat, reason: str, sample: float) -> None:
        seat.finished = True
        assert seat.line
        finished = m.Finished(
            session=number, stream=seat.line.stream, reason=reason, sample=sample, frames=seat.index, dropped=0
        )
        self.say(seat.route, finished)


def frame(session: int, stream: int, seq: int, index: int, sample: float) -> m.Frame:
    """Frame ``index``, as the stand-in makes it."""
    weights = np.full(52, index / 1_000, np.float32)
    return m.Frame(session=session, stream=stream, seq=seq, index=index, sample=sample, speech=1.0, weights=weights)


class Served:
    """A stand-in behind a ROUTER in a thread of its own."""

    def __init__(self, brain: FakeServer | None = None, port: int = 0, curve_secret: bytes | None = None) -> None:
        self.brain = brain or FakeServer()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        if curve_secret:
            self._socket.curve_server = True
            self._socket.curve_secretkey = curve_secret
        self._socket.bind(f"tcp://127.0.0.1:{port or '*'}")
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self.port = int(self.address.rsplit(":", 1)[1])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Vanish without a word."""
        self._stop.set()
        self._thread.join()
        self._context.term()

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._socket.poll(5):
                route, *parts = self._socket.recv_multipart()
                for to, part in self.brain.hear(route, parts):
                    self._socket.send_multipart([to, part])
        self._socket.close()
