"""Waiting for another thread, process or peer: one patience for all tests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 60.0
"""Longest wait for an event that must happen, in seconds; only a failing test waits that long."""


def eventually(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> bool:
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


def shortest(seconds: Callable[[], float], within_s: float, n: int = 5) -> float:
    """Return the shortest of up to ``n`` measurements; the first within the limit ends them.

    A busy machine delays some of them, a program that waits delays all.
    """
    times: list[float] = []
    while len(times) < n and min(times, default=math.inf) > within_s:
        times.append(seconds())
    return min(times)
