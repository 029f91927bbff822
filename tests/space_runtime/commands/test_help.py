"""Help pages: ``-h`` everywhere, options under headings, examples that parse."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
from typer.core import TyperCommand, TyperGroup

from space_runtime.cli import program
from space_runtime.commands.help_pages import EXAMPLES, HEADINGS
from space_runtime.emotion import Emotion
from tests.support.command_line import Call


def commands(group: TyperGroup, above: str = "") -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        assert isinstance(command, TyperCommand | TyperGroup)
        yield above + name, command
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{above}{name} ")


ALL = dict(commands(program()))


@pytest.mark.parametrize("words", ["", *ALL])
def test_every_command_knows_both_words_for_help(words: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    short, long = call(*words.split(), "-h"), call(*words.split(), "--help")
    assert (short.code, short.out) == (0, long.out)
    for example in EXAMPLES.get(words, ()):
        assert example in short.out


def test_every_command_has_examples() -> None:
    assert set(ALL) == set(EXAMPLES)


@pytest.mark.parametrize(("words", "example"), [(name, text) for name, texts in EXAMPLES.items() for text in texts])
def test_an_example_is_a_call_of_its_command(words: str, example: str) -> None:
    program_name, *given = shlex.split(example)
    assert program_name == "space-runtime"
    assert given[: len(words.split())] == words.split()
    ALL[words].make_context(words, given[len(words.split()) :])


def test_every_option_under_a_heading_is_one() -> None:
    known = {text for command in ALL.values() for option in command.params for text in option.opts}
    assert {option for options in HEADINGS.values() for option in options} <= known


def test_bake_names_the_emotions_and_groups_its_options(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    page = call("bake", "-h").out
    assert all(emotion.value in page for emotion in Emotion)
    headings = re.findall(r"─ ([A-Z][\w ]+) ─", page)
    assert headings == ["Arguments", "Options", "Face and voice", "Motion", "Results", "Machine"]
