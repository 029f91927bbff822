"""Every command and every Python example of the README runs as it is written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.support.sounds import speechlike

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8") if (ROOT / "README.md").exists() else ""
SOUND = re.compile(r"^[\w/.-]+\.(wav|flac|ogg|mp3)$")
PICTURE = re.compile(r"^[\w/.-]+\.(png|jpg|jpeg)$")
LONG_RUNNING = (
    "python run.py",
    "git clone",
    "cd ",
    "pip install",
    "python -m pip",
    "python -m export",
    "python3 run.py",
)
"""Commands that install, train or run this very test; checked by .ci/run, or for existence alone."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```(?:{language})\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    text = "\n".join(blocks("bash|sh|console|shell"))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [line.removeprefix("$ ").split("  #")[0].strip() for line in lines if line.strip() and line[0] != "#"]


def prepare(folder: Path, words: list[str], photo: Path) -> None:
    """Put files where an example expects some."""
    after_out = {words[k + 1] for k, word in enumerate(words[:-1]) if word == "--out"}
    for word in words[1:]:
        path = folder / word
        if word in after_out or path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if SOUND.match(word):
            soundfile.write(path, speechlike(0.4, 44_100), 44_100)
        elif PICTURE.match(word):
            shutil.copy(photo, path)


def test_the_readme_names_both_ways_to_start() -> None:
    text = "\n".join(commands())
    assert "python run.py demo" in text
    assert "python run.py test" in text


def test_the_readme_shows_commands_and_python() -> None:
    shown = {words[1] for words in map(shlex.split, commands()) if words[0] == "space-runtime"}
    assert {"bake", "inspect"} <= shown
    assert blocks("python")


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith("space-runtime")])
def test_a_command_of_the_readme_runs(command: str, tmp_path: Path, photo: Path) -> None:
    words = shlex.split(command)
    prepare(tmp_path, words, photo)
    words = [path for word in words for path in ([str(p) for p in tmp_path.glob(word)] if "*" in word else [word])]
    program = [sys.executable, "-c", "from space_runtime.cli import main; main()", *words[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [c for c in commands() if not c.startswith("space-runtime")])
def test_every_other_command_is_of_a_known_kind(command: str) -> None:
    assert command.startswith(LONG_RUNNING)


@pytest.mark.parametrize("example", blocks("python"))
def test_a_python_example_runs(example: str, tmp_path: Path, photo: Path) -> None:
    prepare(tmp_path, ["", *re.findall(r'"([^"]+\.\w+)"', example)], photo)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-c", example]
    done = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:|#)([^)#]+)", README))
def test_a_link_of_the_readme_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
