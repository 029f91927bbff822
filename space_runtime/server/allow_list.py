"""The keys that a running server admits: a folder's, read again when it changes; and the connections of each."""

from __future__ import annotations

import math
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zmq

from space_runtime.errors import UsageError
from space_runtime.server import log_events
from space_runtime.server.connections import Route
from space_runtime.server.keys import Keys, load_public

LOOK_S: Final = 0.5
"""Seconds between two readings of the folder."""
SWEEP_AT: Final = 256
"""Connections noted between two searches for those that are over."""

Stamp = tuple[int, int, int, int]
"""Inode, size, and times of change in ns: another one means that the file has to be read again."""


class AllowList:
    """The public keys that come in now. A file that cannot be read, or a folder that is gone, admits nobody.

    keys: as they were at the start; without a folder of clients they stay as they are. admitted: Z85 text.
    """

    def __init__(self, keys: Keys) -> None:
        self.admitted = keys.admitted
        self._folder = keys.clients
        self._read: dict[Path, tuple[Stamp, bytes | None]] = {}
        self._looked_at = -math.inf

    def look_again(self) -> None:
        """Let the next `removed` look at the folder, however soon it comes. Any thread or signal handler may."""
        self._looked_at = -math.inf

    def removed(self, now: float) -> frozenset[bytes]:
        """Look at the folder when that is due; return the keys that were admitted and are no longer."""
        if self._folder is None or now - self._looked_at < LOOK_S:
            return frozenset()
        self._looked_at = now
        self._read = {path: self._entry(path, stamp) for path, stamp in _stamps(self._folder).items()}
        before, self.admitted = self.admitted, frozenset(key for _, key in self._read.values() if key)
        if before != self.admitted:
            n_added, n_removed = len(self.admitted - before), len(before - self.admitted)
            log_events.write(log_events.keys_changed(len(self.admitted), n_added, n_removed))
        return before - self.admitted

    def _entry(self, path: Path, stamp: Stamp) -> tuple[Stamp, bytes | None]:
        """Return what is known of a file, read again if it has changed."""
        known = self._read.get(path)
        if known and known[0] == stamp:
            return known
        try:
            return stamp, load_public(path)
        except UsageError as error:
            log_events.write(log_events.key_unreadable(str(error)))
            return stamp, None


def _stamps(folder: Path) -> dict[Path, Stamp]:
    """Return the stamps of the key files in a folder; none when it is gone."""
    stamps: dict[Path, Stamp] = {}
    with suppress(OSError):
        for path in sorted(folder.glob("*.key")):
            with suppress(OSError):  # gone meanwhile
                info = path.stat()
                stamps[path] = info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns
    return stamps


@dataclass(frozen=True, slots=True)
class _Link:
    """A TCP connection. key: of its client. descriptor: of ZeroMQ's socket. peer: the address at its other end."""

    key: bytes
    descriptor: int
    peer: object


class Links:
    """The TCP connections behind routes whose clients have keys, so that a key's can be cut."""

    def __init__(self) -> None:
        self._links: dict[Route, _Link] = {}
        self._sweep_at = SWEEP_AT

    def key_of(self, route: zmq.Frame) -> bytes:
        """Return the key with which the connection of a received message came in, and note the connection."""
        name = route.bytes
        link = self._links.get(name)
        if link is None:
            link = self._links[name] = _link_of(route)
            self._sweep()
        return link.key

    def cut(self, keys: frozenset[bytes]) -> None:
        """End the connections of keys, at once and without a word: what they still send is not received."""
        for route, link in list(self._links.items()):
            if link.key in keys:
                del self._links[route]
                _with_socket(link, shut=True)

    def _sweep(self) -> None:
        """Forget connections that are over, from time to time."""
        if len(self._links) >= self._sweep_at:
            self._links = {route: link for route, link in self._links.items() if _with_socket(link)}
            self._sweep_at = 2 * len(self._links) + SWEEP_AT


def _link_of(route: zmq.Frame) -> _Link:
    """Return the connection of a message: libzmq gives every part the user (`zap_reply`) and descriptor of its own."""
    key = str(route.get("User-Id")).encode()
    descriptor = int(route.get(zmq.SRCFD))
    wire = None
    try:
        wire = socket.socket(fileno=descriptor)
        return _Link(key, descriptor, wire.getpeername())
    except OSError:  # over already
        return _Link(key, -1, None)
    finally:
        if wire:
            wire.detach()


def _with_socket(link: _Link, shut: bool = False) -> bool:
    """Return whether a connection still is what it was, not another one with its number; shut it down if wanted."""
    wire = None
    try:
        wire = socket.socket(fileno=link.descriptor)
        if wire.getpeername() != link.peer:
            return False
        if shut:
            wire.shutdown(socket.SHUT_RDWR)
        return True
    except (OSError, ValueError):
        return False
    finally:
        if wire:
            wire.detach()
