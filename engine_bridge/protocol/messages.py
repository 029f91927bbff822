"""Every message of the protocol as a value; `schema` lists their fields for `wire` and the golden vectors.

Their annotations (`field_types`) say how a value travels; ``None`` means absent. Fields are written in the order in
which they stand here, those of a base class last: the controls and outputs, which `field_table` lists. Meaning, units
and rules of every field: ``engine_bridge/PROTOCOL.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine_bridge.protocol.control_fields import Controlled as Controlled
from engine_bridge.protocol.control_fields import Seeded as Seeded
from engine_bridge.protocol.enums import ErrorCode as ErrorCode
from engine_bridge.protocol.enums import Pace as Pace
from engine_bridge.protocol.enums import Reason as Reason
from engine_bridge.protocol.enums import SampleFormat as SampleFormat
from engine_bridge.protocol.enums import TextureFormat as TextureFormat
from engine_bridge.protocol.field_table import N_LANDMARKS as N_LANDMARKS
from engine_bridge.protocol.field_table import N_WEIGHTS as N_WEIGHTS
from engine_bridge.protocol.field_types import F32, F64, U32, U64, Bytes, Counts, Numbers, Text, Texts
from engine_bridge.protocol.field_types import Floats as Floats
from engine_bridge.protocol.output_fields import FrameOutputs, OutputCounts
from engine_bridge.protocol.output_fields import Output as Output

VERSION: Final = 1
"""Version of the protocol that this package speaks."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hello:
    """Client: the first message of every connection."""

    versions: Numbers
    client: Text


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Welcome(OutputCounts):
    """Server: the answer to `Hello`."""

    version: U32
    server: Text
    bundle: Text
    look_ahead_s: F64
    weights: Texts
    emotions: Texts
    outputs: Texts
    textures: Texts
    limits: Counts


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
class Opened:
    """Server: the session exists."""

    request: U32
    session: U32
    token: Bytes
    look_ahead_s: F64
    lease_ms: U32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Resume:
    """Client: takes a session over to this connection."""

    request: U32
    token: Bytes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Resumed:
    """Server: the session belongs to this connection now."""

    request: U32
    session: U32
    stream: U32
    next_sample: U64
    seq: U32


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


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ping:
    """Either side: are you there?"""

    nonce: U64


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pong:
    """Either side: the answer to `Ping`."""

    nonce: U64


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Started:
    """Server: the first frame of a stream follows."""

    session: U32
    stream: U32
    sample: F64


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Frame(FrameOutputs):
    """Server: one animation instant."""

    session: U32
    stream: U32
    seq: U32
    index: U32
    sample: F64
    speech: F32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Texture:
    """Server: the picture of a frame."""

    session: U32
    stream: U32
    index: U32
    sample: F64
    format: Text
    width: U32
    height: U32
    pixels: Bytes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Underrun:
    """Server: sound came later than playback needed it."""

    session: U32
    stream: U32
    sample: F64
    late_ms: U32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Notice:
    """Server: one sentence for people about a stream's sound. Nothing ends."""

    session: U32
    stream: U32
    message: Text


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Finished:
    """Server: the last frame of a stream was sent."""

    session: U32
    stream: U32
    reason: Text
    sample: F64
    frames: U32
    dropped: U32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Closed:
    """Server: the session is gone. reason: an error code, or empty after `Close`."""

    session: U32
    reason: Text


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Error:
    """Server: something was refused. Absent numbers: it concerns no request, session or stream in particular."""

    code: Text
    message: Text
    request: U32 | None = None
    session: U32 | None = None
    stream: U32 | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bye:
    """Server: it is about to stop; every session of this connection ends."""

    reason: Text


ClientMessage = (
    Hello | Open | Resume | Start | Audio | Speak | Idle | Set | End | Interrupt | Credit | Close | Ping | Pong
)
ServerMessage = (
    Welcome
    | Opened
    | Resumed
    | Started
    | Frame
    | Texture
    | Underrun
    | Notice
    | Finished
    | Closed
    | Error
    | Bye
    | Ping
    | Pong
)
Message = ClientMessage | ServerMessage
