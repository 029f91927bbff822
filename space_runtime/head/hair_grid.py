"""A grid around the head on which hair lies: meridians from the crown, around a ball above the ears, a cylinder below.

Columns are azimuths from back over the subject's right, front and left to back again; rows go from the crown down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Longs, Mask
from space_runtime.head.fitted_head import FittedHead
from space_runtime.head.model import FaceModel, Part, triangles
from space_runtime.head.picture_fields import blurred, spread
from space_runtime.head.raster import rasterise

N_COLUMNS: Final = 97
N_BALL: Final = 34
"""Rows from the crown to the height of the middle."""
ROW_CM: Final = 0.55
N_ROWS: Final = N_BALL + 32
"""All rows; those of the cylinder are ROW_CM apart."""
TOP: Final = np.pi / 2
"""Elevation of the first row."""
MIDDLE: Final = np.array([0.0, 4.0, 0.5])
"""Middle of the ball in the model's mean head, cm."""
CRANIUM: Final = 6.0
"""Heights of the mean head above which vertices tell how the middle moves with the person."""


@dataclass(frozen=True, slots=True, eq=False)
class HairGrid:
    """The grid of a head. middle: (3,) of its ball, head's frame. base: (rows, columns) radius of the head, cm."""

    middle: Floats
    base: Floats

    @property
    def directions(self) -> Floats:
        """(rows, columns, 3) unit vectors outwards, head's frame."""
        return rays(self.middle, np.arange(N_ROWS)[:, None], azimuths()[None])[1]

    def points(self, radius: Floats) -> Floats:
        """Return (rows, columns, 3) points at radii (rows, columns) from the ball's middle or the cylinder's axis."""
        start, direction = rays(self.middle, np.arange(N_ROWS)[:, None], azimuths()[None])
        return np.asarray(start + direction * radius[..., None], np.float32)

    def places(self, points: Floats) -> tuple[Floats, Floats]:
        """Return (n, 2) column and row of (n, 3) points, and their (n,) radii."""
        return grid_places(self.middle, points)


def azimuths() -> Floats:
    """Return the (columns,) azimuths in radians, 0 in front."""
    return np.linspace(-np.pi, np.pi, N_COLUMNS).astype(np.float32)


def rays(middle: Floats, row: Floats | Longs, azimuth: Floats | float) -> tuple[Floats, Floats]:
    """Return starts and unit directions (…, 3) of the rays that cross the grid at rows and azimuths (…)."""
    row, azimuth = np.broadcast_arrays(np.asarray(row, np.float64), azimuth)
    elevation = TOP * np.clip(1 - row / N_BALL, 0, 1)
    flat = np.cos(elevation)
    direction = np.stack([flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)], -1)
    start = np.broadcast_to(middle, direction.shape).astype(np.float64)
    start[..., 1] -= np.maximum(row - N_BALL, 0) * ROW_CM
    return start.astype(np.float32), direction.astype(np.float32)


def grid_places(middle: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Return (n, 2) column and row of (n, 3) points on the grid around a middle, and their (n,) radii."""
    x, y, z = (points - middle).astype(np.float64).T
    flat = np.hypot(x, z)
    column = (np.arctan2(x, z) + np.pi) / (2 * np.pi) * (N_COLUMNS - 1)
    row = np.where(y >= 0, N_BALL * (1 - np.arctan2(y, flat) / TOP), N_BALL - y / ROW_CM)
    radius = np.where(y >= 0, np.hypot(flat, y), flat)
    return np.stack([column, row], 1).astype(np.float32), radius.astype(np.float32)


def ears(model: FaceModel) -> Mask:
    """Return (V,) the vertices of the ears."""
    x, y, z = np.abs(model.neutral[:, 0]), model.neutral[:, 1], model.neutral[:, 2]
    found: Mask = (x > 7.1) & (y > -3.2) & (y < 5.4) & (z > -5) & (z < 4)
    found[model.parts[Part.FACE].stop :] = False
    return found


def hair_grid(fitted: FittedHead, model: FaceModel, with_ears: bool) -> HairGrid:
    """Return the grid around a head at rest; with_ears: the ears lie under the hair."""
    cranium = model.neutral[:, 1] > CRANIUM
    cranium[model.parts[Part.FACE].stop :] = False
    middle = (MIDDLE + (fitted.rest[cranium] - model.neutral[cranium]).mean(0)).astype(np.float32)
    skin = triangles(model.faces[model.faces_of(Part.FACE)])
    if not with_ears:
        skin = skin[~ears(model)[skin].any(1)]
    place, radius = grid_places(middle, fitted.rest)
    return HairGrid(middle, _outermost(place, radius, skin))


def _outermost(place: Floats, radius: Floats, skin: Longs) -> Floats:
    """Return (rows, columns) the largest radius of the skin at each place of the grid, smooth."""
    turn = N_COLUMNS - 1
    column = place[:, 0][skin]
    behind = np.ptp(column, axis=1) > turn / 2
    column = np.where(behind[:, None] & (column < turn / 2), column + turn, column)
    corners = np.stack([column, place[:, 1][skin]], -1)
    corners = np.concatenate([corners, corners[behind] - [turn, 0]]).reshape(-1, 2)
    radii = np.concatenate([radius[skin], radius[skin][behind]]).ravel()
    drawn = rasterise(corners, np.arange(len(corners)).reshape(-1, 3), (N_ROWS, N_COLUMNS), radii)
    known = drawn.covered.astype(np.float32)
    known[:2] = 0
    values = np.where(known > 0, drawn.depth, 0).astype(np.float32)[..., None]
    filled = around(lambda field: spread(field[..., :1], field[..., 1], (1.0, 3.0, 8.0)), np.dstack([values, known]))
    return around(lambda field: blurred(field, 1.0), filled[..., 0])


def around(change: Callable[[Floats], Floats], field: Floats) -> Floats:
    """Return what ``change`` makes of a (rows, columns, …) field whose first and last columns are one meridian."""
    turn = field.shape[1] - 1
    part = turn // 4
    wide = np.concatenate([field[:, turn - part : turn], field, field[:, 1 : 1 + part]], axis=1)
    changed = change(np.ascontiguousarray(wide))[:, part : part + turn + 1]
    return np.asarray(changed, np.float32)
