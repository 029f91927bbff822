"""Reads blend-shape curves and rotations of Unity's text AnimationClips: ours, and those that Unity saved (version 4
to 7)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine_bridge.formats.clip import ClipError
from engine_bridge.formats.keys import Curve, Turn
from engine_bridge.formats.unity_rotations import MIRROR

MAX_BYTES: Final = 1 << 30
_PREFIX: Final = "blendShape."


@dataclass(frozen=True, slots=True, eq=False)
class AnimCurve:
    """A blend-shape curve. path: of the renderer. curve: its keys, weights 0…1. in_slopes, out_slopes: (K,) per second,
    of weights too."""

    path: str
    curve: Curve
    in_slopes: tuple[float, ...]
    out_slopes: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class UnityAnim:
    """A clip: its name, its frames per second, its blend-shape curves, and rotations in our axes."""

    name: str
    sample_rate: float
    curves: tuple[AnimCurve, ...]
    turns: tuple[Turn, ...] = ()


def read_anim(data: bytes, weight_scale: float = 100.0) -> UnityAnim:
    """Return the clip in ``data``. weight_scale: of the mesh it was made for. Raises `ClipError`."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
        if not lines or not lines[0].startswith("%YAML") or "AnimationClip:" not in lines:
            raise ValueError("no AnimationClip in text form")
        return UnityAnim(
            _text(_first(lines, "  m_Name:")),
            float(_first(lines, "  m_SampleRate:")),
            tuple(_curves(lines, weight_scale)),
            tuple(_turns(lines)),
        )
    except (ValueError, LookupError, ArithmeticError) as error:
        raise ClipError(f"the file is no Unity .anim that can be read ({error}); save it as text") from None


_KEY_FIELDS: Final = ("time", "value", "inSlope", "outSlope")


def _no_keys() -> dict[str, list[float]]:
    return {name: [] for name in _KEY_FIELDS}


@dataclass(slots=True)
class _Item:
    """A curve as its lines come."""

    keys: dict[str, list[float]] = field(default_factory=_no_keys)
    rotations: list[list[float]] = field(default_factory=list)
    attribute: str = ""
    path: str = ""


_KEY_LINE: Final = re.compile(r"\s+(time|value|inSlope|outSlope): ([^{\s]\S*)")
_ROTATION_LINE: Final = re.compile(r"\s+value: \{x: ([^,]+), y: ([^,]+), z: ([^,]+), w: ([^}]+)\}")
_TEXT_LINE: Final = re.compile(r"    (attribute|path): ?(.*)")


def _curves(lines: list[str], scale: float) -> Iterator[AnimCurve]:
    for item in _items(lines):
        if item.attribute.startswith(_PREFIX):
            yield _curve(item, scale)


def _turns(lines: list[str]) -> Iterator[Turn]:
    for item in _items(lines, "  m_RotationCurves:"):
        times = np.array(item.keys["time"])
        rotations = np.array(item.rotations, np.float64).reshape(-1, 4) * MIRROR
        if len(times) != len(rotations) or not np.isfinite(rotations).all() or (np.diff(times) <= 0).any():
            raise ValueError(f"the rotation of {item.path} lacks a number, or its times do not rise")
        yield Turn(item.path, times, rotations)


def _items(lines: list[str], field: str = "  m_FloatCurves:") -> Iterator[_Item]:
    start = next((k for k, line in enumerate(lines) if line.startswith(field)), len(lines))
    item: _Item | None = None
    for line in lines[start + 1 :]:
        if re.match(r"  \w", line):
            break
        if line.startswith("  - "):
            if item:
                yield item
            item = _Item()
        if item is None:
            continue
        if match := _ROTATION_LINE.match(line):
            item.rotations.append([float(number) for number in match.groups()])
        elif match := _KEY_LINE.match(line):
            item.keys[match[1]].append(_number(match[2]))
        elif match := _TEXT_LINE.match(line):
            setattr(item, match[1], _text(match[2]))
    if item:
        yield item


def _curve(item: _Item, scale: float) -> AnimCurve:
    lengths = {len(values) for values in item.keys.values()}
    if len(lengths) != 1:
        raise ValueError(f"a key of {item.attribute} lacks a number")
    times, values = (np.array(item.keys[name], np.float64) for name in ("time", "value"))
    if not (np.isfinite(times).all() and np.isfinite(values).all() and (np.diff(times) > 0).all()):
        raise ValueError(f"the times of {item.attribute} do not rise")
    slopes = [tuple(value / scale for value in item.keys[name]) for name in ("inSlope", "outSlope")]
    curve = Curve(item.attribute.removeprefix(_PREFIX), times, values / scale)
    return AnimCurve(item.path, curve, slopes[0], slopes[1])


def _first(lines: list[str], key: str) -> str:
    return next((line[len(key) :].strip() for line in lines if line.startswith(key)), "")


def _number(text: str) -> float:
    return math.inf if text in ("Infinity", "inf") else float(text)


def _text(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        value: object = json.loads(re.sub(r"\\U([0-9A-F]{8})", lambda code: chr(int(code[1], 16)), text))
        return str(value)
    return text[1:-1].replace("''", "'") if text.startswith("'") else text
