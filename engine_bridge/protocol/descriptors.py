"""File descriptors of this process: as many as the system allows, and whether some are left."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Final

SPARE: Final = 64
"""Descriptors left for files, pipes and the process's own sockets."""
WINDOWS_SELECT: Final = 512
"""Sockets that can be waited for at once there."""


def most_connections(wanted: int) -> int:
    """Return how many connections a process can have and still open files: as many as wanted, or fewer."""
    if sys.platform == "win32":
        return min(wanted, WINDOWS_SELECT - SPARE)
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - SPARE))


def raise_limit(wanted: int) -> None:
    """Raise this process's own limit to ``wanted`` descriptors, as far as the system's allows."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def are_left(n: int) -> bool:
    """Return whether ``n`` more descriptors could be opened now."""
    opened: list[int] = []
    try:
        opened.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(n))
    except OSError:
        return False
    finally:
        for each in opened:
            os.close(each)
    return True
