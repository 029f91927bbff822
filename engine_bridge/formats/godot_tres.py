"""A clip as a Godot 4 ``Animation`` in text form, ``.tres``: one blend-shape track a shape, linear between keys.

Head and eyes are not in it. ``--renderer-path`` is the path from the AnimationPlayer's root node to the mesh;
empty: the root node itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Final

import numpy as np

from engine_bridge.formats.clip import Clip, ClipError
from engine_bridge.formats.driven import driven_curves
from engine_bridge.formats.keys import Curve
from engine_bridge.formats.options import FormatOptions

_NUMBER: Final = "%.9g"


def write_tres(clip: Clip, options: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as ``.tres``."""
    length = float(clip.times_s[-1]) if clip.n_frames else 0.001
    name = json.dumps(clip.name, ensure_ascii=False)
    file.write(_HEAD.format(name=name, length=_NUMBER % length, step=_NUMBER % float(1 / clip.fps)).encode())
    tracks = ((node or ".", curve) for curve in driven_curves(clip, options) for node in options.renderer_paths)
    for number, (node, curve) in enumerate(tracks):
        file.write(_TRACK.format(k=number, path=json.dumps(f"{node}:{curve.name}", ensure_ascii=False)).encode())
        keys = np.stack([curve.times_s, np.ones(len(curve.values)), curve.values], axis=1).reshape(-1)
        file.write((", ".join(_NUMBER % key for key in keys.tolist()) + ")\n").encode())


def read_tres(data: bytes) -> tuple[Curve, ...]:
    """Return the blend-shape curves in ``data``. Raises `ClipError`."""
    try:
        text = data.decode("utf-8-sig")
        if not text.startswith('[gd_resource type="Animation"'):
            raise ValueError("no Animation in text form")
        return tuple(_curves(text))
    except ValueError as error:
        raise ClipError(f"the file is no Godot Animation that can be read ({error}); save it as .tres") from None


def _curves(text: str) -> Iterator[Curve]:
    tracks = {number: (json.loads(path), keys) for number, path, keys in _KEYS.findall(text)}
    for number, kind in re.findall(r'^tracks/(\d+)/type = "(\w+)"$', text, re.MULTILINE):
        if kind != "blend_shape":
            continue
        if number not in tracks:
            raise ValueError(f"track {number} has no path or no keys")
        path, keys = tracks[number]
        numbers = np.array([float(key) for key in keys.split(",") if key.strip()], np.float64).reshape(-1, 3)
        yield Curve(path.rpartition(":")[2], numbers[:, 0], numbers[:, 2])


_HEAD: Final = """\
[gd_resource type="Animation" format=3]

[resource]
resource_name = {name}
length = {length}
step = {step}
"""
_TRACK: Final = """\
tracks/{k}/type = "blend_shape"
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
