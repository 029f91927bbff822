"""Tests of whether a host is this machine; clients, servers and adapters share them."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(?::[0-9]{1,5})?")
"""A ``Host`` header: a name or number, IPv6 in brackets, and perhaps a port."""


def is_loopback_host(host: str) -> bool:
    """Return whether only this machine answers to a host: ``localhost``, all of 127.0.0.0/8, ``::1`` (also in [])."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def is_allowed_host(host: str, allow_insecure: bool, has_keys: bool = False) -> bool:
    """Return whether an address may be used: this machine's always, others with keys or when the operator says so.

    The one rule of ``--bind``, ``--to``, ``--http``, sinks and clients.
    """
    return has_keys or allow_insecure or is_loopback_host(host)


def host_is_ours(host: str | None, own: str = "127.0.0.1") -> bool:
    """Return whether a ``Host`` header names this server, so that no foreign page asks (DNS rebinding).

    Ours are the loopback names and the host that the server listens on, ``own``. A server on every address, ``0.0.0.0``
    or ``::``, is called by any number: only a name can be made to point elsewhere.
    """
    found = _HOST.fullmatch(host.strip()) if host else None
    if found is None:
        return False
    name = found[1].strip("[]").lower()
    return is_loopback_host(name) or name == own.lower() or (_is_wildcard(own) and _is_number(name))


def _is_wildcard(host: str) -> bool:
    return _is_number(host) and ip_address(host).is_unspecified


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
