"""Refusals of calls that would do something else without a word: an option given twice, a path that is empty."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args, get_type_hints

from typer import Context
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from space_runtime.errors import UsageError


def check_words(command: TyperCommand | TyperGroup, words: list[str], above: Context | None = None) -> None:
    """Raise `UsageError` for an option that the words of a call give several values, unless it makes a list, and for an
    empty path, which would be the folder that the call is made in.

    above: of the group that the command is in. What else is wrong with the words is left to the call itself.
    """
    context = Context(command, parent=above, resilient_parsing=True, **command.context_settings)
    values, rest, order = command.make_parser(context).parse_args(args=list(words))
    given = [option for option in order if isinstance(option, TyperOption)]
    for option in given:
        if given.count(option) > 1 and not (option.multiple or option.is_flag):
            raise UsageError(f"{option.opts[0]} is given {given.count(option)} times; give it once")
    for name in _empty_paths(command, values):
        raise UsageError(f"{name} is ''; expected a path as text that is not empty")
    below = command.commands.get(rest[0]) if isinstance(command, TyperGroup) and rest else None
    if isinstance(below, TyperCommand | TyperGroup):
        check_words(below, rest[1:], context)


def _empty_paths(command: TyperCommand | TyperGroup, values: Mapping[str, object]) -> Iterator[str]:
    """Yield the names of paths that are empty, as the help page shows them."""
    empty = [parameter for parameter in command.params if _holds_empty(values.get(parameter.name or ""))]
    if not empty or not command.callback:
        return
    hints = get_type_hints(inspect.unwrap(command.callback))  # not for every call: they take their time
    for parameter in empty:
        if _is_path(hints.get(parameter.name or "")):
            is_named = isinstance(parameter, TyperArgument) and parameter.metavar
            yield str(parameter.metavar).rstrip("…") if is_named else parameter.opts[0]


def _holds_empty(value: object) -> bool:
    """Return whether the words given for a parameter, one or several, hold an empty one."""
    return "" in value if isinstance(value, list | tuple) else value == ""


def _is_path(hint: object) -> bool:
    """Return whether a type is a path, or holds paths."""
    return hint is Path or any(map(_is_path, get_args(hint)))
