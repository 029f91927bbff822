"""Processes that bake lines: Python runs one thread at a time, and a sound that ends a process harms no other line.

They are programs of their own, not forks of the caller's, whose file need not be fit to be imported again. Both sides
send pickles through pipes that nobody else can reach.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Final, Self

from space_runtime.baking.bake import Progress
from space_runtime.baking.jobs import BakeResult, Outcome
from space_runtime.baking.line import Task
from space_runtime.errors import MediaError, SpaceError
from space_runtime.inference.bundle import load_bundle

ENDING_S: Final = 10.0
"""Seconds in which a process cleans up before it is killed."""


@dataclass(frozen=True, slots=True)
class _Setup:
    """A task as a process can be told: its bundle by folder and device, its refiner by folder."""

    bundle: Path
    device: str
    refiner: Path | None
    overwrite: bool
    dry_run: bool

    @classmethod
    def of(cls, task: Task) -> Self:
        bundle = task.bundle
        refiner = None if bundle.refiner is None else bundle.refiner.folder
        return cls(bundle.folder, bundle.device.name, refiner, task.overwrite, task.dry_run)

    def task(self) -> Task:
        return Task(load_bundle(self.bundle, self.device, self.refiner), self.overwrite, self.dry_run)


@dataclass(frozen=True, slots=True)
class _Step:
    """The seconds of a line's sound that are done, and those in all."""

    done_s: float
    total_s: float | None


class WorkerPool:
    """Processes that are started when they are needed. Use as a context manager; leaving it ends them."""

    def __init__(self, task: Task) -> None:
        """Make an empty pool of processes for the jobs of a task."""
        self._setup = _Setup.of(task)
        self._idle: SimpleQueue[_Worker] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while not self._idle.empty():
            self._idle.get().close()

    def bake(self, begun: BakeResult, progress: Progress) -> BakeResult:
        """Return what `bake_as_needed` returns, from a process. Called from any thread; raises what it raises.

        Raises `MediaError` when the process ends, as a damaged sound may bring about.
        """
        try:
            worker = self._idle.get_nowait()
        except Empty:
            worker = _Worker(self._setup)
        try:
            result = worker.bake(begun, progress)
        except BaseException:
            worker.close()
            raise
        self._idle.put(worker)
        if result.error is not None:
            raise result.error
        return result


class _Worker:
    """One process."""

    def __init__(self, setup: _Setup) -> None:
        words = [sys.executable, "-c", f"from {__name__} import main; main()"]
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C in a terminal is for the caller alone
        )
        assert self._process.stdin and self._process.stdout
        self._jobs: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout
        self._jobs.write(pickle.dumps(setup))

    def bake(self, begun: BakeResult, progress: Progress) -> BakeResult:
        try:
            self._jobs.write(pickle.dumps(begun))
            self._jobs.flush()
            while isinstance(answer := pickle.load(self._answers), _Step):
                progress(answer.done_s, answer.total_s)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            raise MediaError(
                f"{begun.job.sound} is not baked: the process that read it ended with code {self._process.wait()}; "
                "repair the sound or export it again"
            ) from None
        assert isinstance(answer, BakeResult)
        return replace(answer, job=begun.job)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._jobs, self._answers):
            try:
                pipe.close()
            except OSError:  # of what was not sent any more
                continue


def main() -> None:
    """Bake the jobs that come through standard input until it ends or SIGTERM comes."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        _serve(sys.stdin.buffer, answers)
    except (EOFError, KeyboardInterrupt, BrokenPipeError):
        os._exit(0)  # no flush of a pipe that is closed


def _serve(jobs: IO[bytes], answers: IO[bytes]) -> None:
    def send(answer: BakeResult | _Step) -> None:
        answers.write(pickle.dumps(answer))
        answers.flush()

    def progress(done_s: float, total_s: float | None) -> None:
        send(_Step(done_s, total_s))

    setup: _Setup = pickle.load(jobs)
    task = setup.task()
    while True:
        send(_result(pickle.load(jobs), task, progress))


def _result(begun: BakeResult, task: Task, progress: Progress) -> BakeResult:
    try:
        return task.bake(begun, progress)
    except BrokenPipeError:  # the caller has gone
        raise
    except SpaceError as error:
        return replace(begun, outcome=Outcome.FAILED, error=error)
    except Exception as error:  # not every error can be pickled
        told = RuntimeError(f"{type(error).__name__}: {error}")
        return replace(begun, outcome=Outcome.FAILED, error=told)
