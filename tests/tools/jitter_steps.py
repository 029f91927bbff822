"""The steps of which golden runs of the jitter buffer are made."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engine_bridge.protocol.field_table import OUTPUTS

STEP: Final = 1600 / 3
"""Samples between frames at 16 kHz and 30 frames a second."""
DT: Final = 0.0234
"""Seconds between two questions; its multiples stay clear of 0.1 and 0.3."""
PARTS: Final = tuple(row for row in OUTPUTS if row.in_frame)

Step = dict[str, object]


def frame(index: int, value: float, stream: int = 1, sample: float | None = None, **lasting: list[float]) -> Step:
    """A frame whose every kind of number follows ``value``. lasting: outputs that have no rest."""
    entry: dict[str, object] = {
        "stream": stream,
        "index": index,
        "sample": index * STEP if sample is None else sample,
        "speech": value,
        "weights": [value, round(value / 2, 6)],
        "head": [0.0, round(-value / 4, 6)],
        "eyes": [0.0, 0.0, round(value / 8, 6)],
    }
    return {"frame": {**entry, **lasting}}


def frames(first: int, n: int, stream: int = 1, scale: float = 1.0) -> list[Step]:
    """Consecutive frames whose values rise and fall."""
    return [frame(k, round(scale * (0.5 + 0.4 * float(np.sin(k))), 4), stream) for k in range(first, first + n)]


def begin(stream: int = 1, rate: float = 16_000) -> Step:
    return {"begin": {"stream": stream, "rate": rate}}


def finished(sample: float, stream: int = 1, reason: str = "end") -> Step:
    return {"finished": {"stream": stream, "reason": reason, "sample": sample}}


def ask(position: float, dt: float = DT) -> Step:
    return {"ask": {"position": _said(position), "dt": _said(dt)}}


def _said(number: float) -> float | str:
    """A number for JSON, which has no word for those that are not finite."""
    return number if math.isfinite(number) else str(number)


def play(first: float, last: float, rate: float = 16_000, dt: float = DT) -> list[Step]:
    """Questions along the clock from one position to another."""
    return [ask(float(position), dt) for position in np.arange(first, last, rate * dt)]


def counts() -> Step:
    """The points at which the counters are compared."""
    return {"counts": {}}


def slow(first: float, speed: float, n: int) -> list[Step]:
    """Questions of a player at another speed."""
    return [ask(first + k * speed * DT * 16_000) for k in range(1, n)]
