"""Fields of messages to the runtime's own values; what does not fit is a `Refusal`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Final, TypeVar

import numpy as np

from engine_bridge.protocol.client_ranges import range_fault
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.field_table import CONTROLS
from engine_bridge.protocol.messages import (
    Controlled,
    ErrorCode,
    Open,
    Output,
    Pace,
    SampleFormat,
    Speak,
    Start,
    TextureFormat,
)
from engine_bridge.protocol.schema import FROM_CLIENT
from engine_bridge.protocol.wire import type_of
from space_runtime.animation.stream_arguments import NO_STYLES
from space_runtime.arguments import in_range
from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.errors import UsageError
from space_runtime.server.frame_encoder import COLUMNS
from space_runtime.server.limits import Limits, Refusal
from space_runtime.soa import some
from space_runtime.style import style_vector
from space_runtime.timebase import checked_fps
from space_runtime.values import NAMED_HEADS, Controls, HeadMode

MIN_LEASE_MS: Final = 1_000
DEFAULT_FADE_MS: Final = 200
OFFERED: Final = frozenset(COLUMNS) | {Output.TEXTURE}
"""The outputs that this server makes."""
_NEED_FACE: Final = frozenset({Output.TEXTURE, Output.KEYPOINTS})

Choice = TypeVar("Choice", Output, Pace, SampleFormat, TextureFormat)


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The wishes of an `Open`, checked. playout_s: seconds. texture: None when no pictures are wanted."""

    outputs: frozenset[Output]
    fps: Fraction
    playout_s: float
    lease_s: float
    texture: TextureFormat | None

    @property
    def keypoints(self) -> bool:
        """Return whether keypoints of the picture generator are wanted with every frame."""
        return Output.KEYPOINTS in self.outputs


def session_settings(message: Open, limits: Limits) -> SessionSettings:
    """Return the settings of a session. Raises `Refusal`."""
    if len(message.fps) != 2 or not message.fps[1]:
        raise _bad(f"fps is {list(message.fps)}; expected numerator and denominator, for example [30, 1]")
    if fault := range_fault(message):
        raise _bad(fault)
    outputs = frozenset(_one_of(Output, "an output", name) for name in message.outputs)
    texture = _one_of(TextureFormat, "texture", message.texture or TextureFormat.JPEG)
    pictures = Output.TEXTURE in outputs
    if not outputs:
        raise _bad("outputs is empty; name at least one of " + ", ".join(Output))
    if outputs & _NEED_FACE and message.character is None and message.portrait is None:
        raise _bad(f"{min(outputs & _NEED_FACE)} needs a face; send a portrait or name a character")
    if not outputs <= OFFERED:
        raise _bad(f"this server makes no {min(outputs - OFFERED)} yet; leave that out of outputs")
    if message.character is not None and message.portrait is not None:
        raise _bad("both a character and a portrait; send one of them")
    lease_ms = limits.lease_ms if message.lease_ms is None else message.lease_ms
    with _refusing():
        fps = checked_fps(Fraction(*message.fps))
        in_range("playout_ms", message.playout_ms, 0, limits.playout_ms)
        in_range("lease_ms", lease_ms, min(MIN_LEASE_MS, limits.lease_ms), limits.lease_ms)
    return SessionSettings(outputs, fps, message.playout_ms / 1e3, lease_ms / 1e3, texture if pictures else None)


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """The format of pushed sound."""

    rate: int
    format: SampleFormat
    channels: int

    @property
    def width(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * (2 if self.format is SampleFormat.S16 else 4)


def sound_format(message: Start) -> SoundFormat:
    """Return the format of a stream's sound. Raises `Refusal`."""
    kind = _one_of(SampleFormat, "format", message.format)
    return SoundFormat(message.rate, kind, 1 if message.channels is None else message.channels)


def pace_of(message: Start | Speak) -> Pace:
    """Return the pace of a stream. Raises `Refusal`."""
    return _one_of(Pace, "pace", message.pace or Pace.LIVE)


def fade_s(fade_ms: int | None) -> float:
    """Return the seconds of a fade."""
    return (DEFAULT_FADE_MS if fade_ms is None else fade_ms) / 1e3


def controls_of(message: Controlled, before: Controls, knows_styles: bool = True) -> Controls:
    """Return the controls that a message asks for; what it leaves out stays as it was before. Raises `Refusal`.

    knows_styles: whether the server's bundle has any; else a style is refused, as `StreamBatch` would refuse it.
    """
    before = before if before.blink is None else replace(before, blink=None)  # one blink, not one with every message
    changed: dict[str, object] = {}
    for row in CONTROLS:
        value = getattr(message, row.key, None)  # a `Set` has no seed
        if value is not None and row.name not in _KNOWN:
            raise _bad(f"this server has no control {row.key!r} yet; leave it out")
        if value is not None:
            changed[row.name] = _READERS[row.name](value) if row.name in _READERS else value
    with _refusing():
        after = replace(before, **changed) if changed else before  # type: ignore[arg-type]
    if not knows_styles and some(after.style):
        raise _bad(NO_STYLES)
    return after


def _emotion(mix: Mapping[str, float]) -> object:
    known = {label.value for label in Emotion}
    unknown = sorted(set(mix) - known)
    if unknown:
        raise _bad(f"unknown emotion {unknown[0]!r:.40}; the known ones are {', '.join(Emotion)}")
    with _refusing():
        return emotion_vector({Emotion(label): intensity for label, intensity in mix.items()})


def _style(mix: Mapping[str, float]) -> object:
    with _refusing():
        return style_vector(mix)


def _head_mode(text: str) -> HeadMode:
    if text not in NAMED_HEADS:
        raise _bad(f"unknown head mode {text!r:.40}; the known ones are {', '.join(NAMED_HEADS)}")
    return HeadMode(text)


def _floats(array: Floats) -> Floats | None:
    """Return an array of its own; None where it has no values, which takes an earlier one back."""
    return np.array(array, np.float32) if len(array) else None


_READERS: Final[dict[str, Callable[..., object]]] = {
    "emotion": _emotion,
    "style": _style,
    "gaze_rad": _floats,
    "look_at": _floats,
    "drive": _floats,
    "blink": _floats,
    "head_offset": _floats,
    "head_mode": _head_mode,
}
"""Controls whose value on the wire is not the runtime's own."""
_KNOWN: Final = {field.name for field in fields(Controls)}


def _one_of(kind: type[Choice], what: str, text: str) -> Choice:
    try:
        return kind(text)
    except ValueError:
        raise _bad(f"{what} is {text!r:.40}; expected one of {', '.join(kind)}") from None


def _bad(text: str) -> Refusal:
    return Refusal(ErrorCode.BAD_VALUE, text)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn the runtime's own refusals into those of the wire."""
    try:
        yield
    except UsageError as error:
        raise _bad(str(error)) from None


def has_unknown_type(part: bytes) -> bool:
    """Return whether a message names a type that no client says; False where none can be read."""
    try:
        return type_of(part) not in FROM_CLIENT
    except WireError:
        return False
