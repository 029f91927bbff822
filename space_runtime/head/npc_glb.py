"""A head as ``.glb``: metres, y up, facing +z; 52 morph targets in ARKit's order; bones Neck, Head, LeftEye, RightEye.

Positions and displacements are 16-bit integers (KHR_mesh_quantization), displacements sparse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine_bridge.formats.glb import Glb, write_glb
from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Doubles, Floats, Longs, Reals
from space_runtime.extras import cv2
from space_runtime.head.accessors import Accessors, Object, normalised_8, normalised_16, share_16
from space_runtime.head.fitted_head import FittedHead, HairShell, HeadTexture
from space_runtime.head.hair import solid_triangles
from space_runtime.head.meshes import Mesh, eye_mesh, lash_mesh, skin_mesh
from space_runtime.head.model import FaceModel, Part
from space_runtime.head.rest import SIDES
from space_runtime.head.shapes import arkit_shapes
from space_runtime.media.picture_sequence import encoded_png
from space_runtime.version import VERSION

METRES: Final = 0.01
"""Metres of a centimetre."""
NECK: Final = np.array([0.0, -11.5, -2.0])
HEAD: Final = np.array([0.0, -4.0, -1.0])
"""Joints in the head's frame, cm: where neck and skull turn."""
JPEG_QUALITY: Final = 88
LEAST_MOTION: Final = 0.025
"""Displacements below are left out, cm, INSIDE: in sockets; up to twice as much is taken in part, so that no edge is
seen."""
INSIDE: Final = 0.08
COPYRIGHT: Final = "Face model: ICT-FaceKit, Copyright (c) 2020 USC Institute for Creative Technologies, MIT License"
_QUANTISATION: Final = "KHR_mesh_quantization"
_SKIN, _LASHES, _EYE, _HAIR, _HAIR_EDGE = range(5)


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """The cube that 16-bit positions span. centre: (3,) cm; half: half its side, cm."""

    centre: Doubles
    half: float

    def packed(self, positions: Reals) -> np.ndarray:
        """Return positions as 16-bit integers."""
        return normalised_16((positions - self.centre) / self.half)

    def node(self, name: str, mesh: int, joint: Doubles) -> Object:
        """Return the node of a mesh so packed, whose parent stands at ``joint``."""
        place = ((self.centre - joint) * METRES).tolist()
        return {"name": name, "mesh": mesh, "translation": place, "scale": [self.half * METRES] * 3}


def head_glb(model: FaceModel, head: FittedHead, texture: HeadTexture) -> bytes:
    """Return the bytes of the file."""
    data = Accessors()
    face, face_node = _face(data, model, head)
    meshes, nodes = [face], [face_node]
    eyes: list[Object] = []
    for (side, ball, _), centre in zip(SIDES, head.eye_centres, strict=True):
        mesh = eye_mesh(model, head, ball, centre)
        box = _box(mesh.positions)
        name = f"{side.capitalize()}Eye"
        meshes.append({"name": name, "primitives": [_primitive(data, mesh, box, _EYE)]})
        nodes.append(box.node(f"{name}ball", len(meshes) - 1, np.zeros(3)))
        eyes.append({"name": name, "translation": ((centre - HEAD) * METRES).tolist()})
    if texture.hair is not None:
        mesh = _hair_mesh(texture.hair)
        box = _box(mesh.positions)
        solid = solid_triangles(texture.hair)
        parts = [(_HAIR, mesh.triangles[solid]), (_HAIR_EDGE, mesh.triangles[~solid])]
        meshes.append({"name": "Hair", "primitives": _split(data, mesh, box, parts)})
        nodes.append(box.node("Hair", len(meshes) - 1, HEAD))
    document = _document(meshes, _tree(nodes, eyes), _pictures(data, texture), data)
    return write_glb(Glb(document, bytes(data.binary)))


def _face(data: Accessors, model: FaceModel, head: FittedHead) -> tuple[Object, Object]:
    """Add skin and lashes with their shapes; return the mesh and its node."""
    skin, lashes = skin_mesh(model, head), lash_mesh(model, head)
    shapes = arkit_shapes(model, head)
    inside = np.arange(model.parts[Part.MOUTH_SOCKET].start, model.parts[Part.EYE_SOCKETS].stop)
    box = _box(np.concatenate([skin.positions, lashes.positions]))
    primitives = []
    for mesh, material in ((skin, _SKIN), (lashes, _LASHES)):
        least = np.where(np.isin(mesh.source, inside), INSIDE, LEAST_MOTION)
        targets = [{"POSITION": _moved(data, shape[mesh.source], box, least)} for shape in shapes]
        primitives.append(_primitive(data, mesh, box, material) | {"targets": targets})
    names: Object = {"targetNames": list(ARKIT_NAMES)}
    face: Object = {"name": "Face", "primitives": primitives, "weights": [0] * len(shapes), "extras": names}
    return face, box.node("Face", 0, HEAD)


def _moved(data: Accessors, shape: Floats, box: Box, least: Doubles) -> int:
    part = np.clip(np.linalg.norm(shape, axis=1) / least - 1, 0, 1)
    rows = np.flatnonzero(part)
    return data.sparse(len(shape), rows, normalised_16(shape[rows] * part[rows, None] / box.half))


def _primitive(data: Accessors, mesh: Mesh, box: Box, material: int) -> Object:
    return {
        "attributes": _attributes(data, mesh, box),
        "indices": data.indices(mesh.triangles),
        "material": material,
    }


def _attributes(data: Accessors, mesh: Mesh, box: Box) -> Object:
    return {
        "POSITION": data.attribute(box.packed(mesh.positions), normalised=True, bounded=True),
        "NORMAL": data.attribute(normalised_8(mesh.normals), normalised=True),
        "TEXCOORD_0": data.attribute(share_16(mesh.uv), normalised=True),
    }


def _split(data: Accessors, mesh: Mesh, box: Box, parts: list[tuple[int, Longs]]) -> list[Object]:
    """Return primitives of (material, triangles) over the same vertices; parts without triangles are left out."""
    attributes = _attributes(data, mesh, box)
    return [
        {"attributes": attributes, "indices": data.indices(triangles), "material": material}
        for material, triangles in parts
        if len(triangles)
    ]


def _box(positions: Floats) -> Box:
    low, high = positions.min(0).astype(np.float64), positions.max(0).astype(np.float64)
    return Box((low + high) / 2, float((high - low).max() / 2))


def _hair_mesh(hair: HairShell) -> Mesh:
    return Mesh(hair.vertices, hair.normals, hair.uv, hair.triangles, np.zeros(len(hair.vertices), np.int64))


def _tree(nodes: list[Object], eyes: list[Object]) -> list[Object]:
    """Return all nodes, the root first: Npc, Neck, Head, the eyes, then what has a mesh."""
    n_above = 3 + len(eyes)
    balls = range(n_above + 1, n_above + 1 + len(eyes))
    under_head = [*range(3, n_above), n_above, *range(balls.stop, n_above + len(nodes))]
    root: Object = {"name": "Npc", "children": [1]}
    neck: Object = {"name": "Neck", "translation": (NECK * METRES).tolist(), "children": [2]}
    head: Object = {"name": "Head", "translation": ((HEAD - NECK) * METRES).tolist(), "children": under_head}
    return [root, neck, head, *(eye | {"children": [ball]} for eye, ball in zip(eyes, balls, strict=True)), *nodes]


def _pictures(data: Accessors, texture: HeadTexture) -> list[Object]:
    """Add the pictures; return the entries of ``images``."""
    coded = cv2.imencode(".jpg", texture.skin[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
    pictures: list[Object] = [{"name": "skin", "bufferView": data.view(coded), "mimeType": "image/jpeg"}]
    layers = [("lashes", texture.lashes), *([("hair", texture.hair.rgba)] if texture.hair else [])]
    return pictures + [
        {"name": name, "bufferView": data.view(encoded_png(rgba, 9)), "mimeType": "image/png"} for name, rgba in layers
    ]


def _document(meshes: list[Object], nodes: list[Object], images: list[Object], data: Accessors) -> Object:
    return {
        "asset": {"version": "2.0", "generator": f"space-runtime {VERSION}", "copyright": COPYRIGHT},
        "extensionsUsed": [_QUANTISATION],
        "extensionsRequired": [_QUANTISATION],
        "scene": 0,
        "scenes": [{"name": "Npc", "nodes": [0]}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": _materials(len(images)),
        "textures": [{"source": number, "sampler": 0} for number in range(len(images))],
        "images": images,
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "accessors": data.accessors,
        "bufferViews": data.views,
        "buffers": [{"byteLength": len(data.binary)}],
    }


def _materials(n_images: int) -> list[Object]:
    clear: Object = {"alphaMode": "BLEND", "doubleSided": True}
    both: Object = {"doubleSided": True}
    rows = [
        ("Skin", 0, 0.6, {}),
        ("Lashes", 1, 0.8, clear),
        ("Eye", 0, 0.12, {}),
        ("Hair", 2, 0.7, both),
        ("HairEdge", 2, 0.7, clear),
    ]
    return [
        {
            "name": name,
            "pbrMetallicRoughness": {
                "baseColorTexture": {"index": picture},
                "metallicFactor": 0,
                "roughnessFactor": roughness,
            },
        }
        | more
        for name, picture, roughness, more in rows
        if picture < n_images
    ]
