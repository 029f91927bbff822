"""Requests to a child process that reads files, and its answers: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from space_runtime.arrays import Floats
from space_runtime.portrait.landmark_file import PlacedLandmarks
from space_runtime.portrait.portrait import Portrait


class FileKind(StrEnum):
    """The files that a child reads; each kind has children of its own."""

    SOUND = "sound"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True, eq=False)
class ReadSound:
    """Read a part of a sound. The first part of a sound also counts and checks all of it.

    key: names the sound to this child, which keeps it open until its end or `DropSound`. data, path: the file's bytes,
    or a file of the operator; both empty where the child has it open. first, n_samples: the part, at 16 kHz. limit_s:
    the longest sound that is taken. is_live: it is to be pushed live, at `Sound.live_rate` in place of 16 kHz.
    """

    key: int
    data: bytes
    path: str
    first: int
    n_samples: int
    limit_s: float
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class DropSound:
    """Close a sound. The answer is `Done`."""

    key: int


@dataclass(frozen=True, slots=True, eq=False)
class ReadPicture:
    """Find and track the face in a picture. data: the file's bytes. name: for sentences. force, landmarks: see
    `open_portrait`."""

    data: bytes
    name: str
    force: bool
    landmarks: PlacedLandmarks | None = None


Request = ReadSound | DropSound | ReadPicture


@dataclass(frozen=True, slots=True, eq=False)
class SoundPart:
    """A part of a sound. rate: the file's own, or that of the samples of a live one. n_samples: of the whole
    sound, samples: (n,) of the part, at 16 kHz or that rate.

    notes: sentences without a full stop about what is heard.
    """

    rate: int
    n_samples: int
    samples: Floats
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrackedPicture:
    """The portrait in a picture."""

    portrait: Portrait


@dataclass(frozen=True, slots=True)
class Refused:
    """A file cannot be used. code: an `ErrorCode`. text: the sentence for its client."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Reading failed for a reason of our own. text: the traceback, for the log."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more is to be said. Also a child's first words, once it can be asked."""


@dataclass(frozen=True, slots=True)
class NotOpen:
    """The child does not have that sound open; ask with the file."""


Answer = SoundPart | TrackedPicture | Refused | Failed | Done | NotOpen
