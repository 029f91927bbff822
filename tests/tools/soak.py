"""``python -m tests.tools.soak --minutes 20``: a server under churn and attacks; passes if it does not grow.

Every minute it prints resident memory, descriptors and threads of the server at rest, after attacks and ordinary
lines. Exit code 0 if after half of the time memory stays within `FLAT_MIB` and descriptors and threads are those of
then, and no line lost a frame; 1 otherwise. Linux alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.real_server import serving_process
from tests.tools.attacks.innocent import LineResult, speak_line
from tests.tools.attacks.run import MIB, Usage, attacking, usage_of
from tests.tools.attacks.table import ATTACKS

FLAT_MIB: Final = 16
"""By how much the most memory of the second half may exceed that of the first."""
FEW: Final = 4
"""Descriptors and threads by which readings may differ: a connection that just ends, a process that reads files."""
MINUTE_S: Final = 60.0
REST_S: Final = 12.0
"""Silence before a reading: connections close, sessions end (their lease is shorter)."""
SHORTEST_ATTACK_S: Final = 1.0
LEASE_S: Final = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """The server at rest after some minutes, and the lines of the last one. lost, very_late: frames of them."""

    minute: int
    usage: Usage
    lines: int
    lost: int
    very_late: int

    def __str__(self) -> str:
        """Return a row of the table."""
        used = self.usage
        return (
            f"{self.minute:6d} {used.resident / MIB:8.1f} {used.descriptors:6d} {used.threads:8d} "
            f"{self.lines:6d} {self.lost:5d} {self.very_late:6d}"
        )


HEAD: Final = f"{'minute':>6} {'RSS MiB':>8} {'files':>6} {'threads':>8} {'lines':>6} {'lost':>5} {'>50ms':>6}"


def soak(minutes: int, minute_s: float = MINUTE_S, rest_s: float = REST_S) -> list[Reading]:
    """Run for so many minutes; print and return a reading of each."""
    print(HEAD)
    readings: list[Reading] = []
    options = ("--sessions", "48", "--lease", str(LEASE_S))
    with tempfile.TemporaryDirectory() as folder, serving_process(Path(folder) / "log", *options) as (process, address):
        for minute in range(1, minutes + 1):
            lines = _minute(address, minute, minute_s - rest_s)
            time.sleep(rest_s)
            lost, late = sum(line.lost for line in lines), sum(line.very_late for line in lines)
            readings.append(Reading(minute, usage_of(process.pid), len(lines), lost, late))
            print(readings[-1], flush=True)
    return readings


def _minute(address: str, minute: int, seconds: float) -> list[LineResult]:
    """Let some attacks run, one after the other, others each minute, while lines are spoken; return the lines."""
    names = list(ATTACKS)
    n = max(1, min(len(names), int(seconds / 6.0)))
    chosen = [names[(minute * n + k) % len(names)] for k in range(n)]
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(1) as pool:
        lines = pool.submit(_speak_until, address, end)
        for k, name in enumerate(chosen):
            left = (end - time.monotonic()) / (n - k)
            with attacking(name, address, left):
                time.sleep(max(SHORTEST_ATTACK_S, left))
        return lines.result()


def _speak_until(address: str, end: float) -> list[LineResult]:
    """Speak one line after the other, each on a connection of its own."""
    lines: list[LineResult] = []
    while time.monotonic() < end or not lines:
        lines.append(speak_line(address, 2.0))
    return lines


def faults(readings: Sequence[Reading]) -> list[str]:
    """Return what grew, or got lost, in sentences; none if the server passes."""
    first, half = readings[: len(readings) // 2], readings[len(readings) // 2 :]
    found = []
    grown = max(reading.usage.resident for reading in half) - max(reading.usage.resident for reading in first)
    if grown > FLAT_MIB * MIB:
        found.append(f"memory grew by {grown / MIB:.1f} MiB after half of the time")
    for what in ("descriptors", "threads"):
        counts = [getattr(reading.usage, what) for reading in half]
        if max(counts) - min(counts) > FEW:
            found.append(f"{what} went from {min(counts)} to {max(counts)}")
    if lost := sum(reading.lost for reading in readings):
        found.append(f"{lost} frames of innocent lines were lost")
    return found


def main() -> int:
    """Soak and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=20)
    found = faults(soak(parser.parse_args().minutes))
    print("\n".join(found) if found else "flat: nothing grew, and no frame was lost")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
