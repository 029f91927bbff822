"""Whole sounds for `speak`: a file's bytes or a file on disk to mono 16 kHz, within a limit."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.media.audio_file import open_sound
from space_runtime.server.limits import Refusal
from space_runtime.timebase import SAMPLE_RATE


def read_whole(source: bytes | memoryview | Path, limit_s: float) -> tuple[int, Floats]:
    """Return the file's own sample rate and its (n,) sound at 16 kHz.

    Bytes lie on disk for as long as they are decoded, alone in a folder that nobody else can open. Raises `MediaError`,
    which names no path, and `Refusal` when the sound is longer than ``limit_s``.
    """
    if isinstance(source, Path):
        return _read(source, limit_s)
    with TemporaryDirectory(prefix="space-") as folder:
        path = Path(folder) / "sound"
        path.write_bytes(source)
        return _read(path, limit_s)


def _read(path: Path, limit_s: float) -> tuple[int, Floats]:
    try:
        return _decode(path, limit_s)
    except MediaError as error:
        raise MediaError(str(error).replace(str(path), "the sound")) from None


def _decode(path: Path, limit_s: float) -> tuple[int, Floats]:
    sound, pieces, n_samples = open_sound(path), [], 0
    for block in sound.speech_blocks():
        pieces.append(block)
        n_samples += block.size
        if n_samples > limit_s * SAMPLE_RATE:
            raise Refusal(ErrorCode.TOO_LARGE, f"the sound is longer than {limit_s:g} s; cut it, or bake it offline")
    return sound.rate, np.concatenate(pieces)
