"""A server in one thread under a clock that tests turn: the real gateway, worker and bundle, background work inline.

Everything that passes between gateway, worker and background work goes through a pipe: pickled and unpickled, so that
nothing but plain data can pass.
"""

from __future__ import annotations

import io
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import count
from typing import TypeVar

import numpy as np

from engine_bridge.adapters.playout import Playout
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import decode, encode
from space_runtime.animation.session import Session
from space_runtime.arrays import Floats
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.resampling import Resampler, mix_to_mono
from space_runtime.server.answers import Answers
from space_runtime.server.background import Task, perform
from space_runtime.server.character_cache import CharacterCache
from space_runtime.server.commands import Command
from space_runtime.server.gateway import Gateway
from space_runtime.server.limits import Folders, Limits
from space_runtime.server.log_events import LogEvent
from space_runtime.server.observability.snapshot import WorkerReport
from space_runtime.server.server import welcome_of
from space_runtime.server.session import SessionState
from space_runtime.server.sink_output import SinkFrame, SinkOutput
from space_runtime.server.texture_renderer import TextureJob
from space_runtime.server.worker import Worker
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Frame

BUNDLE = load_bundle()
CHARACTERS = CharacterCache(BUNDLE)
ALL_CURVES = ("weights", "head", "eyes", "landmarks")
PLENTY = 1 << 30
"""Credit for everything."""

Kind = TypeVar("Kind", bound=Message)


Plain = TypeVar("Plain", Command, Task, TextureJob, SinkFrame, Answers)


class _Pickler(pickle.Pickler):
    """Writes a view of bytes as the bytes, as any pipe does."""

    def reducer_override(self, value: object) -> tuple[Callable[..., object], tuple[bytes]]:
        return (bytes, (bytes(value),)) if isinstance(value, memoryview) else NotImplemented


class Pipe:
    """Carries plain data. kinds: the types of what it has carried."""

    def __init__(self) -> None:
        self.kinds: set[type] = set()

    def carry(self, value: Plain) -> Plain:
        self.kinds.add(type(value))
        buffer = io.BytesIO()
        _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
        carried: Plain = pickle.loads(buffer.getvalue())
        return carried


class InlinePort:
    """A worker without a thread: takes commands and works them off when the hall says so, unless stalled."""

    def __init__(self, pipe: Pipe) -> None:
        self.load = 0.0
        self.stalled = False
        self.inbox: deque[Command] = deque()
        self._pipe = pipe

    def post(self, command: Command) -> None:
        self.inbox.append(self._pipe.carry(command))


class InlineExecutor:
    """Does background work at once, or, while held, when the hall lets go."""

    def __init__(self, port: InlinePort, pipe: Pipe) -> None:
        self.held = False
        self.tasks: deque[Task] = deque()
        self._port = port
        self._pipe = pipe

    @property
    def n_waiting(self) -> int:
        return len(self.tasks)

    def submit(self, task: Task) -> None:
        self.tasks.append(self._pipe.carry(task))

    def work(self) -> None:
        while self.tasks and not self.held:
            self._port.post(perform(self.tasks.popleft(), CHARACTERS))


class InlineTextures:
    """Keeps the pictures that are to be rendered instead of rendering them."""

    def __init__(self, pipe: Pipe) -> None:
        self.n_rendered = self.n_skipped = 0
        self.jobs: list[TextureJob] = []
        self.forgotten: list[tuple[int, int]] = []
        self._pipe = pipe

    def show(self, job: TextureJob) -> None:
        self.jobs.append(self._pipe.carry(job))

    def forget(self, session: int, stream: int) -> None:
        self.forgotten.append((session, stream))


class InlineSinkOutput(SinkOutput):
    """Shows frames that have gone through the pipe."""

    def __init__(self, playout: Playout, pipe: Pipe) -> None:
        super().__init__(playout)
        self._pipe = pipe

    def frames(self, shown: Sequence[SinkFrame]) -> None:
        super().frames([self._pipe.carry(each) for each in shown])


class InlineClient:
    """A client: says messages, keeps what it hears, each with the time at which it came."""

    def __init__(self, hall: InlineServer, route: bytes) -> None:
        self.hall, self.route = hall, route
        self.heard: list[Message] = []
        self.heard_at: list[float] = []
        self.tokens: dict[int, bytes] = {}

    def send(self, *parts: bytes) -> None:
        """Send one ZeroMQ message; what it leads to happens at the next `InlineServer.run`."""
        self.hall.gateway.receive(self.route, parts, self.hall.now)

    def say(self, *messages: Message) -> None:
        """Send messages, one by one, and let the server work."""
        self.send_all(*messages)
        self.hall.run()

    def send_all(self, *messages: Message) -> None:
        """Send messages without letting the server work."""
        for message in messages:
            self.send(encode(message))

    def take(self, kind: type[Kind]) -> list[Kind]:
        """Everything of a kind that came so far."""
        return [message for message in self.heard if isinstance(message, kind)]

    def last(self, kind: type[Kind]) -> Kind:
        """The latest of a kind."""
        return self.take(kind)[-1]

    def frames(self, stream: int | None = None, session: int | None = None) -> list[m.Frame]:
        """The frames that came, of a stream or session or of all."""
        return [
            frame for frame in self.take(m.Frame) if stream in (None, frame.stream) and session in (None, frame.session)
        ]

    def when(self, kind: type[Message]) -> list[float]:
        """The times at which messages of a kind came."""
        return [at for at, message in zip(self.heard_at, self.heard, strict=True) if isinstance(message, kind)]

    def open(self, **fields: object) -> int:
        """Open a session and return its number; fails if the server refuses."""
        wanted: dict[str, object] = {
            "request": 1, "outputs": ALL_CURVES, "fps": (30, 1), "playout_ms": 500, "until": PLENTY
        }  # fmt: skip
        n_before = len(self.take(m.Opened))
        self.say(m.Open(**{**wanted, **fields}))  # type: ignore[arg-type]  # the caller's fields fit
        assert len(self.take(m.Opened)) == n_before + 1, self.heard[-3:]
        opened = self.last(m.Opened)
        self.tokens[opened.session] = bytes(opened.token)
        return opened.session

    def push(self, session: int, stream: int, pcm: bytes, chunk: int, width: int, pace_s: float = 0.0) -> None:
        """Push sound in chunks of so many samples, ``pace_s`` of time after each. width: bytes of a sample."""
        for start in range(0, len(pcm), chunk * width):
            piece = pcm[start : start + chunk * width]
            self.say(m.Audio(session=session, stream=stream, first_sample=start // width, pcm=piece))
            if pace_s:
                self.hall.wait(pace_s)


class InlineServer:
    """Everything inside a server but its threads and sockets.

    said: everything that it sent so far, to whom. events, reports: what its worker told beside that.
    """

    def __init__(
        self, limits: Limits | None = None, folders: Folders | None = None, playout: Playout | None = None
    ) -> None:
        limits, folders = limits or Limits(), folders or Folders()
        self.now, self.step_cost_s = 1_000.0, 0.0
        self.pipe = Pipe()
        self.port = InlinePort(self.pipe)
        self.executor = InlineExecutor(self.port, self.pipe)
        self.textures = InlineTextures(self.pipe)
        sink = InlineSinkOutput(playout, self.pipe) if playout else None
        self.worker = Worker(BUNDLE, limits, folders, CHARACTERS, self.executor, self.textures, sink)
        self.gateway = Gateway(limits, folders, self.port, welcome_of(BUNDLE, limits))
        self.guests: dict[bytes, InlineClient] = {}
        self.said: list[tuple[bytes, Message]] = []
        self.events: list[LogEvent] = []
        self.reports: list[WorkerReport] = []
        self._routes = count(1)

    def state_of(self, session: int) -> SessionState:
        """The state of an open session."""
        state = self.worker.sessions.by_number.get(session)
        assert state
        return state

    def guest(self, greet: bool = True) -> InlineClient:
        """A new connection."""
        route = next(self._routes).to_bytes(5, "big")
        guest = self.guests[route] = InlineClient(self, route)
        if greet:
            guest.say(m.Hello(versions=(1,), client="guest 1.0"))
            assert guest.take(m.Welcome)
        return guest

    def lose(self, guest: InlineClient) -> None:
        """Let a connection break, as the sockets see it."""
        self.gateway.lost(guest.route, self.now)
        del self.guests[guest.route]

    def run(self, most: int = 1_000_000) -> None:
        """Let everything work until nothing is left to do at this time."""
        for _ in range(most):
            if self.port.stalled or not self._run_once():
                break
        self.gateway.tick(self.now)
        self._hand_out()

    def wait(self, seconds: float, step_s: float = 0.01) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + step_s)
            self.run()

    def _run_once(self) -> bool:
        """Let the worker run once, as its loop would do it."""
        commands = list(self.port.inbox)
        self.port.inbox.clear()
        for command in commands:
            self.worker.handle(command, self.now)
        stepped = self.worker.step(self.now)
        self.now += self.step_cost_s * stepped
        answers = self.pipe.carry(self.worker.take_answers())
        self.events += answers.events
        self.reports += answers.reports
        self.gateway.deliver(answers.outgoing)
        self.executor.work()
        self._hand_out()
        return stepped or bool(self.port.inbox)

    def _hand_out(self) -> None:
        outbox, self.gateway.outbox = self.gateway.outbox, []
        for route, data in outbox:
            message, guest = decode(data), self.guests.get(route)
            self.said.append((route, message))
            if guest:
                guest.heard.append(message)
                guest.heard_at.append(self.now)


def s16(samples: Floats) -> bytes:
    """Little-endian int16 of samples in −1…1."""
    return np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def heard_as(pcm: bytes) -> Floats:
    """What int16 samples mean."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def at_16k(samples: Floats, rate: int) -> Floats:
    """(n, c) samples as mono at 16 kHz, by the runtime's own means, in one piece."""
    mono = mix_to_mono(np.ascontiguousarray(samples))
    if rate == SAMPLE_RATE:
        return mono
    resampler = Resampler(rate, SAMPLE_RATE)
    return np.concatenate([resampler.push(mono), resampler.finish()])


def played(sound: Floats, session: Session | None = None, fps: Fraction = Fraction(30)) -> list[Frame]:
    """What a `Session` makes of (n,) samples at 16 kHz."""
    session = session or Session(BUNDLE, fps=fps)
    return [*session.push(sound), *session.finish()]


def curves(frame: Frame | m.Frame) -> Floats:
    """All values of a frame in one array."""
    if isinstance(frame, m.Frame):
        parts = (frame.weights, frame.head, frame.eyes, frame.landmarks)
        return np.concatenate([part for part in parts if part is not None])
    arrays = (frame.blendshapes, frame.head_rotation_rad, frame.head_translation, frame.eye_rotation_rad)
    return np.concatenate([array.reshape(-1) for array in (*arrays, frame.landmarks)])


def distance(live: Sequence[m.Frame], baked: Iterable[Frame]) -> float:
    """The largest difference of any value, infinite when the frames are not the same ones; 0 is bit for bit."""
    known = list(baked)
    if [frame.index for frame in live] != [frame.frame_index for frame in known]:
        return float("inf")
    gaps = [np.abs(curves(a) - curves(b)).max() for a, b in zip(live, known, strict=True)]
    return float(max(gaps, default=0.0))
