"""The messages that clients send.

See `messages` for how their fields travel.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine_bridge.protocol.control_fields import Controlled, Seeded
from engine_bridge.protocol.field_types import U32, U64, Bytes, FloatArray, Numbers, Text, Texts


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hello:
    """Client: the first message of every connection."""

    versions: Numbers
    client: Text


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Open:
    """Client: asks for a session."""

    request: U32
    outputs: Texts
    fps: Numbers
    playout_ms: U32
    until: U32
    character: Text | None = None
    portrait: Bytes | None = None
    texture: Text | None = None
    lease_ms: U32 | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Resume:
    """Client: takes a session over to this connection."""

    request: U32
    token: Bytes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Start(Seeded):
    """Client: begins a stream of pushed sound."""

    session: U32
    stream: U32
    rate: U32
    format: Text
    channels: U32 | None = None
    first_sample: U64 | None = None
    pace: Text | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Audio:
    """Client: a chunk of the stream's sound."""

    session: U32
    stream: U32
    first_sample: U64
    pcm: Bytes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Speak(Seeded):
    """Client: a stream whose sound is a whole file, sent along or named."""

    session: U32
    stream: U32
    sound: Bytes | None = None
    asset: Text | None = None
    pace: Text | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Idle(Seeded):
    """Client: a stream of silence that lasts until another one begins or it is interrupted."""

    session: U32
    stream: U32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Set(Controlled):
    """Client: controls from a media time on; absent ones stay as they are."""

    session: U32
    stream: U32
    at_sample: U64
    fade_ms: U32 | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Motion:
    """Client: rows of motion that drive the stream's face, as `motion_row` lays them out."""

    session: U32
    stream: U32
    at_sample: U64
    rows: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class End:
    """Client: the stream's sound is over after this many samples."""

    session: U32
    stream: U32
    n_samples: U64


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Interrupt:
    """Client: stop at a media time and blend to rest (barge-in)."""

    session: U32
    stream: U32
    at_sample: U64
    fade_ms: U32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Credit:
    """Client: frames with a sequence number below ``until`` may be sent."""

    session: U32
    until: U32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Close:
    """Client: the session is over."""

    session: U32
