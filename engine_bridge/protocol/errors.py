"""What engine clients may have to react to.

::

    BridgeError                root; its text is one clear sentence
    ├── WireError              bytes that are no message of this protocol: drop them
    ├── RefusedError           the server said no; ``code`` is one of `engine_bridge.protocol.messages.ErrorCode`
    └── UnreachableError       no server answers at that address
"""

from __future__ import annotations


class BridgeError(Exception):
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
