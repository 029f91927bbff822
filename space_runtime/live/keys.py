"""Keys that are pressed on the terminal, without Enter."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

POLL_S: Final = 0.1


@contextmanager
def listening(keys: dict[str, Callable[[], None]]) -> Iterator[None]:
    """Call what belongs to a key when it is pressed, in a thread; do nothing where standard input is no terminal."""
    if sys.stdin is None or not sys.stdin.isatty():
        yield
        return
    stopped = threading.Event()
    listen = _listen_windows if sys.platform == "win32" else _listen_posix
    thread = threading.Thread(target=listen, args=(keys, stopped), name="space-keys", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(2 * POLL_S)


def _listen_posix(keys: dict[str, Callable[[], None]], stopped: threading.Event) -> None:
    import select
    import termios
    import tty

    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    try:
        tty.setcbreak(file)  # signals of Ctrl-C stay
        while not stopped.is_set():
            if select.select([file], [], [], POLL_S)[0] and (call := keys.get(sys.stdin.read(1))):
                call()
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _listen_windows(keys: dict[str, Callable[[], None]], stopped: threading.Event) -> None:
    import msvcrt

    while not stopped.wait(POLL_S):
        while msvcrt.kbhit():  # type: ignore[attr-defined]
            if call := keys.get(msvcrt.getwch()):  # type: ignore[attr-defined]
                call()
