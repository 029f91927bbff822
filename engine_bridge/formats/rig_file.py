"""The file of a rig: the blend shapes whose names a clip shall drive.

``.glb`` and ``.gltf`` say them in ``extras.targetNames`` of their meshes; any other file is a list, a name a line or as
JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine_bridge.formats.clip import TONGUE_UP, ClipError
from engine_bridge.formats.glb import read_document, read_glb
from engine_bridge.formats.joints import Joint, joints_of
from engine_bridge.formats.rig_map import RigMap, match_names
from engine_bridge.protocol.arkit import ARKIT_NAMES

MAX_BYTES: Final = 512 << 20
MAX_LIST_BYTES: Final = 1 << 20
MAX_NAMES: Final = 10_000
LENGTHS: Final = {"rotation": 4, "translation": 3, "scale": 3, "matrix": 16}
"""Numbers of what a node may say of its place."""


@dataclass(frozen=True, slots=True)
class RigMesh:
    """A mesh of a rig: its name, and the names of its blend shapes in their order."""

    name: str
    shapes: tuple[str, ...]

    @property
    def map(self) -> RigMap:
        """ARKit's names and that of the tongue's tip matched onto its shapes."""
        return match_names(ARKIT_NAMES, self.shapes, (TONGUE_UP,))


@dataclass(frozen=True, slots=True)
class Rig:
    """A rig file: its path, the SHA-256 of its bytes, its meshes that have blend shapes, the names of its nodes, and
    those of them that a clip turns."""

    path: Path
    sha256: str
    meshes: tuple[RigMesh, ...]
    nodes: tuple[str, ...] = ()
    joints: tuple[Joint, ...] = ()

    @property
    def face(self) -> RigMesh:
        """The mesh that takes most of ARKit's names."""
        return max(self.meshes, key=lambda mesh: len(mesh.map.matches))

    @property
    def has_tongue_up(self) -> bool:
        """Return whether the face has a shape for the tongue's tip."""
        return self.face.map.target_of(TONGUE_UP) is not None

    def report(self) -> str:
        """Return in a sentence which of ARKit's names found a blend shape, and which nodes are head and eyes."""
        face = self.face
        missing = f"; without a target: {', '.join(face.map.missing)}" if face.map.missing else ""
        undriven = f"; not driven: {', '.join(face.map.undriven)}" if face.map.undriven else ""
        more = f" and {TONGUE_UP}" if self.has_tongue_up else ""
        n_driven = len(ARKIT_NAMES) - len(face.map.missing)
        driven = f"{n_driven} of {len(ARKIT_NAMES)} shapes{more} drive {face.name}"
        bones = "".join(f"; {joint.bone}: {self.nodes[joint.node]}" for joint in self.joints)
        return f"{self.path.name}: {driven}{bones}{missing}{undriven}"


def read_rig(path: Path) -> Rig:
    """Return the rig in a file. Raises `ClipError` for one that cannot be read or takes none of ARKit's names."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ClipError(f"the rig {path} cannot be read ({error.strerror or error}); check the name") from None
    if len(data) > MAX_BYTES:
        raise ClipError(f"the rig {path} has more than {MAX_BYTES >> 20} MiB; export a smaller one")
    document = _document(path, data)
    meshes = (RigMesh(path.stem, _listed(path, data)),) if document is None else meshes_of(document)
    nodes = () if document is None else items(document.get("nodes"))
    check_nodes(path, nodes)
    names = tuple(str(node.get("name", "")) for node in nodes)
    rig = Rig(path, hashlib.sha256(data).hexdigest(), meshes, names, _joints(path, nodes))
    if not rig.meshes or not rig.face.map.matches:
        raise ClipError(f"the rig {path} has no blend shape with one of ARKit's names, such as jawOpen; name them so")
    return rig


def check_nodes(path: Path, nodes: Sequence[Mapping[str, object]]) -> None:
    """Raise `ClipError` for nodes that engines could not walk: children that are none, two parents, a circle, rotations
    and matrices of other lengths."""
    parents: dict[int, int] = {}
    for place, node in enumerate(nodes):
        for name, length in LENGTHS.items():
            if name in node and not _numbers(node[name], length):
                raise ClipError(
                    f"node {place} of the rig {path} has a {name} that is not {length} numbers; export it anew"
                )
        for child in _children(path, place, node):
            if not 0 <= child < len(nodes) or child in parents:
                raise ClipError(
                    f"node {place} of the rig {path} has a child {child} that is none or another's; export it anew"
                )
            parents[child] = place
    reached = [place for place in range(len(nodes)) if place not in parents]
    for place in reached:  # grows while it is read
        reached += _children(path, place, nodes[place])
    if len(reached) < len(nodes):
        raise ClipError(f"nodes of the rig {path} lie below themselves; export it anew")


def _children(path: Path, place: int, node: Mapping[str, object]) -> Sequence[int]:
    children = node.get("children", [])
    if isinstance(children, list) and all(type(child) is int for child in children):
        return children
    raise ClipError(f"node {place} of the rig {path} has children that are no list of numbers; export it anew")


def _numbers(value: object, length: int) -> bool:
    right = isinstance(value, list) and len(value) == length
    return right and all(type(each) in (int, float) and math.isfinite(each) for each in value)  # type: ignore[attr-defined]


def _joints(path: Path, nodes: Sequence[Mapping[str, object]]) -> tuple[Joint, ...]:
    try:
        return joints_of(nodes)
    except (ValueError, TypeError, OverflowError) as error:
        raise ClipError(f"the rig {path} has a rotation that is none ({error}); export it anew") from None


def _document(path: Path, data: bytes) -> Mapping[str, object] | None:
    """The document of a glTF file, None for any other."""
    suffix = path.suffix.lower()
    if suffix == ".glb" or data[:4] == b"glTF":
        return read_glb(data, path.name).document
    return read_document(data, path.name) if suffix == ".gltf" else None


def meshes_of(document: Mapping[str, object]) -> tuple[RigMesh, ...]:
    """Return the meshes of a glTF document that name their blend shapes."""
    found = []
    for mesh in items(document.get("meshes")):
        shapes = shapes_of(mesh)
        if shapes:
            found.append(RigMesh(str(mesh.get("name", "")), shapes))
    return tuple(found)


def shapes_of(mesh: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of a glTF mesh's blend shapes, none where it does not say them."""
    extras = mesh.get("extras")
    names = extras.get("targetNames") if isinstance(extras, dict) else None
    if not isinstance(names, list) or len(names) > MAX_NAMES or not all(isinstance(name, str) for name in names):
        return ()
    return tuple(names)


def items(value: object) -> Sequence[Mapping[str, object]]:
    """Return a JSON list of objects; empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _listed(path: Path, data: bytes) -> tuple[str, ...]:
    if len(data) > MAX_LIST_BYTES:
        raise ClipError(f"the rig {path} is neither glTF nor a list of names; export it as .glb")
    try:
        text = data.decode("utf-8-sig")
        names: object = json.loads(text) if text.lstrip()[:1] == "[" else text.split("\n")
    except (ValueError, RecursionError) as error:
        raise ClipError(f"the rig {path} is no list of names ({error}); write a blend shape a line") from None
    if not isinstance(names, list) or len(names) > MAX_NAMES or not all(isinstance(name, str) for name in names):
        raise ClipError(f"the rig {path} is no list of names; write a blend shape a line")
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
