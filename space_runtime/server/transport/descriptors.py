"""File descriptors: how many connections a process can have and still open files."""

from __future__ import annotations

import sys
from typing import Final

SPARE: Final = 64
"""Descriptors left for files, pipes and the process's own sockets."""
WINDOWS_SELECT: Final = 512
"""Sockets that ``select`` takes there."""


def most_connections(wanted: int) -> int:
    """Return how many connections can be had at a time: as many as wanted, or fewer."""
    return max(1, min(wanted, _descriptors() - SPARE))


def _descriptors() -> int:
    if sys.platform == "win32":
        return WINDOWS_SELECT
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else sys.maxsize
