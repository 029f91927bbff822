"""The states of playback, which a pose carries."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """The reason why a pose is what it is."""

    WAITING = "waiting"
    PLAYING = "playing"
    HOLDING = "holding"
    RELEASING = "releasing"
    RESTING = "resting"
