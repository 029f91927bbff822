"""The media time of a container is the clock, and length is counted: what plays at a time is read at that time."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile
import soxr

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.media.audio_file import open_sound
from space_runtime.timebase import SAMPLE_RATE
from tests.support.sound_files import mux
from tests.support.sound_variants import LINE, PRIMED, RATE, VARIANTS, WHOLE

TOLERANCE_S: Final = 0.02
ENVELOPE: Final = 80
"""Samples at 16 kHz over which power is taken: 5 ms."""
FRAME_S: Final = 0.026


def envelope(samples: Floats) -> Floats:
    """The level per 5 ms."""
    n = len(samples) // ENVELOPE
    return np.asarray(np.sqrt((samples[: n * ENVELOPE].reshape(n, ENVELOPE) ** 2).mean(axis=1)), np.float32)


def lag_s(heard: Floats, truth: Floats) -> float:
    """Seconds by which one envelope comes after another."""
    a, b = (curve - curve.mean() for curve in (envelope(heard), envelope(truth)))
    size = 2 * max(len(a), len(b))
    best = int(np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size).argmax())
    return (best - size if best > size // 2 else best) * ENVELOPE / SAMPLE_RATE


def read(path: Path) -> Floats:
    return np.concatenate(list(open_sound(path).speech_blocks()))


@pytest.mark.parametrize("name", VARIANTS)
def test_what_plays_at_a_time_is_read_at_that_time(tmp_path: Path, name: str) -> None:
    make, samples = VARIANTS[name]
    make(tmp_path / name)
    heard, truth = read(tmp_path / name), np.asarray(soxr.resample(samples, RATE, SAMPLE_RATE), np.float32)
    n_streams = 2 if name.startswith("twice") else 1
    spare = TOLERANCE_S + (2 * FRAME_S * n_streams if name in PRIMED or name.startswith("twice") else 0)
    assert abs(len(heard) - len(truth)) <= spare * SAMPLE_RATE
    third = len(truth) // 3
    parts = slice(0, third), slice(third, 2 * third), slice(2 * third, None)
    for part in parts[2:] if name.startswith("lost") else parts:
        assert abs(lag_s(heard[part], truth[part])) <= (TOLERANCE_S if spare == TOLERANCE_S else spare)


def test_a_file_whose_header_promises_more_than_a_cut_copy_holds_is_refused(tmp_path: Path) -> None:
    for name in ("front.mp4", "a.mkv", "a.avi", "a.caf", "a.au", "a.w64", "a.aiff", "a.mp3", "a.flac"):
        path = tmp_path / name
        if name.endswith((".caf", ".au", ".w64", ".aiff", ".mp3", ".flac")):
            soundfile.write(path, LINE, RATE)
        else:
            codec = "libmp3lame" if name.endswith("avi") else "aac"
            mux(path, codec, WHOLE, RATE, options={"movflags": "faststart"} if name.endswith("mp4") else None)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 6 // 10])
        with pytest.raises(MediaError, match=r"truncated|damaged"):
            read(path)
