"""The error tree: one class per reaction that a caller may have.

::

    SpaceError                 anything this project raises on purpose; its text is one clear sentence
    ├── BridgeError            an engine client or a sink cannot go on: see `engine_bridge.protocol.errors`
    ├── UsageError             the caller asked for something impossible: fix the call (exit code 2)
    ├── MediaError             a sound or a picture cannot be used: choose or repair the file (exit code 1)
    ├── BundleError            the model bundle is damaged or does not fit: reinstall or rebuild it (exit code 1)
    └── OutputError            results cannot be written: free or choose another place (exit code 1)

Every message says what was wrong, what was expected and what to do, and names the offending file, option or tensor.
"""

from __future__ import annotations

from engine_bridge.protocol.errors import SpaceError as SpaceError
from engine_bridge.protocol.errors import counted as counted
from engine_bridge.protocol.errors import one_line as one_line


class UsageError(SpaceError):
    """A setting, option or argument outside what is documented."""

    exit_code = 2


class MediaError(SpaceError):
    """A sound or a picture that cannot be read or used."""


class BundleError(SpaceError):
    """A model bundle that is missing, damaged or does not fit this runtime."""


class OutputError(SpaceError):
    """A result that could not be written."""
