"""Reads damaged sound files by the thousand and prints what became of them, by format.

``python -m tests.tools.mutated_sounds [N]``, 2,000 if not told. Ends with code 1 when a file is read longer than 10 s
(its stack is printed), raises anything but a `MediaError`, never ends, or when the peak of memory is beyond 400 MB.
"""

from __future__ import annotations

import sys

from tests.support.mutated_sounds import mutated, read_all
from tests.tools.mutated_files import run

if __name__ == "__main__":
    sys.exit(run(mutated, read_all, int(sys.argv[1]) if len(sys.argv) > 1 else 2_000))
