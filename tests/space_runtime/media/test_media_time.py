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


def test_frames_that_a_decoder_does_not_know_are_silent_and_told(tmp_path: Path) -> None:
    """Telephones write frames of comfort noise into the pauses of AMR."""
    noise = np.random.default_rng(0).integers(0, 256, (100, 12), np.uint8)
    frames = [b"\x04" + bytes(frame) for frame in noise]
    (tmp_path / "a.amr").write_bytes(b"#!AMR\n" + b"".join([*frames[:50], *40 * (b"\x44" + bytes(5),), *frames[50:]]))
    sound = open_sound(tmp_path / "a.amr")
    heard = np.concatenate(list(sound.speech_blocks()))
    assert abs(len(heard) / SAMPLE_RATE - 2.8) <= TOLERANCE_S
    assert not heard[round(1.05 * SAMPLE_RATE) : round(1.75 * SAMPLE_RATE)].any()
    assert sound.notes == ("40 of its 140 packets are pauses or unknown; there it is silent",)


def test_a_damaged_packet_that_a_parser_refuses_is_silent_and_told(tmp_path: Path) -> None:
    mux(tmp_path / "a.ac3", "ac3", [(0.0, np.tile(LINE, 3))], RATE)
    data = (tmp_path / "a.ac3").read_bytes()
    middle = len(data) // 2
    (tmp_path / "a.ac3").write_bytes(data[:middle] + bytes(999) + data[middle:])
    sound = open_sound(tmp_path / "a.ac3")
    assert sum(map(len, sound.speech_blocks())) >= 5.8 * SAMPLE_RATE
    assert len(sound.notes) == 1


def test_a_header_that_promises_more_than_whole_frames_is_told(tmp_path: Path) -> None:
    """As of a copy that FFmpeg cut: `ffmpeg -i line.flac -t 2 -c copy`."""
    make, _ = VARIANTS["overstated.flac"]
    make(tmp_path / "a.flac")
    sound = open_sound(tmp_path / "a.flac")
    assert sum(map(len, sound.blocks())) == len(LINE)
    assert sound.notes == ("its header promises 10.00 s; the 2.00 s that are there are heard",)
