"""Sounds that cannot be used: one sentence that names the file, never a crash."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from space_runtime.errors import MediaError
from space_runtime.media.audio_file import open_sound
from tests.support.sounds import speechlike

SOUND = speechlike(0.5)


def read_all(path: Path) -> None:
    for _ in open_sound(path).blocks():
        pass


def flac(path: Path, keep: float) -> None:
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 48_000), 16_000)
    cut(path, keep)


def cut(path: Path, keep: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])


def cut_wav(path: Path, keep: float) -> None:
    soundfile.write(path, SOUND, 16_000)
    cut(path, keep)


def picture(path: Path) -> None:
    path.write_bytes(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes())


def spoiled(path: Path, at: int, value: float, subtype: str = "FLOAT") -> None:
    samples = SOUND.astype(np.float64)
    samples[at] = value
    soundfile.write(path, samples, 16_000, subtype=subtype)


def zero_channels(path: Path) -> None:
    soundfile.write(path, SOUND, 16_000)
    data = bytearray(path.read_bytes())
    data[22:24] = b"\0\0"
    path.write_bytes(data)


BAD_SOUNDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing.wav": (lambda path: None, "does not exist"),
    "folder.wav": (lambda path: path.mkdir(), "is a folder"),
    "zero_bytes.wav": (lambda path: path.write_bytes(b""), "is an empty file"),
    "no_samples.wav": (lambda path: soundfile.write(path, SOUND[:0], 16_000), "holds no samples"),
    "text.wav": (lambda path: path.write_text("not a sound " * 99), "is not a sound"),
    "noise.mp3": (lambda path: path.write_bytes(bytes(range(256)) * 9), "is not a sound"),
    "picture.png": (picture, "has no sound in it"),
    "zero_channels.wav": (zero_channels, "Channel count is zero"),
    "cut.wav": (lambda path: cut_wav(path, 0.5), "is truncated"),
    "header_only.wav": (lambda path: cut_wav(path, 0.001), "is not a sound"),
    "cut.flac": (lambda path: flac(path, 0.5), "is damaged 1"),
    "nan.wav": (lambda path: spoiled(path, 4_000, np.nan), "NaN or infinity) at 0.250 s"),
    "infinite.wav": (lambda path: spoiled(path, 7_999, -np.inf), "NaN or infinity) at 0.500 s"),
    "huge.wav": (lambda path: spoiled(path, 4_000, 1e30), "of size 1e+30 at 0.250 s; expected −1…1"),
    "huge_double.wav": (lambda path: spoiled(path, 4_000, 1e300, "DOUBLE"), "at 0.250 s; expected −1…1"),
    "too_loud.wav": (lambda path: spoiled(path, 80, -65), "of size 65 at 0.005 s"),
    "shorter_than_a_sample.wav": (lambda path: soundfile.write(path, SOUND[:2], 48_000), "less than one sample"),
    "slow.wav": (lambda path: soundfile.write(path, SOUND, 100), "has 100 samples per second"),
}


@pytest.mark.parametrize("name", BAD_SOUNDS)
def test_a_bad_sound_is_one_sentence_that_names_it(tmp_path: Path, name: str) -> None:
    make, reason = BAD_SOUNDS[name]
    make(tmp_path / name)
    with pytest.raises(MediaError) as refused:
        read_all(tmp_path / name)
    sentence = str(refused.value)
    assert str(tmp_path / name) in sentence
    assert reason in sentence
    assert "\n" not in sentence


def is_read(path: Path) -> bool:
    """Return whether a file is read to its end; if not, it must be refused by name."""
    try:
        read_all(path)
    except MediaError as error:
        assert path.name in str(error)
        return False
    return True


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
def test_a_file_cut_anywhere_reads_or_is_refused_but_never_crashes(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, speechlike(1.5, 44_100), 44_100)
    whole = (tmp_path / name).read_bytes()
    read = {}
    for keep in (0.02, 0.3, 0.7, 0.99, 1.0):
        (tmp_path / name).write_bytes(whole[: int(len(whole) * keep)])
        read[keep] = is_read(tmp_path / name)
    assert read[1.0]
    assert not read[0.02] or name == "a.mp3"  # any part of an MP3 is one


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_with_flipped_bytes_reads_or_is_refused_but_never_crashes(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, speechlike(0.5), 16_000)
    whole, rng, read = (tmp_path / name).read_bytes(), np.random.default_rng(0), []
    for n_flips in range(24):
        data = bytearray(whole)
        for position in rng.integers(0, 400, n_flips):
            data[position] = rng.integers(0, 256)
        (tmp_path / name).write_bytes(data)
        read.append(is_read(tmp_path / name))
    assert read[0]
    assert not all(read)


def test_a_streamed_wav_that_does_not_know_its_length_is_read(tmp_path: Path) -> None:
    path = tmp_path / "piped.wav"
    soundfile.write(path, SOUND, 16_000)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    read_all(path)


@pytest.mark.parametrize("name", ["text.mp3", "glued.mp3", "cut_out.mp3"])
def test_no_decoder_prints_on_its_own(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, speechlike(1.5, 44_100), 44_100)
    whole = path.read_bytes()
    path.write_bytes(
        {"text.mp3": b"Not Found" * 99, "glued.mp3": whole + whole[700:]}.get(name, whole[:5_000] + whole[6_001:])
    )
    is_read(path)
    os.write(2, b"stderr is back")
    assert capfd.readouterr() == ("", "stderr is back")
