"""Edit lists of MP4 files: which part of a track plays when."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

ATOM: Final = struct.Struct(">I4s")
TRACK_SCALE: Final = 48_000
"""Units of media times, a second: the sample rate of the track."""


@dataclass(frozen=True, slots=True)
class Edit:
    """So many seconds of the media from ``media_s`` on; None: of silence."""

    seconds: float
    media_s: float | None


def with_edits(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return an MP4 file, its ``moov`` the last atom, with another edit list in its sound tracks."""
    return b"".join(_moov(body, edits) if name == b"moov" else _atom(name, body) for name, body in _atoms(data))


def _moov(body: bytes, edits: Sequence[Edit]) -> bytes:
    header = dict(_atoms(body))[b"mvhd"]
    scale = int.from_bytes(header[12:16])
    return _atom(
        b"moov",
        b"".join(_track(part, edits, scale) if name == b"trak" else _atom(name, part) for name, part in _atoms(body)),
    )


def _track(body: bytes, edits: Sequence[Edit], scale: int) -> bytes:
    if b"soun" not in body:
        return _atom(b"trak", body)
    rows = b"".join(
        struct.pack(
            ">IiI",
            round(edit.seconds * scale),
            -1 if edit.media_s is None else round(edit.media_s * TRACK_SCALE),
            1 << 16,
        )
        for edit in edits
    )
    listed = _atom(b"edts", _atom(b"elst", bytes(4) + len(edits).to_bytes(4) + rows))
    parts = [_atom(name, part) for name, part in _atoms(body) if name != b"edts"]
    return _atom(b"trak", parts[0] + listed + b"".join(parts[1:]))


def _atoms(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position < len(data):
        size, name = ATOM.unpack_from(data, position)
        yield name, data[position + ATOM.size : position + size]
        position += size


def _atom(name: bytes, body: bytes) -> bytes:
    return ATOM.pack(ATOM.size + len(body), name) + body
