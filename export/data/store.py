"""Things that take long are made once and kept beside a key: the hash of all that they were made from."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

N_PROCESSES: Final = 2
"""Processes that make such a thing together."""
log = logging.getLogger("store")


def kept(path: Path, made_from: Iterable[str | Path], make: Callable[[Path], None]) -> Path:
    """Return ``path``, made anew by ``make(temporary path)`` unless it was made from the same things before.

    made_from: texts (settings, versions), and files, of which the contents count. What is half made never gets the
    final name.
    """
    key_file, key = path.with_name(path.name + ".key"), key_of(made_from)
    if path.exists() and key_file.exists() and key_file.read_text(encoding="ascii") == key:
        return path
    log.info("making %s", path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"new-{path.name}")
    try:
        make(temporary)
        key_file.unlink(missing_ok=True)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    key_file.write_text(key, encoding="ascii")
    return path


def key_of(made_from: Iterable[str | Path]) -> str:
    """Return one SHA-256 over texts and the contents of files, in their order."""
    digest = hashlib.sha256()
    for part in made_from:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.hexdigest()
