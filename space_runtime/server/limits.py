"""The limits of a server, its refusals, and the files of the operator that its clients may name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.errors import counted
from space_runtime.portrait.landmark_file import landmarks_beside

MAX_LONG_WORK: Final = 16
"""Files and characters that may wait for the background executor: each holds its bytes."""
MAX_NAME: Final = 255
"""Characters of an asset's name."""


class Refusal(Exception):
    """A client's request is refused; the text is the sentence that it gets. code: what it can react to."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of everything that clients can make grow.

    sessions: of the whole server. sessions_per_client: of them, what one connection or one key may have; 0: half.
    message_bytes: one message. bytes_per_s, messages_per_s: of a connection, for each of its sessions. audio_ms: sound
    pushed ahead of what has been animated. clip_ms: longest file. work_ms: processor time for one file or picture.
    queue_frames: frames of a session that wait for credit. lease_ms: longest and default. playout_ms: longest playout
    delay. connections: at a time.
    """

    sessions: int = 1_000
    sessions_per_client: int = 0
    message_bytes: int = 16 << 20
    bytes_per_s: int = 16 << 20
    audio_ms: int = 10_000
    clip_ms: int = 300_000
    work_ms: int = 300_000
    queue_frames: int = 256
    messages_per_s: int = 500
    lease_ms: int = 15_000
    playout_ms: int = 10_000
    connections: int = 4_096

    @property
    def share(self) -> int:
        """Sessions that one connection, or one key on all its connections, may have."""
        return min(self.sessions, self.sessions_per_client) or max(1, self.sessions // 2)

    def share_left(self, n_sessions: int) -> int:
        """Return how many sessions a client may have when there are so many in all, below which it may open another.

        The last quarter is for clients that have none, unless one client may have all.
        """
        is_scarce = self.share < self.sessions and self.sessions - n_sessions <= self.sessions // 4
        return 1 if is_scarce else self.share

    def counts(self) -> dict[str, int]:
        """Return the limits as `welcome` carries them."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"sessions_per_client": self.share}


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders in which clients may name files; None: none."""

    portraits: Path | None = None
    sounds: Path | None = None

    def portrait(self, name: str) -> Path:
        """Return the file of a picture that a client names. Raises `Refusal`."""
        return _inside(self.portraits, name)

    def landmarks(self, name: str) -> Path | None:
        """Return the landmarks file beside a picture that a client names; None where there is none.

        Raises `Refusal` for a picture as `portrait` does, and for landmarks that are a link out of the folder.
        """
        self.portrait(name)
        root = self.portraits
        beside = root and landmarks_beside(root / name)
        if root is None or beside is None:
            return None
        if path := _file_under(root, beside):
            return path
        raise Refusal(
            ErrorCode.NO_ASSET,
            f"the landmarks beside {name[:80]!r} lie outside the server's folder; put the file itself beside it",
        )

    def sound(self, name: str) -> Path:
        """Return the file of a sound that a client names. Raises `Refusal`."""
        return _inside(self.sounds, name)


def _inside(root: Path | None, name: str) -> Path:
    """Return ``root / name`` if it is a file that really lies under root, links followed. One answer for all others."""
    refusal = Refusal(ErrorCode.NO_ASSET, f"there is no file {name[:80]!r} here; name one under the server's folder")
    if root is None:
        raise Refusal(ErrorCode.NO_ASSET, "this server names no folder for files; send the file's bytes instead")
    parts = name.split("/")
    if not name or len(name) > MAX_NAME or any(part in ("", ".", "..") or set(part) & _FORBIDDEN for part in parts):
        raise refusal
    if path := _file_under(root, root.joinpath(*parts)):
        return path
    raise refusal


def _file_under(root: Path, named: Path) -> Path | None:
    """Return a file, links followed, if it really lies under root; else None."""
    try:
        path = named.resolve()
        return path if path.is_relative_to(root.resolve()) and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
        return None


_FORBIDDEN: Final = frozenset('\\:*?"<>|') | {chr(code) for code in range(32)}
"""Characters that mean something to one system or another: drives, streams, wild cards, ends of text."""


def closed_sentence(code: ErrorCode, n_sessions: int, lag_s: float) -> str:
    """Return the reason for which a server takes no more sessions. lag_s: by which it is behind."""
    if code is ErrorCode.STOPPING:
        return "the server is about to stop; use another one"
    if code is ErrorCode.TOO_MANY_SESSIONS:
        return f"this server's {counted(n_sessions, 'session is', 'sessions are')} taken; wait, or use another server"
    return f"the server is {lag_s * 1e3:.0f} ms behind; wait until lines end, or use another server"


def unknown_session(number: int) -> tuple[ErrorCode, str]:
    """Return code and sentence for a session that is not a connection's own."""
    return ErrorCode.UNKNOWN_SESSION, f"this connection has no session {number}; open or resume one"
