"""A clip as Unity's text AnimationClip, ``.anim``: blend-shape curves of renderers, linear between keys.

The layout is that of clips that Unity saved, ``serializedVersion`` 6, which every editor from 2018.3 on reads. Head and
eyes are rotation curves of the transforms that are named, in Unity's left-handed axes (x turned round).
``m_EditorCurves`` says the curves again: without it the Animation window shows none.
"""

from __future__ import annotations

import zlib
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import IO, Final

import numpy as np

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.driven import driven_curves, driven_shapes, driven_turns, refuse_nothing
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.unity_curves import RENDERER, curve_text, keys_text
from engine_bridge.formats.unity_rotations import binding_text, component_curves, rotation_curve
from engine_bridge.formats.unity_text import number, yaml_text

MAX_MEMORY: Final = 16 << 20
"""Bytes of curves that wait in memory; more wait on disk."""


def write_anim(clip: Clip, options: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as ``.anim``. Raises `ClipError`."""
    refuse_nothing(clip, options)
    turns = list(driven_turns(clip, options))
    shapes = () if clip.blendshapes is None else driven_shapes(options)
    stop = float(clip.times_s[-1]) if clip.n_frames else 0.0
    bindings = "".join(binding_text(turn) for turn in turns)
    bindings += "".join(_binding(shape, path) for shape in shapes for path in options.renderer_paths)
    middle = _MIDDLE.format(rate=number(float(clip.fps)), bindings=_inner_list(bindings), stop=number(stop))
    with SpooledTemporaryFile(MAX_MEMORY) as curves:
        _write_curves(curves, clip, options)
        rotations = "".join(["\n", *map(rotation_curve, turns)]) if turns else " []\n"
        file.write(_BEGINNING.format(name=yaml_text(clip.name), rotations=rotations).encode())
        components = "".join(map(component_curves, turns))
        for field, more, after in (("m_FloatCurves", "", middle), ("m_EditorCurves", components, _END)):
            file.write(f"  {field}:{'' if shapes or more else ' []'}\n".encode())
            curves.seek(0)
            copyfileobj(curves, file)
            file.write((more + after).encode())


def _write_curves(file: IO[bytes], clip: Clip, options: FormatOptions) -> None:
    for curve in driven_curves(clip, options):
        keys = keys_text(curve.times_s, np.asarray(curve.values, np.float64) * options.weight_scale)
        for path in options.renderer_paths:
            file.write(curve_text(keys, f"blendShape.{curve.name}", path, RENDERER).encode())


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
  m_RotationCurves:{rotations}  m_CompressedRotationCurves: []
  m_EulerCurves: []
  m_PositionCurves: []
  m_ScaleCurves: []
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
