"""The surfaces of a head as game meshes: one normal, one texture coordinate a vertex, triangles, displacements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Longs, Reals
from space_runtime.head.fitted_head import (
    ATLAS_SIZE,
    EYE_TILE,
    GUMS_TILE,
    TEETH_TILE,
    TONGUE_TILE,
    FittedHead,
    Tile,
    atlas_pixels,
)
from space_runtime.head.model import SKIN, FaceModel, Part, triangles
from space_runtime.head.rest import SIDES
from space_runtime.head.shapes import N_UPPER_LASHES

EYE_DEGREES: Final = 100.0
"""Angle from the optical axis at the edge of the eye's tile."""
EYE_BACK: Final = -0.2
"""Eyeballs are cut off behind this depth, in radii: nobody sees their back."""
_MARGIN: Final = 3
"""Pixels of a tile around what is used of it: pictures get smaller in the distance."""
_HEIGHTS: Final = (-6.0, -0.5)
_DEPTHS: Final = (10.4, 6.0)
"""Heights and depths of the mouth's inside, cm: columns and rows of the tiles of teeth, gums and tongue."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A surface of n vertices.

    positions, normals: (n, 3), cm. uv: (n, 2) shares of a picture, v down. triangles: (t, 3) counter-clockwise from
    outside. source: (n,) the model's vertices, whose displacements it takes.
    """

    positions: Floats
    normals: Floats
    uv: Floats
    triangles: Longs
    source: Longs


def skin_mesh(model: FaceModel, head: FittedHead) -> Mesh:
    """Return face, neck, sockets, gums, teeth and tongue, textured from the atlas."""
    chosen = model.faces_of(*SKIN, Part.GUMS, Part.TEETH)
    quads, rows = model.faces[chosen], model.face_uv[chosen]
    corners, coordinates = triangles(quads), _matched(rows, quads)
    inner = corners >= model.n_skin
    pairs = corners * (len(model.uv) + 1) + np.where(inner, len(model.uv), coordinates)
    unique, places = np.unique(pairs, return_inverse=True)
    source, row = np.divmod(unique, len(model.uv) + 1)
    uv = np.zeros((len(source), 2), np.float32)
    outside = row < len(model.uv)
    uv[outside] = atlas_pixels(model.uv[row[outside]])
    uv[~outside] = _inside_pixels(model, source[~outside])
    normals = vertex_normals(head.rest, corners)[source]
    return Mesh(head.rest[source], normals, _shares(uv), places.reshape(-1, 3), source)


def lash_mesh(model: FaceModel, head: FittedHead) -> Mesh:
    """Return the lashes of both eyes; their picture runs along the lid, roots at its lower edge."""
    source = np.arange(model.parts[Part.LEFT_LASHES].start, model.parts[Part.RIGHT_LASHES].stop)
    faces = model.faces_of(Part.LEFT_LASHES, Part.RIGHT_LASHES)
    corners = triangles(model.faces[faces])
    coordinates = np.zeros((len(model.neutral), 2), np.float32)
    coordinates[corners] = model.uv[_matched(model.face_uv[faces], model.faces[faces])]
    uv = coordinates[source].reshape(-1, N_UPPER_LASHES, 2)
    low, high = uv.min(1, keepdims=True), uv.max(1, keepdims=True)
    shares = (uv - low) / (high - low)
    shares[..., 1] = np.stack(
        [_roots_last(model, strip, share) for strip, share in zip(_strips(model), shares, strict=True)]
    )
    normals = np.tile(np.array([0, 0.3, 0.954], np.float32), (len(source), 1))
    return Mesh(head.rest[source], normals, shares.reshape(-1, 2), corners - source[0], source)


def eye_mesh(model: FaceModel, head: FittedHead, part: Part, centre: Floats) -> Mesh:
    """Return the front of an eyeball, relative to its centre, textured from the eye's tile of the atlas."""
    corners = triangles(model.faces[model.faces_of(part)])
    own = head.rest - centre
    corners = corners[own[corners, 2].max(1) > EYE_BACK * head.eye_radius]
    source, places = np.unique(corners, return_inverse=True)
    positions = own[source]
    angles = np.degrees(np.arccos(positions[:, 2] / np.linalg.norm(positions, axis=1)))
    around = np.maximum(np.hypot(positions[:, 0], positions[:, 1]), 1e-6)
    outward = positions[:, :2] / around[:, None] * [1, -1] * (angles / EYE_DEGREES)[:, None]
    uv = np.clip(outward * 0.5 + 0.5, 0, 1) * [EYE_TILE.width, EYE_TILE.height] + [EYE_TILE.left, EYE_TILE.top]
    normals = vertex_normals(own, corners)[source]
    return Mesh(positions, normals, _shares(uv), places.reshape(-1, 3), source)


def vertex_normals(positions: Reals, corners: Longs) -> Floats:
    """Return (n, 3) unit normals of vertices, each face by its area; (0, 0, 1) for a vertex of none."""
    a, b, c = (positions[corners[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    summed = np.stack([np.bincount(corners.ravel(), np.repeat(across[:, k], 3), len(positions)) for k in range(3)], 1)
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    unit = np.divide(summed, length, out=np.tile([0.0, 0.0, 1.0], (len(positions), 1)), where=length > 1e-12)
    return np.asarray(unit, np.float32)


def _matched(rows: Longs, quads: Longs) -> Longs:
    """Return the (t, 3) texture rows of `triangles` of the quads."""
    second = rows[quads[:, 3] >= 0]
    return np.concatenate([rows[:, [0, 1, 2]], second[:, [0, 2, 3]]])


def _inside_pixels(model: FaceModel, source: Longs) -> Doubles:
    """Return (n, 2) atlas pixels of teeth, gums and tongue: columns by height, rows by depth, front first."""
    height, depth = model.neutral[source, 1], model.neutral[source, 2]
    across, down = (height - _HEIGHTS[0]) / np.ptp(_HEIGHTS), (_DEPTHS[0] - depth) / np.ptp(_DEPTHS)
    places = np.clip(np.stack([across, down], 1), 0, 1)
    teeth, tongue = source >= model.parts[Part.TEETH].start, np.isin(source, model.tongue)
    pixels = _within(GUMS_TILE, places)
    pixels[teeth] = _within(TEETH_TILE, places[teeth])
    pixels[tongue] = _within(TONGUE_TILE, places[tongue])
    return pixels


def _within(tile: Tile, places: Doubles) -> Doubles:
    room = np.array([tile.width, tile.height]) - 2 * _MARGIN
    return np.asarray([tile.left + _MARGIN, tile.top + _MARGIN] + places * room)


def _shares(pixels: Reals) -> Floats:
    return np.asarray(pixels / np.array(ATLAS_SIZE[::-1]), np.float32)


def _strips(model: FaceModel) -> list[tuple[Longs, Longs]]:
    """Return for each of the four strips of lashes its vertices and those of its lid's edge."""
    strips = []
    for side, _, lashes in SIDES:
        first = model.parts[lashes].start
        for row, lid in enumerate(("upper", "lower")):
            strips.append((first + row * N_UPPER_LASHES + np.arange(N_UPPER_LASHES), model.curves[f"{side}_{lid}_lid"]))
    return strips


def _roots_last(model: FaceModel, strip: tuple[Longs, Longs], shares: Floats) -> Floats:
    """Return (114,) rows of a strip's picture, turned over if need be, so that roots lie at its lower edge."""
    vertices, lid = strip
    away = np.linalg.norm(model.neutral[vertices][:, None] - model.neutral[lid][None], axis=2).min(1)
    across = shares[:, 1]
    return across if away[across > 0.5].mean() < away[across < 0.5].mean() else 1 - across
