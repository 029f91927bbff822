"""The reports of a worker: asked for from any thread, answered by the loop that runs the worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from space_runtime.server.answers import WorkerReport
from space_runtime.server.commands import Command, ReportStatus

PATIENCE_S: Final = 1.0
"""For this long a report is waited for; a worker that is slower shows what it last reported."""


class ReportBox:
    """Asks a worker for reports with commands, and keeps the last one. post: gives it a command, from any thread."""

    def __init__(self, post: Callable[[Command], None]) -> None:
        self._post = post
        self._latest = WorkerReport()
        self._n_asked = 0
        self._is_open = False
        self._changed = threading.Condition()

    def open(self) -> None:
        """Say that the worker answers from now on."""
        with self._changed:
            self._is_open = True

    def close(self) -> None:
        """Say that the worker answers no more; nobody waits any longer."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def put(self, report: WorkerReport) -> None:
        """Take a report, from the thread that runs the worker."""
        with self._changed:
            self._latest = report
            self._changed.notify_all()

    def ask(self) -> WorkerReport:
        """Return a report that was made after this call, or the last one if the worker does not answer in time."""
        with self._changed:
            if self._is_open:
                self._n_asked += 1
                request = self._n_asked
                self._post(ReportStatus(request))
                self._changed.wait_for(lambda: self._latest.request >= request or not self._is_open, PATIENCE_S)
            return self._latest
