"""The files of a folder as tests compare them."""

from __future__ import annotations

from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder by their paths in it, those left out that are hidden or in a hidden folder."""
    paths = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        below.as_posix(): path.read_bytes()
        for below, path in paths.items()
        if not any(part.startswith(".") for part in below.parts)
    }
