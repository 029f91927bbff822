"""Every message of the protocol as a value: the table that `wire`, PROTOCOL.md and the golden vectors follow.

Field kinds (`Kind`) say how a value travels; ``None`` means absent. Fields are written in the order in which they stand
here. Meaning, units and rules of every field: ``engine_bridge/PROTOCOL.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated, Final, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 1
"""Version of the protocol that this package speaks."""

N_WEIGHTS: Final = 52
N_LANDMARKS: Final = 78

Floats = NDArray[np.float32]


class Kind(StrEnum):
    """How a field travels as MessagePack."""

    U32 = "u32"
    """uint32, always five bytes (0xce …)."""
    U64 = "u64"
    """uint64 below 2^63, always nine bytes (0xcf …)."""
    F32 = "f32"
    """float32 (0xca …), finite."""
    F64 = "f64"
    """float64 (0xcb …), finite."""
    STR = "str"
    """UTF-8 text."""
    BIN = "bin"
    """Bytes."""
    FLOATS = "floats"
    """Little-endian float32 values as ``bin``, finite."""
    STRS = "strs"
    """Array of str."""
    U32S = "u32s"
    """Array of uint32."""
    MIX = "mix"
    """Map from str to float32."""
    COUNTS = "counts"
    """Map from str to uint64."""


U32 = Annotated[int, Kind.U32]
U64 = Annotated[int, Kind.U64]
F32 = Annotated[float, Kind.F32]
F64 = Annotated[float, Kind.F64]
Text = Annotated[str, Kind.STR]
Bytes = Annotated[bytes | memoryview, Kind.BIN]
FloatArray = Annotated[Floats, Kind.FLOATS]
Texts = Annotated[tuple[str, ...], Kind.STRS]
Counts = Annotated[dict[str, int], Kind.COUNTS]
Mix = Annotated[dict[str, float], Kind.MIX]
Numbers = Annotated[tuple[int, ...], Kind.U32S]


class Output(StrEnum):
    """What a session may ask for."""

    WEIGHTS = "weights"
    HEAD = "head"
    EYES = "eyes"
    LANDMARKS = "landmarks"
    TEXTURE = "texture"


class SampleFormat(StrEnum):
    """How pushed sound is written."""

    S16 = "s16"
    F32 = "f32"


class Pace(StrEnum):
    """When frames leave the server."""

    LIVE = "live"
    """Along the media clock, ahead of playback by the playout delay."""
    CLIP = "clip"
    """As soon as they are made: the client keeps the whole clip."""


class TextureFormat(StrEnum):
    """How a texture's pixels are written."""

    RGB = "rgb"
    JPEG = "jpeg"
    WEBP = "webp"


class Reason(StrEnum):
    """Why a stream finished."""

    END = "end"
    INTERRUPTED = "interrupted"
    REPLACED = "replaced"
    CLOSED = "closed"
    FAILED = "failed"


class ErrorCode(StrEnum):
    """What an `Error` is about; one code per reaction of the client."""

    BAD_MESSAGE = "bad_message"
    UNKNOWN_TYPE = "unknown_type"
    UNSUPPORTED_VERSION = "unsupported_version"
    NOT_GREETED = "not_greeted"
    BAD_VALUE = "bad_value"
    UNKNOWN_SESSION = "unknown_session"
    UNKNOWN_STREAM = "unknown_stream"
    BAD_TOKEN = "bad_token"
    TOO_MANY_SESSIONS = "too_many_sessions"
    BUSY = "busy"
    TOO_LARGE = "too_large"
    TOO_MUCH_SOUND = "too_much_sound"
    TOO_FAST = "too_fast"
    BAD_SOUND = "bad_sound"
    BAD_PICTURE = "bad_picture"
    NO_ASSET = "no_asset"
    LEASE_EXPIRED = "lease_expired"
    STOPPING = "stopping"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hello:
    """Client: the first message of every connection."""

    versions: Numbers
    client: Text


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Welcome:
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
class Start:
    """Client: begins a stream of pushed sound."""

    session: U32
    stream: U32
    rate: U32
    format: Text
    channels: U32 | None = None
    first_sample: U64 | None = None
    pace: Text | None = None
    seed: U64 | None = None
    emotion: Mix | None = None
    mouth: F32 | None = None
    expression: F32 | None = None
    blinks: F32 | None = None
    gaze: FloatArray | None = None
    look_at: FloatArray | None = None
    head: Text | None = None
    head_strength: F32 | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Audio:
    """Client: a chunk of the stream's sound."""

    session: U32
    stream: U32
    first_sample: U64
    pcm: Bytes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Speak:
    """Client: a stream whose sound is a whole file, sent along or named."""

    session: U32
    stream: U32
    sound: Bytes | None = None
    asset: Text | None = None
    pace: Text | None = None
    seed: U64 | None = None
    emotion: Mix | None = None
    mouth: F32 | None = None
    expression: F32 | None = None
    blinks: F32 | None = None
    gaze: FloatArray | None = None
    look_at: FloatArray | None = None
    head: Text | None = None
    head_strength: F32 | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Idle:
    """Client: a stream of silence that lasts until another one begins or it is interrupted."""

    session: U32
    stream: U32
    seed: U64 | None = None
    emotion: Mix | None = None
    mouth: F32 | None = None
    expression: F32 | None = None
    blinks: F32 | None = None
    gaze: FloatArray | None = None
    look_at: FloatArray | None = None
    head: Text | None = None
    head_strength: F32 | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Set:
    """Client: controls from a media time on; absent ones stay as they are."""

    session: U32
    stream: U32
    at_sample: U64
    fade_ms: U32 | None = None
    emotion: Mix | None = None
    mouth: F32 | None = None
    expression: F32 | None = None
    blinks: F32 | None = None
    gaze: FloatArray | None = None
    look_at: FloatArray | None = None
    head: Text | None = None
    head_strength: F32 | None = None


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
class Frame:
    """Server: one animation instant."""

    session: U32
    stream: U32
    seq: U32
    index: U32
    sample: F64
    speech: F32
    weights: FloatArray | None = None
    head: FloatArray | None = None
    eyes: FloatArray | None = None
    landmarks: FloatArray | None = None


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
    Welcome | Opened | Resumed | Started | Frame | Texture | Underrun | Finished | Closed | Error | Bye | Ping | Pong
)
Message = ClientMessage | ServerMessage


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message. length: values of a `Kind.FLOATS` field, the longest where `exact` is false."""

    name: str
    kind: Kind
    required: bool
    length: int = 0
    exact: bool = True


_LENGTHS: Final = {
    ("frame", "weights"): N_WEIGHTS,
    ("frame", "head"): 6,
    ("frame", "eyes"): 4,
    ("frame", "landmarks"): N_LANDMARKS * 3,
    "gaze": 2,
    "look_at": 3,
}
"""How many float32 values a field has; gaze and look_at may also have none, which takes an earlier one back."""


def _fields(name: str, cls: type[Message]) -> tuple[Field, ...]:
    hints = get_type_hints(cls, include_extras=True)
    defaults = {field.name: field.default for field in fields(cls)}
    return tuple(_field(name, key, hint, required=defaults[key] is not None) for key, hint in hints.items())


def _field(message: str, key: str, hint: object, required: bool) -> Field:
    kind = _kind(hint)
    length = _LENGTHS.get((message, key)) or _LENGTHS.get(key, 0) if kind is Kind.FLOATS else 0
    return Field(key, kind, required, length, exact=key not in ("gaze", "look_at"))


def _kind(hint: object) -> Kind:
    for part in (hint, *get_args(hint)):
        for mark in getattr(part, "__metadata__", ()):
            if isinstance(mark, Kind):
                return mark
    raise TypeError(f"{hint} has no kind")


CLASSES: Final[dict[str, type[Message]]] = {
    cls.__name__.lower(): cls for cls in dict.fromkeys((*get_args(ClientMessage), *get_args(ServerMessage)))
}
"""The class of every message type as it stands in the ``type`` field."""

SCHEMA: Final[dict[str, tuple[Field, ...]]] = {name: _fields(name, cls) for name, cls in CLASSES.items()}
"""The fields of every message type, in their order."""

FROM_CLIENT: Final = frozenset(cls.__name__.lower() for cls in get_args(ClientMessage))
FROM_SERVER: Final = frozenset(cls.__name__.lower() for cls in get_args(ServerMessage))
