"""Commands that the prose of a document names exist, with the options that it names."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
from typer.core import TyperCommand, TyperGroup

from space_runtime.cli import program
from tests.docs.pages import GUIDES, PAGES, ROOT

OWN: Final = re.compile(r"(?:^|`)(?:\.venv/bin/)?(space-runtime [^`\n]+)", re.MULTILINE)
"""A call of the command line: in code marks, or a line of a block."""
MODULE: Final = re.compile(r"python -m ((?:space_runtime|engine_bridge|export|tests)[\w.]*)")
SCRIPT: Final = re.compile(r"python (tests/[\w/.]+\.py|run\.py)")


def texts() -> list[tuple[str, str]]:
    """The documents by name; the changelog is history."""
    pages = [page for page in (*PAGES, *GUIDES) if page.name != "CHANGELOG.md"]
    return [(page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8")) for page in pages]


def named(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """Page and finding, each finding once."""
    return list(dict.fromkeys((page, found) for page, text in texts() for found in pattern.findall(text)))


@pytest.mark.parametrize(("page", "call"), named(OWN))
def test_a_call_names_a_command_and_its_options(page: str, call: str) -> None:
    command: TyperCommand | TyperGroup = program()
    words = shlex.split(call.split("  #")[0])[1:]
    while isinstance(command, TyperGroup) and words and words[0] in command.commands:
        below = command.commands[words.pop(0)]
        assert isinstance(below, TyperCommand | TyperGroup)
        command = below
    assert command.name != "space-runtime" or words[:1] in ([], ["--version"], ["-h"])
    known = {option for param in command.params for option in param.opts} | {"-h", "--help"}
    assert {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)} <= known


@pytest.mark.parametrize(("page", "module"), named(MODULE))
def test_a_module_is_there(page: str, module: str) -> None:
    assert find_spec(module) is not None


@pytest.mark.parametrize(("page", "script"), named(SCRIPT))
def test_a_script_is_there(page: str, script: str) -> None:
    assert Path(ROOT, script).is_file()
