"""Options as people write them to values; every refusal is a `UsageError` that shows the way."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import radians
from typing import Final

import numpy as np

from engine_bridge.formats.clip import Channel
from engine_bridge.formats.table import FORMATS, ClipFormat, FormatRow
from space_runtime.arguments import Choice, items_of, text_of, whole
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.values import Emotion, check_gaze, emotion_vector

MAX_SEED: Final = 2**63 - 1
"""The largest seed that a command takes."""


class Format(StrEnum):
    """The files that a bake can write for a line: a video, and the clip formats of `engine_bridge.formats`."""

    MP4 = "mp4"
    """Pictures and the original sound; needs a portrait."""
    NPZ = "npz"
    JSON = "json"
    ANIM = "anim"
    CSV = "csv"
    GLB = "glb"
    SPACECLIP = "spaceclip"
    TRES = "tres"
    USD = "usd"
    VMC = "vmc"
    BLENDER = "blender"

    @property
    def row(self) -> FormatRow | None:
        """Its row in the table of clip formats; None for the video."""
        return None if self is Format.MP4 else FORMATS[ClipFormat(self.value)]


def parse_emotion(text: str) -> Floats:
    """Return the (8,) emotion vector of ``happy=0.7,surprised=0.2``; a label alone means 1, empty text neutral."""
    mix: dict[Emotion, float] = {}
    for part in _parts(text):
        add_part(mix, part)
    return emotion_vector(mix)


def add_part(mix: dict[Emotion, float], part: str) -> None:
    """Add ``happy=0.7`` or ``happy`` to a mixture; see `add_label`."""
    label, _, intensity = part.partition("=")
    add_label(mix, label.strip(), _intensity(part, intensity.strip() or "1"))


def add_label(mix: dict[Emotion, float], label: str, intensity: float) -> None:
    """Add an intensity to a mixture. Raises `UsageError` for an unknown label and one that the mixture has already."""
    emotion = _emotion(label)
    if emotion in mix:
        raise UsageError(f"emotion {emotion.value!r} is named twice; name every emotion once")
    mix[emotion] = intensity


def parse_formats(names: str | Iterable[str]) -> frozenset[Format]:
    """Return the set of formats in ``mp4,npz,json`` or in a collection of such names."""
    return _chosen("format", names, Format)


def parse_channels(names: str | Iterable[str]) -> frozenset[Channel]:
    """Return the set of channels in ``weights,head,eyes`` or in a collection of such names."""
    return _chosen("channel", names, Channel)


def _chosen(what: str, names: str | Iterable[str], kind: type[Choice]) -> frozenset[Choice]:
    """The members of a closed set that are named, at least one."""
    known = ", ".join(kind)
    given = _parts(names) if isinstance(names, str) else items_of(f"{what}s", names)
    chosen = [text_of(f"a {what}", name).lower() for name in given]
    if not chosen:
        raise UsageError(f"no {what} is named; choose from {known}")
    for part in chosen:
        if part not in set(kind):
            raise UsageError(f"unknown {what} {part!r:.40}; the known ones are {known}")
    return frozenset(kind(part) for part in chosen)


def parse_seed(seed: int | None) -> int | None:
    """Return the seed that ``--seed`` gives, None for none. Raises `UsageError`."""
    return None if seed is None else whole("--seed", seed, 0, MAX_SEED)


def parse_gaze(text: str) -> Floats | None:
    """Return (2,) yaw and pitch in radians of ``YAW,PITCH`` in degrees; None for empty text (straight ahead)."""
    if not text.strip():
        return None
    try:
        degrees = [float(part) for part in text.split(",")]
    except ValueError:
        degrees = []
    if len(degrees) != 2:
        raise UsageError(f"gaze {text!r} is not two angles; write yaw and pitch in degrees, for example 10,-5")
    check_gaze(*degrees)
    return np.array([radians(angle) for angle in degrees], np.float32)


def _parts(text: str) -> Iterable[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _emotion(label: str) -> Emotion:
    try:
        return Emotion(label.lower())
    except ValueError:
        raise UsageError(f"unknown emotion {label!r:.40}; the known ones are {', '.join(Emotion)}") from None


def _intensity(part: str, text: str) -> float:
    try:
        intensity = float(text)
    except ValueError:
        raise UsageError(f"emotion {part!r:.40} has no number after '='; write for example happy=0.7") from None
    if not 0.0 <= intensity <= 1.0:
        raise UsageError(f"emotion {part!r:.40} has an intensity outside 0…1; write for example happy=0.7")
    return intensity
