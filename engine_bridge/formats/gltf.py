"""A clip as ``.glb``: the user's rig with an animation added, which drives its blend shapes, head and eyes.

Names are matched by `rig_map`; nothing else of the rig changes. Bones may have any rest rotation: what turns is turned
in the axes of the model, which looks to +z with y up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Final

import numpy as np

from engine_bridge.formats.clip import TONGUE_UP, Clip, ClipError, Values
from engine_bridge.formats.glb import Glb, read_glb, write_glb
from engine_bridge.formats.joints import joints_of, rotations_of
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_file import items, shapes_of
from engine_bridge.formats.rig_map import match_names
from engine_bridge.protocol.arkit import ARKIT_NAMES

Object = dict[str, object]

FLOAT: Final = 5_126


def write_gltf(clip: Clip, options: FormatOptions, file: IO[bytes]) -> None:
    """Write the rig of the options with the clip as its animation. Raises `ClipError`."""
    rig = options.rig
    if rig is None:
        raise ClipError("glb puts the animation onto a rig; name the rig's .glb file with --rig")
    try:
        data = rig.path.read_bytes()
    except OSError as error:
        raise ClipError(f"the rig {rig.path} cannot be read ({error.strerror or error}); check the name") from None
    file.write(write_glb(animated(read_glb(data, rig.path.name), clip)))


def animated(glb: Glb, clip: Clip) -> Glb:
    """Return a rig with the clip as one more animation. Raises `ClipError` when nothing of it can be driven."""
    try:
        return _animated(glb, clip)
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        raise ClipError(f"the document of the rig says something impossible ({error}); export the rig anew") from None


def _animated(glb: Glb, clip: Clip) -> Glb:
    document: Object = json.loads(json.dumps(glb.document))
    _check_buffer(document)
    adding = _Adding(document, bytearray(glb.binary))
    tracks = [*_weights(document, clip), *_rotations(document, clip)] if clip.n_frames else []
    if not tracks:
        raise ClipError("the rig has no mesh or node that the clip could move; check its names")
    times = adding.accessor(np.asarray(clip.times_s, np.float32)[:, None], "SCALAR", bounds=True)
    samplers: list[Object] = []
    channels: list[Object] = []
    for track in tracks:
        output = adding.accessor(track.values, track.kind)
        samplers.append({"input": times, "output": output, "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": track.node, "path": track.path}})
    _list(document, "animations").append({"name": clip.name, "samplers": samplers, "channels": channels})
    return Glb(document, adding.finished())


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """A motion of a node: (T, n) values of a path; kind: of its accessor."""

    node: int
    path: str
    kind: str
    values: Values


class _Adding:
    """A document and its binary chunk to which accessors are added."""

    def __init__(self, document: Object, binary: bytearray) -> None:
        self._document = document
        self._binary = binary

    def accessor(self, values: Values, kind: str, bounds: bool = False) -> int:
        """Add float32 values, (n, width), and return the number of their accessor."""
        rows = np.ascontiguousarray(values, "<f4")
        self._binary += b"\0" * (-len(self._binary) % 4)
        view: Object = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": rows.nbytes}
        self._binary += rows.tobytes()
        views = _list(self._document, "bufferViews")
        views.append(view)
        count = rows.size if kind == "SCALAR" else len(rows)
        accessor: Object = {"bufferView": len(views) - 1, "componentType": FLOAT, "count": count, "type": kind}
        if bounds:
            accessor |= {"min": [float(rows.min())], "max": [float(rows.max())]}
        accessors = _list(self._document, "accessors")
        accessors.append(accessor)
        return len(accessors) - 1

    def finished(self) -> bytes:
        """Return the binary chunk, its length said in the document."""
        self._binary += b"\0" * (-len(self._binary) % 4)
        buffers = _list(self._document, "buffers")
        if not buffers:
            buffers.append({})
        buffers[0]["byteLength"] = len(self._binary)
        return bytes(self._binary)


def _check_buffer(document: Object) -> None:
    buffers = _list(document, "buffers")
    if buffers and "uri" in buffers[0]:
        raise ClipError("the rig keeps its data in another file; export it as one .glb (glTF Binary)")


def _weights(document: Object, clip: Clip) -> Iterator[_Track]:
    """The tracks of all nodes whose mesh has shapes of our names; what nothing drives stays as the mesh has it."""
    if clip.blendshapes is None:
        return
    meshes = _list(document, "meshes")
    for number, node in enumerate(_list(document, "nodes")):
        place = node.get("mesh")
        mesh = meshes[place] if isinstance(place, int) and 0 <= place < len(meshes) else {}
        shapes = shapes_of(mesh)
        named = match_names(ARKIT_NAMES, shapes, (TONGUE_UP,))
        if not named.matches or len(shapes) != _n_targets(mesh):
            continue
        values = np.tile(_rest(node.get("weights", mesh.get("weights")), len(shapes)), (clip.n_frames, 1))
        for match in named.matches:
            values[:, shapes.index(match.target)] = clip.shape(match.name)
        yield _Track(number, "weights", "SCALAR", values)


def _n_targets(mesh: Mapping[str, object]) -> int:
    first = next(iter(items(mesh.get("primitives"))), {})
    return len(items(first.get("targets")))


def _rest(told: object, n: int) -> Values:
    rest = np.zeros(n, np.float32)
    if isinstance(told, list) and len(told) == n:
        rest[:] = told
    return rest


def _rotations(document: Object, clip: Clip) -> Iterator[_Track]:
    turned = rotations_of(clip)
    for joint in joints_of(_list(document, "nodes")):
        if joint.bone in turned:
            yield _Track(joint.node, "rotation", "VEC4", joint.local(turned[joint.bone]))


def _list(document: Object, key: str) -> list[Object]:
    """A list of the document, made if it is not there."""
    value = document.setdefault(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ClipError(f"the rig's {key} are no list of objects; export the rig anew")
    return value
