"""Reads damaged files by number and prints what became of them, by format: the runner of the tools for each kind."""

from __future__ import annotations

import faulthandler
import logging
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

HANG_S: Final = 10
MAX_MEMORY_MB: Final = 400

Mutated = Callable[[int], tuple[str, bytes]]
"""From a number to a file's name and bytes."""
Read = Callable[[Path], str]
"""Reads a file and says what became of it; only ``read`` and ``refused`` are good."""


def run(mutated: Mutated, read: Read, n_files: int) -> int:
    """Read the files; return the exit code."""
    logging.disable()
    outcomes: Counter[tuple[str, str]] = Counter()
    slowest_s, slowest = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(n_files):
            name, outcome, took_s = _read(Path(folder), mutated, read, number)
            outcomes[name, outcome] += 1
            slowest_s, slowest = max((slowest_s, slowest), (took_s, number))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _print(outcomes)
    print(f"{n_files} files, slowest {slowest_s:.2f} s (number {slowest}), peak of memory {peak_mb} MB")
    is_good = {outcome for _, outcome in outcomes} <= {"read", "refused"} and peak_mb < MAX_MEMORY_MB
    return 0 if is_good else 1


def _read(folder: Path, mutated: Mutated, read: Read, number: int) -> tuple[str, str, float]:
    """Return a file's name, what became of it, and the seconds that it took. A crash leaves its number on stderr."""
    name, data = mutated(number)
    (folder / name).write_bytes(data)
    print(f"\r{number} {name}     ", end="", file=sys.stderr, flush=True)
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    since = time.perf_counter()
    outcome = read(folder / name)
    faulthandler.cancel_dump_traceback_later()
    return name, outcome, time.perf_counter() - since


def _print(outcomes: Counter[tuple[str, str]]) -> None:
    kinds = sorted({outcome for _, outcome in outcomes})
    print("\n" + f"{'file':<14}" + "".join(f"{kind:>10}" for kind in kinds))
    for name in sorted({name for name, _ in outcomes}):
        print(f"{name:<14}" + "".join(f"{outcomes[name, kind]:>10}" for kind in kinds))
