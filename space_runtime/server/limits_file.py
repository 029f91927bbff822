"""The limits of a server as an operator writes them: a TOML file of names and whole numbers."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Final

from engine_bridge.protocol.client_ranges import LONGEST_LEASE_MS, LONGEST_PLAYOUT_MS
from space_runtime.arguments import shown, whole
from space_runtime.errors import UsageError
from space_runtime.server.limits import Limits

MAX_FILE_BYTES: Final = 65_536
DAY_MS: Final = 86_400_000

RANGES: Final[dict[str, tuple[int, int]]] = {
    "sessions": (0, 100_000),
    "sessions_per_client": (0, 100_000),
    "message_bytes": (65_536, 1 << 30),
    "bytes_per_s": (65_536, 1 << 40),
    "audio_ms": (100, 600_000),
    "clip_ms": (100, DAY_MS),
    "work_ms": (100, DAY_MS),
    "queue_frames": (1, 65_536),
    "messages_per_s": (1, 1_000_000),
    "lease_ms": (1_000, LONGEST_LEASE_MS),
    "playout_ms": (0, LONGEST_PLAYOUT_MS),
    "connections": (1, 65_536),
}
"""The lowest and the highest value of each limit."""


def read_limits(path: Path, limits: Limits) -> Limits:
    """Return ``limits`` with what a file changes. Raises `UsageError` for what is no limit, or outside its range."""
    changed = _document(path)
    known = ", ".join(field.name for field in fields(Limits))
    for name in changed:
        if name not in RANGES:
            raise UsageError(f"{path} names {shown(name)}, which is no limit; the limits are {known}")
    return replace(limits, **{name: _limit(path, name, value) for name, value in changed.items()})


def _limit(path: Path, name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{name} in {path} is {shown(value)}; expected a whole number")
    return whole(f"{name} in {path}", value, *RANGES[name])


def _document(path: Path) -> dict[str, object]:
    """Return what a TOML file says. Raises `UsageError` when it cannot be read, or says nothing."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"{path} is no file of limits; write lines such as `audio_ms = 20000` into a small file")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # of TOML and UTF-8 both
        raise UsageError(f"{path} cannot be read as TOML ({error}); write lines such as `audio_ms = 20000`") from None
