"""Bakes many lines: one that fails harms no other, and the number of workers changes no bit."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Final

from space_runtime.arguments import instance, items_of, shown, switch, whole
from space_runtime.baking.bake import Progress
from space_runtime.baking.clashes import clashes_of
from space_runtime.baking.jobs import BakeJob, BakeResult, Outcome
from space_runtime.baking.line import Task
from space_runtime.baking.worker import WorkerPool
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.option_parsing import PICTURES

POLL_S: Final = 0.5
"""On Windows a thread that waits without end never hears of Ctrl-C."""
MAX_WORKERS: Final = 256
MAX_DEFAULT_WORKERS: Final = 8
LINES_PER_WORKER: Final = 32
"""Lines of curves for which another process is worth its beginning; a video is worth one of its own."""
FROZEN: Final = bool(getattr(sys, "frozen", False))
"""True where Python and this program are one executable, which cannot start others."""

JobProgress = Callable[[BakeJob, float, float | None], None]
"""Called from worker threads with a job, the seconds of its sound done and those in all, None where no file tells."""
OnResult = Callable[[BakeResult], None]


class Stopped(Exception):
    """An interrupt, seen by a worker."""


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """The part that all jobs share; ``stop`` is set when all is to end."""

    bake: Callable[[BakeResult, Progress], BakeResult]
    progress: JobProgress | None
    stop: threading.Event

    def tell(self, job: BakeJob, done_s: float, total_s: float | None) -> None:
        """Pass progress on. Raises `Stopped`."""
        if self.stop.is_set():
            raise Stopped
        if self.progress:
            self.progress(job, done_s, total_s)


def bake_many(
    jobs: Iterable[BakeJob],
    *,
    bundle: Bundle | None = None,
    n_workers: int = 1,
    overwrite: bool = False,
    dry_run: bool = False,
    on_progress: JobProgress | None = None,
    on_result: OnResult | None = None,
) -> tuple[BakeResult, ...]:
    """Bake lines and return their outcomes in the order of the jobs; a line that fails harms no other.

    A result that is there already as it would be written is left alone: its record (`baking.cache`) names the same
    sound, portrait, settings, bundle and versions, and its hash is the recorded one. A file that was changed by hand,
    or that comes from elsewhere, fails its line unless ``overwrite``. Recorded results of other settings that the job
    does not write are removed. All results of a line appear together.

    bundle: None opens the embedded one. n_workers: processes, each of which takes a second to begin and 130 MB; with 1
    lines are baked in this one. dry_run: write nothing. on_progress: see
    `JobProgress`. on_result: called in this thread as lines end, in any order.

    Raises `UsageError`, before any work, for jobs whose results would overwrite one another or a sound.
    `KeyboardInterrupt` ends the running lines, which remove what they began, and passes on.
    """
    given = [instance("a job", job, BakeJob, "for example BakeJob('a.wav', 'out/a')") for job in items_of("jobs", jobs)]
    n, stop = whole("n_workers", n_workers, 1, MAX_WORKERS), threading.Event()
    if clashes := clashes_of(given):
        raise UsageError("; ".join(clashes))
    for what, function in (("on_progress", on_progress), ("on_result", on_result)):
        if function is not None and not callable(function):
            raise UsageError(f"{what} is {shown(function)}; expected a function, see bake_many")
    opened = bundle_or_embedded(bundle)
    task = Task(opened, switch("overwrite", overwrite), switch("dry_run", dry_run))
    results: list[BakeResult] = []

    def take(result: BakeResult) -> None:
        results.append(result)
        if on_result:
            on_result(result)

    with ExitStack() as stack:
        bake = task.bake if n == 1 or FROZEN else stack.enter_context(WorkerPool(task)).bake
        _work(given, _Batch(bake, on_progress, stop), n, take)
    return tuple(sorted(results, key=lambda result: result.index))


def _work(jobs: Sequence[BakeJob], batch: _Batch, n_workers: int, take: OnResult) -> None:
    """Hand the outcomes of all jobs to ``take``, as they come; after an interrupt those that there are."""
    ended: SimpleQueue[BakeResult] = SimpleQueue()

    def work(index: int) -> None:
        ended.put(_outcome(index, jobs[index], batch))

    with ThreadPoolExecutor(n_workers) as workers:
        try:
            for index in range(len(jobs)):
                workers.submit(work, index)
            for _ in jobs:
                take(_next(ended))
        except BaseException as error:
            batch.stop.set()
            workers.shutdown(wait=True, cancel_futures=True)
            while isinstance(error, KeyboardInterrupt) and not ended.empty():
                take(ended.get())
            raise


def _next(ended: SimpleQueue[BakeResult]) -> BakeResult:
    while True:
        try:
            return ended.get(timeout=POLL_S)
        except Empty:
            continue


def _outcome(index: int, job: BakeJob, batch: _Batch) -> BakeResult:
    begun = perf_counter()
    result = BakeResult(index, job, Outcome.STOPPED)
    try:
        batch.tell(job, 0.0, None)
        result = batch.bake(result, partial(batch.tell, job))
    except Stopped:
        pass
    except Exception as error:  # whatever it is, it fails this line alone
        result = replace(result, outcome=Outcome.FAILED, error=error)
    return replace(result, took_s=perf_counter() - begun)


def default_workers(jobs: Sequence[BakeJob]) -> int:
    """Return a number of workers that is worth its beginning: at most the processors, and 8."""
    n_videos = sum(bool(PICTURES & job.formats) for job in jobs)
    wanted = n_videos + (len(jobs) - n_videos) // LINES_PER_WORKER
    return max(1, min(wanted, MAX_DEFAULT_WORKERS, _n_processors()))


def _n_processors() -> int:
    """The processors that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
