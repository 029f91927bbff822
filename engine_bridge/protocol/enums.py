"""Closed sets of the protocol: the words of its text fields (`output_fields` has those of outputs)."""

from __future__ import annotations

from enum import StrEnum


class SampleFormat(StrEnum):
    """The formats of pushed sound."""

    S16 = "s16"
    F32 = "f32"


class Pace(StrEnum):
    """The moments at which frames leave the server."""

    LIVE = "live"
    """Along the media clock, ahead of playback by the playout delay."""
    CLIP = "clip"
    """As soon as they are made: the client keeps the whole clip."""


class TextureFormat(StrEnum):
    """The formats of a texture's pixels."""

    RGB = "rgb"
    JPEG = "jpeg"
    WEBP = "webp"


class Reason(StrEnum):
    """The reasons for which a stream finishes."""

    END = "end"
    INTERRUPTED = "interrupted"
    REPLACED = "replaced"
    CLOSED = "closed"
    FAILED = "failed"


class ErrorCode(StrEnum):
    """The subjects of an `Error`; one code per reaction of the client."""

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
