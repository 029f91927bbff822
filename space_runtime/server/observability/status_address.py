"""The address of the status pages, as an operator writes it."""

from __future__ import annotations

import re
from typing import Final

from engine_bridge.protocol.loopback import is_allowed_host
from space_runtime.errors import UsageError

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 5571


def status_address(text: str, insecure: bool) -> tuple[str, int]:
    """Return (host, port) of ``PORT`` or ``HOST:PORT``, by the rule of ``--bind``. Raises `UsageError`."""
    found = re.fullmatch(r"(?:(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+):)?([0-9]{1,5})", text)
    if not found or int(found[2]) > 65_535:
        raise UsageError(f"--http is {text!r}; expected a port (0 … 65535) or HOST:PORT, like {HOST}:{DEFAULT_PORT}")
    host = (found[1] or HOST).strip("[]")
    if not is_allowed_host(host, insecure):
        raise UsageError(
            f"--http {text} can be reached from other machines, without keys or encryption; name {HOST}, or say "
            "--insecure in a network that you trust"
        )
    return host, int(found[2])
