"""Open Sound Control 1.0, as much as VMC needs: messages of texts, whole numbers and floats, and bundles of them.

Specification: <https://opensoundcontrol.stanford.edu/spec-1_0.html>. All big-endian, everything padded to four bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import Final

from engine_bridge.protocol.errors import WireError

BUNDLE_HEAD: Final = b"#bundle\0" + struct.pack(">Q", 1)
"""A bundle that is to be handled immediately."""


def message(address: str, *arguments: str | int | float) -> bytes:
    """Return a message; the types of its arguments are s, i and f.

    Raises `WireError` on NaN, infinity, numbers beyond 32 bits and texts with a zero byte.
    """
    tags = "".join(_TAGS.get(type(argument), "") for argument in arguments)
    if len(tags) < len(arguments):
        raise WireError(f"{arguments!r:.60} has something else than texts, whole numbers and floats")
    return string(address) + string("," + tags) + b"".join(map(_argument, arguments))


def float32(value: float) -> bytes:
    """Return a float argument."""
    try:
        if math.isfinite(value):
            return struct.pack(">f", value)
    except OverflowError:
        pass
    raise WireError(f"{value!r} is no float32 of an OSC message")


def int32(value: int) -> bytes:
    """Return an int argument."""
    try:
        return struct.pack(">i", value)
    except struct.error:
        raise WireError(f"{value!r} is no int32 of an OSC message") from None


def string(text: str) -> bytes:
    """Return a text with its closing zero, padded."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raw = b"\0"
    if b"\0" in raw:
        raise WireError(f"{text!r:.40} cannot be written as an OSC string")
    return raw + b"\0" * (4 - len(raw) % 4)


def bundles(messages: Iterable[bytes], limit: int) -> list[bytes]:
    """Return messages in bundles of at most ``limit`` bytes, order kept; a longer message has a bundle to itself."""
    made: list[bytes] = []
    parts: list[bytes] = []
    size = len(BUNDLE_HEAD)
    for each in messages:
        if parts and size + 4 + len(each) > limit:
            made.append(_bundle(parts))
            parts, size = [], len(BUNDLE_HEAD)
        parts.append(each)
        size += 4 + len(each)
    return [*made, _bundle(parts)] if parts else made


def _bundle(messages: list[bytes]) -> bytes:
    return BUNDLE_HEAD + b"".join(struct.pack(">i", len(each)) + each for each in messages)


_TAGS: Final[dict[type, str]] = {str: "s", int: "i", float: "f"}


def _argument(value: str | int | float) -> bytes:
    if isinstance(value, str):
        return string(value)
    return int32(value) if isinstance(value, int) else float32(value)
