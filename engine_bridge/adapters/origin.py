"""The web pages that may connect to a server on the user's machine.

Any page that a browser shows can open a WebSocket to the machine it runs on; only the ``Origin`` that the browser
states tells whose page it is. `loopback.host_is_ours` goes before: without it a foreign page can seem to be our own.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from engine_bridge.protocol.loopback import is_loopback_host


def origin_is_welcome(origin: str | None, host: str | None, others: Collection[str]) -> bool:
    """Return whether a page may connect: none at all (no browser), one of this machine, our own page, a listed one.

    Only for requests that `host_is_ours` has let pass.
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
