"""Pictures of videos: upright, at exact times; what is no video is said in one sentence."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from space_runtime.arrays import Pixels
from space_runtime.capture.recordings import is_recording, open_take
from space_runtime.errors import MediaError
from space_runtime.media.video_reader import VideoReader, open_video
from tests.support.videos import MATRICES, even_times, turn_on_screen, write_video

CODECS = {"even.webm": "libvpx"}
UNEVEN = [Fraction(ms, 1000) for ms in (0, 33, 120, 140, 500, 533, 1200)]


def corner_picture(shade: int = 200) -> Pixels:
    """A picture whose upper left quarter is red, its upper right one green; wider than high."""
    rgb = np.full((96, 160, 3), 40, np.uint8)
    rgb[:48, :80] = shade, 0, 0
    rgb[:48, 80:] = 0, shade, 0
    return rgb


def colours(rgb: Pixels) -> list[str]:
    """The colours in the middle of the quarters: upper left, upper right, lower left, lower right."""
    height, width = rgb.shape[:2]
    middles = [rgb[y * height // 4, x * width // 4].astype(int) for y in (1, 3) for x in (1, 3)]
    return ["r" if r > g + 60 else "g" if g > r + 60 else "-" for r, g, _ in middles]


def times_of(video: VideoReader) -> list[Fraction]:
    return [picture.time for picture in video.pictures()]


@pytest.mark.parametrize("name", ["even.mp4", "even.mov", "even.mkv", "even.webm"])
def test_pictures_have_their_times(tmp_path: Path, name: str) -> None:
    video = open_video(
        write_video(tmp_path / name, [corner_picture()] * 12, even_times(12, 24), codec=CODECS.get(name, "libx264"))
    )
    assert (video.size, video.has_sound, video.notes) == ((160, 96), False, ())
    assert np.allclose([float(time) for time in times_of(video)], np.arange(12) / 24, atol=1e-3)
    assert times_of(video) == times_of(video)


def test_a_variable_frame_rate_keeps_every_time(tmp_path: Path) -> None:
    video = open_video(write_video(tmp_path / "uneven.mp4", [corner_picture()] * len(UNEVEN), UNEVEN))
    assert times_of(video) == UNEVEN


def test_a_late_picture_is_late_against_the_sound(tmp_path: Path) -> None:
    late = [Fraction(1, 2) + time for time in UNEVEN]
    sound = np.zeros(2 * 48_000, np.float32)
    video = open_video(write_video(tmp_path / "late.mp4", [corner_picture()] * len(UNEVEN), late, sound))
    assert video.has_sound
    assert np.allclose([float(time) for time in times_of(video)], [float(time) for time in late], atol=0.002)


@pytest.mark.parametrize(
    ("turn", "size", "seen"),
    [
        (90, (96, 160), "-r-g"),
        (180, (160, 96), "--gr"),
        (270, (96, 160), "g-r-"),
        ("mirrored", (160, 96), "gr--"),
        ("mirrored and 90", (96, 160), "-g-r"),
    ],
)
def test_pictures_are_upright(tmp_path: Path, turn: int | str, size: tuple[int, int], seen: str) -> None:
    path = write_video(tmp_path / "phone.mp4", [corner_picture()] * 3, even_times(3, 30))
    turn_on_screen(path, MATRICES[turn])
    video = open_video(path)
    assert video.size == size
    for picture in video.pictures():
        assert picture.rgb.shape == (size[1], size[0], 3)
        assert "".join(colours(picture.rgb)) == seen


def test_wide_pixels_become_square(tmp_path: Path) -> None:
    path = tmp_path / "dv.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(corner_picture(), format="rgb24")))
        container.mux(stream.encode(None))
    video = open_video(path)
    assert video.size == (240, 96)
    assert [picture.rgb.shape for picture in video.pictures()] == [(96, 240, 3)]


def test_a_cut_off_file_gives_what_was_readable_and_says_so(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 96, 160, 3), np.uint8)
    path = write_video(tmp_path / "whole.mkv", list(noise), even_times(120, 30))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    video = open_video(path)
    n_pictures = len(times_of(video))
    assert 20 < n_pictures < 90
    assert any("end after" in note or "damaged" in note for note in video.notes)


def test_damage_is_passed_over_and_said(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (60, 96, 160, 3), np.uint8)
    path = write_video(tmp_path / "whole.mkv", list(noise), even_times(60, 30))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20_000] = bytes(20_000)
    path.write_bytes(data)
    video = open_video(path)
    times = times_of(video)
    assert len(times) > 20
    assert times == sorted(set(times))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp4", b"this is a text\n" * 100),
        ("empty.mp4", b""),
        ("zeros.mov", bytes(5_000)),
        ("folder.mp4", None),
        ("missing.mp4", None),
    ],
)
def test_what_is_no_video_is_said_in_one_sentence(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    elif name.startswith("folder"):
        path.mkdir()
    with pytest.raises(MediaError, match=name) as caught:
        open_video(path)
    assert "\n" not in str(caught.value)


def test_a_video_without_its_index_is_no_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / "whole.mp4", [corner_picture()] * 30, even_times(30, 30))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(MediaError, match=r"whole\.mp4 cannot be read"):
        open_video(path)


def test_a_sound_and_its_cover_are_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="has no moving picture"):
        open_video(path)


def test_a_title_in_no_utf8_is_passed_by(tmp_path: Path) -> None:
    path = tmp_path / "old.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "a title"
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(corner_picture(), format="rgb24")))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"a title", b"Gr\xfc\xdfe\xe4\xb1"))
    assert len(times_of(open_video(path))) == 1


@pytest.mark.parametrize("seed", range(25))
def test_damaged_bytes_give_pictures_or_one_sentence(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shades = [corner_picture(int(shade)) for shade in rng.integers(100, 250, 12)]
    path = write_video(tmp_path / ("whole.mp4", "whole.mkv")[seed % 2], shades, even_times(12, 25))
    data = bytearray(path.read_bytes())
    for at in rng.integers(0, len(data), 12):
        data[at] = rng.integers(256)
    path.write_bytes(data[: len(data) if seed % 3 else int(rng.integers(len(data)))])
    try:
        times = times_of(open_video(path))
        assert times == sorted(set(times))
    except MediaError as error:
        assert "\n" not in str(error)


def test_a_photo_is_no_video(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(corner_picture()).save(tmp_path / "photo.png")
    with pytest.raises(MediaError, match="is a picture"):
        open_video(tmp_path / "photo.png")


def test_huge_pictures_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("space_runtime.media.video_reader.MAX_PIXELS", 100 * 100)
    path = write_video(tmp_path / "huge.mp4", [corner_picture()], even_times(1, 30))
    with pytest.raises(MediaError, match="160×96 pixels"):
        open_video(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes among the files of this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for opens in (open_video, open_take):
        with pytest.raises(MediaError, match="is a pipe or a device"):
            opens(tmp_path / "pipe.mp4")
    assert not is_recording(tmp_path / "pipe.mp4")


def test_pictures_of_a_glued_stream_whose_times_begin_anew_are_counted(tmp_path: Path) -> None:
    parts = [write_video(tmp_path / f"{n}.ts", [corner_picture()] * n, even_times(n, 25)) for n in (6, 4)]
    (tmp_path / "glued.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    video = open_video(tmp_path / "glued.ts")
    n_shown = len(times_of(video))
    (note,) = [note for note in video.notes if "no later time" in note]
    assert n_shown + int(note.split()[-2]) == 10
