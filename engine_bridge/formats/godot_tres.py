"""A clip as a Godot 4 ``Animation`` in text form, ``.tres``: a blend-shape track a shape, linear between keys.

``--renderer-path`` is the path from the AnimationPlayer's root node to the mesh; empty: the root node itself. Head and
eyes are rotation tracks of the nodes, or bones (``Skeleton3D:Head``), that ``--head-path`` and ``--eye-paths`` name.
Godot's axes are ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import IO, Final

import numpy as np

from engine_bridge.formats.clip import Clip, ClipError, Values
from engine_bridge.formats.driven import driven_curves, driven_turns, refuse_nothing
from engine_bridge.formats.keys import Curve, Turn
from engine_bridge.formats.options import FormatOptions

_NUMBER: Final = "%.9g"


class _Kind(StrEnum):
    """A kind of track."""

    SHAPE = "blend_shape"
    TURN = "rotation_3d"


def write_tres(clip: Clip, options: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as ``.tres``. Raises `ClipError`."""
    refuse_nothing(clip, options)
    length = float(clip.times_s[-1]) if clip.n_frames else 0.001
    name = json.dumps(clip.name, ensure_ascii=False)
    file.write(_HEAD.format(name=name, length=_NUMBER % length, step=_NUMBER % float(1 / clip.fps)).encode())
    for number, (kind, path, keys) in enumerate(_tracks(clip, options)):
        file.write(_TRACK.format(k=number, kind=kind, path=json.dumps(path, ensure_ascii=False)).encode())
        file.write((", ".join(_NUMBER % key for key in keys.reshape(-1).tolist()) + ")\n").encode())


def _tracks(clip: Clip, options: FormatOptions) -> Iterator[tuple[_Kind, str, Values]]:
    """The tracks: kind, path, and keys as rows of a time, an easing of 1 and a value."""
    for curve in driven_curves(clip, options):
        keys = np.stack([curve.times_s, np.ones(len(curve.values)), curve.values], axis=1)
        for node in options.renderer_paths:
            yield _Kind.SHAPE, f"{node or '.'}:{curve.name}", keys
    for turn in driven_turns(clip, options):
        yield _Kind.TURN, turn.path, np.column_stack([turn.times_s, np.ones(len(turn.times_s)), turn.rotations])


def read_tres(data: bytes) -> tuple[Curve, ...]:
    """Return the blend-shape curves in ``data``. Raises `ClipError`."""
    return tuple(
        Curve(path.rpartition(":")[2], keys[:, 0], keys[:, 2]) for path, keys in _read(data, _Kind.SHAPE, width=3)
    )


def read_tres_turns(data: bytes) -> tuple[Turn, ...]:
    """Return the rotations in ``data``. Raises `ClipError`."""
    return tuple(Turn(path, keys[:, 0], keys[:, 2:]) for path, keys in _read(data, _Kind.TURN, width=6))


def _read(data: bytes, kind: _Kind, width: int) -> list[tuple[str, Values]]:
    try:
        text = data.decode("utf-8-sig")
        if not text.startswith('[gd_resource type="Animation"'):
            raise ValueError("no Animation in text form")
        return list(_read_tracks(text, kind, width))
    except ValueError as error:
        raise ClipError(f"the file is no Godot Animation that can be read ({error}); save it as .tres") from None


def _read_tracks(text: str, kind: _Kind, width: int) -> Iterator[tuple[str, Values]]:
    """The tracks of a kind: path, and keys as rows of that width."""
    tracks = {number: (json.loads(path), keys) for number, path, keys in _KEYS.findall(text)}
    for number, said in re.findall(r'^tracks/(\d+)/type = "(\w+)"$', text, re.MULTILINE):
        if said != kind:
            continue
        if number not in tracks:
            raise ValueError(f"track {number} has no path or no keys")
        path, keys = tracks[number]
        yield path, np.array([float(key) for key in keys.split(",") if key.strip()], np.float64).reshape(-1, width)


_HEAD: Final = """\
[gd_resource type="Animation" format=3]

[resource]
resource_name = {name}
length = {length}
step = {step}
"""
_TRACK: Final = """\
tracks/{k}/type = "{kind}"
tracks/{k}/imported = false
tracks/{k}/enabled = true
tracks/{k}/path = NodePath({path})
tracks/{k}/interp = 1
tracks/{k}/loop_wrap = false
tracks/{k}/keys = PackedFloat32Array("""
_KEYS: Final = re.compile(
    r'^tracks/(\d+)/path = NodePath\(("(?:[^"\\]|\\.)*")\)$.*?^tracks/\1/keys = PackedFloat32Array\(([^)]*)\)$',
    re.MULTILINE | re.DOTALL,
)
