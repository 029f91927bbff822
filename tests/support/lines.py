"""Parts of the bundled line, and silence, as sound files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from space_runtime.arrays import Floats
from space_runtime.assets import LINE
from space_runtime.media.audio_file import open_sound


def write_part(path: Path, seconds: float, from_s: float = 0.0) -> Path:
    """Write a part of the bundled line."""
    rate = soundfile.info(LINE).samplerate
    sound, _ = soundfile.read(LINE, start=round(from_s * rate), frames=round(seconds * rate), dtype="float32")
    soundfile.write(path, sound, rate)
    return path


def write_silence(path: Path, seconds: float) -> Path:
    """Write digital silence."""
    soundfile.write(path, np.zeros(round(seconds * 16_000), np.float32), 16_000)
    return path


def sound_in(path: Path) -> tuple[Floats, int]:
    """Return the first channel of a file's sound, (n,), and its rate."""
    sound = open_sound(path)
    return np.concatenate([block[:, 0] for block in sound.blocks()]), sound.rate
