"""A session while it lives, and what the core asks a worker to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from engine_bridge.protocol.messages import ClientMessage, Finished, ServerMessage
from space_runtime.animation.pipeline import Character
from space_runtime.server.stream import LiveStream
from space_runtime.server.validation import SessionSettings


@dataclass(slots=True, eq=False)
class SessionState:
    """A session. row: of the ensemble and of the ledger. name: of the character, for sinks; empty if it has none.

    finished: the last word of the last stream that is over. last_stream: the highest stream number so far, −1 before
    the first. credit: what it was opened with. waiting: (seq, what) without credit, seq −1 for what needs none.
    """

    session: int
    row: int
    settings: SessionSettings
    character: Character
    name: str = ""
    stream: LiveStream | None = None
    finished: Finished | None = None
    last_stream: int = -1
    credit: int = 0
    waiting: deque[tuple[int, bytes | ServerMessage]] = field(default_factory=deque)


@dataclass(frozen=True, slots=True, eq=False)
class OpenSession:
    """Make a session. face: returns its character, which may take a second; None for the neutral face."""

    session: int
    request: int
    token: bytes
    settings: SessionSettings
    until: int
    face: Callable[[], Character] | None
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SessionMessage:
    """A client's message to a session of this worker, already checked to be its own. at: when it came."""

    session: int
    message: ClientMessage
    at: float


@dataclass(frozen=True, slots=True, eq=False)
class ResumeSession:
    """Tell a session's client where its stream stands."""

    session: int
    request: int


@dataclass(frozen=True, slots=True, eq=False)
class CloseSession:
    """End a session. reason: as in `closed`."""

    session: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Completion:
    """What a clerk's work led to: to be called in the worker's thread, with the time."""

    then: Callable[[float], None]


Command = OpenSession | SessionMessage | ResumeSession | CloseSession | Completion


class BackgroundExecutor(Protocol):
    """Does work that takes long (files, faces) elsewhere."""

    @property
    def n_waiting(self) -> int:
        """Work that is not done yet."""
        ...

    def submit(self, session: int, work: Callable[[], Completion]) -> None:
        """Do ``work`` for a session and hand what it returns to the worker as a command; `Shut` if it fails."""
        ...
