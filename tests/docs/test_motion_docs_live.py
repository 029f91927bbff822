"""Every command of docs/motion.md that moves a face live runs as it is written, with short files of those names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import soundfile

from tests.docs.pages import ROOT
from tests.support.call_videos import call_video
from tests.support.command_line import Call
from tests.support.sounds import speechlike
from tests.support.udp_receiver import UdpReceiver

GUIDE = (ROOT / "docs" / "motion.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    text = "\n".join(re.findall(r"^```bash\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))
    calls = [line.split("  #")[0].strip() for line in text.splitlines()]
    return [call for call in calls if call.startswith("space-runtime live") and "--mic" not in call]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the guide."""
    folder = tmp_path_factory.mktemp("motion")
    soundfile.write(folder / "hello.wav", speechlike(1.5), 16_000)
    call_video(folder / "call.mp4", 1.5)
    call_video(folder / "film.mp4", 1.5)
    return folder


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_guide_runs(command: str, folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    if not Path("take.npz").exists():
        assert call("bake", "hello.wav", "--out", ".", "--formats", "npz").code == 0
        Path("hello.npz").rename("take.npz")
    with UdpReceiver() as receiver:
        done = call(*shlex.split(command)[1:], "--to", receiver.url("Face"), "--no-wait")
        assert done.code == 0, done.err
        assert receiver.wait_for_rest("Face")
    assert done.out.startswith("1.50 s spoken")


def test_the_guide_has_commands() -> None:
    assert len(commands()) >= 4
