"""Commands to a worker, from the gateway and from its own background work: plain data that a pipe can carry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine_bridge.protocol.messages import (
    Audio,
    Credit,
    End,
    ErrorCode,
    Idle,
    Interrupt,
    Motion,
    Open,
    Set,
    Speak,
    Start,
    Texture,
)
from space_runtime.arrays import Floats
from space_runtime.server.limits import Folders
from space_runtime.server.validation import SessionSettings

StreamMessage = Start | Audio | Speak | Idle | Set | Motion | End | Interrupt | Credit
"""Messages to a session, which its worker handles; the gateway handles the others."""


@dataclass(frozen=True, slots=True)
class CharacterSpec:
    """The character that a session asks for.

    file: a picture in the operator's folder. picture: a picture file's bytes. Neither: the neutral character.
    landmarks: the file beside ``file`` with the landmarks placed on it, see `landmarks_beside`; None for none.
    generator: true where a generator is to prepare its picture too, for textures or keypoints.
    """

    file: Path | None = None
    picture: bytes | None = None
    generator: bool = False
    landmarks: Path | None = None

    @classmethod
    def of(cls, message: Open, settings: SessionSettings, folders: Folders) -> Self:
        """Return the character that a client asks for. Names are checked at once; raises `Refusal`."""
        generator = settings.texture is not None or settings.keypoints
        if message.portrait is not None:
            return cls(picture=bytes(message.portrait), generator=generator)
        if message.character is not None:
            file = folders.portrait(message.character)
            return cls(file=file, generator=generator, landmarks=folders.landmarks(message.character))
        return cls()

    @property
    def is_neutral(self) -> bool:
        """Return whether no picture is needed."""
        return self.file is None and self.picture is None


@dataclass(frozen=True, slots=True)
class CharacterKey:
    """The name of a character in a worker's cache. digest: SHA-256 of its picture file; empty for the neutral one.

    landmarks: SHA-256 of the landmarks file beside it; empty where there is none.
    """

    digest: str = ""
    generator: bool = False
    landmarks: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OpenSession:
    """Make a session. until: its first credit. name: of the character, for sinks; empty if it has none.

    owner: the key of its client, or the connection if it has none: what it asks for counts for that one.
    """

    session: int
    request: int
    token: bytes
    settings: SessionSettings
    until: int
    character: CharacterSpec
    name: str = ""
    owner: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class SessionMessage:
    """A client's message to a session of this worker, already checked to be its own. at: when it came."""

    session: int
    message: StreamMessage
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
class ReportStatus:
    """Answer with a `WorkerReport`. request: comes back in it."""

    request: int


@dataclass(frozen=True, slots=True, eq=False)
class DecodedSound:
    """A part of the sound of a `speak`. rate: the file's own. n_samples: of the whole sound; first, samples: the part.

    Samples are at 16 kHz. took_s: seconds that its reading took. notes: what is to be said about the sound.
    """

    session: int
    stream: int
    rate: int
    n_samples: int
    first: int
    samples: Floats
    took_s: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RefusedSound:
    """The sound of a `speak` cannot be used. text: the sentence for its client."""

    session: int
    stream: int
    code: ErrorCode
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class BuiltCharacter:
    """The character of a session that is opening lies in the worker's cache."""

    session: int
    key: CharacterKey


@dataclass(frozen=True, slots=True, eq=False)
class RefusedCharacter:
    """The character of a session that is opening cannot be built. text: the sentence for its client."""

    session: int
    code: ErrorCode
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class RenderedTexture:
    """A picture of a frame, for the client of its session."""

    session: int
    texture: Texture


Completion = DecodedSound | RefusedSound | BuiltCharacter | RefusedCharacter | RenderedTexture
"""The results of background work, by kind."""

Command = OpenSession | SessionMessage | ResumeSession | CloseSession | ReportStatus | Completion
