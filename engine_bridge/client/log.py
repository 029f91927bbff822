"""Counters and events of a client and its sessions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from engine_bridge.protocol.messages import Closed, Error, Finished, Notice, Started, Underrun

EVENTS: Final = 1_024
"""Events that wait at most; the oldest go first."""

Event = Started | Underrun | Notice | Finished | Error | Closed


@dataclass(slots=True)
class ClientCounters:
    """Counters of a client."""

    connections: int = 0
    """Connections that were greeted."""
    lost: int = 0
    """Connections, or attempts at one, that ended."""
    unknown: int = 0
    """Messages of a type that this version does not know."""
    bad: int = 0
    """Parts that were no message, or said what cannot be."""
    reason: str = ""
    """One sentence that says why the last of those was none."""
    stray: int = 0
    """Messages about no session of this client, or that no server sends."""
    errors: int = 0
    """Errors of the server about no session in particular."""


@dataclass(slots=True)
class SessionCounters:
    """Counters of a session."""

    frames: int = 0
    """Frames that came."""
    lost: int = 0
    """Frames that were made but never came (gaps of ``seq``)."""
    textures: int = 0
    """Pictures that came."""
    textures_dropped: int = 0
    """Pictures that nobody fetched in time."""
    underruns: int = 0
    """Times at which sound came too late."""
    resumed: int = 0
    """Times at which the session went on over a new connection."""
    taken_up: int = 0
    """Times at which its stream was taken up in a new session."""
    events_dropped: int = 0
    """Events that nobody fetched."""


class SessionLog:
    """Counters and waiting events."""

    def __init__(self) -> None:
        self.counters = SessionCounters()
        self._events: deque[Event] = deque()

    def note(self, event: Event) -> None:
        """Keep an event."""
        self._events.append(event)
        if len(self._events) > EVENTS:
            self._events.popleft()
            self.counters.events_dropped += 1

    def take(self) -> list[Event]:
        """Return what has happened since the last call."""
        found = list(self._events)
        self._events.clear()
        return found
