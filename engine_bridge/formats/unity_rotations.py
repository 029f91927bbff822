"""Rotations of transforms as Unity's text AnimationClips have them: quaternion curves in its left-handed axes.

Unity looks to +z with y up as we do, with x to the other side: (x, y, z, w) becomes (x, -y, -z, w), as importers of
glTF and VRM turn it.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np

from engine_bridge.formats.clip import Values
from engine_bridge.formats.keys import Turn
from engine_bridge.formats.unity_curves import KEY, TRANSFORM, WEIGHT, curve_body, curve_text, keys_text, slopes_of
from engine_bridge.formats.unity_text import number, yaml_text

MIRROR: Final = np.array([1.0, -1.0, -1.0, 1.0])
"""Signs of x, y, z, w between our axes and Unity's, both ways."""
COMPONENTS: Final = "xyzw"


def rotation_curve(turn: Turn) -> str:
    """Return an item of ``m_RotationCurves``."""
    rotations = turn.rotations * MIRROR
    is_alone = len(rotations) < 2
    slopes = (np.zeros_like(rotations),) * 2 if is_alone else slopes_of(turn.times_s, rotations)
    weight = _vector(["0" if is_alone else WEIGHT] * 4)
    keys = []
    for time, *vectors in zip(turn.times_s, rotations, *slopes, strict=True):
        value, before, after = map(_numbers, vectors)
        keys.append(KEY.format(time=number(time), value=value, before=before, after=after, mode=0, weight=weight))
    return f"{curve_body(''.join(keys))}    path: {yaml_text(turn.path)}\n"


def component_curves(turn: Turn) -> str:
    """Return the items of ``m_EditorCurves``, one a component."""
    rotations = turn.rotations * MIRROR
    return "".join(
        curve_text(keys_text(turn.times_s, rotations[:, k]), f"m_LocalRotation.{name}", turn.path, TRANSFORM)
        for k, name in enumerate(COMPONENTS)
    )


def binding_text(turn: Turn) -> str:
    """Return an item of ``genericBindings``."""
    return _BINDING.format(path=zlib.crc32(turn.path.encode()), type_id=TRANSFORM)


def _numbers(values: Values) -> str:
    return _vector([number(value) for value in values])


def _vector(texts: list[str]) -> str:
    return "{" + ", ".join(f"{name}: {text}" for name, text in zip(COMPONENTS, texts, strict=True)) + "}"


_BINDING: Final = """\
    - serializedVersion: 2
      path: {path}
      attribute: 2
      script: {{fileID: 0}}
      typeID: {type_id}
      customType: 0
      isPPtrCurve: 0
"""
