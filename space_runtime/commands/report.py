"""The report of a command that failed: one sentence on stderr, a traceback only when asked for."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from engine_bridge.adapters.sink import SinkError
from engine_bridge.protocol.errors import BridgeError
from space_runtime.errors import SpaceError, UsageError, one_line
from space_runtime.media.quiet_stderr import heard_stderr

INTERRUPTED: Final = 130
"""The exit code that shells expect after Ctrl-C."""


def explain(error: Exception, debug: bool, subject: str = "") -> int:
    """Print why a command, or the line that ``subject`` names, failed; return the exit code that it asks for."""
    if debug:
        with heard_stderr():
            traceback.print_exception(error)
    if isinstance(error, SpaceError | BridgeError):
        say(f"space-runtime: {error}")
        return _exit_code(error)
    what = f"{subject}internal error ({type(error).__name__}: {error})"
    say(f"space-runtime: {what}; run again with --debug and report what it shows")
    return 1


def _exit_code(error: SpaceError | BridgeError) -> int:
    if isinstance(error, SinkError):  # a --to that is none
        return UsageError.exit_code
    return error.exit_code if isinstance(error, SpaceError) else SpaceError.exit_code


def say(sentence: str) -> None:
    """Print a sentence on stderr, on one line, also while other threads read sounds."""
    with heard_stderr():
        print(one_line(sentence), file=sys.stderr)


@contextmanager
def unheard() -> Iterator[None]:
    """Go on in silence when whoever read standard output has closed it, as ``| head`` does."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
