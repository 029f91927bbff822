"""A dubbed video: its lips say the new line, its pictures are else those of the source, at their times."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from space_runtime import Controls, Session, open_portrait, open_tracker
from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.dubbing.dub import VOICE, dub
from space_runtime.dubbing.mouth_inside import gap_of
from space_runtime.geometry import estimate_pose, landmarks_from_mesh, remove_pose
from space_runtime.media.video_reader import open_video
from tests.space_runtime.dubbing.conftest import FPS, N_PICTURES
from tests.support.lines import sound_in, write_part, write_silence
from tests.support.videos import MATRICES, even_times, turn_on_screen, write_video


def pictures_in(path: Path) -> list[Pixels]:
    return [picture.rgb for picture in open_video(path).pictures()]


def times_in(path: Path) -> list[Fraction]:
    return [time for time, _ in open_video(path).frames()]


def gaps_in(pictures: list[Pixels]) -> Doubles:
    """Return the gaps between the tracked lips."""
    tracker, near, gaps = open_tracker(), None, []
    for picture in pictures:
        face = tracker.track(picture, near)
        assert face is not None
        near = face.mesh
        gaps.append(gap_of(remove_pose(near, estimate_pose(landmarks_from_mesh(near)))))
    return np.array(gaps)


def spoken_gaps(photo: Path, line: Path, n: int) -> Floats:
    """Lip gaps of a session on the portrait: of the inner lips' landmarks."""
    sound, rate = sound_in(line)
    session = Session(portrait=open_portrait(photo), controls=VOICE, fps=FPS)
    frames = [*session.push(sound, rate), *session.finish()][:n]
    return np.array([frame.landmarks[62, 1] - frame.landmarks[66, 1] for frame in frames])


def psnr(a: Pixels, b: Pixels) -> float:
    return float(10 * np.log10(255**2 / max(1e-3, ((a.astype(np.float32) - b) ** 2).mean())))


def test_lips_follow_the_new_line_and_all_else_stays(film: Path, photo: Path, tmp_path: Path) -> None:
    line = write_part(tmp_path / "speech.wav", N_PICTURES / FPS, from_s=1.5)
    report = dub(film, line, tmp_path / "out.mp4")
    before, after = pictures_in(film), pictures_in(tmp_path / "out.mp4")
    assert (report.counts.n_dubbed, report.counts.n_passed, report.counts.n_held) == (N_PICTURES, 0, 0)
    assert times_in(tmp_path / "out.mp4") == times_in(film)
    # the tracker misreads some of this drawn mouth; on film it is 0.99 (docs/motion.md)
    assert np.corrcoef(gaps_in(after), spoken_gaps(photo, line, N_PICTURES))[0, 1] > 0.85
    above = slice(0, 270)  # the portrait's nose ends there
    assert min(psnr(a[above], b[above]) for a, b in zip(before, after, strict=True)) > 45
    heard, rate = sound_in(tmp_path / "out.mp4")
    said, _ = sound_in(line)
    assert abs(len(heard) / rate - len(said) / 16_000) < 0.05


def test_silence_shuts_a_mouth_that_talks(film: Path, tmp_path: Path) -> None:
    dub(film, write_silence(tmp_path / "silence.wav", 1.2), tmp_path / "out.mp4")
    assert gaps_in(pictures_in(film)).max() > 0.07
    assert gaps_in(pictures_in(tmp_path / "out.mp4")).max() < 0.04


def test_a_mouth_that_never_opens_speaks(talking: list[Pixels], photo: Path, tmp_path: Path) -> None:
    still = write_video(tmp_path / "still.mp4", [talking[0]] * N_PICTURES, even_times(N_PICTURES, FPS))
    line = write_part(tmp_path / "speech.wav", N_PICTURES / FPS, from_s=1.5)
    dub(still, line, tmp_path / "out.mp4")
    gaps = gaps_in(pictures_in(tmp_path / "out.mp4"))
    assert np.corrcoef(gaps, spoken_gaps(photo, line, N_PICTURES))[0, 1] > 0.85


def test_the_same_arguments_give_the_same_bytes(film: Path, tmp_path: Path) -> None:
    line = write_part(tmp_path / "speech.wav", 0.4)
    for name in ("a.mp4", "b.mp4"):
        dub(film, line, tmp_path / name, length="speech")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(
    ("length", "seconds", "n_pictures", "n_held", "heard_s"),
    [
        ("longest", 0.6, 30, 0, 0.6),
        ("longest", 1.8, 30, 15, 1.8),
        ("video", 1.8, 30, 0, 1.2),
        ("speech", 0.6, 15, 0, 0.6),
    ],
)
def test_the_length_is_a_choice(
    film: Path, tmp_path: Path, length: str, seconds: float, n_pictures: int, n_held: int, heard_s: float
) -> None:
    report = dub(film, write_part(tmp_path / "line.wav", seconds), tmp_path / "out.mp4", length=length)
    assert (report.counts.n_dubbed, report.counts.n_held) == (n_pictures, n_held)
    assert len(times_in(tmp_path / "out.mp4")) == n_pictures + n_held
    heard, rate = sound_in(tmp_path / "out.mp4")
    assert abs(len(heard) / rate - heard_s) < 0.05
    assert ("cut" in " ".join(report.notes)) == (length == "video")


def test_pictures_without_the_face_pass_through_at_uneven_times(talking: list[Pixels], tmp_path: Path) -> None:
    grey = np.full_like(talking[0], 90)
    times = [Fraction(k * k + 40 * k, 1000) for k in range(12)]
    shown = [*talking[:5], grey, grey, *talking[5:10]]
    source = write_video(tmp_path / "gap.mp4", shown, times)
    report = dub(source, write_part(tmp_path / "line.wav", 0.3), tmp_path / "out.mp4")
    assert (report.counts.n_dubbed, report.counts.n_passed) == (10, 2)
    assert times_in(tmp_path / "out.mp4") == times_in(source)
    before, after = pictures_in(source), pictures_in(tmp_path / "out.mp4")
    assert min(psnr(before[k], after[k]) for k in (5, 6)) > 45


@pytest.mark.parametrize("turn", list(MATRICES))
def test_what_a_player_turns_is_written_upright(talking: list[Pixels], tmp_path: Path, turn: int | str) -> None:
    tall = [np.ascontiguousarray(picture[:, 64:448]) for picture in talking[:4]]
    source = write_video(tmp_path / "turned.mp4", [_laid(picture, turn) for picture in tall], even_times(4, FPS))
    turn_on_screen(source, MATRICES[turn])
    report = dub(source, write_part(tmp_path / "line.wav", 0.16), tmp_path / "out.mp4")
    assert report.counts.n_dubbed == 4
    with av.open(str(tmp_path / "out.mp4")) as made:
        frame = next(made.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (384, 512, 0)
    assert psnr(pictures_in(tmp_path / "out.mp4")[0][:270], pictures_in(source)[0][:270]) > 40


def _laid(picture: Pixels, turn: int | str) -> Pixels:
    """The picture as it is stored, so that the display matrix sets it upright."""
    stored = np.rot90(picture, {90: 1, 180: 2, 270: 3, "mirrored": 0, "mirrored and 90": 1}[turn])
    return np.ascontiguousarray(stored[:, ::-1] if str(turn).startswith("mirrored") else stored)


@pytest.mark.parametrize("form", ["yuv422p", "yuv444p", "yuvj420p", "yuv420p10le", "gray"])
def test_colours_are_carried_over(talking: list[Pixels], tmp_path: Path, form: str) -> None:
    source = tmp_path / "colours.mkv"
    with av.open(str(source), "w") as made:
        stream = made.add_stream("libx264", rate=FPS, options={"crf": "10"})
        stream.width = stream.height = 512
        stream.pix_fmt = form
        stream.codec_context.color_primaries = stream.codec_context.color_trc = 1
        for picture in talking[:3]:
            made.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        made.mux(stream.encode(None))
    dub(source, write_part(tmp_path / "line.wav", 0.1), tmp_path / "out.mp4")
    with av.open(str(source)) as before, av.open(str(tmp_path / "out.mp4")) as after:
        contexts = [container.streams.video[0].codec_context for container in (before, after)]
        told = [(c.pix_fmt, c.color_primaries, c.color_trc, c.colorspace, c.color_range) for c in contexts]
        assert told[0] == told[1]
    assert psnr(pictures_in(source)[0][:270], pictures_in(tmp_path / "out.mp4")[0][:270]) > 42


def test_other_streams_chapters_and_metadata_are_kept(film: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "rich.mp4", tmp_path / "out.mp4"
    with av.open(str(film)) as plain, av.open(str(source), "w") as rich:
        pairs = [(stream, rich.add_stream_from_template(stream)) for stream in plain.streams]
        music = rich.add_stream("aac", rate=48_000, layout="stereo")
        music.metadata["language"] = "fra"
        words = rich.add_mux_stream("mov_text")
        words.time_base = Fraction(1, 1000)
        rich.metadata["title"] = "A film"
        rich.set_chapters(
            [{"id": 1, "start": 0, "end": 600, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}]
        )
        for stream, copy in pairs:
            for packet in plain.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    rich.mux(packet)
            plain.seek(0)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 48_000), np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        rich.mux(music.encode(frame))
        rich.mux(music.encode(None))
        caption = av.Packet(b"\x00\x05Hello")
        caption.stream, caption.time_base, caption.duration = words, Fraction(1, 1000), 500
        caption.pts = caption.dts = 100
        rich.mux(caption)
    report = dub(source, write_part(tmp_path / "line.wav", 0.4), out)
    with av.open(str(out)) as made:
        assert [stream.type for stream in made.streams][:4] == ["video", "audio", "audio", "subtitle"]
        assert made.streams.audio[1].metadata["language"] == "fra"
        assert made.metadata["title"] == "A film"
        assert [chapter["metadata"]["title"] for chapter in made.chapters()] == ["One"]
        said = [bytes(packet) for packet in made.demux(made.streams.subtitles[0]) if packet.size]
        assert b"\x00\x05Hello" in said
    assert report.notes == ()


def test_one_of_two_people_is_dubbed(talking: list[Pixels], tmp_path: Path) -> None:
    pairs = [np.hstack([picture[:, 64:448], picture[:, 64:448]]) for picture in talking[10:16]]
    source = write_video(tmp_path / "two.mp4", pairs, even_times(6, FPS))
    report = dub(source, write_silence(tmp_path / "line.wav", 0.2), tmp_path / "out.mp4", person="right")
    before, after = pictures_in(source), pictures_in(tmp_path / "out.mp4")
    left, right = (
        np.mean([psnr(a[:, half], b[:, half]) for a, b in zip(before, after, strict=True)])
        for half in (slice(0, 384), slice(384, 768))
    )
    assert report.n_people == 2
    assert left > 45 > right


def test_a_size_that_changes_becomes_the_first_one(talking: list[Pixels], tmp_path: Path) -> None:
    write_video(tmp_path / "a.ts", talking[:4], even_times(4, FPS))
    later = [Fraction(4, FPS) + time for time in even_times(4, FPS)]
    write_video(tmp_path / "b.ts", [np.ascontiguousarray(p[::2, ::2]) for p in talking[4:8]], later)
    glued = tmp_path / "glued.ts"
    glued.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    report = dub(glued, write_part(tmp_path / "line.wav", 0.2), tmp_path / "out.mp4", length="video")
    assert report.counts.n_dubbed == len(times_in(glued)) > 4
    assert {picture.shape for picture in pictures_in(tmp_path / "out.mp4")} == {(512, 512, 3)}


def test_a_truncated_video_is_dubbed_as_far_as_it_goes(talking: list[Pixels], tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", talking, even_times(len(talking), FPS))
    part = tmp_path / "part.mkv"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size * 4 // 5])
    report = dub(part, write_part(tmp_path / "line.wav", 0.2), tmp_path / "out.mp4")
    assert 1 < report.counts.n_dubbed < len(talking)
    assert all(before < after for before, after in pairwise(times_in(tmp_path / "out.mp4")))


def test_controls_strengthen_the_mouth(film: Path, tmp_path: Path) -> None:
    line = write_part(tmp_path / "line.wav", 1.2, from_s=1.5)
    widest = []
    for strength in (0.4, 1.0):
        dub(film, line, tmp_path / "out.mp4", controls=Controls(mouth_strength=strength))
        widest.append(gaps_in(pictures_in(tmp_path / "out.mp4")).max())
    assert widest[0] < 0.7 * widest[1]


def test_a_mouth_speaks_in_full_where_pictures_come_in_bursts(talking: list[Pixels], tmp_path: Path) -> None:
    times = [Fraction(k, FPS) + (60 if k >= 20 else 0) for k in range(N_PICTURES)]
    film = write_video(tmp_path / "bursts.mp4", talking, times)
    assert open_video(film).fps < 1
    line = write_part(tmp_path / "speech.wav", 0.8, from_s=1.5)
    dub(film, line, tmp_path / "out.mp4")
    even = write_video(tmp_path / "even.mp4", talking, even_times(N_PICTURES, FPS))
    dub(even, line, tmp_path / "even_out.mp4")
    assert times_in(tmp_path / "out.mp4") == times_in(film)
    bursts, evenly = (gaps_in(pictures_in(tmp_path / name))[:20] for name in ("out.mp4", "even_out.mp4"))
    assert np.corrcoef(bursts, evenly)[0, 1] > 0.95
