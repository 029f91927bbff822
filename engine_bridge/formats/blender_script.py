"""A clip as a Python script for Blender, ``.blender.py``: run there, it makes an action of shape keys.

The keys stand in the script; it needs no package. Shape keys are matched as `rig_map` does.
"""

from __future__ import annotations

import ast
from typing import IO, Final

import numpy as np

from engine_bridge.formats.clip import Clip, ClipError
from engine_bridge.formats.driven import driven_curves
from engine_bridge.formats.keys import Curve
from engine_bridge.formats.options import FormatOptions


def write_blender(clip: Clip, options: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as a Blender script."""
    file.write(_HEAD.encode())
    file.write(f"NAME = {clip.name!a}\nCURVES = {{\n".encode())
    for curve in driven_curves(clip, options):
        keys = ", ".join(f"{time:.9g}, {value:.7g}" for time, value in zip(curve.times_s, curve.values, strict=True))
        file.write(f"    {curve.name!a}: [{keys}],\n".encode())
    file.write(b"}\n")
    file.write(_TAIL.encode())


def read_blender(data: bytes) -> tuple[Curve, ...]:
    """Return the curves in ``data``, a script of ours, without running it. Raises `ClipError`."""
    try:
        tree = ast.parse(data)
        value = next(
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "CURVES"
        )
        told: object = ast.literal_eval(value)
        if not isinstance(told, dict):
            raise ValueError("CURVES is no dictionary")
        return tuple(_curve(str(name), keys) for name, keys in told.items())
    except (ValueError, TypeError, SyntaxError, StopIteration, RecursionError, MemoryError) as error:
        raise ClipError(f"the file is no Blender script of ours ({error}); bake it anew") from None


def _curve(name: str, keys: object) -> Curve:
    numbers = np.array(keys, np.float64).reshape(-1, 2)
    return Curve(name, numbers[:, 0], numbers[:, 1])


_HEAD: Final = '''\
"""Speech as an action of shape keys. In Blender: select the face mesh, open this file in the Text Editor, run it."""

import re

import bpy

'''
_TAIL: Final = '''

def plain(name):
    """A name in lower case, after its last dot, with _L and _R written out."""
    name = name.rpartition(".")[2].lower()
    return re.sub("_r$", "right", re.sub("_l$", "left", name))


def insert(mesh):
    """Insert the curves as keys of the mesh's shape keys; return the names that found none."""
    scene, blocks = bpy.context.scene, mesh.data.shape_keys.key_blocks
    rate = scene.render.fps / scene.render.fps_base
    known = {plain(block.name): block for block in blocks}
    missing = []
    for name, keys in CURVES.items():
        block = blocks.get(name) or known.get(plain(name))
        if block is None:
            missing.append(name)
            continue
        for seconds, weight in zip(keys[::2], keys[1::2]):
            block.value = weight
            block.keyframe_insert("value", frame=1 + seconds * rate)
    animation = mesh.data.shape_keys.animation_data
    if animation and animation.action:
        animation.action.name = NAME
        for curve in curves_of(animation.action):
            for key in curve.keyframe_points:
                key.interpolation = "LINEAR"
    return missing


def curves_of(action):
    """The curves of an action, in Blender before and after 4.4."""
    if getattr(action, "is_action_legacy", True):
        return list(action.fcurves)
    strips = [strip for layer in action.layers for strip in layer.strips]
    return [curve for strip in strips for bag in strip.channelbags for curve in bag.fcurves]


print("no shape key for:", ", ".join(insert(bpy.context.object)) or "none")
'''
