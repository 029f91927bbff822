"""Sounds that pages send up are decoded in a child process, within limits, and called by their title."""

from __future__ import annotations

import errno
import io
import os
import sys

import numpy as np
import pytest
import soundfile

from engine_bridge.adapters.page_requests import MAX_FILE_BYTES
from space_runtime.errors import MediaError
from space_runtime.live import upload
from space_runtime.live.upload import uploaded_source
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


def test_a_sound_of_a_higher_rate_than_the_protocol_has_comes_at_48_khz() -> None:
    source = uploaded_source("hello.wav", wav(speechlike(0.5, 384_000)[:, 0], 384_000))
    assert (source.rate, len(source.samples)) == (48_000, 24_000)


def test_what_the_decoder_has_to_say_is_told() -> None:
    left = mono_speech(1.0)
    source = uploaded_source("stereo.wav", wav(np.stack([left, -left], axis=1)))
    assert np.abs(source.samples).max() > 0.01, "a voice in opposite phase is kept"
    assert source.notes and all("\n" not in note for note in source.notes)


@pytest.mark.parametrize(
    "content",
    [b"no sound at all", b"\0" * 5_000, wav(np.zeros(0, np.float32))],
    ids=["text", "zeros", "no samples"],  # the bytes have the time in them
)
def test_what_is_no_sound_is_one_sentence_with_its_title(content: bytes) -> None:
    with pytest.raises(MediaError) as error:
        uploaded_source("my file.txt", content)
    assert "my file.txt" in str(error.value) and "/" not in str(error.value) and "\n" not in str(error.value)


def test_a_sound_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MAX_SOUND_S", 1.0)
    with pytest.raises(MediaError, match=r"^long\.wav is longer than 1 s"):
        uploaded_source("long.wav", wav(mono_speech(1.2)))


def test_a_sound_of_too_many_samples_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MAX_SAMPLES", 16_000)
    with pytest.raises(MediaError, match=r"^long\.wav is longer than"):
        uploaded_source("long.wav", wav(mono_speech(1.2)))


def test_a_sound_of_several_parts_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "PART", 10_000)
    sound = mono_speech(1.9)
    assert np.array_equal(uploaded_source("hello.wav", wav(sound)).samples, sound)


def test_a_file_of_the_largest_size_is_taken() -> None:
    sound = mono_speech(0.5)
    content = wav(sound)
    content += bytes(MAX_FILE_BYTES - len(content))
    assert np.array_equal(uploaded_source("large.wav", content).samples, sound)


def test_without_a_program_to_run_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(MediaError, match=r"^hello\.wav cannot be decoded now"):
        uploaded_source("hello.wav", wav(mono_speech(0.1)))


def test_a_decoder_that_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "DECODING_S", 0.01)
    with pytest.raises(MediaError, match="not decoded within"):
        uploaded_source("slow.wav", wav(mono_speech(200.0)))


def test_a_decoder_that_nobody_waits_for_is_killed() -> None:
    with pytest.raises(MediaError, match="could not be decoded"):
        uploaded_source("slow.wav", wav(mono_speech(200.0)), lambda: True)


def test_a_system_that_has_run_out_of_descriptors_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("subprocess.Popen", refuse)
    with pytest.raises(MediaError, match=os.strerror(errno.EMFILE)) as error:
        uploaded_source("line.wav", wav(mono_speech(0.5)))
    assert "line.wav" in str(error.value) and "\n" not in str(error.value)
