"""Asks a running server's status page."""

from __future__ import annotations

from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from engine_bridge.protocol.errors import UnreachableError
from space_runtime.errors import UsageError
from space_runtime.server.observability.snapshot import Snapshot
from space_runtime.server.observability.snapshot_json import from_json
from space_runtime.server.observability.status_address import DEFAULT_PORT, HOST

DEFAULT_URL: Final = f"http://{HOST}:{DEFAULT_PORT}"
MAX_BYTES: Final = 64 << 20


def fetch_snapshot(url: str = DEFAULT_URL, timeout_s: float = 2.0) -> Snapshot:
    """Return what a server says about itself. Raises `UnreachableError`, and `UsageError` for what is no HTTP URL."""
    page = page_of(url)
    try:
        with build_opener(ProxyHandler({})).open(page, timeout=timeout_s) as response:  # never by way of a proxy
            return from_json(response.read(MAX_BYTES))
    except HTTPError as error:
        error.close()
        reason = f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "reason", error))
    raise UnreachableError(
        f"no SPACE server answers at {page} ({reason:.200}); start one with `space-runtime serve`, "
        "or name another --http, like its own"
    )


def page_of(url: str) -> str:
    """Return the address of a server's sessions; a port alone means this machine. Raises `UsageError`."""
    whole = f"http://{HOST}:{url}" if url.isascii() and url.isdigit() else url
    try:
        parts = urlsplit(whole)
        usable = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0 and not parts.query
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{url!r} is no address of a status page; write for example {DEFAULT_URL}, or a port")
    return f"{whole.rstrip('/')}/sessions"
