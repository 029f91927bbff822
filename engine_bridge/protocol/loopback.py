"""The one test of whether a host is this machine alone; clients, servers and adapters share it."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback_host(host: str) -> bool:
    """Return whether only this machine answers to a host: ``localhost``, all of 127.0.0.0/8, ``::1`` (also in [])."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
