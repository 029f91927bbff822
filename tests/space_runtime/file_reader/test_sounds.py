"""Laws of sounds that are read part by part: the parts are the sound, and no file of a client stays anywhere."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.file_reader.process import FileReader
from space_runtime.file_reader.requests import NotOpen, ReadSound, Refused, SoundPart
from space_runtime.file_reader.sounds import SoundFiles, TooLong
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.media.audio_file import open_sound
from tests.support.sounds import speechlike

PART = 20_000


def encoded(seconds: float = 3.3, rate: int = 44_100, kind: str = "FLAC") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, speechlike(seconds, rate, 2), rate, format=kind)
    return buffer.getvalue()


def whole(data: bytes, folder: Path) -> Floats:
    (folder / "whole").write_bytes(data)
    return np.concatenate(list(open_sound(folder / "whole").speech_blocks()))


def part(files: SoundFiles, data: bytes, first: int, n_samples: int = PART, limit_s: float = 60) -> SoundPart:
    answer = files.read(ReadSound(1, data, "", first, n_samples, limit_s))
    assert isinstance(answer, SoundPart)
    return answer


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_the_parts_are_the_sound(kind: str, tmp_path: Path) -> None:
    data, files = encoded(kind=kind), SoundFiles()
    wanted = whole(data, tmp_path)
    first = part(files, data, 0)
    read = [first.samples]
    while sum(map(len, read)) < first.n_samples:
        read.append(part(files, b"", sum(map(len, read))).samples)
    assert first.rate == 44_100 and first.n_samples == wanted.size
    assert np.array_equal(np.concatenate(read), wanted)


def test_a_sound_is_read_at_its_own_rate_too() -> None:
    data, files = encoded(1.1), SoundFiles()
    first = files.read(ReadSound(1, data, "", 0, 40_000, 60, is_live=True))
    rest = files.read(ReadSound(1, b"", "", 40_000, 40_000, 60, is_live=True))
    assert isinstance(first, SoundPart) and isinstance(rest, SoundPart)
    assert first.rate == 44_100 and first.n_samples == 40_000 + rest.samples.size == 48_510
    mono = soundfile.read(io.BytesIO(data), dtype="float32")[0].mean(axis=1)
    assert np.allclose(np.concatenate([first.samples, rest.samples]), mono, atol=1e-6)
    with pytest.raises(TooLong):
        SoundFiles().read(ReadSound(1, data, "", 0, 9, 1.0, is_live=True))


def test_a_part_is_the_same_in_another_child_that_has_to_begin_anew(tmp_path: Path) -> None:
    data = encoded()
    assert SoundFiles().read(ReadSound(1, b"", "", PART, PART, 60)) == NotOpen()
    again = part(SoundFiles(), data, PART + 7)
    assert np.array_equal(again.samples, whole(data, tmp_path)[PART + 7 : 2 * PART + 7])


def test_a_sound_is_counted_before_its_first_part_is_given() -> None:
    with pytest.raises(TooLong, match=r"^the sound is longer than 3\.2 s"):
        part(SoundFiles(), encoded(3.3), 0, limit_s=3.2)
    answer = FileReader(EMBEDDED).answer(ReadSound(1, encoded(3.3), "", 0, PART, 3.2))
    assert isinstance(answer, Refused) and answer.code == ErrorCode.TOO_LARGE
    loud, samples = io.BytesIO(), np.zeros(60_000, np.float32)
    samples[-9:] = 99.0
    soundfile.write(loud, samples, 16_000, format="WAV", subtype="FLOAT")
    with pytest.raises(MediaError, match=r"^the sound has a sample of size 99"):
        part(SoundFiles(), loud.getvalue(), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors can be counted on Linux alone")
def test_nothing_stays_open_and_nothing_lies_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    files, data = SoundFiles(), encoded()
    part(files, data, 0)
    assert not list(tmp_path.iterdir()) and len(os.listdir("/proc/self/fd")) > before
    files.drop(1)
    part(files, data, 0, 1 << 20)
    with pytest.raises(MediaError):
        part(files, b"no sound", 0)
    assert len(os.listdir("/proc/self/fd")) == before


def test_elsewhere_an_upload_lies_in_a_folder_of_its_own_until_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "darwin")
    files = SoundFiles()
    part(files, encoded(), 0)
    (folder,) = tmp_path.iterdir()
    assert [path.name for path in folder.iterdir()] == ["sound"]
    files.drop(1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["missing", "file"])
def test_a_temporary_folder_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / place))
    monkeypatch.setattr(sys, "platform", "darwin")
    answer = FileReader(EMBEDDED).answer(ReadSound(1, encoded(), "", 0, PART, 60))
    assert isinstance(answer, Refused) and answer.code == ErrorCode.BUSY and "send it again later" in answer.text
    assert str(tmp_path) not in answer.text
