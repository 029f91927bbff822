"""Threads of the server: one per worker, clerks for what takes long, and a painter for pictures. All queues are bounded
by what they serve: commands by the limits of the protocol, pictures by dropping."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.server.delivery import Outgoing
from space_runtime.server.session import CloseSession, Command, Completion
from space_runtime.server.worker import Worker

log = logging.getLogger(__name__)

IDLE_WAIT_S: Final = 0.5
ENOUGH: Final = 64
"""Streams that make a batch worth stepping at once: per stream, larger ones cost no less."""
WORK_SHARE: Final = 0.4
"""Small batches may fill this share of the time; what goes beyond it makes the next one wait, and grow."""
SPARE_S: Final = 0.006
"""Work that may be done at once after a pause, without a wait in between."""
MAX_REST_S: Final = 0.008
LAG_MEMORY_S: Final = 1.0
"""How long the worst lag counts for admission."""


class WorkerThread:
    """Runs a worker, on a thread of its own or, without one, whenever `turn` is called.

    emit: called with what the worker sends, in the thread that runs it. When small batches follow one another without
    a pause it rests between them, 8 ms at most, while the next one gathers: few large batches cost less than many small
    ones, and the game on the same machine gets its share of the processor.

    A failure is logged and ends the session or the batch that it concerns, never the thread.
    """

    def __init__(self, name: str, emit: Callable[[list[Outgoing]], None]) -> None:
        self._inbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._emit = emit
        self._worst: tuple[float, float] = (0.0, 0.0)
        self._rested_at = 0.0
        self._spare_s, self._stepped_at = SPARE_S, 0.0
        self._name = name
        self._thread: threading.Thread | None = None
        self._ended = False
        self.worker: Worker | None = None
        self.busy_s = 0.0

    @property
    def load(self) -> float:
        """How late the worker was at worst within the last second."""
        worst, at = self._worst
        return worst if time.monotonic() - at < LAG_MEMORY_S else 0.0

    @property
    def alive(self) -> bool:
        """Whether the worker runs, as far as its own thread is concerned."""
        return self.worker is not None and not self._ended and (self._thread is None or self._thread.is_alive())

    @property
    def n_waiting(self) -> int:
        """Commands not yet taken."""
        return self._inbox.qsize()

    def post(self, command: Command) -> None:
        """Hand over a command, from any thread."""
        self._inbox.put(command)

    def start(self, worker: Worker, own_thread: bool) -> None:
        """Begin; without a thread of its own, `turn` does the work."""
        self.worker = worker
        if own_thread:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Run no more; a thread ends after the commands that wait."""
        self._ended = True
        if self._thread:
            self._inbox.put(None)
            self._thread.join(timeout_s)

    def turn(self) -> None:
        """Take what waits, step once, send."""
        if self.worker and not self._thread:
            self._work(self.worker, self._commands(0.0))

    def due_at(self) -> float:
        """Return when `turn` is worth calling, if no command comes before; −infinity for now."""
        if self.worker is None or self._thread:
            return math.inf
        return -math.inf if self.n_waiting else self._step_at(self.worker)

    def _run(self) -> None:
        assert self.worker is not None
        while self._work(self.worker, self._commands(self._step_at(self.worker))):
            pass

    def _step_at(self, worker: Worker) -> float:
        """When the worker has something to do and has rested."""
        return max(worker.wait_until(), self._rested_at if worker.n_ready < ENOUGH else 0.0)

    def _work(self, worker: Worker, commands: list[Command | None]) -> bool:
        """Do what is asked, step once, send. Return whether to go on."""
        begin = time.monotonic()
        for command in commands:
            if command is None:
                return False
            self._handle(worker, command, begin)
        if begin >= self._rested_at or worker.n_ready >= ENOUGH:
            self._step(worker, begin)
        outbox = worker.take_outbox()
        if outbox:
            self._emit(outbox)
        self.busy_s += time.monotonic() - begin
        return True

    def _commands(self, until: float) -> list[Command | None]:
        """Wait for a command until then; return all that wait."""
        wait = min(IDLE_WAIT_S, until - time.monotonic())
        found: list[Command | None] = []
        try:
            found.append(self._inbox.get(timeout=wait) if wait > 0 else self._inbox.get_nowait())
            while True:
                found.append(self._inbox.get_nowait())
        except queue.Empty:
            return found

    def _note(self, lag_s: float, now: float) -> None:
        worst, at = self._worst
        if lag_s >= worst or now - at > LAG_MEMORY_S:
            self._worst = lag_s, now

    def _rest(self, begin: float, end: float) -> None:
        """Decide when the next small batch may be stepped after one that took from ``begin`` to ``end``."""
        spare = min(SPARE_S, self._spare_s + (begin - self._stepped_at) * WORK_SHARE) - (end - begin)
        self._rested_at = end + min(MAX_REST_S, max(0.0, -spare / WORK_SHARE))
        self._spare_s, self._stepped_at = max(spare, -SPARE_S), begin

    def _handle(self, worker: Worker, command: Command, now: float) -> None:
        try:
            worker.handle(command, now)
        except Exception:
            log.exception("a %s failed; its session ends", type(command).__name__)
            worker.abandon(command, now)

    def _step(self, worker: Worker, now: float) -> None:
        try:
            if worker.step(now):
                self._note(worker.lag_s, now)
                self._rest(now, time.monotonic())
        except Exception:
            log.exception("a batch failed; its sessions end")
            worker.abandon(None, now)


class ThreadExecutor:
    """Does long work on threads of its own and posts what it led to. n_waiting: work that is not done yet."""

    def __init__(self, post: Callable[[Command], None], n_threads: int = 1) -> None:
        self.n_waiting = 0
        self._post = post
        self._counting = threading.Lock()
        self._pool = ThreadPoolExecutor(n_threads, "space-clerk")

    def submit(self, session: int, work: Callable[[], Completion]) -> None:
        """Do ``work`` for a session on a clerk's thread."""
        self._count(1)
        self._pool.submit(self._do, session, work)

    def stop(self) -> None:
        """Take nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _do(self, session: int, work: Callable[[], Completion]) -> None:
        try:
            self._post(work())
        except Exception:
            log.exception("a clerk failed; session %d ends", session)
            self._post(CloseSession(session, ErrorCode.INTERNAL))
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self.n_waiting += change
