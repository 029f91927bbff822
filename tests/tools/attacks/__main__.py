"""``python -m tests.tools.attacks [NAME …]``: a table of what an innocent line suffers beside each attack."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.real_server import serving_process
from tests.tools.attacks.run import MIB, AttackResult, measure
from tests.tools.attacks.table import ATTACKS

COLUMNS = {"lost": 5, "late": 5, ">50ms": 6, "p50": 6, "p99": 6, "worst": 6, "RSS": 5, "peak": 5, "files": 6}
HEAD = " ".join([f"{'attack':34}", *(f"{name:>{width}}" for name, width in COLUMNS.items())])


def row(result: AttackResult) -> str:
    """Return a line of the table: frames, milliseconds, MiB, descriptors."""
    line = result.line
    return (
        f"{result.name:34} {line.lost:5d} {line.late:5d} {line.very_late:6d} {line.p50_ms:6.0f} {line.p99_ms:6.0f} "
        f"{line.worst_ms:6.0f} {result.after.resident // MIB:5d} {result.peak // MIB:5d} "
        f"{result.before.descriptors:3d}→{result.after.descriptors}"
    )


def main() -> int:
    """Run the attacks named, or all; return 0 if no frame was lost or late by more than 50 ms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(ATTACKS)}; all without any")
    parser.add_argument("--seconds", type=float, default=6.0)
    chosen = parser.parse_args()
    print(HEAD)
    harmed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen.names or ATTACKS:
            with serving_process(Path(folder) / "log", "--sessions", "48") as (
                process,
                address,
            ):
                result = measure(name, address, process.pid, chosen.seconds)
            print(row(result), flush=True)
            harmed += bool(result.line.lost or result.line.very_late)
    return int(bool(harmed))


if __name__ == "__main__":
    sys.exit(main())
