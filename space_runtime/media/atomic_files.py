"""Results on disk: written under a temporary name beside their place, renamed when whole.

A kill at any moment leaves either no file under the final name, or the former one, or the new one; what may stay behind
is a hidden ``.NAME.PID.partial``. A folder is replaced in two steps: after a kill between them the former one is
``.NAME.PID.former``.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from space_runtime.errors import OutputError

ADVICE: Final = {
    errno.ENOENT: "make its folder, or choose another one",
    errno.ENAMETOOLONG: "choose a shorter name",
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space or choose another folder"),
}
"""What to do about an operating system error; about others, to choose another folder."""
PICTURE: Final = ".png"
"""Ending of what a folder of results holds."""


def prepare_folder(folder: Path) -> None:
    """Make ``folder`` and prove that a file can be written there. Raises `OutputError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, prefix=".", suffix=".partial"):  # a name that no other thread has
            pass
    except OSError as error:
        if path := _in_the_way(folder):
            raise OutputError(
                f"the output folder {folder} cannot be written: {path} is no folder; move it away, or choose another"
            ) from None
        raise OutputError(
            f"the output folder {folder} cannot be written ({_reason(error)}); choose another one"
        ) from None


def _in_the_way(folder: Path) -> Path | None:
    """Return what stands in the place of a folder, or of one above it, and is none; None where nothing does."""
    places = (folder, *folder.parents)
    return next((path for path in places if os.path.lexists(path) and not os.path.isdir(path)), None)


@contextmanager
def prepared_folder(folder: Path) -> Iterator[None]:
    """Prepare ``folder``; after the block remove the folders that were made for it and are still empty.

    Raises what `prepare_folder` raises.
    """
    made = [path for path in (folder, *folder.parents) if not os.path.exists(path)]  # which never raises
    prepare_folder(folder)
    try:
        yield
    finally:
        with suppress(OSError):  # the first one that holds something ends it
            for path in made:
                path.rmdir()


@contextmanager
def prepared_file(path: Path) -> Iterator[None]:
    """Prepare the folder of a file, and prove that the file can be written there, before the work is done.

    Raises `OutputError`.
    """
    with prepared_folder(path.parent):
        _check_name(path)
        with writing(path), suppress(FileExistsError):
            partial = _partial(path)
            partial.touch(exist_ok=False)
            partial.unlink()
        yield


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise `OutputError` naming ``path`` for every operating system error inside the block."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({_reason(error)}); {_advice(error)}") from None


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give the temporary name to write to; rename it to ``path`` when the block ends, remove it when the block fails.

    Raises `OutputError` for every operating system error inside the block.
    """
    _check_name(path)
    partial = _partial(path)
    try:
        with writing(path):
            yield partial
            os.replace(partial, path)
    finally:
        with suppress(OSError):
            partial.unlink()


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary folder to write into that takes the place of ``path`` when the block ends; see `written_whole`.

    Raises `OutputError` for every operating system error inside the block, and where something else than a folder is.
    """
    if os.path.lexists(path) and not path.is_dir():
        raise OutputError(f"{path} is not a folder; move it away, or choose another folder")
    partial = _partial(path)
    try:
        with writing(path):
            partial.mkdir()
            yield partial
            put_in_place(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def put_in_place(source: Path, target: Path) -> None:
    """Give a whole file or folder of pictures its final name, in the place of a former one. Raises OSError.

    What a former folder holds beside its pictures, an engine's own files among it, goes on lying there.
    """
    if source.is_dir() and target.is_dir():
        former = _partial(target).with_suffix(".former")
        os.replace(target, former)
        try:
            os.replace(source, target)
        except OSError:
            os.replace(former, target)
            raise
        for other in _beside_pictures(former):
            os.replace(other, target / other.name)
        shutil.rmtree(former, ignore_errors=True)
    else:
        os.replace(source, target)


def remove(path: Path) -> None:
    """Remove a file, or the pictures of a folder and it, too, if it holds nothing else. Raises OSError."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    others = _beside_pictures(path)
    for entry in set(path.iterdir()) - set(others):
        entry.unlink()
    if not others:
        path.rmdir()


def _beside_pictures(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.suffix != PICTURE or not entry.is_file()]


def same_place(one: Path, other: Path) -> bool:
    """Return whether two names, which may be links, name one place."""
    return os.path.realpath(one) == os.path.realpath(other)


def _check_name(path: Path) -> None:
    """Raise `OutputError` where no file can be: in a folder's, a pipe's or a device's place."""
    with writing(path):
        is_folder = path.is_dir()
        is_other = path.exists() and not path.is_file()
    if not path.name or is_folder:
        raise OutputError(f"{path} is a folder, not a file; name a file in it")
    if is_other:
        raise OutputError(f"{path} is a pipe or a device, not a file; name a file")


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _advice(error: OSError) -> str:
    return ADVICE.get(error.errno or 0, "choose another folder")
