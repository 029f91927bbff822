"""Sockets that listen on ``tcp://HOST:PORT``, as ZeroMQ names addresses."""

from __future__ import annotations

import socket
import sys
from typing import Final

from space_runtime.errors import UsageError

BACKLOG: Final = 1_024
"""Connections that the system keeps while they are not accepted."""
SCHEME: Final = "tcp://"


def listen(address: str) -> tuple[socket.socket, str]:
    """Return a listening socket, and its address as clients write it. Port 0 or ``*``: a free one.

    Host ``*`` is every address of this machine; an interface's name is its IPv4 address, on Linux. Raises `UsageError`.
    """
    try:
        family, place = _resolved(address)
        listener = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise _refusal(address, error) from None
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _refusal(address, error) from None
    host, port = listener.getsockname()[:2]
    return listener, f"{SCHEME}[{host}]:{port}" if family == socket.AF_INET6 else f"{SCHEME}{host}:{port}"


def _resolved(address: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Return family and place to bind. Raises `OSError`, `ValueError`."""
    host, _, port = address.removeprefix(SCHEME).rpartition(":")
    number = 0 if port == "*" else int(port)
    bare = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if host != bare else socket.AF_INET
    if bare == "*":
        return family, ("0.0.0.0", number)
    try:
        found = socket.getaddrinfo(bare, number, family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return socket.AF_INET, (_interface_host(bare), number)
    return family, (str(found[0][4][0]), number)


def _interface_host(name: str) -> str:
    """Return the IPv4 address of a network interface. Raises `OSError` where there is none of that name."""
    if sys.platform != "linux":
        raise OSError(f"{name} is neither a host nor an address")
    from fcntl import ioctl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        answer = ioctl(probe.fileno(), _SIOCGIFADDR, name.encode()[:15].ljust(256, b"\0"))
    return socket.inet_ntoa(answer[20:24])


_SIOCGIFADDR: Final = 0x8915
"""The request for an interface's address, of Linux."""


def _refusal(address: str, error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None) or error
    return UsageError(f"{address} cannot be bound ({reason}); choose another --bind, or stop what uses it")
