"""The server's side of a child process that reads files: start, ask, kill."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from space_runtime.extras import is_packaged
from space_runtime.file_reader.packing import receive, send
from space_runtime.file_reader.requests import Done, FileKind, Request

START_S: Final = 60.0
"""A child that says nothing for so long is killed."""
END_S: Final = 5.0

_PROGRAM: Final = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from space_runtime.file_reader.process import main; "
    "main(sys.argv[2], sys.argv[3], float(sys.argv[4]))"
)
"""The same packages as here, wherever they were imported from."""
READ_FILES: Final = "--read-files"
"""The first word by which the packaged program, which runs no other code than its own, becomes a child."""
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class ChildEnded(Exception):
    """A child has ended before it answered. in_time: False when it was killed because its time was over."""

    def __init__(self, in_time: bool) -> None:
        super().__init__()
        self.in_time = in_time


class Child:
    """One child process; it answers threads one after another, and any may kill it. Raises OSError if it cannot start.

    kind: the files it reads. folder: of the bundle. work_s: seconds of processor time that it may spend on a request.
    has_answered: a request, before the one at hand.
    """

    def __init__(self, kind: FileKind, folder: Path, work_s: float) -> None:
        if not sys.executable:
            raise OSError(errno.ENOEXEC, "the program that runs Python is not known")
        self._process = subprocess.Popen(
            [sys.executable, *_entry(), kind, str(folder), str(work_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD},
            start_new_session=True,  # Ctrl-C is for the server alone
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.has_answered = self._is_ready = False
        self._asking = threading.Lock()  # one pipe: whoever asks reads the answer
        self._timers: list[threading.Timer] = []

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Return whether it runs."""
        return self._process.poll() is None

    def ask(self, request: Request, limit_s: float) -> object:
        """Return the answer, which has to come within so many seconds. Raises `ChildEnded`."""
        with self._asking:
            self._make_ready()
            with self._timed(limit_s):
                answer = self._asked(request)
            self.has_answered = True
            return answer

    def wait_until_ready(self) -> None:
        """Return when it can be asked. Raises `ChildEnded`."""
        with self._asking:
            self._make_ready()

    def _make_ready(self) -> None:
        if self._is_ready:
            return
        with self._timed(START_S):
            if not isinstance(self._asked(None), Done):
                raise ChildEnded(in_time=True)
        self._is_ready = True

    def hurry(self, limit_s: float) -> None:
        """Let the request at hand, asked by another thread, end within so many seconds."""
        timer = threading.Timer(limit_s, self.kill)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def calm(self) -> None:
        """Take back every `hurry`."""
        timers, self._timers = self._timers, []
        for timer in timers:
            timer.cancel()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """End it and give back what it needed here."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)

    def _asked(self, request: Request | None) -> object:
        """Return the next answer, to a request if there is one. Raises OSError and what `receive` raises."""
        assert self._process.stdin and self._process.stdout
        if request is not None:
            send(self._process.stdin, request)
        answer = receive(self._process.stdout)
        if answer is None:
            raise EOFError
        return answer

    @contextmanager
    def _timed(self, limit_s: float) -> Iterator[None]:
        """Kill the child when the block takes longer. Raises `ChildEnded` when it ends, or talks nonsense, in it."""
        end = time.monotonic() + limit_s
        self.hurry(limit_s)
        try:
            yield
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            self.kill()
            used_up = self._process.wait() == -getattr(signal, "SIGXCPU", 0)
            raise ChildEnded(in_time=time.monotonic() < end and not used_up) from None
        finally:
            self.calm()


def _entry() -> list[str]:
    """Return the words that make a child of the program that runs here: Python, or the packaged one."""
    return [READ_FILES] if is_packaged() else ["-c", _PROGRAM, json.dumps(sys.path)]
