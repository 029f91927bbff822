"""The outcome of a command that a test has called in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Called:
    """The exit code of a command and everything that it printed."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on stderr; more or fewer are a failure."""
        (line,) = self.err.splitlines()
        return line


Call = Callable[..., Called]
