"""Shows how a batch of lines goes on: bars on a terminal, plain lines, or a line of JSON for each event."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from enum import StrEnum
from time import perf_counter
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from space_runtime.baking.jobs import BakeJob, BakeResult, Outcome
from space_runtime.baking.need import FIRST_BAKE
from space_runtime.baking.report import row_of, totals_of
from space_runtime.commands.report import explain, say, unheard
from space_runtime.errors import counted, one_line

BETWEEN_EVENTS_S: Final = 0.5
"""Least time between two JSON events about the progress of lines."""

SURE_S: Final = 3.0
"""Seconds of work before the time that is left is told."""


class DisplayKind(StrEnum):
    """The forms of progress that can be asked for."""

    AUTO = "auto"
    """Bars on a terminal; elsewhere plain lines for folders, patterns and tables, and nothing for files by name."""
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


class Remaining:
    """Estimates the time that is left, by the bytes of the sounds that took work and of those that wait."""

    def __init__(self, jobs: Sequence[BakeJob], clock: Callable[[], float] = perf_counter) -> None:
        """Begin to count time. clock: seconds from anywhere."""
        self._sizes = [_size(job) for job in jobs]
        self._clock, self._begin = clock, clock()
        self._first_s: float | None = None
        self._waiting, self._worked = sum(self._sizes), 0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._begin

    def take(self, result: BakeResult) -> float | None:
        """Count a line that has ended; return the seconds left, None for some seconds after the first line."""
        size = self._sizes[result.index]
        self._waiting -= size
        if self._first_s is None:  # until here processes began
            self._first_s = self.elapsed_s
            return None
        self._worked += 0 if result.outcome is Outcome.UNCHANGED else size
        work_s = self.elapsed_s - self._first_s
        return work_s * self._waiting / self._worked if self._worked and work_s >= SURE_S else None


class Display:
    """Prints results in the order of the lines, whatever the order in which they end, and keeps the outcomes.

    Use as a context manager around `bake_many`. This class alone shows no progress.
    """

    def __init__(self, jobs: Sequence[BakeJob], dry_run: bool, debug: bool) -> None:
        """Make the display of a batch. debug: show tracebacks."""
        self._jobs = jobs
        self._dry_run = dry_run
        self._debug = debug
        self._ended: dict[int, BakeResult] = {}
        self._n_printed = 0
        self._remaining = Remaining(jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for index in sorted(self._ended):
            if index >= self._n_printed:  # an earlier line was stopped
                self._print(self._ended[index])
        if isinstance(error, KeyboardInterrupt):
            n_done = sum(result.outcome in (Outcome.BAKED, Outcome.UNCHANGED) for result in self._ended.values())
            say(f"space-runtime: stopped; {n_done} of {counted(len(self._jobs), 'line')} done")

    @property
    def n_failed(self) -> int:
        """The number of lines that failed so far."""
        return sum(result.outcome is Outcome.FAILED for result in self._ended.values())

    def outcomes(self) -> list[BakeResult]:
        """Return the outcomes of all lines in order; lines that have none are stopped."""
        stopped = (BakeResult(index, job, Outcome.STOPPED) for index, job in enumerate(self._jobs))
        return [self._ended.get(result.index, result) for result in stopped]

    def progress(self, job: BakeJob, done_s: float, total_s: float | None) -> None:
        """Show how far a line is. Called from any thread."""

    def result(self, result: BakeResult) -> None:
        """Show the outcome of a line."""
        self._ended[result.index] = result
        while self._n_printed in self._ended:
            self._print(self._ended[self._n_printed])
            self._n_printed += 1

    def _print(self, result: BakeResult) -> None:
        """Print the files of a line on stdout, or why it failed on stderr."""
        if result.error is not None:
            explain(result.error, self._debug, f"{result.job.sound}: ")
        elif self._dry_run:
            _print_lines([_plan_of(result)])
        elif result.outcome is not Outcome.STOPPED:
            _print_lines([str(path) for path in result.files])

    def _where(self, left_s: float | None) -> str:
        """The place in the batch, ``17 of 30, about 40 s left``."""
        left = "" if left_s is None or len(self._ended) == len(self._jobs) else f", about {_duration(left_s)} left"
        return f"{len(self._ended)} of {len(self._jobs)}{left}"

    def _totals(self) -> str:
        """All outcomes in one sentence."""
        counts = ", ".join(f"{n} {outcome}" for outcome, n in totals_of(self.outcomes()).items())
        heard_s = sum(result.sound_s or 0 for result in self._ended.values() if result.outcome is Outcome.BAKED)
        heard = f"; {_duration(heard_s)} of sound in {_duration(self._remaining.elapsed_s)}" if heard_s else ""
        return f"{counted(len(self._jobs), 'line')}: {counts or 'none'}{heard}"


class PlainDisplay(Display):
    """A line on stderr for each line that has ended, and one for all."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        say(self._totals())

    def result(self, result: BakeResult) -> None:
        """Show the outcome of a line and the place in the batch."""
        left_s = self._remaining.take(result)
        super().result(result)
        why = f" ({result.reason})" if result.outcome is Outcome.BAKED and result.reason != FIRST_BAKE else ""
        say(f"{self._where(left_s)}: {result.job.sound} {result.outcome}{why}")


class BarsDisplay(Display):
    """Bars on a terminal: one for each line in work, and one for all."""

    def __init__(self, jobs: Sequence[BakeJob], dry_run: bool, debug: bool) -> None:
        """See `Display`."""
        super().__init__(jobs, dry_run, debug)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty())
        self._tasks: dict[int, TaskID] = {}
        self._all = self._bars.add_task("", total=len(jobs), visible=len(jobs) > 1)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        super().__exit__(kind, error, trace)
        if len(self._jobs) > 1:
            say(self._totals())

    def progress(self, job: BakeJob, done_s: float, total_s: float | None) -> None:
        """Move the bar of a line."""
        task = self._tasks.get(id(job))
        if task is None:
            task = self._tasks[id(job)] = self._bars.add_task(one_line(job.sound.name), total=None)
        self._bars.update(task, completed=done_s, total=total_s)

    def result(self, result: BakeResult) -> None:
        """Remove the bar of a line and move that of all."""
        left_s = self._remaining.take(result)
        task = self._tasks.pop(id(result.job), None)
        if task is not None:
            self._bars.remove_task(task)
        super().result(result)
        self._bars.update(self._all, completed=len(self._ended), description=self._where(left_s))


class JsonDisplay(Display):
    """A line of JSON on stdout for each event, for programs; why a line failed also stands on stderr."""

    def __init__(self, jobs: Sequence[BakeJob], dry_run: bool, debug: bool) -> None:
        """See `Display`."""
        super().__init__(jobs, dry_run, debug)
        self._lock = threading.Lock()
        self._told_at = -BETWEEN_EVENTS_S

    def __enter__(self) -> Self:
        self._tell("begin", {"n_lines": len(self._jobs), "dry_run": self._dry_run})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._tell("end", {"totals": totals_of(self.outcomes()), "took_s": round(self._remaining.elapsed_s, 3)})

    def progress(self, job: BakeJob, done_s: float, total_s: float | None) -> None:
        """Tell how far a line is, not too often."""
        elapsed_s = self._remaining.elapsed_s
        if elapsed_s - self._told_at >= BETWEEN_EVENTS_S:
            self._told_at = elapsed_s
            self._tell("progress", {"sound": str(job.sound), "done_s": done_s, "total_s": total_s})

    def result(self, result: BakeResult) -> None:
        """Tell the outcome of a line at once, in whatever order."""
        left_s = self._remaining.take(result)
        super().result(result)
        place = {"index": result.index, "n_done": len(self._ended), "n_lines": len(self._jobs)}
        self._tell("line", {**place, "left_s": None if left_s is None else round(left_s, 1), **row_of(result)})

    def _print(self, result: BakeResult) -> None:
        if result.error is not None:
            explain(result.error, self._debug, f"{result.job.sound}: ")

    def _tell(self, event: str, values: dict[str, object]) -> None:
        with self._lock:
            _print_lines([json.dumps({"event": event, **values})])


_DISPLAYS: Final[dict[DisplayKind, type[Display]]] = {
    DisplayKind.PLAIN: PlainDisplay,
    DisplayKind.JSON: JsonDisplay,
    DisplayKind.NONE: Display,
}


def open_display(kind: DisplayKind, jobs: Sequence[BakeJob], *, is_batch: bool, dry_run: bool, debug: bool) -> Display:
    """Return the display of a batch; ``is_batch``: whether a folder, a pattern or a table was named."""
    chosen = _DISPLAYS.get(kind, PlainDisplay if is_batch else Display)
    if kind is DisplayKind.AUTO and Console(stderr=True).is_terminal:
        chosen = BarsDisplay
    return chosen(jobs, dry_run, debug)


def _size(job: BakeJob) -> int:
    try:
        return os.path.getsize(job.sound)
    except OSError:
        return 0


def _plan_of(result: BakeResult) -> str:
    """The line of a dry run about a line."""
    removed = f"; removes {', '.join(map(str, result.removed))}" if result.removed else ""
    return f"{result.job.sound}: {result.outcome}, {result.reason}: {', '.join(map(str, result.files))}{removed}"


def _print_lines(texts: Sequence[str]) -> None:
    with unheard():
        for text in texts:
            print(text)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
