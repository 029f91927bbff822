"""``space-runtime dub``: a file and a line of what was done, or one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import Call
from tests.support.lines import write_part


def test_what_was_done_is_said(call: Call, film: Path, tmp_path: Path) -> None:
    line = write_part(tmp_path / "line.wav", 1.32)
    done = call("dub", film, line, "-o", tmp_path / "out.mp4", "--emotion", "happy=0.3", "--mouth-strength", "1.1")
    assert (done.code, done.err) == (0, "")
    assert "30 pictures dubbed; 3 held at the end" in done.out
    assert (tmp_path / "out.mp4").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "out.avi"), "ends in .mp4"),
        (("--out", "out.mp4", "--person", "tallest"), "the person is 'tallest'"),
        (("--out", "out.mp4", "--mouth-strength", "3"), "mouth_strength"),
        (("--out", "out.mp4", "--emotion", "merry"), "merry"),
    ],
)
@pytest.mark.usefixtures("own_folder")
def test_a_wrong_call_is_one_sentence(call: Call, film: Path, options: tuple[str, ...], said: str) -> None:
    done = call("dub", film, "line.wav", *options)
    assert done.code == 2 and said in done.err and "Traceback" not in done.err
    assert not list(Path().glob("out*"))
