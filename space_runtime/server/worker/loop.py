"""The loop of a worker: commands from any thread in, one step at a time, answers out."""

from __future__ import annotations

import logging
import math
import queue
import time
from typing import Final

from space_runtime.server.answers import NO_ANSWERS, Answers
from space_runtime.server.commands import Command
from space_runtime.server.worker.worker import Worker

log = logging.getLogger(__name__)

ENOUGH: Final = 64
"""Streams that make a batch worth stepping at once: per stream, larger ones cost no less."""
WORK_SHARE: Final = 0.4
"""Small batches may fill this share of the time; what goes beyond it makes the next one wait, and grow."""
SPARE_S: Final = 0.006
"""Work that may be done at once after a pause, without a wait in between."""
MAX_REST_S: Final = 0.008
LAG_MEMORY_S: Final = 1.0
"""Seconds for which the worst lag counts for admission."""


class WorkerLoop:
    """Runs a worker whenever `run_once` is called; commands may be posted from any thread.

    busy_s: time spent working so far. When small batches follow one another without a pause it rests between them, 8 ms
    at most, while the next one gathers: few large batches cost less than many small ones, and the game on the same
    machine gets its share of the processor.

    A failure is logged and ends the session that it concerns, never the loop.
    """

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.busy_s = 0.0
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._worst: tuple[float, float] = (0.0, 0.0)
        self._rested_at = 0.0
        self._spare_s, self._stepped_at = SPARE_S, 0.0
        self._ended = False

    @property
    def load(self) -> float:
        """By how many seconds the worker was late at worst within the last second."""
        worst, at = self._worst
        return worst if time.monotonic() - at < LAG_MEMORY_S else 0.0

    @property
    def alive(self) -> bool:
        """Return whether the worker runs."""
        return self.worker is not None and not self._ended

    @property
    def n_waiting(self) -> int:
        """Commands not yet taken."""
        return self._inbox.qsize()

    def post(self, command: Command) -> None:
        """Hand over a command, from any thread."""
        self._inbox.put(command)

    def start(self, worker: Worker) -> None:
        """Begin."""
        self.worker = worker

    def stop(self) -> None:
        """Run no more."""
        self._ended = True

    def run_once(self) -> Answers:
        """Take what waits, step once, and return the answers."""
        worker = self.worker
        if worker is None:
            return NO_ANSWERS
        begin = time.monotonic()
        self.handle_commands()
        if begin >= self._rested_at or worker.n_ready >= ENOUGH:
            self._step(worker, begin)
        answers = worker.take_answers()
        self.busy_s += time.monotonic() - begin
        return answers

    def handle_commands(self) -> None:
        """Take what waits, without a step."""
        if self.worker is not None:
            now = time.monotonic()
            for command in self._commands():
                self._handle(self.worker, command, now)

    def due_at(self) -> float:
        """Return when `run_once` is worth calling, if no command comes before; −infinity for now."""
        worker = self.worker
        if worker is None:
            return math.inf
        if self.n_waiting:
            return -math.inf
        return max(worker.wait_until(), self._rested_at if worker.n_ready < ENOUGH else 0.0)

    def _commands(self) -> list[Command]:
        """Return all that wait."""
        found: list[Command] = []
        try:
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
            worker.fail(command, now)

    def _step(self, worker: Worker, now: float) -> None:
        try:
            if worker.step(now):
                self._note(worker.lag_s, now)
                self._rest(now, time.monotonic())
        except Exception:
            log.exception("a step failed")
