"""Messages that are broken in one place: cut off, or with a value of another kind or of a huge length in a field."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgpack

LONGEST: Final = 2_000
"""Bytes of a message up to which it is cut off at every byte."""
ENDS: Final = 100
"""Bytes at the beginning and at the end of a longer one at which it is."""

_SMALL: Final[tuple[object, ...]] = (
    *(None, True, False, 0, 1, 127, 128, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1, -1, -(2**63)),
    *(0.0, -0.5, 1e308, float("nan"), float("-inf"), "", "x", "x" * 4_097, b"", b"\0", bytes(4), bytes(12), bytes(208)),
    *([], [1], ["x"], [[[[]]]], {}, {"x": 1}, {"x": 0.5}, {"x": {"x": {"x": {}}}}),
)
_HEADS: Final = (b"\xd9", b"\xda", b"\xdb", b"\xc4", b"\xc5", b"\xc6", b"\xdc", b"\xdd", b"\xde", b"\xdf")
"""First bytes of texts, bytes, arrays and maps whose lengths follow in 1, 2 or 4 bytes."""
_OTHERS: Final = (b"\xc1", b"\xd4\0\0", b"\xc9\xff\xff\xff\xff\0", b"\xd9\x01\xff", b"\xa1\xff", b"\x9f", b"\x8f")

VALUES: Final = (
    *(msgpack.packb(value) for value in _SMALL),
    *(struct.pack(">Bf", 0xCA, value) for value in (0.25, float("inf"))),
    *(head + b"\xff" * 4 for head in _HEADS),
    *(head + b"\x7f\xff\xff\xff" for head in _HEADS),
    *_OTHERS,
)
"""Values of every kind and edge, well formed or not, as bytes."""


def cut_off(message: bytes) -> Iterator[bytes]:
    """Yield a message cut off at every byte; of a long one at those of its beginning and of its end."""
    for n in range(len(message)):
        if len(message) <= LONGEST or not ENDS <= n < len(message) - ENDS:
            yield message[:n]


def with_other_values(message: bytes) -> Iterator[bytes]:
    """Yield a message with each of its values, one at a time, replaced by each of `VALUES`."""
    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(message)
    for _ in range(unpacker.read_map_header()):
        unpacker.skip()
        begin = unpacker.tell()
        unpacker.skip()
        for value in VALUES:
            yield message[:begin] + value + message[unpacker.tell() :]
