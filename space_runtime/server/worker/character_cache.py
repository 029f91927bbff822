"""The characters of a worker: built once per picture and shared by its sessions."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Final

from space_runtime.animation.pipeline import Character, build_character
from space_runtime.file_reader.pictures import read_portrait
from space_runtime.inference.bundle import Bundle
from space_runtime.portrait.landmark_file import PlacedLandmarks
from space_runtime.portrait.portrait import Portrait, open_tracker
from space_runtime.server.commands import CharacterKey, CharacterSpec

KEPT: Final = 64
"""Characters kept at most beyond those in use, the last used ones."""

NEUTRAL: Final = CharacterKey()

ReadPortrait = Callable[[bytes, str], Portrait]
"""Takes a picture file's bytes and its name in sentences."""


class CharacterCache:
    """Builds and keeps characters. Sessions with the same picture share one identity, so that they are solved together.

    May be used from several threads; nobody waits for another's picture. force, landmarks: of all
    portraits, see `open_portrait`.
    """

    def __init__(self, bundle: Bundle, force: bool = False, landmarks: PlacedLandmarks | None = None) -> None:
        self.force = force
        self.landmarks = landmarks
        self.neutral = build_character(bundle, None, Fraction(30), False)
        self._bundle = bundle
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
        data, name = _picture(spec)
        key = CharacterKey(hashlib.sha256(data).hexdigest(), spec.generator)
        character = self.find(key) or self._build(read or self._read, data, name, spec.generator)
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

    def _read(self, data: bytes, name: str) -> Portrait:
        return read_portrait(data, name, open_tracker(self._bundle), self.force, self.landmarks)

    def _build(self, read: ReadPortrait, data: bytes, name: str, generator: bool) -> Character:
        return build_character(self._bundle, read(data, name), Fraction(30), generator)


def _picture(spec: CharacterSpec) -> tuple[bytes, str]:
    """Return a picture file's bytes, empty if they cannot be read, and their name in sentences."""
    if spec.file is None:
        return spec.picture or b"", "the portrait"
    return _bytes_of(spec.file), spec.file.name


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
