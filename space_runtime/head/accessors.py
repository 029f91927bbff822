"""The arrays of a glTF file: its binary chunk, the views into it and the accessors that say what lies there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from space_runtime.arrays import Longs, Reals

Object = dict[str, object]
Array = np.ndarray

VERTICES: Final = 34_962
INDICES: Final = 34_963
_COMPONENTS: Final = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES: Final = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


@dataclass(frozen=True, slots=True, eq=False)
class Accessors:
    """The accessors and bytes of a file so far; each method returns the number of what it added."""

    binary: bytearray = field(default_factory=bytearray)
    views: list[Object] = field(default_factory=list)
    accessors: list[Object] = field(default_factory=list)

    def view(self, data: bytes, target: int = 0, stride: int = 0) -> int:
        """Add bytes. target: `VERTICES`, `INDICES` or 0; stride: bytes from row to row, 0 for rows without gaps."""
        self.binary.extend(bytes(-len(self.binary) % 4))
        view: Object = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.views.append(view | ({"target": target} if target else {}) | ({"byteStride": stride} if stride else {}))
        self.binary.extend(data)
        return len(self.views) - 1

    def indices(self, triangles: Longs) -> int:
        """Add the (t, 3) corners of triangles."""
        flat = triangles.ravel().astype("<u2" if triangles.max(initial=0) < 65_535 else "<u4")
        return self._accessor(self.view(flat.tobytes(), INDICES), flat, 1, {})

    def attribute(self, rows: Array, normalised: bool, bounded: bool = False) -> int:
        """Add (n, k) values of vertices, rows padded to four bytes. normalised: integers stand for −1…1 or 0…1;
        bounded: with their range, as positions must."""
        width = rows.dtype.itemsize * rows.shape[1]
        gap = -width % 4 // rows.dtype.itemsize
        padded = np.pad(rows, ((0, 0), (0, gap)))
        view = self.view(np.ascontiguousarray(padded).tobytes(), VERTICES, width + -width % 4 if gap else 0)
        more: Object = {"normalized": True} if normalised else {}
        return self._accessor(view, rows, rows.shape[1], more | (_range(rows) if bounded else {}))

    def sparse(self, n_rows: int, rows: Longs, values: Array) -> int:
        """Add n_rows of three normalised 16-bit values, all 0 but for the (k, 3) ``values`` in the given rows."""
        if not len(rows):
            rows, values = np.zeros(1, np.int64), np.zeros((1, 3), "<i2")
        all_given = len(rows) == n_rows
        bounds = values if all_given else np.concatenate([values, np.zeros((1, 3), values.dtype)])
        told = {
            "count": len(rows),
            "indices": {"bufferView": self.view(rows.astype("<u2").tobytes()), "componentType": _COMPONENTS["u2"]},
            "values": {"bufferView": self.view(np.ascontiguousarray(values).tobytes())},
        }
        accessor: Object = {"componentType": _COMPONENTS["i2"], "count": n_rows, "type": "VEC3", "normalized": True}
        self.accessors.append(accessor | _range(bounds) | {"sparse": told})
        return len(self.accessors) - 1

    def _accessor(self, view: int, rows: Array, width: int, more: Object) -> int:
        component = _COMPONENTS[rows.dtype.str[1:]]
        told: Object = {"bufferView": view, "componentType": component, "count": len(rows), "type": _TYPES[width]}
        self.accessors.append(told | more)
        return len(self.accessors) - 1


def _range(rows: Array) -> Object:
    return {"min": rows.min(0).tolist(), "max": rows.max(0).tolist()}


def normalised_16(values: Reals) -> Array:
    """Return values −1…1 as 16-bit integers."""
    return np.rint(np.clip(values, -1, 1) * 32_767).astype("<i2")


def normalised_8(values: Reals) -> Array:
    """Return values −1…1 as 8-bit integers."""
    return np.rint(np.clip(values, -1, 1) * 127).astype("i1")


def share_16(values: Reals) -> Array:
    """Return values 0…1 as unsigned 16-bit integers."""
    return np.rint(np.clip(values, 0, 1) * 65_535).astype("<u2")
