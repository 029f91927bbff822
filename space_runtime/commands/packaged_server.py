"""The packaged program: ``serve`` on a free port of this machine, without the other commands; or a child of it.

Its options are those of ``serve``, with the defaults that a program needs which starts a server of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import NoneType
from typing import Final, get_args, get_origin, get_type_hints

from space_runtime.commands.report import explain
from space_runtime.commands.serving import Choices, serve
from space_runtime.file_reader.child import READ_FILES
from space_runtime.server.observability.log_output import LogLevel
from space_runtime.version import VERSION

DEFAULTS: Final = Choices(
    bind="tcp://127.0.0.1:0",
    sessions=32,
    http="0",
    log_level=LogLevel.WARNING,
    ready_line=True,
    with_parent=True,
)
"""A free port; as many characters as one scene may hold, which nothing has to be measured for."""


def main(words: Sequence[str] | None = None) -> None:
    """Serve as the words say, by default those of the command line, or read files for a server."""
    given = sys.argv[1:] if words is None else list(words)
    if given[:1] == [READ_FILES]:
        from space_runtime.file_reader import process

        kind, folder, work_s = given[1:]
        process.main(kind, folder, float(work_s))
    try:
        serve(parse(given))
    except Exception as error:
        sys.exit(explain(error, debug="SPACE_DEBUG" in os.environ))


def parse(words: Sequence[str]) -> Choices:
    """Return the choices that an operator's words make; words that are none end the program with code 2."""
    parser = argparse.ArgumentParser(
        "space-server", description="The server of SPACE runtime; its options are those of space-runtime serve."
    )
    parser.add_argument("--version", action="version", version=f"space-server {VERSION}")
    for name, kind in get_type_hints(Choices).items():
        _add(parser, name, kind)
    read = parser.parse_args(words)
    given: dict[str, object] = {**vars(read), "to": tuple(read.to)}
    return replace(DEFAULTS, **given)  # type: ignore[arg-type]  # each was read as its field's kind


def option_of(name: str) -> str:
    """Return the option for a field of `Choices`."""
    return "--" + name.removesuffix("_s").replace("_", "-")


def _add(parser: argparse.ArgumentParser, name: str, kind: type) -> None:
    default = _DEFAULTS[name]
    if kind is bool:
        parser.add_argument(option_of(name), dest=name, action=argparse.BooleanOptionalAction, default=default)
    elif get_origin(kind) is tuple:
        parser.add_argument(option_of(name), dest=name, action="append", default=default or [])
    else:
        parser.add_argument(option_of(name), dest=name, type=_reader(kind), default=default)


def _reader(kind: type) -> Callable[[str], object]:
    """Return what makes a value of an option's text."""
    (plain,) = [one for one in get_args(kind) or (kind,) if one is not NoneType]
    return Path if plain is Path else plain


_DEFAULTS: Final = {field.name: getattr(DEFAULTS, field.name) for field in fields(Choices)}


if __name__ == "__main__":
    main()
