"""``space-runtime track``: a take on disk and one line about it, or one sentence."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from space_runtime.capture.preview import PreviewWriter
from space_runtime.capture.take import read_take
from space_runtime.media.video_reader import open_video
from tests.support.command_line import Call
from tests.support.face_videos import swayed
from tests.support.videos import even_times, write_video


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A video of 0.6 s, with sound."""
    return write_video(
        tmp_path / "talk.mp4", swayed(np.arange(15) / 25), even_times(15, 25), np.zeros(28_800, np.float32)
    )


def test_a_video_becomes_a_take_and_a_preview(call: Call, talk: Path, tmp_path: Path) -> None:
    done = call("track", talk, "-o", tmp_path / "out" / "take.npz", "--preview", tmp_path / "out" / "seen.mp4")
    assert (done.code, done.err) == (0, "")
    about, preview = done.out.splitlines()
    assert "15 pictures, 15 with the face, 0.6 s" in about and preview.endswith("landmarks drawn")
    assert read_take(tmp_path / "out" / "take.npz").n_rows == 15
    seen = open_video(tmp_path / "out" / "seen.mp4")
    assert seen.has_sound and seen.size == (512, 512) and len(list(seen.pictures())) == 15


def test_the_take_lies_beside_the_video_by_default(call: Call, talk: Path) -> None:
    assert call("track", talk, "--person", "center").code == 0
    assert read_take(talk.with_suffix(".npz")).source == "talk.mp4"


def test_a_clip_beside_the_video_is_not_overwritten_unasked(call: Call, talk: Path) -> None:
    np.savez(talk.with_suffix(".npz"), fps=np.array([30, 1]))
    before = talk.with_suffix(".npz").read_bytes()
    done = call("track", talk)
    assert done.code == 2 and "is there already and is no take" in done.complaint
    assert talk.with_suffix(".npz").read_bytes() == before
    assert call("track", talk, "-o", talk.with_suffix(".npz")).code == 0 and call("track", talk).code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("text.mp4",), 1, "cannot be read as a video"),
        (("missing.mp4",), 1, "missing.mp4 does not exist; check the name"),
        (("talk.mp4", "--person", "tallest"), 2, "the person is"),
        (("talk.mp4", "--preview", "seen.avi"), 2, "written as MP4"),
        (("talk.mp4", "-o", "talk.mp4"), 2, "the take would overwrite the video talk.mp4"),
        (("talk.mp4", "-o", "a.mp4", "--preview", "a.mp4"), 2, "the preview would overwrite the take a.mp4"),
        (("talk.mp4", "-o", "talk.mp4/take.npz"), 1, "cannot be written"),
        (("dark.mp4", "-o", "folder"), 1, "folder is a folder, not a file"),
        (("dark.mp4", "-o", "x" * 250), 1, "File name too long"),
        (("dark.mp4", "-o", "new/take.npz", "--preview", "seen.mp4"), 1, "no face was found in the 4 pictures"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_left(
    call: Call, talk: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(talk.parent)
    Path("text.mp4").write_text("a text")
    write_video(Path("dark.mp4"), [np.zeros((96, 96, 3), np.uint8)] * 4, even_times(4, 25))
    Path("folder").mkdir()
    before = {path.name for path in Path().iterdir()}
    done = call("track", *words)
    assert done.code == code and said in done.complaint
    assert {path.name for path in Path().iterdir()} == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes among the files of this system")
def test_a_pipe_or_a_device_is_not_replaced(call: Call, talk: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = call("track", talk, "-o", tmp_path / "pipe")
    assert done.code == 1 and "pipe is a pipe or a device" in done.complaint
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(os.name == "nt", reason="no signals between processes on this system")
def test_a_signal_leaves_nothing_unfinished(
    call: Call, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(PreviewWriter, "add", ended)
    (tmp_path / "out").mkdir()
    done = call("track", talk, "-o", tmp_path / "out/take.npz", "--preview", tmp_path / "out/seen.mp4")
    assert done.code == 130 and not list((tmp_path / "out").iterdir())
