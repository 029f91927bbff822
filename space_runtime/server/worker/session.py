"""The sessions of a worker while they live."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from engine_bridge.protocol.messages import Finished, ServerMessage
from space_runtime.server.commands import CharacterKey
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.validation import SessionSettings
from space_runtime.server.worker.stream import Stream
from space_runtime.values import content_seed


@dataclass(slots=True, eq=False)
class SessionState:
    """A session. row: of the stream batch and of ``flow``, which holds what is counted.

    name: of its character, empty if it has none. twin: the least number that no other open session of the same
    character and name has, so that each of them has default seeds of its own. owner: as in `OpenSession`. stream: None
    while none runs. finished: the last word of the last stream that is over. waiting: (seq, what) without credit, seq
    −1 for what needs none.
    """

    row: int
    settings: SessionSettings
    character: CharacterKey
    flow: FlowControl
    name: str = ""
    twin: int = 0
    owner: bytes = b""
    stream: Stream | None = None
    finished: Finished | None = None
    waiting: deque[tuple[int, bytes | ServerMessage]] = field(default_factory=deque)

    @property
    def number(self) -> int:
        """The session's number."""
        return self.flow.session.item(self.row)

    @property
    def last_stream(self) -> int:
        """The highest stream number so far, −1 before the first."""
        return self.flow.stream.item(self.row)

    def seed_of(self, stream: int) -> int:
        """Return the seed of a stream whose client gives none: by its character, its twins and its number."""
        content = f"{self.character.digest}\n{self.name}\n{self.twin}\n{stream}"
        return content_seed(hashlib.sha256(content.encode()).hexdigest())


class SessionTable:
    """The sessions of a worker. by_number, by_row: the same ones; changed by `add` and `remove` alone."""

    def __init__(self) -> None:
        self.by_number: dict[int, SessionState] = {}
        self.by_row: dict[int, SessionState] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.by_number)

    def __iter__(self) -> Iterator[SessionState]:
        """Return them in the order in which they came."""
        return iter(self.by_number.values())

    def add(self, state: SessionState) -> None:
        """Enter a session, whose row is its own already."""
        self.by_number[state.number] = self.by_row[state.row] = state

    def free_twin(self, character: CharacterKey, name: str) -> int:
        """Return the least number that no session of a character and name has."""
        taken = {state.twin for state in self if (state.character.digest, state.name) == (character.digest, name)}
        return next(number for number in count() if number not in taken)

    def remove(self, state: SessionState) -> None:
        """Forget a session."""
        del self.by_number[state.number], self.by_row[state.row]
