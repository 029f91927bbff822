"""The web pages that may connect to a server on the user's machine.

Any page that a browser shows can open a WebSocket to the machine it runs on; only the ``Origin`` that the browser
states tells whose page it is. And a foreign name can be made to point at this machine (DNS rebinding), so that a
foreign page seems to be our own; only the ``Host`` that the browser asked for tells.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from engine_bridge.protocol.loopback import is_loopback_host


def host_is_ours(host: str | None, own: str) -> bool:
    """Return whether a ``Host`` header names this machine: by number, as localhost, or by the name that was set up."""
    name = _name_in(f"//{host}") if host else None
    return name is not None and (name in ("localhost", own.lower()) or _is_number(name))


def origin_is_welcome(origin: str | None, host: str | None, others: Collection[str]) -> bool:
    """Return whether a page may connect: none at all (no browser), one of this machine, our own page, a listed one.

    Only for requests whose ``Host`` `host_is_ours`.
    """
    if origin is None or origin in others:
        return True
    name = _name_in(origin)
    return origin == f"http://{host}" or (name is not None and is_loopback_host(name))


def _name_in(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
