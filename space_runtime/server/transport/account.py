"""The processor time that a peer has cost lately: of one connection, or of one key on all its connections."""

from __future__ import annotations

from typing import Final

MEMORY_S: Final = 1.0
"""Time in which it is forgotten."""


class Account:
    """The time spent for a peer. n_connections: of its key; 0 where it has none and stands for one connection."""

    __slots__ = ("_at", "_cost_s", "n_connections")

    def __init__(self, now: float) -> None:
        self.n_connections = 0
        self._cost_s, self._at = 0.0, now

    def cost_s(self, now: float) -> float:
        """Return the time that it has cost lately."""
        return self._cost_s * max(0.0, 1.0 - (now - self._at) / MEMORY_S)

    def charge(self, seconds: float, now: float) -> None:
        """Note what it has cost just now."""
        self._cost_s, self._at = self.cost_s(now) + seconds, now
