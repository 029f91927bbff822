"""ARKit weights as the names that avatars know: "Perfect Sync" clips, or the expression presets of VRM 0 and VRM 1.

Presets are few and coarse: a mouth of five vowels whose sum never exceeds 1, lids, gaze, and moods. A preset is only as
good as the avatar's own shape of that name; an avatar that has the 52 ARKit shapes looks far better with those.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.messages import Floats


class Preset(StrEnum):
    """The sets of names that avatars know."""

    ARKIT = "arkit"
    """The 52 ARKit names, first letter upper-case, as "Perfect Sync" avatars spell them."""
    VRM0 = "vrm0"
    VRM1 = "vrm1"


_FULL_OPENING: Final = 0.6
"""Opening of the lips (jawOpen less mouthClose) at which a vowel is fully open; speech rarely goes beyond."""
_MOOD_FLOOR: Final = 0.15
"""Motion of a mood's shapes in plain speech that is not taken for a mood."""

Weigh = Callable[[dict[str, float]], float]
"""A value 0…1 from the weights by their ARKit names."""


def _both(name: str) -> Weigh:
    """The mean of a shape's two sides."""
    return lambda w: (w[f"{name}Left"] + w[f"{name}Right"]) / 2


def _one(name: str) -> Weigh:
    return lambda w: w[name]


def _mean(first: str, second: str) -> Weigh:
    return lambda w: (w[first] + w[second]) / 2


def _mood(weigh: Weigh) -> Weigh:
    return lambda w: max(weigh(w) - _MOOD_FLOOR, 0.0) / (1 - _MOOD_FLOOR)


def _surprise(w: dict[str, float]) -> float:
    return min(_both("eyeWide")(w), max(w["browInnerUp"], _both("browOuterUp")(w)))


def _vowel(opened: bool, rounded: bool, spread: bool | None = None) -> Weigh:
    """A corner of the vowel space: how open, how rounded, and (where it matters) how spread the lips are."""

    def weigh(w: dict[str, float]) -> float:
        opening = min(max(w["jawOpen"] - w["mouthClose"], 0.0) / _FULL_OPENING, 1.0)
        rounding = max(w["mouthFunnel"], w["mouthPucker"])
        spreading = max(_both("mouthStretch")(w), _both("mouthDimple")(w))
        share = (opening if opened else 1 - opening) * (rounding if rounded else 1 - rounding)
        return share if spread is None else share * (spreading if spread else 1 - spreading)

    return weigh


_EXPRESSIONS: Final[tuple[tuple[str, str, Weigh], ...]] = (
    ("A", "aa", _vowel(opened=True, rounded=False, spread=False)),
    ("I", "ih", _vowel(opened=False, rounded=False, spread=True)),
    ("U", "ou", _vowel(opened=False, rounded=True)),
    ("E", "ee", _vowel(opened=True, rounded=False, spread=True)),
    ("O", "oh", _vowel(opened=True, rounded=True)),
    ("Blink_L", "blinkLeft", _one("eyeBlinkLeft")),
    ("Blink_R", "blinkRight", _one("eyeBlinkRight")),
    ("LookUp", "lookUp", _both("eyeLookUp")),
    ("LookDown", "lookDown", _both("eyeLookDown")),
    ("LookLeft", "lookLeft", _mean("eyeLookOutLeft", "eyeLookInRight")),
    ("LookRight", "lookRight", _mean("eyeLookInLeft", "eyeLookOutRight")),
    ("Joy", "happy", _mood(_both("mouthSmile"))),
    ("Angry", "angry", _mood(_both("browDown"))),
    ("Sorrow", "sad", _mood(_both("mouthFrown"))),
    ("", "surprised", _surprise),
)
"""Name in VRM 0, name in VRM 1, value. Blink is left out because Blink_L and Blink_R are sent; Fun and relaxed, because
no shape tells them from Joy."""

_ARKIT: Final = tuple(name[0].upper() + name[1:] for name in ARKIT_NAMES)
_VRM0: Final = tuple((vrm0, weigh) for vrm0, _, weigh in _EXPRESSIONS if vrm0)
_VRM1: Final = tuple((vrm1, weigh) for _, vrm1, weigh in _EXPRESSIONS)


def expressions(weights: Floats, preset: Preset) -> dict[str, float]:
    """Return the value 0…1 of every name of a preset from (52,) ARKit weights."""
    if preset is Preset.ARKIT:
        return dict(zip(_ARKIT, weights.tolist(), strict=True))
    named = dict(zip(ARKIT_NAMES, weights.tolist(), strict=True))
    return {name: float(np.float32(weigh(named))) for name, weigh in (_VRM0 if preset is Preset.VRM0 else _VRM1)}
