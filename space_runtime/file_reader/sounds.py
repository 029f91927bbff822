"""Sounds that are read part by part: an upload needs no disk where the system has files in memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.file_reader.requests import NotOpen, ReadSound, SoundPart
from space_runtime.media.audio_file import Sound, open_sound
from space_runtime.timebase import SAMPLE_RATE


class TooLong(MediaError):
    """A sound is longer than its reader takes."""


class SoundFiles:
    """The sounds that are open, by key."""

    def __init__(self) -> None:
        self._open: dict[int, OpenSound] = {}

    def read(self, request: ReadSound) -> SoundPart | NotOpen:
        """Return a part of a sound. Raises `MediaError`, which names no path of ours, and OSError."""
        sound = self._open.get(request.key)
        if sound is None:
            if not (request.path or request.data) and request.first:
                return NotOpen()
            sound = self._open[request.key] = OpenSound(request.data, request.path)
        try:
            part = sound.part(request)
        except BaseException:
            self.drop(request.key)
            raise
        if request.first + part.samples.size >= part.n_samples:
            self.drop(request.key)
        return part

    def drop(self, key: int) -> None:
        """Close a sound, if it is open."""
        if sound := self._open.pop(key, None):
            sound.close()


class OpenSound:
    """A sound file of a client or of the operator while parts of it are read."""

    def __init__(self, data: bytes, path: str) -> None:
        self._resources = ExitStack()
        self._path = Path(path) if path else self._resources.enter_context(as_file(data))
        self._n_samples: int | None = None
        self._reading: Reading | None = None

    def close(self) -> None:
        """Give the file back."""
        self._resources.close()

    def part(self, request: ReadSound) -> SoundPart:
        """Return a part; see `SoundFiles.read`."""
        try:
            return self._part(request)
        except MediaError as error:
            raise type(error)(self._nameless(str(error))) from None

    def _part(self, request: ReadSound) -> SoundPart:
        if self._reading is None or self._reading.at != request.first:
            self._reading = Reading(open_sound(self._path), request.is_live)
            self._reading.skip(request.first)
        reading = self._reading
        samples = reading.take(request.n_samples)
        if self._n_samples is None:
            self._n_samples = self._counted(reading, request.limit_s)
        notes = tuple(map(self._nameless, reading.sound.notes))
        return SoundPart(reading.rate if request.is_live else reading.sound.rate, self._n_samples, samples, notes)

    def _counted(self, reading: Reading, limit_s: float) -> int:
        """Return the samples of the whole sound, which is read to its end."""
        while reading.at <= limit_s * reading.rate:
            if not reading.skip(reading.rate):
                return reading.at
        raise TooLong(f"the sound is longer than {limit_s:g} s; cut it, or bake it offline")

    def _nameless(self, text: str) -> str:
        return text.replace(str(self._path), "the sound")


class Reading:
    """One reading of a sound, from its beginning. rate: of its samples. at: the next sample."""

    def __init__(self, sound: Sound, is_live: bool) -> None:
        self.sound = sound
        self.rate = sound.live_rate if is_live else SAMPLE_RATE
        self.at = 0
        self._blocks = sound.live_blocks() if is_live else sound.speech_blocks()
        self._left = np.zeros(0, np.float32)

    def take(self, n_samples: int) -> Floats:
        """Return the next samples; fewer at the end of the sound."""
        pieces = list(self._pieces(n_samples))
        return np.concatenate([np.zeros(0, np.float32), *pieces])

    def skip(self, n_samples: int) -> int:
        """Pass over the next samples and return how many there were."""
        return sum(piece.size for piece in self._pieces(n_samples))

    def _pieces(self, n_samples: int) -> Iterator[Floats]:
        while n_samples > 0:
            if not self._left.size:
                block = next(self._blocks, None)
                if block is None:
                    return
                self._left = block
            piece, self._left = self._left[:n_samples], self._left[n_samples:]
            self.at += piece.size
            n_samples -= piece.size
            yield piece


@contextmanager
def as_file(data: bytes) -> Iterator[Path]:
    """Give the bytes as a file that is gone when the block ends, or this process does. Raises OSError.

    Linux: in memory. Elsewhere: alone in a temporary folder that nobody else can open.
    """
    if sys.platform == "linux" and Path("/proc/self/fd").is_dir():
        descriptor = os.memfd_create("sound")
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(data)
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with TemporaryDirectory(prefix="space-") as folder:
        path = Path(folder) / "sound"
        path.write_bytes(data)
        yield path
