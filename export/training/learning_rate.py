"""The rate of learning over a training: it rises in a line, then falls along half a cosine."""

from __future__ import annotations

import math
from typing import Protocol


class Pace(Protocol):
    """The numbers of a training that set its rate. warm_up, n_updates: in updates."""

    @property
    def n_updates(self) -> int: ...
    @property
    def warm_up(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def last_learning_rate(self) -> float: ...


def learning_rate(pace: Pace, step: int) -> float:
    """Return the rate at an update: linear warm-up, then half a cosine."""
    if step < pace.warm_up:
        return pace.learning_rate * (step + 1) / pace.warm_up
    share = (step - pace.warm_up) / max(1, pace.n_updates - pace.warm_up)
    height = (1 + math.cos(math.pi * min(1.0, share))) / 2
    return pace.last_learning_rate + (pace.learning_rate - pace.last_learning_rate) * height
