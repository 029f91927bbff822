"""Makes portraits of damaged picture files by the hundred and prints what became of them, by format.

``python -m tests.tools.mutated_pictures [N]``, 500 if not told. Ends with code 1 when a file takes longer than 10 s
(its stack is printed), raises anything but a `MediaError`, or when the peak of memory is beyond 400 MB.
"""

from __future__ import annotations

import sys

from tests.support.mutated_pictures import made_portrait, mutated
from tests.tools.mutated_files import run

if __name__ == "__main__":
    sys.exit(run(mutated, made_portrait, int(sys.argv[1]) if len(sys.argv) > 1 else 500))
