"""Heads that talk in a folder of a studio's own footage: videos, or takes with their sounds beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from scipy.signal import butter, sosfiltfilt

from export.data.motion.head_films import LOW_PASS_HZ, HeadFilm
from space_runtime.arrays import Doubles, Floats
from space_runtime.baking.lines import SOUND_ENDINGS
from space_runtime.capture.recordings import open_take
from space_runtime.capture.take import Take
from space_runtime.errors import UsageError
from space_runtime.media.audio_file import open_sound
from space_runtime.timebase import SAMPLE_RATE

VIDEOS: Final = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v")
TAKES: Final = (".npz", ".csv")
FPS: Final = 30.0
"""Frames per second that takes are brought to: phones record at rates that vary."""
SEEN: Final = 0.9
"""Part of the rows that must show a face."""


def read_recorded_heads(folder: Path) -> list[HeadFilm]:
    """Return the heads in a folder: of every video, and of every take with a sound of the same name beside it.

    Raises `UsageError` for a folder without any, a take without sound, and a recording without a face in most of it.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in (*VIDEOS, *TAKES))
    if not files:
        raise UsageError(f"{folder} has neither videos nor takes; give a folder of recordings of people who talk")
    return [_head(path) for path in files]


def head_of_take(clip: str, take: Take, pcm: Floats) -> HeadFilm:
    """Return the head of a take and its (n,) sound. The tracker's points do not move with the jaw: no leak."""
    if (seen := float((take.confidence > 0).mean())) < SEEN:
        raise UsageError(f"{clip} shows a face in {seen:.0%} of its pictures; give a recording of one person's face")
    samples = np.arange(0.0, min(float(take.samples[-1]), len(pcm)), SAMPLE_RATE / FPS)
    angles = np.stack([np.interp(samples, take.samples, take.head[:, k]) for k in range(3)], 1)
    smooth: Doubles = sosfiltfilt(butter(3, LOW_PASS_HZ / (FPS / 2), output="sos"), angles, axis=0)
    return HeadFilm(clip, pcm, smooth - smooth.mean(0), FPS, 0.0)


def _head(path: Path) -> HeadFilm:
    sound = path if path.suffix.lower() in VIDEOS else _sound_beside(path)
    return head_of_take(path.name, open_take(path), np.concatenate([*open_sound(sound).speech_blocks()]))


def _sound_beside(take: Path) -> Path:
    for ending in SOUND_ENDINGS:
        if (sound := take.with_suffix(ending)).exists():
            return sound
    raise UsageError(f"{take} has no sound beside it; put {take.stem}.wav there, which begins with the take")
