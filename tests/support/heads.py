"""A head as `space-runtime portrait --glb` lays one out, of spheres: quantised, sparse, pictures, a bent bust."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine_bridge.formats.glb import Glb, write_glb
from engine_bridge.protocol.arkit import ARKIT_NAMES

COMPONENTS: Final = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}
KINDS: Final = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
Numbers = NDArray[np.number]


@dataclass
class Builder:
    """The growing lists of a document."""

    binary: bytearray = field(default_factory=bytearray)
    views: list[dict[str, object]] = field(default_factory=list)
    accessors: list[dict[str, object]] = field(default_factory=list)

    def view(self, data: bytes, **more: int) -> int:
        """Add bytes and return the number of their view."""
        self.binary += b"\0" * (-len(self.binary) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data), **more})
        self.binary += data
        return len(self.views) - 1

    def accessor(self, values: Numbers, normalized: bool = False) -> int:
        """Add an array, its rows padded to four bytes, and return its number."""
        rows = values.reshape(len(values), -1)
        n_padding = (-rows.shape[1] * rows.itemsize % 4) // rows.itemsize if values.ndim > 1 else 0
        padded = np.hstack([rows, np.zeros((len(rows), n_padding), rows.dtype)])
        more = {"byteStride": padded.shape[1] * rows.itemsize} if n_padding else {}
        return self._add({"bufferView": self.view(padded.tobytes(), **more)}, rows, len(rows), normalized)

    def sparse(self, count: int, places: Numbers, values: Numbers, normalized: bool) -> int:
        """Add an array that is 0 but for some rows, and return its number."""
        sparse = {
            "count": len(places),
            "indices": {"bufferView": self.view(places.astype("<u2").tobytes()), "componentType": 5123},
            "values": {"bufferView": self.view(values.tobytes())},
        }
        whole = np.concatenate([values, np.zeros_like(values[:1])])
        return self._add({"sparse": sparse}, whole, count, normalized)

    def _add(self, fields: dict[str, object], rows: Numbers, count: int, normalized: bool) -> int:
        about: dict[str, object] = {"componentType": COMPONENTS[rows.dtype.name], "count": count}
        bounds = {"min": rows.min(0).tolist(), "max": rows.max(0).tolist()} if rows.shape[1] == 3 else {}
        flag = {"normalized": True} if normalized else {}
        self.accessors.append({**about, "type": KINDS[rows.shape[1]], **fields, **bounds, **flag})
        return len(self.accessors) - 1


def sphere(radius: float, n: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return places, places in the picture and triangles, counter-clockwise from outside."""
    down, around = np.meshgrid(np.linspace(0.05, np.pi - 0.05, n), np.linspace(0, 2 * np.pi, 2 * n), indexing="ij")
    places = radius * np.stack([np.sin(down) * np.sin(around), np.cos(down), np.sin(down) * np.cos(around)], -1)
    uv = np.stack([around / (2 * np.pi), down / np.pi], -1).reshape(-1, 2)
    corners = [row * 2 * n + column for row in range(n - 1) for column in range(2 * n - 1)]
    triangles = [[a, a + 2 * n, a + 1, a + 1, a + 2 * n, a + 2 * n + 1] for a in corners]
    return places.reshape(-1, 3), uv, np.array(triangles).ravel()


def quantised(values: Numbers, dtype: str) -> Numbers:
    """Return values of -1…1 as whole numbers."""
    return np.round(np.clip(values, -1, 1) * np.iinfo(dtype).max).astype(dtype)


def picture(colour: Sequence[int], kind: str) -> bytes:
    """Return a small picture as a file, its upper half in another colour than its lower."""
    pixels = np.zeros((8, 8, len(colour)), np.uint8)
    pixels[:4], pixels[4:] = colour, 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def head_glb(shapes: Sequence[str] = ARKIT_NAMES, n: int = 12, bust: bool = True) -> bytes:
    """Return a head of 0.2 m: Neck, Head, Face (two parts, sparse shapes), LeftEye, RightEye, Hair, and a bent bust."""
    made, rng = Builder(), np.random.default_rng(5)
    skin = _part(made, sphere(1.0, n), 0, shapes, rng)
    lashes = _part(made, sphere(0.3, 4), 1, shapes, rng)
    eye = _part(made, sphere(1.0, 6), 2, (), rng)
    hair = _part(made, sphere(1.0, 6), 3, (), rng)
    meshes: list[dict[str, object]] = [
        {
            "name": "Face",
            "primitives": [skin, lashes],
            "extras": {"targetNames": list(shapes)},
            "weights": [0] * len(shapes),
        },
        {"name": "Eye", "primitives": [eye]},
        {"name": "Hair", "primitives": [hair]},
    ]
    nodes: list[dict[str, object]] = [
        {"name": "Neck", "translation": [0, 1.5, 0], "children": [1]},
        {"name": "Head", "translation": [0, 0.1, 0.02], "rotation": [0, 0.1, 0, 0.99498744], "children": [2, 3, 4, 5]},
        {"name": "Face", "mesh": 0, "scale": [0.1, 0.12, 0.1], "translation": [0, 0.05, 0]},
        {"name": "LeftEye", "mesh": 1, "scale": [0.012] * 3, "translation": [0.03, 0.07, 0.09]},
        {"name": "RightEye", "mesh": 1, "scale": [0.012] * 3, "translation": [-0.03, 0.07, 0.09]},
        {"name": "Hair", "mesh": 2, "scale": [0.11] * 3, "translation": [0, 0.06, -0.01]},
    ]
    skins = []
    if bust:
        meshes.append({"name": "Bust", "primitives": [_bent(made)]})
        nodes.append({"name": "Bust", "mesh": 3, "skin": 0})
        inverse = np.stack([np.eye(4), np.eye(4)]).astype(np.float32)
        inverse[0, 3, 1], inverse[1, 3, :3] = -1.5, (0, -1.6, -0.02)  # a column of glTF is a row here
        skins.append({"joints": [0, 1], "inverseBindMatrices": made.accessor(inverse.reshape(2, 16))})
    document = _document(made, meshes, nodes) | ({"skins": skins} if skins else {})
    return write_glb(Glb(document | {"buffers": [{"byteLength": len(made.binary)}]}, bytes(made.binary)))


def _document(
    made: Builder, meshes: Sequence[dict[str, object]], nodes: Sequence[dict[str, object]]
) -> dict[str, object]:
    pictures = [("image/jpeg", picture((200, 150, 120), "JPEG")), ("image/png", picture((20, 10, 5, 128), "PNG"))]
    images = [{"mimeType": kind, "bufferView": made.view(data)} for kind, data in pictures]
    looks: list[tuple[str, int, dict[str, object]]] = [
        ("Skin", 0, {}),
        ("Lashes", 1, {"alphaMode": "BLEND", "doubleSided": True}),
        ("Eye", 0, {}),
        ("Hair", 1, {"alphaMode": "MASK", "alphaCutoff": 0.3, "doubleSided": True}),
    ]
    surfaces = [
        {"baseColorTexture": {"index": image}, "metallicFactor": 0, "roughnessFactor": 0.1 if name == "Eye" else 0.7}
        for name, image, _ in looks
    ]
    materials = [
        {"name": name, "pbrMetallicRoughness": surface, **more}
        for (name, _, more), surface in zip(looks, surfaces, strict=True)
    ]
    return {
        "asset": {"version": "2.0"},
        "extensionsUsed": ["KHR_mesh_quantization"],
        "extensionsRequired": ["KHR_mesh_quantization"],
        "scene": 0,
        "scenes": [{"nodes": [each for each, node in enumerate(nodes) if node["name"] in ("Neck", "Bust")]}],
        "nodes": list(nodes),
        "meshes": list(meshes),
        "materials": materials,
        "textures": [{"source": 0}, {"source": 1}],
        "images": images,
        "accessors": made.accessors,
        "bufferViews": made.views,
    }


def _part(
    made: Builder,
    shape: tuple[Numbers, Numbers, Numbers],
    material: int,
    targets: Sequence[str],
    rng: np.random.Generator,
) -> dict[str, object]:
    places, uv, triangles = shape
    normals = places / np.linalg.norm(places, axis=1, keepdims=True)
    part: dict[str, object] = {
        "attributes": {
            "POSITION": made.accessor(quantised(places, "int16"), True),
            "NORMAL": made.accessor(quantised(normals, "int8"), True),
            "TEXCOORD_0": made.accessor(np.round(uv * 65535).astype(np.uint16), True),
        },
        "indices": made.accessor(triangles.astype(np.uint16)),
        "material": material,
    }
    moved = [np.sort(rng.choice(len(places), len(places) // 4, replace=False)) for _ in targets]
    values = [quantised(rng.normal(0, 0.1, (len(rows), 3)), "int16") for rows in moved]
    if targets:
        pairs = zip(moved, values, strict=True)
        part["targets"] = [{"POSITION": made.sparse(len(places), rows, by, True)} for rows, by in pairs]
    return part


def _bent(made: Builder) -> dict[str, object]:
    places, uv, triangles = sphere(0.1, 6)
    places = places + np.array([0, 1.5, 0])
    upper = np.clip((places[:, 1] - 1.45) / 0.1, 0, 1)
    shares = np.zeros((len(places), 4), np.uint8)
    shares[:, 1] = np.round(upper * 255)
    shares[:, 0] = 255 - shares[:, 1]
    bones = np.tile(np.array([0, 1, 0, 0], np.uint8), (len(places), 1))
    bones[shares == 0] = 0
    attributes = {
        "POSITION": made.accessor(places.astype(np.float32)),
        "NORMAL": made.accessor(quantised(10 * (places - [0, 1.5, 0]), "int8"), True),
        "TEXCOORD_0": made.accessor(uv.astype(np.float32)),
        "JOINTS_0": made.accessor(bones),
        "WEIGHTS_0": made.accessor(shares, True),
    }
    return {"attributes": attributes, "indices": made.accessor(triangles.astype(np.uint16)), "material": 0}
