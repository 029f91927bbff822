"""The end that a container states: a copy that was broken off is told from one that is whole.

Only sizes of what is in the file are read, never durations.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from space_runtime.errors import MediaError
from space_runtime.media.riff import is_placeholder

SLACK_BYTES: Final = 512
SLACK_SHARE: Final = 0.002
MAX_ATOMS: Final = 100_000
ATOMS: Final = frozenset(
    b"ftyp moov mdat wide free skip pnot PICT uuid udta meta styp moof mfra sidx ssix emsg prft pdin bloc".split()
)
"""Boxes at the top level of an MP4 file; anything else was left or written behind its end."""
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
ASF_HEAD: Final = bytes.fromhex("3026b2758e66cf11")
ASF_FILE: Final = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
ASF_SEARCH: Final = 1 << 16


def check_whole(path: Path) -> None:
    """Raise `MediaError` when a file ends before the container in it does."""
    with path.open("rb") as file:
        present = file.seek(0, 2)
        stated = _stated_end(file, present)
    missing = stated - present
    if missing > max(SLACK_BYTES, SLACK_SHARE * stated) and not is_placeholder(stated, present):
        raise MediaError(
            f"{path} is truncated: it holds {present} of the {stated} bytes that its header promises; "
            "copy or export it again"
        )


def _stated_end(file: BinaryIO, present: int) -> int:
    """The byte at which the container ends, 0 where it does not say."""
    head = _bytes(file, 0, 12)
    readers: tuple[tuple[bool, Callable[[BinaryIO, int], int]], ...] = (
        (head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), _mp4),
        (head[:4] == EBML, _matroska),
        (head[:4] == b"RIFF" and head[8:12] == b"AVI ", _avi),
        (head[:4] == b"caff", _caf),
        (head[:8] == ASF_HEAD, _asf),
    )
    return next((read(file, present) for matches, read in readers if matches), 0)


def _mp4(file: BinaryIO, present: int) -> int:
    position = 0
    for _ in range(MAX_ATOMS):
        head = _bytes(file, position, 16)
        if len(head) < 8 or head[4:8] not in ATOMS:
            break
        size = int.from_bytes(head[:4])
        size = int.from_bytes(head[8:16]) if size == 1 else size
        if size < 8:  # 0: to the end of the file
            break
        position += size
        if position >= present:
            break
    return position


def _matroska(file: BinaryIO, present: int) -> int:
    del present
    size, n_bytes = _ebml_size(_bytes(file, 4, 8))
    if size is None:
        return 0
    start = 4 + n_bytes + size
    if _bytes(file, start, 4) != SEGMENT:
        return 0
    size, n_bytes = _ebml_size(_bytes(file, start + 4, 8))
    return start + 4 + n_bytes + size if size is not None else 0


def _ebml_size(data: bytes) -> tuple[int | None, int]:
    """Return a size, None where it is unknown, and the number of bytes that it takes."""
    if not data or not data[0]:
        return None, 1
    n_bytes = 9 - data[0].bit_length()
    size = int.from_bytes(data[:n_bytes]) & (1 << 7 * n_bytes) - 1
    return (None if size == (1 << 7 * n_bytes) - 1 else size), n_bytes


def _avi(file: BinaryIO, present: int) -> int:
    position = 0
    while position + 12 <= present and _bytes(file, position, 4) == b"RIFF":
        size = int.from_bytes(_bytes(file, position + 4, 4), "little")
        position += 8 + size + size % 2
        if not size:
            return 0
    return position


def _caf(file: BinaryIO, present: int) -> int:
    position = 8
    for _ in range(MAX_ATOMS):
        head = _bytes(file, position, 12)
        if len(head) < 12:
            break
        size = int.from_bytes(head[4:12], signed=True)
        if size < 0 or is_placeholder(size, present):  # −1: to the end of the file
            return 0
        position += 12 + size
        if position >= present:
            break
    return position


def _asf(file: BinaryIO, present: int) -> int:
    del present
    head = _bytes(file, 0, ASF_SEARCH)
    found = head.find(ASF_FILE)
    if found < 0 or head[found + 88 : found + 89] == b"\x01":  # 1: broadcast, the size is not known
        return 0
    return int.from_bytes(head[found + 40 : found + 48], "little")


def _bytes(file: BinaryIO, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)
