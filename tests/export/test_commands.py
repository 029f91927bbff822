"""The commands of ``python -m export``: each of the table and of the guide is there and explains itself."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.support.real_server import ROOT

pytest.importorskip("torch", reason="needs PyTorch (extra 'export')")

from export.__main__ import SCRIPTS, app, main  # imports what the line above looks for

GUIDE = (ROOT / "export" / "README.md").read_text(encoding="utf-8")
COMMANDS = {command.callback.__name__ for command in app.registered_commands if command.callback} | set(SCRIPTS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_explains_itself(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["export", command, "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert "usage" in capsys.readouterr().out.lower()


WITHOUT_DATA = (
    "build-rig",
    "build-rig --report",
    "fit",
    "train-voice-emotion",
    "make",
    "prepare",
    "train",
    "export",
    "evaluate",
    "compare",
)


@pytest.mark.parametrize("command", WITHOUT_DATA)
@pytest.mark.parametrize("is_there", [False, True])
def test_without_training_data_a_command_says_so_in_one_sentence(
    command: str, is_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if is_there:
        (tmp_path / "data").mkdir()
    monkeypatch.setattr(sys, "argv", ["export", *command.split(), "--data", "data"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err.strip().splitlines()
    assert ended.value.code in (1, 2)
    assert told[-1].startswith("error: ") and "Traceback" not in "".join(told)


def test_the_guide_names_commands_that_exist() -> None:
    assert set(re.findall(r"python -m export ([a-z-]+)", GUIDE)) <= COMMANDS


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:export|space_runtime|tests)/[\w./-]+)`", GUIDE))))
def test_a_path_of_the_guide_is_true(path: str) -> None:
    assert Path(ROOT, path).exists()
