"""The error tree of the engine clients: one class per reaction that a caller may have.

::

    SpaceError               raised on purpose; those of the runtime stand in `space_runtime.errors`
    └── BridgeError          its text is one clear sentence
        ├── WireError          bytes that are no message of this protocol: drop them
        ├── RefusedError       the server said no; ``code`` is one of `engine_bridge.protocol.messages.ErrorCode`
        ├── UnreachableError   no server answers at that address
        └── SinkError          a sink's address is none, or taken (in `engine_bridge.adapters.sink`)

So ``except SpaceError`` catches everything, from the runtime and from its clients alike.
"""

from __future__ import annotations

import re
from typing import Final

UNPRINTED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class SpaceError(Exception):
    """Root of every error that SPACE raises on purpose. exit_code: of a command that ends in it."""

    exit_code = 1

    def __str__(self) -> str:
        """Return the sentence; a name in it that has line breaks or control characters does not break it."""
        return one_line(super().__str__())


def one_line(text: str) -> str:
    """Return a text on one line: line breaks, control characters, marks of direction, halves of letters as escapes."""
    return UNPRINTED.sub(lambda found: ascii(found[0])[1:-1], text)


def counted(n: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun: ``1 line``, ``3 lines``. nouns: of other numbers, where an s will not do."""
    return f"{n} {noun if n == 1 else nouns or noun + 's'}"


class BridgeError(SpaceError):
    """Root of every error that the bridge raises on purpose."""


class WireError(BridgeError):
    """Bytes that are no message of this protocol."""


class RefusedError(BridgeError):
    """The server refused. code: one of the protocol's error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnreachableError(BridgeError):
    """No server answers at that address."""
