"""A reading of `.glb` files by numpy alone, for tests of other readers: accessors of every kind, in doubles."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DTYPES: Final = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
Array = NDArray[np.float64]


class GlbReading:
    """A file's document, and its arrays."""

    def __init__(self, data: bytes) -> None:
        n_document = int.from_bytes(data[12:16], "little")
        self.document: dict[str, Any] = json.loads(data[20 : 20 + n_document])
        self.binary = data[28 + n_document :]

    def array(self, number: int) -> Array:
        """Return an accessor's rows, at their scale."""
        accessor = self.document["accessors"][number]
        count, width = accessor["count"], WIDTHS[accessor["type"]]
        rows = np.zeros((count, width))
        kind = accessor["componentType"]
        if "bufferView" in accessor:
            rows[:] = self._rows(accessor["bufferView"], accessor.get("byteOffset", 0), kind, count, width)
        if sparse := accessor.get("sparse"):
            at, by = sparse["indices"], sparse["values"]
            places = self._rows(at["bufferView"], at.get("byteOffset", 0), at["componentType"], sparse["count"], 1)
            values = self._rows(by["bufferView"], by.get("byteOffset", 0), kind, sparse["count"], width)
            rows[places[:, 0].astype(int)] = values
        if accessor.get("normalized"):
            rows = np.maximum(rows / np.iinfo(np.dtype(DTYPES[kind])).max, -1)
        return rows

    def attribute(self, mesh: int, name: str) -> Array:
        """Return an attribute of all primitives of a mesh, one after another; those that share arrays come once."""
        return np.concatenate([self.array(each["attributes"][name]) for each in self._different(mesh)])

    def triangles(self, mesh: int) -> list[NDArray[np.int64]]:
        """Return the triangles of each primitive, as vertices of the whole mesh."""
        found, first = [], {}
        n_vertices = 0
        for each in self._primitives(mesh):
            arrays = _arrays(each)
            if arrays not in first:
                first[arrays] = n_vertices
                n_vertices += self.document["accessors"][each["attributes"]["POSITION"]]["count"]
            found.append(self.array(each["indices"]).astype(np.int64).reshape(-1, 3) + first[arrays])
        return found

    def target(self, mesh: int, shape: int) -> Array:
        """Return what a blend shape adds to the places of a mesh."""
        return np.concatenate([self.array(each["targets"][shape]["POSITION"]) for each in self._different(mesh)])

    def _different(self, mesh: int) -> list[dict[str, Any]]:
        """The primitives of a mesh, one of those that share all their arrays."""
        found: dict[str, dict[str, Any]] = {}
        for each in self._primitives(mesh):
            found.setdefault(_arrays(each), each)
        return list(found.values())

    def _primitives(self, mesh: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["meshes"][mesh]["primitives"]
        return found

    def _rows(self, view: int, offset: int, kind: int, count: int, width: int) -> Array:
        where = self.document["bufferViews"][view]
        dtype = np.dtype(DTYPES[kind])
        step = where.get("byteStride", dtype.itemsize * width)
        begin = where.get("byteOffset", 0) + offset
        return np.ndarray((count, width), dtype, self.binary, begin, (step, dtype.itemsize)).astype(np.float64)


def _arrays(primitive: dict[str, Any]) -> str:
    return json.dumps([primitive["attributes"], primitive.get("targets", [])])
