"""Curves of one number as Unity's text AnimationClips have them, linear between keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from engine_bridge.formats.clip import Values
from engine_bridge.formats.unity_text import number, yaml_text

LINEAR: Final = 69
"""Tangents of a key: broken, linear on both sides."""
SINGLE: Final = 136
"""Tangents of a key that is alone: clamped auto."""
WEIGHT: Final = "0.33333334"
RENDERER: Final = 137
TRANSFORM: Final = 4
"""Class ids of what curves drive."""


def curve_text(keys: str, attribute: str, path: str, class_id: int) -> str:
    """Return a curve. keys: of `keys_text`. path: of the object below the one with the Animator."""
    where = yaml_text(path) if path else ""
    return curve_body(keys) + _BINDING.format(attribute=yaml_text(attribute), path=where, class_id=class_id)


def curve_body(keys: str) -> str:
    """Return an item of a list of curves up to what names its target."""
    return _HEAD + (f"\n{keys}" if keys else " []\n") + _END


def keys_text(times_s: Values, values: Values) -> str:
    """Return the keys of a curve, linear in between."""
    return "".join(_keys(times_s, values))


def slopes_of(times_s: Values, values: Values) -> tuple[Values, Values]:
    """Return the slopes before and after each of two or more keys. values: (K,) or (K, n)."""
    steps = np.diff(times_s).reshape(-1, *[1] * (values.ndim - 1))
    slopes = np.diff(values, axis=0) / steps
    return np.concatenate([slopes[:1], slopes]), np.concatenate([slopes, slopes[-1:]])


def _keys(times_s: Values, values: Values) -> Iterator[str]:
    if len(values) < 2:
        for time, value in zip(times_s, values, strict=True):
            yield KEY.format(time=number(time), value=number(value), before=0, after=0, mode=SINGLE, weight=0)
        return
    before, after = slopes_of(times_s, values)
    for row in zip(times_s.tolist(), values.tolist(), before.tolist(), after.tolist(), strict=True):
        time, value, left, right = map(number, row)
        yield KEY.format(time=time, value=value, before=left, after=right, mode=LINEAR, weight=WEIGHT)


KEY: Final = """\
      - serializedVersion: 3
        time: {time}
        value: {value}
        inSlope: {before}
        outSlope: {after}
        tangentMode: {mode}
        weightedMode: 0
        inWeight: {weight}
        outWeight: {weight}
"""
"""A key of one number or of a vector."""
_HEAD: Final = """\
  - curve:
      serializedVersion: 2
      m_Curve:"""
_END: Final = """\
      m_PreInfinity: 2
      m_PostInfinity: 2
      m_RotationOrder: 4
"""
_BINDING: Final = """\
    attribute: {attribute}
    path: {path}
    classID: {class_id}
    script: {{fileID: 0}}
"""
