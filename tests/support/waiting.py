"""Waiting for another thread, process or peer: one patience for all tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 60.0
"""Longest wait for an event that must happen, in seconds; only a failing test waits that long."""


def eventually(condition: Callable[[], object], timeout_s: float = 5.0) -> bool:
    """Return True as soon as a condition holds, False if it does not within the time."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.003)
    return True


def wait_for(condition: Callable[[], object], event: str = "the event") -> None:
    """Return as soon as a condition holds; fail with the event's name if it does not within `PATIENCE_S`."""
    assert eventually(condition, PATIENCE_S), f"{event} did not come within {PATIENCE_S:.0f} s"
