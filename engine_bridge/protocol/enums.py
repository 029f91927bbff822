"""Closed sets of the protocol: every word that stands in a text field."""

from __future__ import annotations

from enum import StrEnum


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
