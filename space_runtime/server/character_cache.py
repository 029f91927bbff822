"""The faces that sessions wear: characters built once per photo and shared."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from engine_bridge.protocol.messages import Open
from space_runtime.animation.pipeline import Character, build
from space_runtime.inference.bundle import Bundle
from space_runtime.media.image_file import decode_picture
from space_runtime.portrait.portrait import open_tracker, portrait_from_pixels
from space_runtime.server.limits import Folders
from space_runtime.server.validation import SessionSettings

KEPT: Final = 64
"""Faces kept at most, the last used ones."""


class CharacterCache:
    """Builds and keeps characters. Sessions with the same photo share one identity, so that they are solved together.

    May be used from several threads; one photo is tracked at a time.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._neutral = build(bundle, None, Fraction(30), False)
        self._kept: OrderedDict[tuple[str, bool], Character] = OrderedDict()
        self._lock = threading.Lock()

    def neutral(self, fps: Fraction) -> Character:
        """Return the face that needs no photo."""
        return replace(self._neutral, fps=fps)

    def of_file(self, path: Path, fps: Fraction, pictures: bool) -> Character:
        """Return the face in a picture file. Raises `MediaError`."""
        try:
            data = path.read_bytes()
        except OSError:
            data = b""
        return self.of_bytes(data, path.name, fps, pictures)

    def of_bytes(self, data: bytes, name: str, fps: Fraction, pictures: bool) -> Character:
        """Return the face in a picture file's bytes. Raises `MediaError`."""
        key = hashlib.sha256(data).hexdigest(), pictures
        with self._lock:
            base = self._kept.get(key) or self._build(data, name, pictures)
            self._kept[key] = base
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return replace(base, fps=fps)

    def _build(self, data: bytes, name: str, pictures: bool) -> Character:
        portrait = portrait_from_pixels(decode_picture(data, name), open_tracker(self._bundle), name)
        return build(self._bundle, portrait, Fraction(30), pictures)


def face_asked_for(
    message: Open, settings: SessionSettings, faces: CharacterCache, folders: Folders
) -> Callable[[], Character] | None:
    """Return what builds a session's face, or None for the neutral one. Names are checked at once; raises `Refusal`."""
    fps, pictures = settings.fps, settings.texture is not None
    if message.portrait is not None:
        data = bytes(message.portrait)
        return lambda: faces.of_bytes(data, "the portrait", fps, pictures)
    if message.character is not None:
        path = folders.portrait(message.character)
        return lambda: faces.of_file(path, fps, pictures)
    return None
