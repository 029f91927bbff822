"""Sounds that pages send up are decoded in a child process, within limits, and called by their title."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime.errors import MediaError
from space_runtime.live import upload
from space_runtime.live.upload import decode, uploaded_source
from tests.support.sounds import mono_speech, speechlike


def wav(samples: object, rate: int = 16_000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()


def test_a_sound_comes_back_as_the_decoder_reads_it() -> None:
    sound = speechlike(1.5, 22_050)[:, 0]
    source = uploaded_source("hello.wav", wav(sound, 22_050))
    assert source.rate == 22_050 and source.notes == ()
    assert np.array_equal(np.concatenate(list(source.blocks())), sound)
    assert len(list(source.blocks())) == 2, "it can be spoken again"


def test_what_the_decoder_has_to_say_is_told() -> None:
    left = mono_speech(1.0)
    source = uploaded_source("stereo.wav", wav(np.stack([left, -left], axis=1)))
    assert np.abs(source.samples).max() > 0.01, "a voice in opposite phase is kept"
    assert source.notes and all("\n" not in note for note in source.notes)


@pytest.mark.parametrize("content", [b"no sound at all", b"\0" * 5_000, wav(np.zeros(0, np.float32))])
def test_what_is_no_sound_is_one_sentence_with_its_title(content: bytes) -> None:
    with pytest.raises(MediaError) as error:
        uploaded_source("my file.txt", content)
    assert "my file.txt" in str(error.value) and "/" not in str(error.value) and "\n" not in str(error.value)


def test_a_sound_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MAX_SOUND_S", 1.0)
    path = tmp_path / "long.wav"
    path.write_bytes(wav(mono_speech(1.2)))
    with pytest.raises(MediaError, match="longer than 1 s"):
        decode(path, io.BytesIO())


def test_a_decoder_that_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "DECODING_S", 0.01)
    with pytest.raises(MediaError, match="not decoded within"):
        uploaded_source("slow.wav", wav(mono_speech(1.0)))


def test_a_decoder_that_nobody_waits_for_is_killed() -> None:
    with pytest.raises(MediaError, match="not decoded"):
        uploaded_source("slow.wav", wav(mono_speech(200.0)), lambda: True)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("tempfile.mkdtemp", errno.ENOSPC),
        ("pathlib.Path.write_bytes", errno.ENOSPC),
        ("subprocess.Popen", errno.EMFILE),
    ],
)
def test_a_system_that_has_run_out_of_something_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, what: str, code: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(what, refuse)
    with pytest.raises(MediaError, match=os.strerror(code)) as error:
        uploaded_source("line.wav", wav(mono_speech(0.5)))
    assert "line.wav" in str(error.value) and "\n" not in str(error.value)
