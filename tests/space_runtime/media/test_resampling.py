"""Laws of reading sound: every format gives back what was written, the cut into blocks never shows, no delay."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.arrays import Floats
from space_runtime.media.audio_file import open_sound
from space_runtime.media.mono import mix_to_mono
from space_runtime.media.resampling import Resampler
from space_runtime.timebase import SAMPLE_RATE
from tests.support.sounds import speechlike

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)


def whole(path: Path) -> Floats:
    """All blocks of a file, (n, c)."""
    return np.concatenate(list(open_sound(path).blocks()))


def speech(path: Path) -> Floats:
    return np.concatenate(list(open_sound(path).speech_blocks()))


def lag(a: Floats, b: Floats) -> int:
    """Samples by which ``a`` comes after ``b``."""
    size = 2 * max(len(a), len(b))
    product = np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size))
    best = int(np.fft.irfft(product, size).argmax())
    return best - size if best > size // 2 else best


def write_with_av(path: Path, codec: Literal["aac", "libopus"], samples: Floats, rate: int) -> None:
    layout: Literal["mono", "stereo"] = "stereo" if samples.shape[1] == 2 else "mono"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for piece in resampler.resample(frame):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("n_channels", [1, 2, 3, 8])
def test_float_wav_comes_back_exactly(tmp_path: Path, rate: int, n_channels: int) -> None:
    written = speechlike(0.25, rate, n_channels)
    soundfile.write(tmp_path / "a.wav", written, rate, subtype="FLOAT")
    sound = open_sound(tmp_path / "a.wav")
    assert (sound.rate, sound.n_channels, sound.n_samples) == (rate, n_channels, len(written))
    assert np.array_equal(whole(tmp_path / "a.wav"), written)


@pytest.mark.parametrize(
    ("name", "subtype", "n_bits"),
    [
        ("a.wav", "PCM_U8", 8), ("a.wav", "PCM_16", 16), ("a.wav", "PCM_24", 24), ("a.wav", "PCM_32", 24),
        ("a.wav", "DOUBLE", 24), ("a.flac", "PCM_16", 16), ("a.flac", "PCM_24", 24), ("a.aiff", "PCM_16", 16),
        ("a.w64", "PCM_16", 16), ("a.rf64", "PCM_16", 16),
    ],
)  # fmt: skip
def test_lossless_formats_keep_every_bit_they_have(tmp_path: Path, name: str, subtype: str, n_bits: int) -> None:
    written = speechlike(0.3, 48_000, 2)
    soundfile.write(tmp_path / name, written, 48_000, subtype=subtype)
    assert np.abs(whole(tmp_path / name) - written).max() <= 2.0 ** (1 - n_bits)


@pytest.mark.parametrize(
    ("name", "subtype", "rate"),
    [("a.ogg", "VORBIS", 44_100), ("a.ogg", "OPUS", 48_000), ("a.opus", "OPUS", 16_000), ("a.mp3", None, 44_100)],
)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_lossy_formats_keep_length_and_time(
    tmp_path: Path, name: str, subtype: str | None, rate: int, n_channels: int
) -> None:
    written = speechlike(0.8, rate, n_channels)
    soundfile.write(tmp_path / name, written, rate, subtype=subtype, format="OGG" if name != "a.mp3" else None)
    read = whole(tmp_path / name)
    assert read.shape == written.shape
    assert lag(read[:, 0], written[:, 0]) == 0
    assert np.corrcoef(read[:, 0], written[:, 0])[0, 1] > 0.97


@pytest.mark.parametrize(("name", "codec", "rate"), [("a.m4a", "aac", 44_100), ("a.webm", "libopus", 48_000)])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_formats_of_phones_and_browsers_keep_time(
    tmp_path: Path, name: str, codec: Literal["aac", "libopus"], rate: int, n_channels: int
) -> None:
    written = speechlike(0.8, rate, n_channels)
    write_with_av(tmp_path / name, codec, written, rate)
    read = whole(tmp_path / name)
    assert len(written) <= len(read) < len(written) + 2048
    assert lag(read[:, 0], written[:, 0]) == 0
    assert np.corrcoef(read[: len(written), 0], written[:, 0])[0, 1] > 0.97


@pytest.mark.parametrize("rate", RATES)
def test_length_is_that_of_the_sound_rounded_to_the_nearest_sample(tmp_path: Path, rate: int) -> None:
    for n_samples in (-(-rate // SAMPLE_RATE), rate // 7, rate // 3 + 1):
        soundfile.write(tmp_path / "a.wav", speechlike(1, rate)[:n_samples], rate)
        assert abs(len(speech(tmp_path / "a.wav")) - n_samples * SAMPLE_RATE / rate) <= 0.5


@pytest.mark.parametrize("rate", RATES)
def test_resampling_neither_delays_nor_bends_a_tone(rate: int) -> None:
    def tone(at: int) -> Floats:
        return np.sin(2 * np.pi * 440 * np.arange(at) / at).astype(np.float32)

    resampler = Resampler(rate, SAMPLE_RATE)
    out = np.concatenate([resampler.push(tone(rate)), resampler.finish()])
    middle = slice(SAMPLE_RATE // 10, -SAMPLE_RATE // 10)
    assert np.abs(out - tone(SAMPLE_RATE))[middle].max() < 1e-4


def test_equal_rates_pass_the_samples_through() -> None:
    samples = speechlike(0.2)[:, 0]
    resampler = Resampler(SAMPLE_RATE, SAMPLE_RATE)
    assert np.array_equal(np.concatenate([resampler.push(samples), resampler.finish()]), samples)


@settings(max_examples=30)
@given(rate=st.sampled_from(RATES), cuts=st.lists(st.integers(0, 2_000), max_size=8))
def test_how_sound_is_cut_does_not_change_a_bit(rate: int, cuts: list[int]) -> None:
    samples = np.random.default_rng(rate).uniform(-1, 1, 2_000).astype(np.float32)

    def converted(pieces: list[Floats]) -> Floats:
        resampler = Resampler(rate, SAMPLE_RATE)
        return np.concatenate([*(resampler.push(piece) for piece in pieces), resampler.finish()])

    assert np.array_equal(converted(np.split(samples, sorted(cuts))), converted([samples]))


def test_mono_is_the_mean_of_the_channels() -> None:
    block = speechlike(0.1, n_channels=6)
    assert np.allclose(mix_to_mono(block), block.mean(axis=1), atol=1e-7)
    assert np.array_equal(mix_to_mono(block[:, :1]), block[:, 0])


def test_a_sound_may_be_read_again(line: Path) -> None:
    sound = open_sound(line)
    assert np.array_equal(np.concatenate(list(sound.blocks())), np.concatenate(list(sound.blocks())))


def test_twenty_hours_need_no_more_memory_than_a_second(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, speechlike(1, 8_000), 8_000, format="RF64", subtype="PCM_16")
    _lengthen(path, 20 * 3600 * 8_000 * 2)
    sound = open_sound(path)
    assert sound.n_samples == 20 * 3600 * 8_000
    tracemalloc.start()
    try:
        sizes = [len(block) for block in islice(sound.speech_blocks(), 600)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(sizes) > 59 * SAMPLE_RATE
    assert peak < 2_000_000


def _lengthen(path: Path, n_bytes: int) -> None:
    """Make a WAV of one second claim, and sparsely hold, ``n_bytes`` of sound."""
    data = bytearray(path.read_bytes())
    start = data.index(b"data") + 8
    data[:4] = b"RIFF"
    header = data[:start]
    header[4:8] = (n_bytes + start - 8).to_bytes(4, "little")
    header[start - 4 : start] = n_bytes.to_bytes(4, "little")
    path.write_bytes(header + data[start:])
    with path.open("r+b") as file:
        file.truncate(start + n_bytes)
