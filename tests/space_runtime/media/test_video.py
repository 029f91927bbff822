"""Laws of the mp4: exact frames at exact times, sound without delay, colours kept, equal input gives equal bytes."""

from __future__ import annotations

import ctypes
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soxr

from space_runtime.arrays import Floats, Pixels
from space_runtime.media.atomic_files import written_whole
from space_runtime.media.encoding import SOUND_RATE
from space_runtime.media.video import VideoWriter
from space_runtime.timebase import checked_fps, n_frames
from tests.support.sounds import speechlike

SIZE = (96, 64)
M_PERTURB = -6
"""The number of an option of ``mallopt``: memory that is handed out is filled with the complement of a byte."""
ALL_ONES = 0x100  # the byte is 0, and the option is on


def picture(k: int) -> Pixels:
    """A smooth picture whose brightness tells ``k``."""
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    return np.stack([rows * 2, columns * 2, np.full(rows.shape, (k * 9) % 200)], axis=-1).astype(np.uint8)


def write(path: Path, fps: Fraction, sound: Floats, rate: int, piece: int = 700) -> int:
    count = n_frames(round(len(sound) * 16_000 / rate), fps)
    with VideoWriter(path, fps, SIZE, rate, sound.shape[1]) as video:
        for start in range(0, len(sound), piece):
            video.add_sound(sound[start : start + piece])
        for k in range(count):
            video.add_picture(picture(k))
        video.finish()
    return count


def decoded_sound(path: Path) -> Floats:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


@pytest.mark.parametrize(
    "fps",
    [Fraction(24), Fraction(30), Fraction(30_000, 1_001), Fraction(60), Fraction(25, 2), checked_fps("29.123457")],
)
def test_every_frame_is_there_at_its_exact_time(tmp_path: Path, fps: Fraction) -> None:
    count = write(tmp_path / "a.mp4", fps, speechlike(1.1), 16_000)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate, stream.codec_context.name) == (count, fps, "h264")
        frames = list(container.decode(stream))
        times = [
            frame.pts * frame.time_base for frame in frames if frame.pts is not None and frame.time_base is not None
        ]
    assert times == [k / fps for k in range(count)]


def test_pictures_come_back_in_order_and_colour(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", Fraction(30), speechlike(0.7), 16_000)
    with av.open(str(tmp_path / "a.mp4")) as container:
        for k, frame in enumerate(container.decode(video=0)):
            difference = frame.to_ndarray(format="rgb24").astype(int) - picture(k)
            assert np.abs(difference.mean(axis=(0, 1))).max() < 3
            assert np.abs(difference).mean() < 5


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_sound_starts_at_zero_and_keeps_its_shape(tmp_path: Path, rate: int, n_channels: int) -> None:
    sound = speechlike(0.9, rate, n_channels)
    write(tmp_path / "a.mp4", Fraction(30), sound, rate)
    read = decoded_sound(tmp_path / "a.mp4")
    wanted = soxr.resample(sound if n_channels <= 2 else sound.mean(axis=1, keepdims=True), rate, SOUND_RATE).T
    assert read.shape[0] == min(n_channels, 2) if n_channels <= 2 else read.shape[0] == 1
    assert len(wanted[0]) <= read.shape[1] < len(wanted[0]) + 2048
    for channel, original in zip(read, wanted, strict=True):
        size = 2 * len(original)
        product = np.fft.rfft(channel[: len(original)], size) * np.conj(np.fft.rfft(original, size))
        assert np.fft.irfft(product, size).argmax() == 0
        assert np.corrcoef(channel[: len(original)], original)[0, 1] > 0.97


def test_equal_input_gives_equal_bytes_however_the_sound_is_cut(tmp_path: Path) -> None:
    sound = speechlike(0.8, 44_100, 2)
    write(tmp_path / "a.mp4", Fraction(30), sound, 44_100)
    write(tmp_path / "b.mp4", Fraction(30), sound, 44_100)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs the C library of GNU")
def test_what_memory_held_before_does_not_change_a_file(tmp_path: Path) -> None:
    sound = speechlike(0.8)
    write(tmp_path / "a.mp4", Fraction(30), sound, 16_000)
    ctypes.CDLL(None).mallopt(M_PERTURB, ALL_ONES)
    try:
        write(tmp_path / "b.mp4", Fraction(30), sound, 16_000)
    finally:
        ctypes.CDLL(None).mallopt(M_PERTURB, 0)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_the_index_stands_before_the_pictures_so_that_players_start_at_once(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", Fraction(30), speechlike(0.3), 16_000)
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_failing_encoder_is_reported_and_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError),
        written_whole(tmp_path / "a.mp4") as partial,
        VideoWriter(partial, Fraction(30), SIZE, 16_000, 1) as video,
    ):
        video.add_picture(np.zeros((4, 4), np.uint8))
        video.finish()
    assert list(tmp_path.iterdir()) == []


def test_loud_sound_is_clipped_not_wrapped(tmp_path: Path) -> None:
    sound = np.sign(np.sin(np.arange(16_000) / 40))[:, None].astype(np.float32) * 4
    write(tmp_path / "a.mp4", Fraction(30), sound, 16_000)
    assert np.abs(decoded_sound(tmp_path / "a.mp4")).max() < 2
