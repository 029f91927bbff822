"""The keys that a running server admits: a folder's, read again when it changes."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Final

from space_runtime.errors import UsageError
from space_runtime.server import log_events
from space_runtime.server.keys import Keys, load_public

LOOK_S: Final = 0.5
"""Seconds between two readings of the folder."""

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
