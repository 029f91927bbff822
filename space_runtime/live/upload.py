"""A sound that a page has sent up, made a source: decoded in a child process, which can be killed.

``python -m space_runtime.live.upload FILE`` is that process. It writes the rate (u32) and mono float32 samples, both
little-endian, to standard output, and what is to be said of the sound to standard error.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError, SpaceError
from space_runtime.live.sources import file_source

MAX_SOUND_S: Final = 300.0
"""Longest sound that is spoken."""
MAX_SAMPLES: Final = 300 * 48_000
"""The same in samples of any rate: what a child may hand over fits into 60 MB."""
DECODING_S: Final = 30.0
POLL_S: Final = 0.1
MAX_MEMORY: Final = 4 << 30
"""Address space of a child, in bytes."""
_RATE: Final = struct.Struct("<I")


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
        with TemporaryDirectory(prefix="space-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "sound"
            path.write_bytes(content)
            data, said = _decoded(path, title, is_cancelled)
    except OSError as error:
        raise MediaError(
            f"there is no room to decode {title} now ({error.strerror}); free some space or close programs, and send "
            "it again"
        ) from None
    notes = tuple(line.replace(str(path), title) for line in said.decode(errors="replace").splitlines() if line)
    if len(data) <= _RATE.size:
        raise MediaError(notes[-1] if notes else f"{title} could not be decoded; export it again, as WAV or MP3")
    (rate,) = _RATE.unpack_from(data)
    return UploadedSource(rate, np.frombuffer(data, "<f4", offset=_RATE.size), notes)


def _decoded(path: Path, title: str, is_cancelled: Callable[[], bool]) -> tuple[bytes, bytes]:
    """Return what the child writes to standard output, which is empty if it fails, and to standard error."""
    program = [sys.executable, "-m", "space_runtime.live.upload", str(path)]
    pipe, until = subprocess.PIPE, time.monotonic() + DECODING_S
    with subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as child:
        while True:
            try:
                out, said = child.communicate(timeout=POLL_S)
                return (b"" if child.returncode else out), said
            except subprocess.TimeoutExpired:
                if time.monotonic() > until or is_cancelled():
                    child.kill()
                    raise MediaError(
                        f"{title} was not decoded within {DECODING_S:g} s; export it again, as WAV"
                    ) from None


def decode(path: Path, out: BinaryIO) -> None:
    """Write rate and samples of a file. Raises `MediaError` for what is no sound, damaged or too long."""
    source = file_source(path)
    out.write(_RATE.pack(source.rate))
    n_samples = 0
    for block in source.blocks():
        n_samples += len(block)
        if n_samples > min(MAX_SAMPLES, MAX_SOUND_S * source.rate):
            raise MediaError(f"{path} is longer than {MAX_SOUND_S:.0f} s at 48 kHz; cut it, or bake it offline")
        out.write(block.astype("<f4", copy=False).tobytes())


def _limit_resources() -> None:
    """Bound the memory and the processor time of this process, where the system can."""
    try:
        import resource
    except ModuleNotFoundError:
        return  # Windows: the time limit of the parent is all
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (round(DECODING_S), round(DECODING_S) + 1))


def _main() -> int:
    _limit_resources()
    try:
        decode(Path(sys.argv[1]), sys.stdout.buffer)
    except SpaceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except MemoryError:
        sys.stderr.write(f"{sys.argv[1]} needs more memory than a sound may; export it again, as WAV\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
