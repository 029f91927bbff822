"""A clip as a Python script for Blender, ``.blender.py``: run there, it makes actions of shape keys, head and eyes.

It is the add-on (`engine_bridge/blender`) with the clip's keys at its end, so that nothing has to be installed. Shape
keys are matched as `rig_map` does.
"""

from __future__ import annotations

import ast
from importlib.resources import files
from typing import IO, Final

import numpy as np

from engine_bridge.formats.clip import Clip, ClipError, Values
from engine_bridge.formats.driven import driven_curves
from engine_bridge.formats.joints import rotations_of
from engine_bridge.formats.keys import Curve, Turn, turn_of
from engine_bridge.formats.options import FormatOptions

_CURVES: Final = "CURVES"
_TURNS: Final = "TURNS"


def write_blender(clip: Clip, options: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as a Blender script."""
    file.write(files("engine_bridge").joinpath("blender", "io_space_clip.py").read_bytes())
    file.write(f"\n\nNAME, RATE = {clip.name!a}, {float(clip.fps):.9g}\n{_CURVES} = {{\n".encode())
    for curve in driven_curves(clip, options):
        _write_keys(file, curve.name, np.column_stack([curve.times_s, curve.values]))
    file.write(f"}}\n{_TURNS} = {{\n".encode())
    for bone, rotations in rotations_of(clip).items():
        turn = turn_of(bone, clip.times_s, rotations, options.tolerance)
        _write_keys(file, turn.path, np.column_stack([turn.times_s, turn.rotations]))
    file.write(_END.encode())


def _write_keys(file: IO[bytes], name: str, rows: Values) -> None:
    numbers = ", ".join(f"{value:.9g}" for value in rows.reshape(-1).tolist())
    file.write(f"    {str(name)!a}: [{numbers}],\n".encode())


def read_blender(data: bytes) -> tuple[Curve, ...]:
    """Return the curves in ``data``, a script of ours, without running it. Raises `ClipError`."""
    return tuple(Curve(name, keys[:, 0], keys[:, 1]) for name, keys in _read(data, _CURVES, 2))


def read_blender_turns(data: bytes) -> tuple[Turn, ...]:
    """Return the rotations in ``data``, by `Bone`, without running it. Raises `ClipError`."""
    return tuple(Turn(name, keys[:, 0], keys[:, 1:]) for name, keys in _read(data, _TURNS, 5))


def _read(data: bytes, variable: str, width: int) -> list[tuple[str, Values]]:
    try:
        value = next(
            node.value
            for node in ast.parse(data).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == variable
        )
        told: object = ast.literal_eval(value)
        if not isinstance(told, dict):
            raise ValueError(f"{variable} is no dictionary")
        return [(str(name), np.array(keys, np.float64).reshape(-1, width)) for name, keys in told.items()]
    except (ValueError, TypeError, SyntaxError, StopIteration, RecursionError, MemoryError) as error:
        raise ClipError(f"the file is no Blender script of ours ({error}); bake it anew") from None


_END: Final = """\
}
CURVES = {name: (np.array(keys[::2]), np.array(keys[1::2])) for name, keys in CURVES.items()}
TURNS = {name: (np.array(keys[::5]), np.array(keys).reshape(-1, 5)[:, 1:]) for name, keys in TURNS.items()}
print(apply(Take(NAME, CURVES, TURNS, RATE), bpy.context.selected_objects, Options()))
"""
