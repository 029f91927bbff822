"""Damaged sound files by number: the same number gives the same bytes."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import soundfile

from space_runtime.errors import MediaError
from space_runtime.media.audio_file import open_sound
from tests.support.damage import mutated_file
from tests.support.sound_files import mux, rf64, wav
from tests.support.sounds import speechlike

RATE: Final = 48_000
WRITTEN: Final = ("a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3", "a.aiff", "a.au", "a.caf", "a.w64")
MUXED: Final = {
    "a.m4a": ("aac", ""), "a.mp4": ("aac", "mpeg4"), "a.mkv": ("libopus", "mpeg4"), "a.webm": ("libopus", ""),
    "a.ts": ("mp2", ""), "a.aac": ("aac", ""), "a.avi": ("libmp3lame", "mpeg4"), "a.flv": ("aac", ""),
    "a.ac3": ("ac3", ""), "a.mov": ("pcm_s16le", ""), "a.nut": ("flac", ""), "plain.mp3": ("libmp3lame", ""),
}  # fmt: skip
LONGEST_S: Final = 7_200


@cache
def whole_files() -> dict[str, bytes]:
    """Return undamaged files by name."""
    samples = speechlike(0.5, RATE)[:, 0]
    with tempfile.TemporaryDirectory() as folder:
        for name in WRITTEN:
            form = "OGG" if name.endswith("opus") else None
            soundfile.write(Path(folder) / name, samples, RATE, format=form, subtype="OPUS" if form else None)
        for name, (codec, video) in MUXED.items():
            options = {"write_xing": "0", "id3v2_version": "0"} if name == "plain.mp3" else None
            pieces = [(0.0, samples[:9_600]), (0.3, samples[9_600:])]
            mux(Path(folder) / name, codec, pieces, RATE, video=video, video_s=0.4, options=options)
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    return {**files, "sizes.wav": wav(samples, RATE, data_size=0), "sizes.rf64": rf64(samples, RATE)}


def mutated(number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a damaged file."""
    return mutated_file(whole_files(), number)


def read_all(path: Path) -> str:
    """Read a file to its end and return what became of it. Anything but a `MediaError` of one line is passed on."""
    n_read = 0
    try:
        sound = open_sound(path)
        for block in sound.speech_blocks():
            n_read += len(block)
            if n_read > LONGEST_S * 16_000:
                return "endless"
    except MediaError as error:
        assert "\n" not in str(error)
        return "refused"
    return "read"
