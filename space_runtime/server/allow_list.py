"""The keys that a running server admits: a folder's, read again when it changes."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path
from typing import Final

from space_runtime.errors import UsageError
from space_runtime.server import log_events
from space_runtime.server.keys import Keys, load_public

LOOK_S: Final = 0.5
"""Seconds between two readings of the folder."""
SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR})
"""Errors that say something about this process or machine, and nothing about a file."""

Stamp = tuple[int, int, int, int]
"""Inode, size, and times of change in ns: another one means that the file has to be read again."""


class AllowList:
    """The public keys that come in now. A file that cannot be read, or a folder that is gone, admits nobody.

    While the system has no descriptors or memory left to look, nothing changes.

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
        try:
            self._read = {path: self._entry(path, stamp) for path, stamp in _stamps(self._folder).items()}
        except OSError:
            return frozenset()
        before, self.admitted = self.admitted, frozenset(key for _, key in self._read.values() if key)
        if before != self.admitted:
            n_added, n_removed = len(self.admitted - before), len(before - self.admitted)
            log_events.write(log_events.keys_changed(len(self.admitted), n_added, n_removed))
        return before - self.admitted

    def _entry(self, path: Path, stamp: Stamp) -> tuple[Stamp, bytes | None]:
        """Return what is known of a file, read again if it has changed. Raises OSError for a shortage."""
        known = self._read.get(path)
        if known and known[0] == stamp:
            return known
        try:
            return stamp, load_public(path)
        except UsageError as error:
            if isinstance(error.__context__, OSError):
                _raise_shortage(error.__context__)
            log_events.write(log_events.key_unreadable(str(error)))
            return stamp, None


def _stamps(folder: Path) -> dict[Path, Stamp]:
    """Return the stamps of the key files in a folder; none when it is gone. Raises OSError for a shortage."""
    stamps: dict[Path, Stamp] = {}
    try:
        for name in sorted(os.listdir(folder)):
            if name.endswith(".key") and (stamp := _stamp(folder / name)):
                stamps[folder / name] = stamp
    except OSError as error:
        _raise_shortage(error)
    return stamps


def _stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file; None when it is gone meanwhile. Raises OSError for a shortage."""
    try:
        info = path.stat()
    except OSError as error:
        _raise_shortage(error)
        return None
    return info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _raise_shortage(error: OSError) -> None:
    """Raise an error again that says nothing about a file."""
    if error.errno in SHORTAGES:
        raise error
