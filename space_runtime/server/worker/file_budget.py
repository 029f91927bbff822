"""The files of clients that wait or are in work, counted: of each client and in all, in numbers and in bytes."""

from __future__ import annotations

from typing import Final

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.server.commands import OpenSession
from space_runtime.server.limits import MAX_LONG_WORK, Refusal
from space_runtime.server.worker.background import BackgroundExecutor
from space_runtime.server.worker.session import SessionTable

MAX_KEPT_BYTES: Final = 64 << 20
"""Files of one client that are kept until they are read."""
MAX_KEPT_IN_ALL: Final = 256 << 20


class FileBudget:
    """Decides whether another file is taken. opening: sessions whose pictures are in work."""

    def __init__(self, sessions: SessionTable, opening: dict[int, OpenSession], executor: BackgroundExecutor) -> None:
        self._sessions = sessions
        self._opening = opening
        self._executor = executor

    def check(self, owner: bytes, n_bytes: int) -> None:
        """Raise `Refusal` when a client's next file is one too many."""
        if self._executor.n_waiting(owner) >= MAX_LONG_WORK:
            raise Refusal(ErrorCode.BUSY, f"{MAX_LONG_WORK} files of this client wait to be read; send this one later")
        kept = self._kept()
        own = sum(size for of, size in kept if of == owner)
        if n_bytes and (own + n_bytes > MAX_KEPT_BYTES or sum(size for _, size in kept) + n_bytes > MAX_KEPT_IN_ALL):
            raise Refusal(
                ErrorCode.BUSY,
                f"{own >> 20} MiB of this client's files are in work; send this one when some are over",
            )

    def _kept(self) -> list[tuple[bytes, int]]:
        """Owner and bytes of everything that is kept."""
        pictures = [(each.owner, len(each.character.picture or b"")) for each in self._opening.values()]
        sounds = [
            (state.owner, state.stream.file.n_bytes) for state in self._sessions if state.stream and state.stream.file
        ]
        return pictures + sounds
