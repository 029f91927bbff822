"""ICC profiles of version 2, built from numbers: RGB and grey by curves and primaries, CMYK by a table.

ICC.1:2001-04; the connection space is XYZ under D50, to which Bradford's matrix adapts.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

D50 = np.array([0.9642, 1.0, 0.8249])
D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
Primaries = tuple[tuple[float, float], ...]


def xyz(point: tuple[float, float]) -> Doubles:
    """Return XYZ of a chromaticity at Y = 1."""
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def to_xyz(primaries: Primaries) -> Doubles:
    """Return the matrix of linear RGB to XYZ under D65."""
    columns = np.stack([xyz(point) for point in primaries], 1)
    return np.asarray(columns * np.linalg.solve(columns, xyz(D65)))


def encoded(srgb: NDArray[np.uint8], primaries: Primaries, gamma: float) -> Doubles:
    """Return (h, w, 3) values 0…1 that show an sRGB picture in another space of RGB, by ``light ** (1 / gamma)``."""
    values = srgb / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    other = light @ np.linalg.solve(to_xyz(primaries), to_xyz(SRGB)).T
    return np.asarray(np.clip(other, 0, 1) ** (1 / gamma))


def rgb_profile(primaries: Primaries, gamma: float) -> bytes:
    """Return a profile of RGB with one exponent."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    cones = np.diag((bradford @ D50) / (bradford @ xyz(D65)))
    columns = np.linalg.solve(bradford, cones @ bradford) @ to_xyz(primaries)
    tags = {b"wtpt": _xyz(D50)}
    for name, column in zip((b"r", b"g", b"b"), columns.T, strict=True):
        tags |= {name + b"XYZ": _xyz(column), name + b"TRC": _curve(gamma)}
    return _profile(b"RGB ", b"XYZ ", b"mntr", tags)


def grey_profile(gamma: float) -> bytes:
    """Return a profile of grey with an exponent."""
    return _profile(b"GRAY", b"XYZ ", b"mntr", {b"wtpt": _xyz(D50), b"kTRC": _curve(gamma)})


def cmyk_profile(lightest: float, steps: int = 9) -> bytes:
    """Return a profile of CMYK whose inks only darken: L* from ``lightest`` on paper to 0, without any colour."""
    grid = np.linspace(0, 1, steps)
    inks = np.stack(np.meshgrid(grid, grid, grid, grid, indexing="ij"), -1)
    light = (1 - inks[..., :3].mean(-1)) * (1 - inks[..., 3]) * lightest / 100
    lab = np.stack([light * 255, np.full_like(light, 128), np.full_like(light, 128)], -1)
    matrix = b"".join(struct.pack(">i", round(v * 65536)) for v in np.eye(3).ravel())
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([4, 3, steps, 0]) + matrix + ramp * 4 + np.rint(lab).astype(np.uint8).tobytes()
    return _profile(b"CMYK", b"Lab ", b"prtr", {b"wtpt": _xyz(D50), b"A2B0": table + ramp * 3})


def _xyz(value: Doubles) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in value)


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(gamma * 256))


def _profile(space: bytes, connection: bytes, kind: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        **tags,
    }
    place, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", place + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", place + len(body), b"none", 0x02400000, kind, space, connection)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(D50)[8:]
    return head.ljust(128, b"\0") + table + body
