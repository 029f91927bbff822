"""A fake server: speaks enough of the protocol to test clients with, and misbehaves on demand.

Frame k of a stream has the weight k / 1000 everywhere, so that a test sees which frame it got.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeVar

import numpy as np
import zmq

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import decode, encode
from tests.support.ports import bind_again
from tests.support.waiting import wait_for

LIMITS: Final = {"sessions": 10, "message_bytes": 1 << 20, "audio_ms": 1_000, "queue_frames": 256}
RATE: Final = 16_000
"""Sample rate of files and idle streams."""
MAX_PARTS: Final = 64

Kind = TypeVar("Kind", bound=Message)


@dataclass
class FakeSession:
    """A session and its stream. next_sample: the end of the sound that has come; the counts are the protocol's."""

    number: int
    route: bytes
    opened: m.Open
    until: int
    seq: int = 0
    begun: m.Start | m.Speak | m.Idle | None = None
    index: int = 0
    next_sample: int = 0
    n_samples: int | None = None
    interrupt: m.Interrupt | None = None
    finished: bool = False
    heard: list[Message] = field(default_factory=list)

    @property
    def token(self) -> bytes:
        return self.number.to_bytes(16, "big")

    @property
    def rate(self) -> int:
        return self.begun.rate if isinstance(self.begun, m.Start) else RATE

    @property
    def sample(self) -> float:
        """The media time of the next frame."""
        numerator, denominator = self.opened.fps
        return self.index * self.rate * denominator / numerator

    def is_about(self, message: Message) -> bool:
        """Return whether a message is about the stream that runs, about another that begins, or about none."""
        stream = getattr(message, "stream", None)
        if stream is None or isinstance(message, m.Start | m.Speak | m.Idle):
            return True
        return self.begun is not None and not self.finished and stream == self.begun.stream


class FakeServer:
    """The server without sockets: (route, part) in, (route, part) out.

    heard: every message, oldest first. refuse: the answer to ``open``, if any. mute: hears but never answers.
    look_ahead_s: sound that a frame needs after its own time. speak_s: length of every file. texture_side: side of a
    picture in pixels for each frame of sessions that ask for pictures; 0 for none.
    """

    def __init__(
        self,
        first_session: int = 1,
        look_ahead_s: float = 0.1,
        speak_s: float = 20.0,
        texture_side: int = 0,
        limits: Mapping[str, int] = LIMITS,
    ) -> None:
        self.sessions: dict[int, FakeSession] = {}
        self.greeted: set[bytes] = set()
        self.heard: list[Message] = []
        self.refuse: m.Error | None = None
        self.mute = False
        self.version = 1
        self.look_ahead_s = look_ahead_s
        self._speak_s, self._texture_side, self._limits = speak_s, texture_side, limits
        self._next_session = first_session
        self._out: list[tuple[bytes, bytes]] = []

    def of_type(self, kind: type[Kind]) -> list[Kind]:
        """Return the messages of a kind that were heard."""
        return [message for message in list(self.heard) if isinstance(message, kind)]

    def only_session(self) -> FakeSession:
        """Return the only session that is open."""
        (session,) = self.sessions.values()
        return session

    def hear(self, route: bytes, parts: list[bytes]) -> list[tuple[bytes, bytes]]:
        """Take a ZeroMQ message; return the answers."""
        for part in parts:
            message = decode(part)
            self.heard.append(message)
            if not self.mute:
                self._take(route, message)
        out, self._out = self._out, []
        return out

    def _say(self, route: bytes, message: Message) -> None:
        self._out.append((route, encode(message)))

    def _take(self, route: bytes, message: Message) -> None:
        if route not in self.greeted and not isinstance(message, m.Hello):
            self._say(route, m.Error(code="not_greeted", message="say hello first"))
            return
        match message:
            case m.Hello():
                self._hello(route, message)
            case m.Ping():
                self._say(route, m.Pong(nonce=message.nonce))
            case m.Open():
                self._open(route, message)
            case m.Resume():
                self._resume(route, message)
            case m.Pong():
                pass
            case _:
                self._about_session(route, message)

    def _hello(self, route: bytes, message: m.Hello) -> None:
        if self.version not in message.versions:
            text = f"this server speaks version {self.version}"
            self._say(route, m.Error(code="unsupported_version", message=text))
            return
        self.greeted.add(route)
        welcome = m.Welcome(
            version=self.version,
            server="fake",
            bundle="none",
            look_ahead_s=self.look_ahead_s,
            weights=ARKIT_NAMES,
            emotions=(),
            outputs=("weights", "texture"),
            textures=("rgb",),
            limits=dict(self._limits),
        )
        self._say(route, welcome)

    def _open(self, route: bytes, message: m.Open) -> None:
        if self.refuse:
            error = m.Error(code=self.refuse.code, message=self.refuse.message, request=message.request)
            self._say(route, error)
            return
        number, self._next_session = self._next_session, self._next_session + 1
        session = self.sessions[number] = FakeSession(number, route, message, message.until)
        opened = m.Opened(
            request=message.request,
            session=number,
            token=session.token,
            look_ahead_s=self.look_ahead_s,
            lease_ms=10_000,
        )
        self._say(route, opened)

    def _resume(self, route: bytes, message: m.Resume) -> None:
        session = next((each for each in self.sessions.values() if each.token == message.token), None)
        if session is None:
            error = m.Error(code="bad_token", message="no session has this token", request=message.request)
            self._say(route, error)
            return
        session.route = route
        resumed = m.Resumed(
            request=message.request,
            session=session.number,
            stream=session.begun.stream if session.begun else 0,
            next_sample=session.next_sample,
            seq=session.seq,
        )
        self._say(route, resumed)

    def _about_session(self, route: bytes, message: Message) -> None:
        number = getattr(message, "session", None)
        session = self.sessions.get(number) if number is not None else None
        if session is None or session.route != route:
            self._say(route, m.Error(code="unknown_session", message="no such session", session=number))
            return
        session.heard.append(message)
        if not session.is_about(message):
            stream = getattr(message, "stream", None)
            self._say(route, m.Error(code="unknown_stream", message="no such stream", session=number, stream=stream))
            return
        self._do(session, message)
        self._animate(session)

    def _do(self, session: FakeSession, message: Message) -> None:
        match message:
            case m.Start() | m.Speak() | m.Idle():
                self._begin(session, message)
            case m.Audio():
                is_float = isinstance(session.begun, m.Start) and session.begun.format == "f32"
                n_samples = len(message.pcm) // (4 if is_float else 2)
                if message.first_sample <= session.next_sample:
                    session.next_sample = max(session.next_sample, message.first_sample + n_samples)
            case m.End():
                session.n_samples = message.n_samples
            case m.Interrupt():
                session.interrupt = message
            case m.Credit():
                session.until = max(session.until, message.until)
            case m.Close():
                del self.sessions[session.number]
                self._say(session.route, m.Closed(session=session.number, reason=""))

    def _begin(self, session: FakeSession, message: m.Start | m.Speak | m.Idle) -> None:
        if session.begun and not session.finished:
            self._finish(session, "replaced", 0.0)
        session.begun, session.n_samples, session.interrupt, session.finished = message, None, None, False
        session.next_sample = (message.first_sample or 0) if isinstance(message, m.Start) else 0
        numerator, denominator = session.opened.fps
        session.index = -(-session.next_sample * numerator // (session.rate * denominator))
        if isinstance(message, m.Speak):
            session.next_sample = session.n_samples = round(self._speak_s * RATE)
        elif isinstance(message, m.Idle):
            session.next_sample = 1 << 40
        started = m.Started(session=session.number, stream=message.stream, sample=session.sample)
        self._say(session.route, started)

    def _animate(self, session: FakeSession) -> None:
        """Make the frames whose sound is in and for which there is credit."""
        while session.begun and not session.finished:
            stop = session.interrupt.at_sample if session.interrupt else session.n_samples
            if stop is not None and session.sample >= stop and (session.interrupt or session.next_sample >= stop):
                self._finish(session, "interrupted" if session.interrupt else "end", float(stop))
                return
            needed = session.sample + self.look_ahead_s * session.rate
            if (session.n_samples is None and needed >= session.next_sample) or session.seq >= session.until:
                return
            self._show(session, session.begun.stream)
            session.index, session.seq = session.index + 1, session.seq + 1

    def _show(self, session: FakeSession, stream: int) -> None:
        made = frame(session.number, stream, session.seq, session.index, session.sample)
        self._say(session.route, made)
        if self._texture_side and session.opened.texture:
            self._say(session.route, picture(made, self._texture_side))

    def _finish(self, session: FakeSession, reason: str, sample: float) -> None:
        session.finished = True
        assert session.begun
        finished = m.Finished(
            session=session.number,
            stream=session.begun.stream,
            reason=reason,
            sample=sample,
            frames=session.index,
            dropped=0,
        )
        self._say(session.route, finished)


def frame(session: int, stream: int, seq: int, index: int, sample: float) -> m.Frame:
    """Return frame ``index`` of a fake server."""
    weights = np.full(len(ARKIT_NAMES), index / 1_000, np.float32)
    return m.Frame(session=session, stream=stream, seq=seq, index=index, sample=sample, speech=1.0, weights=weights)


def picture(made: m.Frame, side: int) -> m.Texture:
    """Return the picture of a frame: black, its last byte the frame's index modulo 256."""
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


class ServedFake:
    """A fake server behind a ROUTER in a thread of its own. port: 0 for any free one."""

    def __init__(self, fake: FakeServer | None = None, port: int = 0, curve_secret: bytes | None = None) -> None:
        self.fake = fake or FakeServer()
        self._curve_secret = curve_secret
        self._jobs: deque[Callable[[], object]] = deque()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._bound(port)
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self.port = int(self.address.rsplit(":", 1)[1])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End at once, as a crash would."""
        self._stop.set()
        self._thread.join()
        self._context.term()

    def do(self, job: Callable[[], object]) -> None:
        """Let the server's own thread do something."""
        self._jobs.append(job)

    def send(self, session: FakeSession, *parts: bytes) -> None:
        """Send any bytes to a session's client, at most `MAX_PARTS` to a ZeroMQ message."""
        self.do(lambda: self._send(session.route, parts))

    def say(self, message: Message, session: FakeSession | None = None) -> None:
        """Send a message to a session's client; without one, to the only session's."""
        self.send(session or self.fake.only_session(), encode(message))

    def cut(self) -> None:
        """Break all connections as a lost network does; the sessions live."""
        done = threading.Event()

        def rebind() -> None:
            self._socket.close()
            self._socket = self._bound(self.port)
            done.set()

        self.do(rebind)
        wait_for(done.is_set, "new connections")

    def _bound(self, port: int) -> zmq.Socket[bytes]:
        made = self._context.socket(zmq.ROUTER)
        made.linger = 0
        if self._curve_secret:
            made.curve_server = True
            made.curve_secretkey = self._curve_secret
        if port:
            bind_again(made, port)
        else:
            made.bind("tcp://127.0.0.1:*")
        return made

    def _run(self) -> None:
        while not self._stop.is_set():
            while self._jobs:
                self._jobs.popleft()()
            if self._socket.poll(5):
                route, *parts = self._socket.recv_multipart()
                for to, part in self.fake.hear(route, parts):
                    self._send(to, (part,))
        self._socket.close()

    def _send(self, route: bytes, parts: tuple[bytes, ...]) -> None:
        for at in range(0, len(parts), MAX_PARTS):
            with contextlib.suppress(zmq.ZMQError):
                self._socket.send_multipart([route, *parts[at : at + MAX_PARTS]], copy=False)
