"""A server in one thread under a clock that tests turn: the real gateway, worker and bundle, background work inline.

Everything that passes between gateway, worker and background work goes through a pipe: pickled and unpickled, so that
nothing but plain data can pass.
"""

from __future__ import annotations

import io
import pickle
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final, TypeVar

from engine_bridge.adapters.playout import Playout
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import decode
from space_runtime.inference.bundle import Bundle
from space_runtime.server.answers import Answers, WorkerReport
from space_runtime.server.commands import Command
from space_runtime.server.gateway import Gateway
from space_runtime.server.limits import Folders, Limits
from space_runtime.server.log_events import LogEvent
from space_runtime.server.server import welcome_of
from space_runtime.server.worker.background import Task, perform
from space_runtime.server.worker.character_cache import CharacterCache
from space_runtime.server.worker.session import SessionState
from space_runtime.server.worker.sink_output import SinkFrame, SinkOutput
from space_runtime.server.worker.texture_renderer import TextureJob
from space_runtime.server.worker.worker import Worker
from tests.support.session_frames import BUNDLE
from tests.support.wire_client import PLENTY, WireClient

CHARACTERS = CharacterCache(BUNDLE)
ALL_CURVES = ("weights", "head", "eyes", "landmarks")
OPENING: Final = m.Open(request=1, outputs=ALL_CURVES, fps=(30, 1), playout_ms=500, until=PLENTY)


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
    """A worker without a thread: takes commands and works them off when the server says so, unless stalled."""

    def __init__(self, pipe: Pipe) -> None:
        self.load = 0.0
        self.stalled = False
        self.inbox: deque[Command] = deque()
        self._pipe = pipe

    def post(self, command: Command) -> None:
        self.inbox.append(self._pipe.carry(command))


class InlineExecutor:
    """Does background work at once, or, while held, when the test lets go."""

    def __init__(self, port: InlinePort, pipe: Pipe) -> None:
        self.held = False
        self.tasks: deque[Task] = deque()
        self._port = port
        self._pipe = pipe

    def n_waiting(self, owner: bytes) -> int:
        return sum(task.owner == owner for task in self.tasks)

    def forget(self, session: int, stream: int | None) -> None:
        self.tasks = deque(task for task in self.tasks if not task.is_for(session, stream))

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


class InlineTransport:
    """The way from a client to an `InlineServer`: what is sent works at the next `InlineServer.run`."""

    patience_s = 0.0

    def __init__(self, server: InlineServer, route: bytes) -> None:
        self._server, self.route = server, route

    def now(self) -> float:
        return self._server.now

    def send(self, parts: Sequence[bytes]) -> None:
        self._server.gateway.receive(self.route, parts, self._server.now)

    def settle(self) -> None:
        self._server.run()

    def receive(self, wait_ms: int) -> list[bytes]:
        """Return nothing: `InlineServer.run` hands messages to the client at once."""
        return []

    def wait(self, seconds: float) -> None:
        self._server.wait(seconds)

    def close(self) -> None:
        self._server.gateway.lost(self.route, self._server.now)


class InlineServer:
    """Everything inside a server but its threads and sockets.

    sent: everything that it sent so far, to whom. events, reports: what its worker gave beside that.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        folders: Folders | None = None,
        playout: Playout | None = None,
        bundle: Bundle = BUNDLE,
    ) -> None:
        limits, folders = limits or Limits(), folders or Folders()
        self.now, self.step_cost_s = 1_000.0, 0.0
        self.pipe = Pipe()
        self.port = InlinePort(self.pipe)
        self.executor = InlineExecutor(self.port, self.pipe)
        self.textures = InlineTextures(self.pipe)
        sink = InlineSinkOutput(playout, self.pipe) if playout else None
        self.worker = Worker(bundle, limits, folders, CHARACTERS, self.executor, self.textures, sink)
        self.gateway = Gateway(limits, folders, self.port, welcome_of(bundle, limits))
        self.clients: dict[bytes, WireClient] = {}
        self.sent: list[tuple[bytes, Message]] = []
        self.events: list[LogEvent] = []
        self.reports: list[WorkerReport] = []
        self._routes = count(1)

    def state_of(self, session: int) -> SessionState:
        """The state of an open session."""
        state = self.worker.sessions.by_number.get(session)
        assert state
        return state

    def client(self, greet: bool = True) -> WireClient:
        """Return a new connection."""
        transport = InlineTransport(self, next(self._routes).to_bytes(5, "big"))
        client = self.clients[transport.route] = WireClient(transport, OPENING)
        if greet:
            client.greet()
        return client

    def lose(self, client: WireClient) -> None:
        """Let a connection break, as the sockets see it."""
        client.close()
        del self.clients[client.route]

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
            self.sent.append((route, decode(data)))
            if client := self.clients.get(route):
                client.hear([data])
