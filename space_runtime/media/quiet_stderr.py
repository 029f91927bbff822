"""Quiet for libraries that print to stderr on their own, as the MP3 decoder does at every damaged frame."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send stderr nowhere while the block runs: for single calls of a library.

    What other threads print meanwhile is lost too, except in a block of `heard_stderr`.
    """
    with _ONE_AT_A_TIME:
        try:
            kept = os.dup(2)
        except OSError:  # there is none
            yield
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def heard_stderr() -> Iterator[None]:
    """Print to stderr in this block: it waits until no other thread has sent stderr nowhere, and keeps them waiting."""
    with _ONE_AT_A_TIME:
        yield
