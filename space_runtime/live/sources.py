"""Sources of speech: a microphone, PCM on standard input, a file, a line of text read by a program of one's choice."""

from __future__ import annotations

import queue
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.messages import SampleFormat
from space_runtime.arrays import Floats
from space_runtime.errors import MediaError, UsageError
from space_runtime.media.audio_file import open_sound

Samples = NDArray[np.float32] | NDArray[np.int16]

BLOCK_S: Final = 0.02
"""Length of the blocks that a microphone gives and that standard input is read in."""
QUEUED_BLOCKS: Final = 500
"""Blocks of a microphone that may wait: ten seconds."""
TTS_TIMEOUT_S: Final = 60.0


class Source(Protocol):
    """A source of sound, at the pace of the clock or all at once. rate: samples per second."""

    @property
    def rate(self) -> int: ...

    def blocks(self) -> Iterator[Samples]:
        """Yield mono blocks (n,) until the sound is over. Raises `MediaError`."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """A sound file."""

    path: Path
    rate: int

    def blocks(self) -> Iterator[Samples]:
        """Yield about a second at a time; see `Source`."""
        yield from open_sound(self.path).live_blocks()


def file_source(path: Path) -> FileSource:
    """Return the source of a file. Raises `MediaError` when it is no sound."""
    return FileSource(path, open_sound(path).live_rate)


class ByteStream(Protocol):
    """A source of bytes: at most so many, none at the end."""

    def read(self, size: int, /) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class PcmSource:
    """Raw mono PCM from a stream of bytes, as it comes."""

    stream: ByteStream
    rate: int
    format: SampleFormat

    def blocks(self) -> Iterator[Samples]:
        """Yield what comes, whole samples; half a sample at the end is left out. See `Source`."""
        wide = 2 if self.format is SampleFormat.S16 else 4
        kind = "<i2" if self.format is SampleFormat.S16 else "<f4"
        wanted, kept = int(self.rate * BLOCK_S) * wide, b""
        while data := self.stream.read(wanted):
            data = kept + data
            n_whole = len(data) // wide * wide
            kept = data[n_whole:]
            if n_whole:
                yield np.frombuffer(data[:n_whole], kind)


class SoundStream(AbstractContextManager[object], Protocol):
    """A stream of sounddevice: started when it is entered, closed when it is left, and then of no more use."""

    @property
    def closed(self) -> bool: ...


class Microphone:
    """A sound card's input. device: its number or a part of its name; None for the system's choice.

    n_lost: blocks that nobody took in time. Raises `UsageError` without the extra 'audio', `MediaError` when there is
    no such device.
    """

    def __init__(self, device: str | None = None) -> None:
        self.n_lost = 0
        self._device = int(device) if device and device.isdigit() else device
        self._sounddevice = load_sounddevice()
        self._queue: queue.Queue[Samples] = queue.Queue(QUEUED_BLOCKS)
        self._stream = self._opened()

    def blocks(self) -> Iterator[Samples]:
        """Yield blocks of 20 ms for ever; see `Source`. Left and called again, it listens anew."""
        if self._stream.closed:
            self._queue = queue.Queue(QUEUED_BLOCKS)
            self._stream = self._opened()
        with self._stream:
            while True:
                yield self._queue.get()

    def _opened(self) -> SoundStream:
        card = self._sounddevice
        try:
            self.rate = int(card.query_devices(self._device, "input")["default_samplerate"])
            stream: SoundStream = card.InputStream(
                device=self._device,
                channels=1,
                samplerate=self.rate,
                dtype="float32",
                blocksize=int(self.rate * BLOCK_S),
                callback=self._record,
            )
        except (card.PortAudioError, ValueError) as error:
            raise MediaError(
                f"there is no microphone {self._device or ''!r} ({error}); choose one with --mic-device"
            ) from None
        return stream

    def _record(self, block: Floats, n: int, when: object, status: object) -> None:
        try:
            self._queue.put_nowait(block[:, 0].copy())
        except queue.Full:
            self.n_lost += 1


def load_sounddevice() -> ModuleType:
    """Return the sound card library. Raises `UsageError` where it or PortAudio is missing."""
    try:
        return import_module("sounddevice")
    except (ImportError, OSError) as error:
        raise UsageError(
            f"the sound card cannot be used ({error}); pip install sounddevice, the extra 'audio' "
            "(on Debian and Ubuntu also: apt install libportaudio2)"
        ) from None


@dataclass(frozen=True, slots=True, eq=False)
class TextSource:
    """A line of text that has been read aloud. sound: its blocks."""

    rate: int
    sound: tuple[Samples, ...]

    def blocks(self) -> Iterator[Samples]:
        """Yield the line; see `Source`."""
        yield from self.sound


def text_source(text: str, command: str) -> TextSource:
    """Let a program read a text aloud.

    command: its words; {out} is the WAV file to write, {text} the text, which comes on standard input if {text} is not
    among them. No shell sees it. Raises `UsageError` when the command lacks {out} or the program is not there,
    `MediaError` when it fails or writes no sound.
    """
    words = _words(command)
    spoken = f" {text}" if text.startswith("-") else text  # else a program takes it for an option
    with TemporaryDirectory(prefix="space-tts-") as folder:
        out = Path(folder) / "line.wav"
        given = [word.replace("{out}", str(out)).replace("{text}", spoken) for word in words]
        _run(given, "" if "{text}" in command else text)
        if not out.exists():
            raise MediaError(f"{words[0]} ended well, but wrote no {{out}}; try the command by hand")
        file = file_source(out)
        return TextSource(file.rate, tuple(file.blocks()))


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--tts-command {command!r} cannot be read ({error}); close its quotes") from None
    if not any("{out}" in word for word in words[1:]):
        raise UsageError(f"--tts-command {command!r} has no {{out}}; write for example: espeak-ng -w {{out}} {{text}}")
    return words


def _run(words: list[str], text: str) -> None:
    """Run a program. text: what it reads from standard input."""
    try:
        done = subprocess.run(words, input=text.encode(), capture_output=True, timeout=TTS_TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise UsageError(
            f"the program {words[0]!r} of --tts-command is not there; install it or name another"
        ) from None
    except subprocess.TimeoutExpired:
        raise MediaError(f"{words[0]} did not end within {TTS_TIMEOUT_S:.0f} s; try the command by hand") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"the text could not be read aloud ({error}); try the command by hand") from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise MediaError(f"{words[0]} failed with code {done.returncode} ({reason[0]}); try the command by hand")
