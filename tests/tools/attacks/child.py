"""``python -m tests.tools.attacks.child NAME ADDRESS SECONDS``: one attack, in this process."""

from __future__ import annotations

import sys
import time

from tests.tools.attacks.table import ATTACKS

if __name__ == "__main__":
    name, address, seconds = sys.argv[1:]
    ATTACKS[name](address, time.monotonic() + float(seconds))
