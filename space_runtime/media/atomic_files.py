"""Results on disk: written under a temporary name beside their place, renamed when whole.

A kill at any moment leaves either no file under the final name, or the former one, or the new one; what may stay behind
is a hidden ``.NAME.PID.partial``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from space_runtime.errors import OutputError


def prepare_folder(folder: Path) -> None:
    """Make ``folder`` and prove that a file can be written there. Raises `OutputError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, prefix=".", suffix=".partial"):  # a name that no other thread has
            pass
    except OSError as error:
        raise OutputError(
            f"the output folder {folder} cannot be written ({_reason(error)}); choose another one"
        ) from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise `OutputError` naming ``path`` for every operating system error inside the block."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({_reason(error)}); free some space or choose another folder"
        ) from None


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give the temporary name to write to; rename it to ``path`` when the block ends, remove it when the block fails.

    Raises `OutputError` for every operating system error inside the block.
    """
    if not path.name or path.is_dir():
        raise OutputError(f"{path} is a folder, not a file; name a file in it")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with writing(path):
            yield partial
            os.replace(partial, path)
    finally:
        with suppress(OSError):
            partial.unlink()


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
