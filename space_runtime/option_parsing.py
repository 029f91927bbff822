"""Options as people write them to values; every refusal is a `UsageError` that shows the way."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import isnan, nan, radians
from typing import Final

import numpy as np

from engine_bridge.formats.clip import Channel
from engine_bridge.formats.table import FORMATS, ClipFormat, FormatRow
from space_runtime.arguments import Choice, items_of, text_of, whole
from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.errors import UsageError
from space_runtime.style import Style, style_vector
from space_runtime.values import check_gaze

MAX_SEED: Final = 2**63 - 1
"""The largest seed that a command takes."""


class Format(StrEnum):
    """The files that a bake can write for a line: pictures, and the clip formats of `engine_bridge.formats`."""

    MP4 = "mp4"
    """Pictures and the original sound; needs a portrait, as the next two."""
    WEBM = "webm"
    """The same with an alpha channel where the portrait is transparent."""
    PNG = "png"
    """A folder of numbered pictures, with an alpha channel likewise."""
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
        """Its row in the table of clip formats; None for pictures."""
        return None if self in PICTURES else FORMATS[ClipFormat(self.value)]


PICTURES: Final = frozenset({Format.MP4, Format.WEBM, Format.PNG})
"""Formats that show a face and so need a portrait."""
WITH_ALPHA: Final = frozenset({Format.WEBM, Format.PNG})
"""Those that can leave its background out."""


def parse_emotion(text: str) -> Floats:
    """Return the (8,) emotion vector of ``happy=0.7,surprised=0.2``; a label alone means 1, empty text neutral."""
    if "@" in text or text.strip().lower().endswith(".json"):
        raise UsageError(f"emotion {text!r:.40} is keyed over time, but here one holds throughout; write happy=0.7")
    mix: dict[Emotion, float] = {}
    for part in _parts(text):
        add_part(mix, part)
    return emotion_vector(mix)


def add_part(mix: dict[Emotion, float], part: str) -> None:
    """Add ``happy=0.7`` or ``happy`` to a mixture; see `add_label`."""
    label, _, intensity = part.partition("=")
    add_label(mix, label.strip(), _share("emotion", part, intensity.strip() or "1", "happy=0.7"))


def add_label(mix: dict[Emotion, float], label: str, intensity: float) -> None:
    """Add an intensity to a mixture. Raises `UsageError` for an unknown label and one that the mixture has already."""
    emotion = _label("emotion", label, Emotion)
    if emotion in mix:
        raise UsageError(f"emotion {emotion.value!r} is named twice; name every emotion once")
    mix[emotion] = intensity


def parse_style(text: str) -> Floats:
    """Return the (5,) weights of ``articulate=0.6,orator=0.3``; a name alone means 1, empty text the mean of people."""
    mix: dict[Style, float] = {}
    for part in _parts(text):
        name, _, weight = part.partition("=")
        style = _label("style", name.strip(), Style)
        if style in mix:
            raise UsageError(f"style {style.value!r} is named twice; name every style once")
        mix[style] = _share("style", part, weight.strip() or "1", "mumble=0.5")
    return style_vector(mix)


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
    if len(degrees) != 2 or any(map(isnan, degrees)):
        raise UsageError(f"gaze {text!r} is not two angles; write yaw and pitch in degrees, for example 10,-5")
    check_gaze(*degrees)
    return np.array([radians(angle) for angle in degrees], np.float32)


def _parts(text: str) -> Iterable[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _label(what: str, label: str, kind: type[Choice]) -> Choice:
    try:
        return kind(label.lower())
    except ValueError:
        raise UsageError(f"unknown {what} {label!r:.40}; the known ones are {', '.join(kind)}") from None


def _share(what: str, part: str, text: str, example: str) -> float:
    """The intensity of a label in a mixture."""
    try:
        share = float(text)
    except ValueError:
        share = nan
    if isnan(share):
        raise UsageError(f"{what} {part!r:.40} has no number after '='; write for example {example}")
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"{what} {part!r:.40} has an intensity outside 0…1; write for example {example}")
    return share
