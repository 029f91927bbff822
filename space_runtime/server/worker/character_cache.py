"""The characters of a worker: built once per picture and shared by its sessions."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from space_runtime.animation.pipeline import Character, build_character
from space_runtime.file_reader.pictures import read_portrait
from space_runtime.inference.bundle import Bundle
from space_runtime.portrait.landmark_file import MAX_BYTES, PlacedLandmarks, parse_landmarks
from space_runtime.portrait.portrait import Portrait, open_tracker
from space_runtime.server.commands import CharacterKey, CharacterSpec

KEPT: Final = 64
"""Characters kept at most beyond those in use, the last used ones."""

NEUTRAL: Final = CharacterKey()

ReadPortrait = Callable[[bytes, str, PlacedLandmarks | None], Portrait]
"""Takes a picture file's bytes, its name in sentences, and the landmarks placed on it."""


class CharacterCache:
    """Builds and keeps characters. Sessions with the same picture share one identity, so that they are solved together.

    May be used from several threads; nobody waits for another's picture. force: of all portraits, see `open_portrait`.
    landmarks: of all that have no file of their own beside them.
    """

    def __init__(self, bundle: Bundle, force: bool = False, landmarks: PlacedLandmarks | None = None) -> None:
        self.force = force
        self.neutral = build_character(bundle, None, Fraction(30), False)
        self._bundle = bundle
        self._landmarks = landmarks
        self._kept: OrderedDict[CharacterKey, Character] = OrderedDict()
        self._in_use: Counter[CharacterKey] = Counter()
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """The folder of the bundle whose networks find faces."""
        return self._bundle.folder

    def prepare(self, spec: CharacterSpec, read: ReadPortrait | None = None) -> CharacterKey:
        """Return the key of a character, which is built if it is not there yet.

        read: returns the portrait in a picture file's bytes; None does it here. Raises `MediaError` and what it raises.
        """
        if spec.is_neutral:
            return NEUTRAL
        files = _read_files(spec)
        key = files.key(spec.generator)
        character = self.find(key) or self._build(read or self._read, files, spec.generator)
        with self._lock:
            self._keep(key, self._kept.get(key, character))  # of two that were built at once, the first
        return key

    def find(self, key: CharacterKey) -> Character | None:
        """Return a character; None if it is not there (any more)."""
        return self.neutral if key == NEUTRAL else self._kept.get(key)

    def take(self, key: CharacterKey) -> Character | None:
        """Return a character and keep it until `release`; None if it is not there any more."""
        with self._lock:
            character = self.find(key)
            if character is not None:
                self._in_use[key] += 1
        return character

    def release(self, key: CharacterKey) -> None:
        """Give back a character that was taken."""
        with self._lock:
            self._in_use[key] -= 1
            if self._in_use[key] <= 0:
                del self._in_use[key]

    def _keep(self, key: CharacterKey, character: Character) -> None:
        self._kept[key] = character
        self._kept.move_to_end(key)
        idle = [known for known in self._kept if known not in self._in_use]
        for known in idle[: max(0, len(idle) - KEPT)]:
            del self._kept[known]

    def _read(self, data: bytes, name: str, landmarks: PlacedLandmarks | None) -> Portrait:
        return read_portrait(data, name, open_tracker(self._bundle), self.force, landmarks)

    def _build(self, read: ReadPortrait, files: _Files, generator: bool) -> Character:
        portrait = read(files.picture, files.name, files.placed() or self._landmarks)
        return build_character(self._bundle, portrait, Fraction(30), generator)


@dataclass(frozen=True, slots=True, eq=False)
class _Files:
    """The files of a character. picture: its bytes, empty if they cannot be read. name: of the picture in sentences.

    landmarks, landmarks_name: the same of the landmarks beside it; None where there are none.
    """

    picture: bytes
    name: str
    landmarks: bytes | None = None
    landmarks_name: str = ""

    def key(self, generator: bool) -> CharacterKey:
        """Return the name of the character in the cache."""
        return CharacterKey(_digest(self.picture), generator, "" if self.landmarks is None else _digest(self.landmarks))

    def placed(self) -> PlacedLandmarks | None:
        """Return the landmarks beside the picture, None where there are none. Raises `MediaError`."""
        return None if self.landmarks is None else parse_landmarks(self.landmarks, self.landmarks_name)


def _read_files(spec: CharacterSpec) -> _Files:
    if spec.file is None:
        return _Files(spec.picture or b"", "the portrait")
    picture = _bytes_of(spec.file)
    if spec.landmarks is None:
        return _Files(picture, spec.file.name)
    return _Files(picture, spec.file.name, _bytes_of(spec.landmarks, MAX_BYTES + 1), spec.landmarks.name)


def _bytes_of(path: Path, most: int = -1) -> bytes:
    """Return a file's bytes, so many at most; empty if they cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError:
        return b""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
