"""What a command says when something fails: one sentence on stderr, a traceback only when asked for."""

from __future__ import annotations

import sys
import traceback

from space_runtime.errors import SpaceError


def explain(error: Exception, debug: bool, subject: str = "") -> int:
    """Print why a command, or the line that ``subject`` names, failed; return the exit code that it asks for."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, SpaceError):
        print(f"space-runtime: {error}", file=sys.stderr)
        return error.exit_code
    print(
        f"space-runtime: {subject}internal error ({type(error).__name__}: {error}); "
        "run again with --debug and report what it shows",
        file=sys.stderr,
    )
    return 1
