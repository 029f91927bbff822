"""Limits that the system puts on a child process. Windows has none of them: there time alone is limited."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

MEMORY_BYTES: Final = {"sound": 256 << 20, "picture": 1 << 30}
"""Memory that a child of each kind may use beyond what it has once it is ready."""
NICENESS: Final = {"sound": 0, "picture": 5}
"""Steps by which frames go before files where both want a processor; a voice is waited for as frames are."""
MAX_OPEN_FILES: Final = 4_096


def restrict(kind: str) -> None:
    """Limit this child's memory and descriptors, let it leave no core file, and let others go first."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(NICENESS[kind])
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    if (size := _address_space()) is not None:
        _lower(resource.RLIMIT_AS, size + MEMORY_BYTES[kind])


def limit_processor_time(seconds: float) -> None:
    """Let the system end this process when it has used so much processor time from now on."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _lower(what: int, most: int) -> None:
    """Set a limit to at most so much, for good."""
    import resource

    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _address_space() -> int | None:
    """Bytes of addresses that this process uses now; None where the system does not tell (and does not limit) them."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else None
