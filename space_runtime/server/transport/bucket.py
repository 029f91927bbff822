"""A budget that refills with time."""

from __future__ import annotations


class Bucket:
    """Holds what may be spent at once. burst: at most."""

    __slots__ = ("_burst", "_left", "_refilled_at")

    def __init__(self, burst: float, now: float) -> None:
        self._burst = self._left = burst
        self._refilled_at = now

    def spend(self, amount: float, rate: float, now: float) -> float:
        """Take an amount from what ``rate`` a second has left; return the seconds until nothing is owed."""
        refilled = min(self._burst, self._left + (now - self._refilled_at) * rate)
        self._left, self._refilled_at = refilled - amount, now
        return max(0.0, -self._left / rate)
