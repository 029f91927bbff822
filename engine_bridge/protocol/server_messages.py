"""The messages that servers send.

See `messages` for how their fields travel.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine_bridge.protocol.field_types import F32, F64, U32, U64, Bytes, Counts, Text, Texts
from engine_bridge.protocol.output_fields import FrameOutputs, OutputCounts


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
class Opened:
    """Server: the session exists."""

    request: U32
    session: U32
    token: Bytes
    look_ahead_s: F64
    lease_ms: U32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Resumed:
    """Server: the session belongs to this connection now."""

    request: U32
    session: U32
    stream: U32
    next_sample: U64
    seq: U32


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
