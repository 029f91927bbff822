"""The files of a folder as tests compare them, and files that cannot be opened."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO

import pytest


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder by their paths in it, those left out that are hidden or in a hidden folder."""
    paths = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        below.as_posix(): path.read_bytes()
        for below, path in paths.items()
        if not any(part.startswith(".") for part in below.parts)
    }


def refuse_to_open(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let files of a name be refused as the system refuses those without permission, which tests of root never see."""
    opened = Path.open

    def refuse(path: Path, *words: str, **named: str) -> IO[bytes] | IO[str]:
        if path.name == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        file: IO[bytes] | IO[str] = opened(path, *words, **named)  # type: ignore[call-overload]  # as it was called
        return file

    monkeypatch.setattr(Path, "open", refuse)
