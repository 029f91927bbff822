"""A clip as Unity's text AnimationClip, ``.anim``: blend-shape curves of renderers, linear between keys.

The layout is that of clips that Unity saved, ``serializedVersion`` 6, which every editor from 2018.3 on reads. Head and
eyes are not in it. ``m_EditorCurves`` says the curves again: without it the Animation window shows none.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import IO, Final

import numpy as np

from engine_bridge.formats.clip import Clip, Values
from engine_bridge.formats.driven import driven_curves, driven_shapes
from engine_bridge.formats.options import FormatOptions

MAX_MEMORY: Final = 16 << 20
"""Bytes of curves that wait in memory; more wait on disk."""
LINEAR: Final = 69
"""Tangents of a key: broken, linear on both sides."""
SINGLE: Final = 136
"""Tangents of a key that is alone: clamped auto."""


def write_anim(clip: Clip, options: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as ``.anim``."""
    shapes = () if clip.blendshapes is None else driven_shapes(options)
    stop = float(clip.times_s[-1]) if clip.n_frames else 0.0
    bindings = "".join(_binding(shape, path) for shape in shapes for path in options.renderer_paths)
    middle = _MIDDLE.format(rate=number(float(clip.fps)), bindings=_inner_list(bindings), stop=number(stop))
    with SpooledTemporaryFile(MAX_MEMORY) as curves:
        _write_curves(curves, clip, options)
        file.write(_BEGINNING.format(name=yaml_text(clip.name)).encode())
        for field, after in (("m_FloatCurves", middle), ("m_EditorCurves", _END)):
            file.write(f"  {field}:{'' if shapes else ' []'}\n".encode())
            curves.seek(0)
            copyfileobj(curves, file)
            file.write(after.encode())


def _write_curves(file: IO[bytes], clip: Clip, options: FormatOptions) -> None:
    for curve in driven_curves(clip, options):
        keys = "".join(_keys(curve.times_s, np.asarray(curve.values, np.float64) * options.weight_scale)).encode()
        for path in options.renderer_paths:
            where = yaml_text(path) if path else ""
            file.write((_CURVE_HEAD.encode() if keys else _NO_KEYS.encode()) + keys)
            file.write(_CURVE_END.format(attribute=yaml_text(f"blendShape.{curve.name}"), path=where).encode())


def number(value: float) -> str:
    """Return a float32 as Unity writes it: the shortest text that reads back the same."""
    single = np.float32(value)
    if np.isinf(single):
        return "Infinity" if single > 0 else "-Infinity"
    if single == 0:
        return "0"
    if 1e-4 <= abs(single) < 1e7:
        return np.format_float_positional(single, unique=True, trim="-")
    return np.format_float_scientific(single, unique=True, trim="-", exp_digits=1)


def yaml_text(text: str) -> str:
    """Return a text as YAML reads it back: plain where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if " " <= c <= "~" else _escaped(c) for c in escaped) + '"'


_PLAIN: Final = re.compile(r"[A-Za-z_](?:[\w./()+-]|(?<! ) (?! |#))*(?<! )", re.ASCII)
_WORDS: Final = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
"""Plain words that YAML 1.1 takes for something else than text."""


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _keys(times_s: Values, values: Values) -> Iterator[str]:
    if len(values) < 2:
        for time, value in zip(times_s, values, strict=True):
            yield _KEY.format(time=number(time), value=number(value), before=0, after=0, mode=SINGLE, weight=0)
        return
    slopes = np.diff(values) / np.diff(times_s)
    before, after = np.concatenate([slopes[:1], slopes]), np.concatenate([slopes, slopes[-1:]])
    for row in zip(times_s.tolist(), values.tolist(), before.tolist(), after.tolist(), strict=True):
        time, value, left, right = map(number, row)
        yield _KEY.format(time=time, value=value, before=left, after=right, mode=LINEAR, weight="0.33333334")


def _binding(shape: str, path: str) -> str:
    return _BINDING.format(path=zlib.crc32(path.encode()), attribute=zlib.crc32(shape.encode()))


def _inner_list(items: str) -> str:
    return f"    genericBindings:\n{items}" if items else "    genericBindings: []\n"


_BEGINNING: Final = """\
%YAML 1.1
%TAG !u! tag:unity3d.com,2011:
--- !u!74 &7400000
AnimationClip:
  m_ObjectHideFlags: 0
  m_CorrespondingSourceObject: {{fileID: 0}}
  m_PrefabInstance: {{fileID: 0}}
  m_PrefabAsset: {{fileID: 0}}
  m_Name: {name}
  serializedVersion: 6
  m_Legacy: 0
  m_Compressed: 0
  m_UseHighQualityCurve: 1
  m_RotationCurves: []
  m_CompressedRotationCurves: []
  m_EulerCurves: []
  m_PositionCurves: []
  m_ScaleCurves: []
"""
_CURVE_HEAD: Final = """\
  - curve:
      serializedVersion: 2
      m_Curve:
"""
_NO_KEYS: Final = """\
  - curve:
      serializedVersion: 2
      m_Curve: []
"""
_KEY: Final = """\
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
_CURVE_END: Final = """\
      m_PreInfinity: 2
      m_PostInfinity: 2
      m_RotationOrder: 4
    attribute: {attribute}
    path: {path}
    classID: 137
    script: {{fileID: 0}}
"""
_BINDING: Final = """\
    - serializedVersion: 2
      path: {path}
      attribute: {attribute}
      script: {{fileID: 0}}
      typeID: 137
      customType: 20
      isPPtrCurve: 0
"""
_MIDDLE: Final = """\
  m_PPtrCurves: []
  m_SampleRate: {rate}
  m_WrapMode: 0
  m_Bounds:
    m_Center: {{x: 0, y: 0, z: 0}}
    m_Extent: {{x: 0, y: 0, z: 0}}
  m_ClipBindingConstant:
{bindings}    pptrCurveMapping: []
  m_AnimationClipSettings:
    serializedVersion: 2
    m_AdditiveReferencePoseClip: {{fileID: 0}}
    m_AdditiveReferencePoseTime: 0
    m_StartTime: 0
    m_StopTime: {stop}
    m_OrientationOffsetY: 0
    m_Level: 0
    m_CycleOffset: 0
    m_HasAdditiveReferencePose: 0
    m_LoopTime: 0
    m_LoopBlend: 0
    m_LoopBlendOrientation: 0
    m_LoopBlendPositionY: 0
    m_LoopBlendPositionXZ: 0
    m_KeepOriginalOrientation: 0
    m_KeepOriginalPositionY: 1
    m_KeepOriginalPositionXZ: 0
    m_HeightFromFeet: 0
    m_Mirror: 0
"""
_END: Final = """\
  m_EulerEditorCurves: []
  m_HasGenericRootTransform: 0
  m_HasMotionFloatCurves: 0
  m_Events: []
"""
