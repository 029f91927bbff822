"""Background work of a worker: sounds are read and characters built beside it. All of it is said in plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Protocol

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.errors import SpaceError
from space_runtime.file_reader.process import FileReader
from space_runtime.file_reader.requests import FileKind, ReadSound, Refused, SoundPart
from space_runtime.server.commands import (
    BuiltCharacter,
    CharacterSpec,
    Completion,
    DecodedSound,
    RefusedCharacter,
    RefusedSound,
)
from space_runtime.server.worker.character_cache import CharacterCache


@dataclass(frozen=True, slots=True, eq=False)
class DecodeSound:
    """Decode a part of the sound of a `speak`.

    owner: whose work it is. source: a file's bytes, or a file. first, n_samples: the part, at 16 kHz; the first one
    counts all of it. limit_s: the longest sound that is taken. work_s: seconds that reading may take.
    """

    session: int
    stream: int
    owner: bytes
    source: bytes | memoryview | Path
    first: int
    n_samples: int
    limit_s: float
    work_s: float

    kind: ClassVar = FileKind.SOUND

    @property
    def key(self) -> int:
        """The number of the sound."""
        return sound_key(self.session, self.stream)

    def is_for(self, session: int, stream: int | None) -> bool:
        """Return whether it is a stream's."""
        return (self.session, self.stream) == (session, stream)

    def reads(self, key: int) -> bool:
        """Return whether it needs the sound of that number."""
        return self.key == key

    def request(self, with_data: bool = True) -> ReadSound:
        """Return what a file reader is asked for. with_data: it does not have the sound open."""
        is_file = isinstance(self.source, Path)
        data = b"" if is_file or not with_data else bytes(self.source)
        path = str(self.source) if is_file else ""
        return ReadSound(self.key, data, path, self.first, self.n_samples, self.limit_s)

    def decoded(self, part: SoundPart, took_s: float = 0.0) -> DecodedSound:
        """Return the result of a part that was read."""
        size, samples = part.n_samples, part.samples
        return DecodedSound(self.session, self.stream, part.rate, size, self.first, samples, took_s, part.notes)

    def refused(self, refused: Refused) -> RefusedSound:
        """Return the result of a sound that cannot be used."""
        return RefusedSound(self.session, self.stream, ErrorCode(refused.code), refused.text)


@dataclass(frozen=True, slots=True, eq=False)
class BuildCharacter:
    """Build the character of a session into the worker's cache. owner: whose work it is."""

    session: int
    owner: bytes
    spec: CharacterSpec

    kind: ClassVar = FileKind.PICTURE

    def is_for(self, session: int, stream: int | None) -> bool:
        """Return whether it is a session's. stream: None."""
        return (self.session, None) == (session, stream)

    def reads(self, key: int) -> bool:
        """Return False: it needs no sound."""
        return False


Task = DecodeSound | BuildCharacter

OWN_FAULT: Final = (
    "the server could not read the file for a reason of its own; send it again, or tell who runs the server"
)


def sound_key(session: int, stream: int) -> int:
    """Return the number by which file readers know the sound of a stream."""
    return session << 32 | stream


class BackgroundExecutor(Protocol):
    """Does tasks elsewhere and gives their results to the worker as commands."""

    def n_waiting(self, owner: bytes) -> int:
        """Return an owner's tasks that are not done yet."""
        ...

    def submit(self, task: Task) -> None:
        """Do a task; whatever goes wrong is a result too."""
        ...

    def forget(self, session: int, stream: int | None) -> None:
        """Do nothing more for a stream, or for the character of a session (None)."""
        ...


def perform(task: Task, characters: CharacterCache) -> Completion:
    """Return the result of a task, done in this thread and without limits: for servers of tests."""
    if isinstance(task, DecodeSound):
        answer = FileReader(characters.folder).answer(task.request())
        if isinstance(answer, SoundPart):
            return task.decoded(answer)
        assert isinstance(answer, Refused), answer
        return task.refused(answer)
    try:
        return BuiltCharacter(task.session, characters.prepare(task.spec))
    except SpaceError as error:
        return RefusedCharacter(task.session, ErrorCode.BAD_PICTURE, str(error))
