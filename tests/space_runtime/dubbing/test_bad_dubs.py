"""Videos and lines that cannot be dubbed end in one sentence, and leave no file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from space_runtime.arrays import Pixels
from space_runtime.dubbing.dub import dub
from space_runtime.errors import MediaError, OutputError, SpaceError, UsageError
from tests.space_runtime.dubbing.conftest import FPS
from tests.support.lines import write_part
from tests.support.videos import even_times, write_video


def broken(kind: str, film: Path, folder: Path) -> tuple[Path, Path]:
    """A video and a line that make no dubbed video."""
    line, video = write_part(folder / "line.wav", 0.3), folder / "video.mp4"
    match kind:
        case "text":
            video.write_text("no video")
        case "sound":
            write_part(folder / "tone.wav", 0.3).rename(video)
        case "nobody":
            write_video(video, [np.full((96, 96, 3), 90, np.uint8)] * 3, even_times(3, FPS))
        case "silent film as line":
            return film, write_video(folder / "mute.mp4", [np.full((96, 96, 3), 9, np.uint8)] * 3, even_times(3, FPS))
        case "cut line":
            line.write_bytes(line.read_bytes()[:60])
            return film, line
    return video, line


@pytest.mark.parametrize("kind", ["text", "sound", "nobody", "silent film as line", "cut line", "missing"])
def test_what_cannot_be_dubbed_is_said_in_a_sentence_and_leaves_no_file(kind: str, film: Path, tmp_path: Path) -> None:
    video, line = broken(kind, film, tmp_path)
    before = set(tmp_path.iterdir())
    with pytest.raises(SpaceError) as caught:
        dub(video, line, tmp_path / "out.mp4")
    assert isinstance(caught.value, MediaError | UsageError)
    assert "\n" not in str(caught.value)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "said"), [("out.mkv", "ends in .mp4"), ("film.mp4", "would overwrite"), ("line.mp4", "would overwrite")]
)
def test_the_name_of_the_result_is_checked(film: Path, tmp_path: Path, name: str, said: str) -> None:
    own, line = tmp_path / "film.mp4", tmp_path / "line.mp4"
    own.write_bytes(film.read_bytes())
    line.write_bytes(film.read_bytes())
    with pytest.raises(UsageError, match=said):
        dub(own, line, tmp_path / name)
    assert own.read_bytes() == line.read_bytes() == film.read_bytes()


def test_a_folder_that_cannot_be_written_is_said_before_the_work(film: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    said: list[str] = []
    with pytest.raises(OutputError, match="cannot be written"):
        dub(
            film,
            write_part(tmp_path / "line.wav", 0.2),
            tmp_path / "file" / "out.mp4",
            progress=lambda what, done, whole: said.append(what),
        )
    assert said == []


def test_a_line_that_ends_before_the_first_picture_is_no_film(talking: list[Pixels], tmp_path: Path) -> None:
    late = [2 + time for time in even_times(4, FPS)]
    film = write_video(tmp_path / "late.mp4", talking[:4], late, np.zeros(120_000, np.float32))
    line = write_part(tmp_path / "speech.wav", 0.5)
    with pytest.raises(UsageError, match="before the first picture"):
        dub(film, line, tmp_path / "out.mp4", length="speech")
    assert not list(tmp_path.glob("*out*"))
