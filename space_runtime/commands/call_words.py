"""A refusal of options that are given twice: of two values the last one would win without a word."""

from __future__ import annotations

from typer import Context
from typer.core import TyperCommand, TyperGroup, TyperOption

from space_runtime.errors import UsageError


def check_repeated(command: TyperCommand | TyperGroup, words: list[str], above: Context | None = None) -> None:
    """Raise `UsageError` for an option that the words of a call give several values, unless it makes a list.

    above: of the group that the command is in. What else is wrong with the words is left to the call itself.
    """
    context = Context(command, parent=above, resilient_parsing=True, **command.context_settings)
    _, rest, order = command.make_parser(context).parse_args(args=list(words))
    given = [option for option in order if isinstance(option, TyperOption)]
    for option in given:
        if given.count(option) > 1 and not (option.multiple or option.is_flag):
            raise UsageError(f"{option.opts[0]} is given {given.count(option)} times; give it once")
    below = command.commands.get(rest[0]) if isinstance(command, TyperGroup) and rest else None
    if isinstance(below, TyperCommand | TyperGroup):
        check_repeated(below, rest[1:], context)
