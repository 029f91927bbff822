"""A small server of the SPACE protocol for the C# client: made-up frames, and faults on demand.

Frame ``index`` of a stream has ``jawOpen`` = (index mod 10) / 10. The real server is another matter; this one does what
a test wants, when it wants it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import zmq

from engine_bridge.protocol import messages as m
from engine_bridge.protocol import wire
from engine_bridge.protocol.errors import WireError
from tests.engine_bridge.csharp.dotnet_peers import bind_again

WEIGHTS = ("jawOpen", *(f"shape{i}" for i in range(1, 52)))


@dataclass(slots=True)
class Seat:
    """A session as the stand-in sees it."""

    number: int
    token: bytes
    asked: m.Open
    until: int
    peer: bytes
    seq: int = 0
    stream: int = 0
    rate: int = 16_000
    next_sample: int = 0
    index: int = 0
    n_samples: int | None = None
    running: bool = False
    waiting: deque[bytes] = field(default_factory=deque)


class StandIn:
    """Serves on its own thread. `heard` keeps every message, oldest first."""

    def __init__(self, port: int = 0, texture_side: int = 0, look_ahead_s: float = 0.0, **limits: int) -> None:
        self.heard: list[m.Message] = []
        self.seats: dict[bytes, Seat] = {}
        self.refuse_open: m.ErrorCode | None = None
        self.deaf = False
        self.version = 1
        self.before_greeting: list[m.Message] = []
        self._texture_side, self._look_ahead_s = texture_side, look_ahead_s
        self._limits = {"message_bytes": 1 << 20, "audio_ms": 10_000, "queue_frames": 256, **limits}
        self._greeted: set[bytes] = set()
        self._jobs: deque[Callable[[], object]] = deque()
        self._stop = threading.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self.port = self._socket.bind_to_random_port("tcp://127.0.0.1") if port == 0 else bind_again(self._socket, port)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End at once, as a crash would."""
        self._stop.set()
        self._thread.join(5)
        self._socket.close()
        self._context.term()

    def of_type(self, cls: type[Any]) -> list[Any]:
        """What was heard of one type."""
        return [message for message in list(self.heard) if isinstance(message, cls)]

    def do(self, job: Callable[[], object]) -> None:
        """Let the server's own thread do something."""
        self._jobs.append(job)

    def tell(self, message: m.Message, seat: Seat | None = None) -> None:
        """Send a message to a session's client; without one, to the only session's."""
        peer = (seat or next(iter(self.seats.values()))).peer
        self.do(lambda: self._send(peer, wire.encode(message)))

    def tell_bytes(self, *parts: bytes) -> None:
        """Send any bytes to the only session's client, as one ZeroMQ message."""
        peer = next(iter(self.seats.values())).peer
        self.do(lambda: self._send(peer, *parts))

    def seat(self) -> Seat:
        """The only session."""
        (seat,) = self.seats.values()
        return seat

    def _run(self) -> None:
        while not self._stop.is_set():
            while self._jobs:
                self._jobs.popleft()()
            if not self._socket.poll(5):
                continue
            peer, *parts = self._socket.recv_multipart()
            for part in parts:
                self._hear(peer, part)

    def _send(self, peer: bytes, *parts: bytes) -> None:
        for at in range(0, len(parts), 64):
            with contextlib.suppress(zmq.ZMQError):
                self._socket.send_multipart([peer, *parts[at : at + 64]], copy=False)

    def _hear(self, peer: bytes, data: bytes) -> None:
        try:
            message = wire.decode(data)
        except WireError as error:
            message = m.Error(code="bad_message", message=str(error))
        self.heard.append(message)
        if self.deaf:
            return
        if peer not in self._greeted and not isinstance(message, m.Hello):
            self._send(peer, wire.encode(m.Error(code="not_greeted", message="say hello")))
            return
        answer = getattr(self, f"_on_{type(message).__name__.lower()}", None)
        if answer:
            answer(peer, message)

    def _on_hello(self, peer: bytes, hello: m.Hello) -> None:
        if self.version not in hello.versions:
            self._send(peer, wire.encode(m.Error(code="unsupported_version", message="be updated")))
            return
        self._greeted.add(peer)
        welcome = m.Welcome(
            version=1,
            server="stand-in",
            bundle="none",
            look_ahead_s=self._look_ahead_s,
            weights=WEIGHTS,
            emotions=("neutral",),
            outputs=tuple(m.Output),
            textures=("rgb",),
            limits=self._limits,
        )
        self._send(peer, wire.encode(welcome))

    def forget_greetings(self) -> None:
        """As if the connections were new: whoever says anything else than hello is told so."""
        self.do(self._greeted.clear)

    def _on_ping(self, peer: bytes, ping: m.Ping) -> None:
        self._send(peer, wire.encode(m.Pong(nonce=ping.nonce)))

    def _on_open(self, peer: bytes, asked: m.Open) -> None:
        if self.refuse_open:
            self._send(peer, wire.encode(m.Error(code=self.refuse_open, message="no", request=asked.request)))
            return
        number = len(self.seats) + 100
        seat = Seat(number, number.to_bytes(16, "big"), asked, asked.until, peer)
        self.seats[seat.token] = seat
        opened = m.Opened(request=asked.request, session=number, token=seat.token, look_ahead_s=0.0, lease_ms=9000)
        self._send(peer, wire.encode(opened))

    def _on_resume(self, peer: bytes, asked: m.Resume) -> None:
        seat = self.seats.get(bytes(asked.token))
        if seat is None:
            self._send(peer, wire.encode(m.Error(code="bad_token", message="unknown", request=asked.request)))
            return
        seat.peer = peer
        numbers = {"session": seat.number, "stream": seat.stream, "next_sample": seat.next_sample, "seq": seat.seq}
        self._send(peer, wire.encode(m.Resumed(request=asked.request, **numbers)))

    def _seat_of(self, peer: bytes, session: int) -> Seat | None:
        for seat in self.seats.values():
            if seat.number == session and seat.peer == peer:
                return seat
        self._send(peer, wire.encode(m.Error(code="unknown_session", message="unknown", session=session)))
        return None

    def _on_credit(self, peer: bytes, credit: m.Credit) -> None:
        if seat := self._seat_of(peer, credit.session):
            seat.until = max(seat.until, credit.until)
            self._let_go(seat)

    def _on_close(self, peer: bytes, close: m.Close) -> None:
        if seat := self._seat_of(peer, close.session):
            del self.seats[seat.token]
            self._send(peer, wire.encode(m.Closed(session=seat.number, reason="")))

    def _begin(self, seat: Seat, stream: int, rate: int, first: int) -> None:
        if seat.running:
            self._finish(seat, "replaced")
        seat.stream, seat.rate, seat.next_sample, seat.n_samples, seat.running = stream, rate, first, None, True
        num, den = seat.asked.fps
        seat.index = -(-first * num // (rate * den))
        started = m.Started(session=seat.number, stream=stream, sample=self._sample(seat, seat.index))
        self._send(seat.peer, wire.encode(started))

    def _on_start(self, peer: bytes, start: m.Start) -> None:
        if seat := self._seat_of(peer, start.session):
            self._begin(seat, start.stream, start.rate, start.first_sample or 0)

    def _on_speak(self, peer: bytes, speak: m.Speak) -> None:
        if seat := self._seat_of(peer, speak.session):
            self._begin(seat, speak.stream, 16_000, 0)
            seat.next_sample = seat.n_samples = 16_000
            self._make(seat)

    def _on_idle(self, peer: bytes, idle: m.Idle) -> None:
        if seat := self._seat_of(peer, idle.session):
            self._begin(seat, idle.stream, 16_000, 0)
            seat.next_sample = 16_000
            self._make(seat)

    def _on_audio(self, peer: bytes, audio: m.Audio) -> None:
        seat = self._seat_of(peer, audio.session)
        if seat is None or audio.stream != seat.stream or audio.first_sample > seat.next_sample:
            return
        n = memoryview(audio.pcm).nbytes // 2
        seat.next_sample = max(seat.next_sample, audio.first_sample + n)
        self._make(seat)

    def _on_end(self, peer: bytes, end: m.End) -> None:
        seat = self._seat_of(peer, end.session)
        if seat is None:
            return
        if not seat.running or end.stream != seat.stream:
            error = m.Error(code="unknown_stream", message="over", session=seat.number, stream=end.stream)
            self._send(peer, wire.encode(error))
            return
        seat.n_samples = end.n_samples
        self._make(seat)

    def _on_interrupt(self, peer: bytes, interrupt: m.Interrupt) -> None:
        if (seat := self._seat_of(peer, interrupt.session)) and seat.running:
            self._finish(seat, "interrupted", float(interrupt.at_sample))

    @staticmethod
    def _sample(seat: Seat, index: int) -> float:
        num, den = seat.asked.fps
        return index * seat.rate * den / num

    def _make(self, seat: Seat) -> None:
        """Make all frames whose sound is in."""
        ahead = 0 if seat.n_samples is not None else self._look_ahead_s * seat.rate
        while seat.running and self._sample(seat, seat.index) + ahead < seat.next_sample:
            self._make_one(seat)
        self._let_go(seat)
        if seat.running and seat.n_samples is not None and seat.next_sample >= seat.n_samples:
            self._finish(seat, "end", float(seat.n_samples))

    def _make_one(self, seat: Seat) -> None:
        weights = np.zeros(52, np.float32)
        weights[0] = seat.index % 10 / 10
        made = m.Frame(
            session=seat.number,
            stream=seat.stream,
            seq=seat.seq,
            index=seat.index,
            sample=self._sample(seat, seat.index),
            speech=1.0,
            weights=weights,
        )
        seat.waiting.append(wire.encode(made))
        if self._texture_side and seat.asked.texture:
            seat.waiting.append(wire.encode(self._picture(made, self._texture_side)))
        seat.seq += 1
        seat.index += 1

    @staticmethod
    def _picture(made: m.Frame, side: int) -> m.Texture:
        return m.Texture(
            session=made.session,
            stream=made.stream,
            index=made.index,
            sample=made.sample,
            format="rgb",
            width=side,
            height=side,
            pixels=bytes(3 * side * side - 1) + bytes([made.index % 256]),
        )

    def _let_go(self, seat: Seat) -> None:
        """Send what credit allows. (Textures count as frames here, which is stricter than the protocol.)"""
        n_frames = seat.until - (seat.seq - len(seat.waiting))
        out = [seat.waiting.popleft() for _ in range(min(len(seat.waiting), max(0, n_frames)))]
        self._send(seat.peer, *out)

    def _finish(self, seat: Seat, reason: str, sample: float | None = None) -> None:
        seat.running = False
        at = self._sample(seat, seat.index) if sample is None else sample
        numbers = {"session": seat.number, "stream": seat.stream, "frames": seat.index, "dropped": 0}
        self._send(seat.peer, wire.encode(m.Finished(**numbers, reason=reason, sample=at)))
