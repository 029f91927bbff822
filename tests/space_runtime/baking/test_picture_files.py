"""Laws of the files that pictures are baked into: read back, they hold what a session shows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from space_runtime import BakeJob, Controls, Session, UsageError, bake, bake_many, load_bundle
from space_runtime.arrays import Pixels
from space_runtime.baking.jobs import Outcome
from space_runtime.media.atomic_files import put_in_place, remove
from space_runtime.media.image_file import read_picture
from space_runtime.portrait.framing import Framing
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from tests.support import pictures
from tests.support.command_line import Call
from tests.support.sounds import speechlike

BUNDLE = load_bundle()
CONTROLS = Controls(seed=2, head_offset=[0.1, 0.0, 0.05])
FPS = 10


@cache
def portrait(crop: str = "face", size: int | None = 256, transparent: bool = True) -> Portrait:
    framing = Framing(crop, size, transparent)
    return portrait_from_pixels(pictures.astronaut(), pictures.tracker(), "astronaut.png", framing=framing)


@pytest.fixture
def line(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "hello.wav", speechlike(0.4), 16_000, subtype="FLOAT")
    return tmp_path / "hello.wav"


def drawn(face: Portrait) -> list[Pixels]:
    session = Session(BUNDLE, face, CONTROLS, FPS, pictures=True)
    batches = session.push_batches(speechlike(0.4)[:, 0]) + session.finish_batches(0.3)
    return [picture for frames in batches for picture in session.pictures(frames)]


def with_alpha(path: Path) -> list[Pixels]:
    """The pictures of a WebM; FFmpeg's own decoder passes its alpha over, that of libvpx does not."""
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert video.metadata["alpha_mode"] == "1"
        packets = [packet for packet in container.demux(video) if packet.size]
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    return [np.asarray(frame.to_ndarray(format="rgba"), np.uint8) for frame in frames]


def test_png_files_are_the_pictures_and_the_webm_nearly(line: Path, tmp_path: Path) -> None:
    face = portrait()
    webm, png = bake(line, tmp_path / "out", portrait=face, controls=CONTROLS, fps=FPS, formats="webm,png")[::-1]
    webm, png = sorted((webm, png), key=lambda path: path.is_dir())
    wanted = drawn(face)
    files = sorted(png.iterdir())
    assert [file.name for file in files] == [f"{k:05d}.png" for k in range(len(wanted))]
    for file, picture in zip(files, wanted, strict=True):
        assert file.read_bytes() == pictures.png_of(picture)
    seen = with_alpha(webm)
    assert len(seen) == len(wanted)
    for got, picture in zip(seen, wanted, strict=True):
        opaque = picture[..., 3] == 255
        assert np.abs(got[..., 3].astype(int) - picture[..., 3]).mean() < 1.5
        assert np.abs(got[..., :3].astype(int) - picture[..., :3])[opaque].mean() < 6
    with av.open(str(webm)) as container:
        heard = sum(frame.samples for frame in container.decode(audio=0))
        assert heard / 48_000 == pytest.approx(0.7, abs=0.03)


def test_a_whole_photo_is_baked_at_its_size(line: Path, tmp_path: Path) -> None:
    photo = pictures.astronaut()[:, :511]
    face = portrait_from_pixels(photo, pictures.tracker(), "a.png", framing=Framing("full"))
    mp4, webm = sorted(bake(line, tmp_path / "out", portrait=face, controls=CONTROLS, fps=FPS, formats="mp4,webm"))
    for path, width in ((mp4, 510), (webm, 511)):
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert frames[-1].shape == (512, width, 3)
        assert np.abs(frames[-1].astype(int) - photo[:, :width])[300:].mean() < 6


def test_equal_pictures_give_equal_bytes(line: Path, tmp_path: Path) -> None:
    once, again = (
        bake(line, tmp_path / name, portrait=portrait(), controls=CONTROLS, fps=FPS, formats="webm")[0]
        for name in ("a", "b")
    )
    assert once.read_bytes() == again.read_bytes()


def test_a_folder_of_pictures_is_kept_replaced_and_not_lost(line: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    job = BakeJob(line, out / "hello", portrait=portrait(), controls=CONTROLS, fps=FPS, formats="png")

    def baked(job: BakeJob, overwrite: bool = False) -> Outcome:
        (result,) = bake_many([job], bundle=BUNDLE, n_workers=1, overwrite=overwrite)
        return result.outcome

    assert baked(job) is Outcome.BAKED and baked(job) is Outcome.UNCHANGED
    pictures_of = sorted((out / "hello_png").iterdir())
    shorter = BakeJob(line, out / "hello", portrait=portrait(), controls=CONTROLS, fps=5, formats="png")
    assert baked(shorter) is Outcome.BAKED
    assert len(list((out / "hello_png").iterdir())) < len(pictures_of)
    (out / "hello_png" / "00000.png").write_bytes(b"mine")
    assert baked(job) is Outcome.FAILED and (out / "hello_png" / "00000.png").read_bytes() == b"mine"
    assert baked(job, overwrite=True) is Outcome.BAKED
    assert sorted((out / "hello_png").iterdir()) == pictures_of
    other = BakeJob(line, out / "hello", controls=CONTROLS, fps=FPS, formats="npz")
    assert baked(other) is Outcome.BAKED and not (out / "hello_png").exists()
    assert not [path for path in out.iterdir() if path.name.endswith((".partial", ".former"))]


def test_what_lies_beside_the_pictures_is_kept(tmp_path: Path) -> None:
    former, coming = tmp_path / "former", tmp_path / "coming"
    for folder, names in ((former, ("00000.png", "00001.png", "00000.png.meta", "mine.txt")), (coming, ("00000.png",))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(folder.name)
    (former / "sub").mkdir()
    put_in_place(coming, former)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["former"]
    assert {path.name for path in former.iterdir()} == {"00000.png", "00000.png.meta", "mine.txt", "sub"}
    assert (former / "00000.png").read_text() == "coming"
    remove(former)
    assert {path.name for path in former.iterdir()} == {"00000.png.meta", "mine.txt", "sub"}
    for path in former.iterdir():
        path.rmdir() if path.is_dir() else path.unlink()
    remove(former)
    remove(former)
    assert not former.exists()


def test_a_name_that_no_file_can_have_is_one_sentence(call: Call, photo: Path, tmp_path: Path) -> None:
    called = call("still", photo, "-o", tmp_path / f"{'a' * 300}.png")
    assert called.code and called.err.count("\n") == 1 and "internal error" not in called.err
    assert not list(tmp_path.iterdir())


def test_a_link_that_leads_nowhere_gives_way_to_the_picture(call: Call, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to("loop.png")
    assert call("still", photo, "-o", tmp_path / "loop.png").code == 0
    assert read_picture(tmp_path / "loop.png").shape == (512, 512, 3)


@pytest.mark.parametrize(
    ("formats", "face", "said"),
    [
        ("mp4", "cut out", "mp4 has no alpha channel"),
        ("mp4,webm", "cut out", "mp4 has no alpha channel"),
        ("npz", "cut out", "written as webm and png"),
        ("png", "none", "png shows a face"),
        ("webm", "none", "webm shows a face"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(line: Path, formats: str, face: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        BakeJob(line, "out/a", portrait=portrait() if face == "cut out" else None, formats=formats)


def test_a_folder_that_is_no_folder_is_not_overwritten(line: Path, tmp_path: Path) -> None:
    (tmp_path / "hello_png").write_text("mine")
    with pytest.raises(Exception, match="not a folder"):
        bake(line, tmp_path, portrait=portrait(), controls=replace(CONTROLS, seed=3), fps=FPS, formats="png")
    assert (tmp_path / "hello_png").read_text() == "mine"


def test_pictures_are_read_as_they_were_shown(line: Path, tmp_path: Path) -> None:
    face = portrait("full", None, False)
    (folder,) = bake(line, tmp_path, portrait=face, controls=CONTROLS, fps=FPS, formats="png")
    assert np.array_equal(read_picture(sorted(folder.iterdir())[-1]), drawn(face)[-1])
