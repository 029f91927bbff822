"""A sound that a page has sent up, made a source: decoded in a child process, which can be killed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.file_reader.child import Child, ChildEnded
from space_runtime.file_reader.requests import FileKind, ReadSound, Refused, SoundPart
from space_runtime.inference.bundle import EMBEDDED

MAX_SOUND_S: Final = 300.0
"""Longest sound that is spoken."""
MAX_SAMPLES: Final = 300 * 48_000
"""The same in samples of any rate: a sound takes 60 MB at most."""
DECODING_S: Final = 30.0
POLL_S: Final = 0.1
PART: Final = 1 << 21
"""Samples that a child hands over at a time."""
THE_SOUND: Final = "the sound"
"""The name that a child gives to the file that it reads."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class UploadedSource:
    """A decoded sound. notes: sentences about it, for whoever sent it."""

    rate: int
    samples: Floats
    notes: tuple[str, ...]

    def blocks(self) -> Iterator[Floats]:
        """Yield a second at a time; see `Source`."""
        for start in range(0, len(self.samples), self.rate):
            yield self.samples[start : start + self.rate]


def uploaded_source(title: str, content: bytes, is_cancelled: Callable[[], bool] = lambda: False) -> UploadedSource:
    """Return the source of a file's bytes. Raises `MediaError`, which calls the file by its title.

    is_cancelled: asked while the child works; if so, it is killed.
    """
    try:
        child = Child(FileKind.SOUND, EMBEDDED, DECODING_S)
    except OSError as error:
        raise MediaError(f"{title} cannot be decoded now ({error.strerror or error}); try it again later") from None
    with closing(child), _killed_if(is_cancelled, child):
        try:
            child.wait_until_ready()
            return _decoded(child, title, content)
        except ChildEnded as ended:
            why = "could not be decoded" if ended.in_time else f"was not decoded within {DECODING_S:g} s"
            raise MediaError(f"{title} {why}; export it again, as WAV") from None


@contextmanager
def _killed_if(is_cancelled: Callable[[], bool], child: Child) -> Iterator[None]:
    """Kill the child when nobody waits for it any more."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL_S):
            if is_cancelled():
                child.kill()

    watcher = threading.Thread(target=watch, name="space-upload", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _decoded(child: Child, title: str, content: bytes) -> UploadedSource:
    """Return the source of a sound, read part by part. Raises `MediaError` and `ChildEnded`."""
    until = time.monotonic() + DECODING_S
    first = _part(child, title, content, 0, until)  # comes when all of it has been decoded once
    if first.n_samples > MAX_SAMPLES:
        raise MediaError(f"{title} is longer than {MAX_SOUND_S:.0f} s at 48 kHz; cut it, or bake it offline")
    pieces, n_read = [first.samples], first.samples.size
    while n_read < first.n_samples:
        pieces.append(_part(child, title, b"", n_read, until).samples)
        n_read += pieces[-1].size
    return UploadedSource(first.rate, np.concatenate(pieces), tuple(f"{title}: {note}" for note in first.notes))


def _part(child: Child, title: str, content: bytes, first: int, until: float) -> SoundPart:
    request = ReadSound(0, content, "", first, PART, MAX_SOUND_S, is_live=True)
    answer = child.ask(request, until - time.monotonic())
    if isinstance(answer, SoundPart) and (answer.samples.size or first == 0):
        return answer
    if isinstance(answer, Refused):
        raise MediaError(_of(title, answer.text))
    log.error("reading %s failed: %s", title, answer)
    raise MediaError(f"{title} could not be decoded; export it again, as WAV or MP3")


def _of(title: str, sentence: str) -> str:
    """Return a child's sentence with the title in it."""
    rest = sentence.removeprefix(THE_SOUND)
    return f"{title}: {sentence}" if rest == sentence else f"{title}{rest}"
