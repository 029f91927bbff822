"""A small rig as binary glTF: a head node with two eyes and a plane that has blend shapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine_bridge.formats.glb import Glb, write_glb

N = 5


def rig_glb(shapes: Sequence[str], head_rest: Sequence[float] = (0, 0, 0, 1)) -> bytes:
    """A rig whose face has these blend shapes. head_rest: rotation of the head at rest, x y z w."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, N), np.linspace(-0.5, 0.5, N))
    positions = np.stack([x, y, 0 * x], -1).reshape(-1, 3).astype("<f4")
    corners = [j * N + i for j in range(N - 1) for i in range(N - 1)]
    indices = np.array([[a, a + 1, a + N, a + 1, a + N + 1, a + N] for a in corners], "<u2")
    views: list[dict[str, object]] = []
    accessors: list[dict[str, object]] = []
    binary = b""

    def add(array: np.ndarray[tuple[int, ...], np.dtype[np.number]], kind: str, component: int, target: int) -> int:
        nonlocal binary
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": array.nbytes, "target": target})
        binary += array.tobytes() + b"\0" * (-array.nbytes % 4)
        accessor = {"bufferView": len(views) - 1, "componentType": component, "type": kind}
        if kind == "VEC3":
            bounds = {"count": len(array), "min": array.min(0).tolist(), "max": array.max(0).tolist()}
        else:
            bounds = {"count": array.size}
        accessors.append({**accessor, **bounds})
        return len(accessors) - 1

    place = add(positions, "VEC3", 5126, 34962)
    triangles = add(indices, "SCALAR", 5123, 34963)
    targets = []
    for k in range(len(shapes)):
        moved = np.zeros_like(positions)
        moved[k % len(positions), 2] = 0.1 * (k + 1)
        targets.append({"POSITION": add(moved, "VEC3", 5126, 34962)})
    primitive = {"attributes": {"POSITION": place}, "indices": triangles, "targets": targets}
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": "Head", "rotation": list(head_rest), "children": [1, 2, 3]},
            {"name": "Face", "mesh": 0},
            {"name": "LeftEye", "translation": [0.2, 0.2, 0]},
            {"name": "RightEye", "translation": [-0.2, 0.2, 0]},
        ],
        "meshes": [{"name": "FaceMesh", "primitives": [primitive], "extras": {"targetNames": list(shapes)}}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    return write_glb(Glb(document, binary))
