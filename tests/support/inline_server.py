"""A server in one thread under a clock that tests turn: the real core, workers and bundle, with inline executors."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import decode
from space_runtime.animation.batch_state import Frames
from space_runtime.server.character_cache import CharacterCache
from space_runtime.server.gateway import Gateway
from space_runtime.server.limits import Folders, Limits
from space_runtime.server.server import welcome_of
from space_runtime.server.session import Command, Completion, SessionState
from space_runtime.server.stream import LiveStream
from space_runtime.server.worker import Worker
from tests.support.session_frames import BUNDLE
from tests.support.wire_client import PLENTY, WireClient

CHARACTERS = CharacterCache(BUNDLE)
ALL_CURVES = ("weights", "head", "eyes", "landmarks")
OPENING: Final = m.Open(request=1, outputs=ALL_CURVES, fps=(30, 1), playout_ms=500, until=PLENTY)


class Port:
    """A worker without a thread: takes commands and works them off when the server says so, unless stalled."""

    def __init__(self) -> None:
        self.load = 0.0
        self.stalled = False
        self.inbox: deque[Command] = deque()

    def post(self, command: Command) -> None:
        self.inbox.append(command)


class InlineExecutor:
    """Does long work at once, or, while held, when the test lets go."""

    def __init__(self, port: Port) -> None:
        self.held = False
        self.jobs: deque[Callable[[], Completion]] = deque()
        self._port = port

    @property
    def n_waiting(self) -> int:
        return len(self.jobs)

    def submit(self, session: int, work: Callable[[], Completion]) -> None:
        self.jobs.append(work)

    def work(self) -> None:
        while self.jobs and not self.held:
            self._port.post(self.jobs.popleft()())


class CountingTextures:
    """Counts the pictures that a renderer would have drawn."""

    def __init__(self) -> None:
        self.n_shown = 0

    def show(self, seat: SessionState, stream: LiveStream, frames: Frames, place: int, now: float) -> None:
        self.n_shown += 1


class InlineTransport:
    """The way from a client to an `InlineServer`: what is sent works at the next `InlineServer.run`."""

    patience_s = 0.0

    def __init__(self, server: InlineServer, route: bytes) -> None:
        self._server, self.route = server, route

    def now(self) -> float:
        return self._server.now

    def send(self, parts: Sequence[bytes]) -> None:
        self._server.core.receive(self.route, parts, self._server.now)

    def settle(self) -> None:
        self._server.run()

    def receive(self, wait_ms: int) -> list[bytes]:
        """Return nothing: `InlineServer.run` hands messages to the client at once."""
        return []

    def wait(self, seconds: float) -> None:
        self._server.wait(seconds)

    def close(self) -> None:
        self._server.core.lost(self.route, self._server.now)


class InlineServer:
    """Everything inside a server but its threads and sockets. sent: everything that it sent so far, to whom."""

    def __init__(self, limits: Limits | None = None, folders: Folders | None = None, n_workers: int = 1) -> None:
        limits, folders = limits or Limits(), folders or Folders()
        self.now, self.step_cost_s = 1_000.0, 0.0
        self.ports = [Port() for _ in range(n_workers)]
        self.executors = [InlineExecutor(port) for port in self.ports]
        self.textures = CountingTextures()
        self.workers = [
            Worker(BUNDLE, limits, folders, CHARACTERS, executor, self.textures) for executor in self.executors
        ]
        self.core = Gateway(limits, folders, CHARACTERS, self.ports, welcome_of(BUNDLE, limits))
        self.clients: dict[bytes, WireClient] = {}
        self.sent: list[tuple[bytes, Message]] = []
        self._routes = count(1)

    @property
    def worker(self) -> Worker:
        """The only, or the first, worker."""
        return self.workers[0]

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
            busy = False
            for port, executor, worker in zip(self.ports, self.executors, self.workers, strict=True):
                if not port.stalled:
                    busy |= self._turn(port, executor, worker)
            if not busy:
                break
        self.core.tick(self.now)
        self._hand_out()

    def wait(self, seconds: float, step_s: float = 0.01) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + step_s)
            self.run()

    def _turn(self, port: Port, executor: InlineExecutor, worker: Worker) -> bool:
        """One turn of a worker, as its thread would do it."""
        commands = list(port.inbox)
        port.inbox.clear()
        for command in commands:
            worker.handle(command, self.now)
        stepped = worker.step(self.now)
        self.now += self.step_cost_s * stepped
        self.core.deliver(worker.take_outbox())
        executor.work()
        self._hand_out()
        return stepped or bool(port.inbox)

    def _hand_out(self) -> None:
        outbox, self.core.outbox = self.core.outbox, []
        for route, data in outbox:
            self.sent.append((route, decode(data)))
            if client := self.clients.get(route):
                client.hear([data])
