"""The ways in which a program that serves is asked to end: signals, and the end of the program that started it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

GRACE_S: Final = 5.0
"""Seconds in which a program whose parent is gone has to end; then it is ended, whatever it does."""


def stop_on_signals(ask: Callable[[], None]) -> None:
    """Let SIGTERM, Ctrl-C and, on Windows, Ctrl-Break end a server cleanly. ask: asks it to end."""

    def stop(number: int, frame: FrameType | None) -> None:
        ask()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)


def outlive_hang_ups(read_again: Callable[[], None] = lambda: None) -> None:
    """Let SIGHUP end nothing: it asks for files to be read again."""

    def hang_up(number: int, frame: FrameType | None) -> None:
        read_again()

    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, hang_up)


def stop_with_parent() -> None:
    """Send SIGTERM to this process once standard input ends, which it does when the program that holds it is gone.

    So it is on every system, however the parent ends, and without its process id, which another may get.
    """
    threading.Thread(target=_wait_for_end, name="space-parent", daemon=True).start()


def _wait_for_end() -> None:
    try:
        while os.read(0, 4_096):  # not through sys.stdin, whose lock a daemon thread would hold at the end
            pass
    except OSError:
        pass
    signal.raise_signal(signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)
