"""The ranges of the numbers in a server's messages: what lies outside is no message, in every client alike.

``python -m tests.tools.generate_protocol`` writes the rows for C# and C++ and the table of PROTOCOL.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine_bridge.protocol.errors import WireError, counted
from engine_bridge.protocol.field_table import N_WEIGHTS, OUTPUTS
from engine_bridge.protocol.messages import VERSION, Message, Opened, Texture, TextureFormat, Welcome

LAST_INDEX: Final = 2**31 - 1
LAST_SAMPLE: Final = 2**53
"""Whole samples are exact up to here."""
TOKEN_BYTES: Final = 256
"""Longest token of a session."""


@dataclass(frozen=True, slots=True)
class RangeRow:
    """The range of a number, or of each number of an array; both ends are allowed. Outside it there is no message."""

    message: str
    """Type on the wire."""
    field: str
    low: float
    high: float
    clamped: tuple[float, float] | None = None
    """The narrower range to which numbers within the other are clamped."""

    @property
    def is_array(self) -> bool:
        """True where the field is an array."""
        return self.field in _ARRAYS

    @property
    def span(self) -> str:
        """The range in words."""
        return f"{self.low:.16g} … {self.high:.16g}"


_ARRAYS: Final = frozenset(row.key for row in OUTPUTS if row.in_frame)

SERVER_RANGES: Final = (
    RangeRow("welcome", "look_ahead_s", 0, 3_600),
    RangeRow("opened", "look_ahead_s", 0, 3_600),
    RangeRow("started", "sample", 0, LAST_SAMPLE),
    RangeRow("underrun", "sample", 0, LAST_SAMPLE),
    RangeRow("finished", "sample", 0, LAST_SAMPLE),
    RangeRow("frame", "index", 0, LAST_INDEX),
    RangeRow("frame", "sample", 0, LAST_SAMPLE),
    RangeRow("frame", "speech", -100, 100, clamped=(0, 1)),
    RangeRow("frame", "weights", -100, 100, clamped=(0, 1)),
    RangeRow("frame", "head", -1_000, 1_000),
    RangeRow("frame", "eyes", -10, 10),
    RangeRow("frame", "landmarks", -1e4, 1e4),
    RangeRow("frame", "keypoints", -1e6, 1e6),
    RangeRow("texture", "index", 0, LAST_INDEX),
    RangeRow("texture", "sample", 0, LAST_SAMPLE),
    RangeRow("texture", "width", 1, 8_192),
    RangeRow("texture", "height", 1, 8_192),
)
"""In the order of messages and fields."""

LIMIT_RANGES: Final = {
    "message_bytes": (65_536, 1 << 30),
    "audio_ms": (100, 600_000),
    "messages_per_s": (1, 1_000_000),
}
"""The limits of ``welcome`` that a client follows; a number outside counts as the end of the range next to it."""

_ROWS: Final = {row.message: [each for each in SERVER_RANGES if each.message == row.message] for row in SERVER_RANGES}


def within_ranges(message: Message) -> Message:
    """Return a server's message with its numbers clamped.

    Raises `WireError` for a number outside its range, a picture that is none, and a token that nobody can send back.
    """
    name = type(message).__name__.lower()
    clamped: dict[str, object] = {}
    for row in _ROWS.get(name, ()):
        value = getattr(message, row.field)
        if value is None:
            continue
        least, most = (value.min(initial=row.high), value.max(initial=row.low)) if row.is_array else (value, value)
        if not row.low <= least <= most <= row.high:
            raise WireError(f"{row.field} of {name} is {least if least < row.low else most:g}; expected {row.span}")
        if row.clamped and not row.clamped[0] <= least <= most <= row.clamped[1]:
            limits = np.float32(row.clamped[0]), np.float32(row.clamped[1])
            clamped[row.field] = np.clip(value, *limits) if row.is_array else float(np.clip(value, *limits))
    _check_lies(message)
    return replace(message, **clamped) if clamped else message  # type: ignore[arg-type]  # of the kinds that they had


def _check_lies(message: Message) -> None:
    if isinstance(message, Texture):
        _check_picture(message)
    if isinstance(message, Opened) and not 0 < len(message.token) <= TOKEN_BYTES:
        raise WireError(f"the token of opened has {counted(len(message.token), 'byte')}; expected 1 … {TOKEN_BYTES}")


def limit(welcome: Welcome, name: str, otherwise: int) -> int:
    """Return a limit that the server states, within its range."""
    low, high = LIMIT_RANGES[name]
    return min(max(welcome.limits.get(name, otherwise), low), high)


def problem_with(welcome: Welcome) -> str:
    """Return why a client cannot work with this server, one sentence; empty if it can."""
    n_weights = len(set(welcome.weights))
    if welcome.version != VERSION:
        return f"the server speaks version {welcome.version} of the protocol, this client {VERSION}; update the older"
    if n_weights != N_WEIGHTS:
        return f"the server names {counted(n_weights, 'weight')}, frames have {N_WEIGHTS}; is it a SPACE server?"
    try:
        within_ranges(welcome)
    except WireError as error:
        return f"the server's welcome cannot be: {error}"
    return ""


def _check_picture(picture: Texture) -> None:
    if picture.format == TextureFormat.RGB:
        fits = len(picture.pixels) == 3 * picture.width * picture.height
    else:
        begins = _BEGINNINGS.get(picture.format)
        fits = begins is not None and bytes(picture.pixels[: len(begins)]) == begins
    if picture.format == TextureFormat.JPEG and fits:
        fits = _jpeg_size(picture.pixels) in (None, (picture.width, picture.height))
    if not fits:
        size = f"{picture.width} × {picture.height} in {counted(len(picture.pixels), 'byte')}"
        raise WireError(f"a texture of {size} is no {picture.format!r:.20} picture")


_BEGINNINGS: Final[dict[str, bytes]] = {TextureFormat.JPEG: b"\xff\xd8\xff", TextureFormat.WEBP: b"RIFF"}


def _jpeg_size(data: bytes | memoryview) -> tuple[int, int] | None:
    """Return the width and height that a JPEG's frame header states (ITU T.81, B.2.2); None before there is one."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
