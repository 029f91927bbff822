"""The form of hair from one photo: how far it stands out at the silhouette, where it begins, how low it hangs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask
from space_runtime.extras import cv2
from space_runtime.head.hair_grid import N_BALL, N_ROWS, ROW_CM, HairGrid, around, azimuths, hair_grid, rays
from space_runtime.head.picture_fields import blurred, dilated, sample, smoothstep
from space_runtime.head.sight import Sight

DISTANCE_CM: Final = 150.0
"""Distance from which portraits are taken; the silhouette lies about 8 cm behind the face and looks smaller."""
REACH_CM: Final = 16.0
"""Hair is looked for up to this radius."""
ROOT_CM: Final = 0.08
"""Thickness at the hairline."""
RISE_CM: Final = 3.0
"""Distance from the hairline, in the picture, over which hair reaches its full thickness."""
THICKNESS: Final = (0.15, 7.0)
"""Range of thickness at the silhouette, cm."""
BACK: Final = (0.3, 4.0)
"""Range of thickness behind."""
EARS_COVERED: Final = 1.0
"""Hair that hangs lower than this height, cm, covers the ears."""
NAPE: Final = -3.6
"""Height of the hairline on the nape."""
SHORT_LINE: Final = ((-9.0, -4.5, -3.2, -2.2, -0.8, 1.5, 4.0), (-3.9, -3.6, -1.0, 2.6, 4.6, 5.0, 7.0))
"""Depth and height of the hairline of short hair behind and above the ears, cm."""
CROWN_ROWS: Final = 6
"""Rows within which all meridians come to one radius."""
TAPER_CM: Final = 4.5
"""Height above its lower edge from which short hair gets thinner."""
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class HairForm:
    """Hair around a head. grid: where it lies. radius: (rows, columns), cm.

    lowest: (2,) heights on the subject's right and left down to which hair hangs. covers_ears: it hangs over them.
    """

    grid: HairGrid
    radius: Floats
    lowest: Floats
    covers_ears: bool

    @property
    def points(self) -> Floats:
        """(rows, columns, 3) in the head's frame, cm."""
        return self.grid.points(self.radius)

    def line(self, points: Floats) -> Floats:
        """Return (…) the height of the hair's lower edge behind the silhouette at points (…, 3)."""
        local = points - self.grid.middle
        if not self.covers_ears:
            return np.asarray(np.interp(local[..., 2], *SHORT_LINE) + self.grid.middle[1] - 4.0, np.float32)
        side = smoothstep(local[..., 0], -3, 3)
        hanging = self.lowest[0] + side * (self.lowest[1] - self.lowest[0])
        nape = np.minimum(NAPE, self.lowest.mean() + 0.3)
        return np.asarray(hanging + smoothstep(-local[..., 2], 0.5, 5.0) * (nape - hanging), np.float32)


def picture_of(sight: Sight, points: Floats) -> Floats:
    """Return (…, 2) columns and rows of points of the head's frame, what lies behind the face drawn together."""
    camera = sight.fitted.camera(points)
    eyes = sight.fitted.camera(sight.fitted.eye_centres).mean(0)
    behind = (camera[..., 2] - eyes[2]) / sight.centimetre
    nearer = (DISTANCE_CM / (DISTANCE_CM - behind))[..., None]
    return np.asarray((eyes[:2] + (camera[..., :2] - eyes[:2]) * nearer) * np.array([1, -1], np.float32), np.float32)


def hair_form(sight: Sight, mask: Floats) -> HairForm:
    """Return the form of the hair in a mask (h, w)."""
    short = hair_grid(sight.fitted, sight.model, with_ears=False)
    outer = _silhouette(sight, short, mask)
    lowest = _lowest(short, outer)
    covers = bool(lowest.mean() < EARS_COVERED)
    grid = hair_grid(sight.fitted, sight.model, with_ears=covers)
    if covers:
        grid = HairGrid(grid.middle, _draped(grid.base, azimuths()))
    form = HairForm(grid, _radius(sight, grid, outer, mask), lowest, covers)
    return form if covers else _tapered(form)


def _tapered(form: HairForm) -> HairForm:
    """Return short hair that gets thinner towards its lower edge behind."""
    points = form.points
    share = smoothstep(points[..., 1] - form.line(points), -0.5, TAPER_CM)
    return replace(form, radius=np.asarray(form.grid.base + share * (form.radius - form.grid.base), np.float32))


def _silhouette(sight: Sight, grid: HairGrid, mask: Floats) -> Floats:
    """Return (rows, 2) the outermost radius of hair to the subject's right and left, nan where there is none."""
    radii = np.linspace(0, REACH_CM, 321, dtype=np.float32)
    outer = np.full((N_ROWS, 2), np.nan)
    height, width = mask.shape
    for side, azimuth in enumerate((-np.pi / 2, np.pi / 2)):
        start, direction = rays(grid.middle, np.arange(N_ROWS), azimuth)
        points = picture_of(sight, start[:, None] + direction[:, None] * radii[:, None])
        inside = (points >= 0).all(-1) & (points[..., 0] < width) & (points[..., 1] < height)
        hair = (sample(mask, points) > 0.5) & inside
        far = np.where(hair.any(1), radii[hair.shape[1] - 1 - hair[:, ::-1].argmax(1)], np.nan)
        outer[:, side] = np.where(hair.sum(1) * (radii[1] - radii[0]) > 0.4, far, np.nan)
    return outer.astype(np.float32)


def _lowest(grid: HairGrid, outer: Floats) -> Floats:
    """Return (2,) heights down to which hair stands out on each side."""
    columns = (len(azimuths()) - 1) // 4 * np.array([1, 3])
    lowest = []
    for side, column in enumerate(columns):
        start, direction = rays(grid.middle, np.arange(N_ROWS), 0.0)
        standing = np.flatnonzero(outer[:, side] > grid.base[:, column] + 0.25)
        row = int(standing.max()) if len(standing) else 0
        height = start[row, 1] + direction[row, 1] * np.nan_to_num(outer[row, side], nan=9.0)
        lowest.append(float(height))
    return np.array(lowest, np.float32)


def _draped(base: Floats, azimuth: Floats) -> Floats:
    """Return the radius of what hangs down from the widest place above, behind the face; on the face the skin's."""
    draped = base.copy()
    for row in range(N_BALL + 1, len(base)):
        draped[row] = np.maximum(np.minimum(base[row], draped[row - 1] + 0.8 * ROW_CM), draped[row - 1] - 0.04)
    beside = smoothstep(np.abs(azimuth), 0.5, 0.9)
    return np.asarray(base + beside * (draped - base), np.float32)


def _thickness(grid: HairGrid, outer: Floats) -> Floats:
    """Return (rows, columns) the hair's thickness away from the hairline."""
    azimuth = azimuths()
    quarter = (len(azimuth) - 1) // 4
    sides = np.stack([_filled(outer[:, side] - grid.base[:, quarter * (1 + 2 * side)]) for side in (0, 1)], 1)
    sides = np.clip(_smooth(sides), *THICKNESS)
    top = float(np.median(sides[1:5]))
    left = smoothstep(np.sin(azimuth), -0.5, 0.5)
    beside = sides[:, :1] * (1 - left) + sides[:, 1:] * left
    behind = np.clip(0.85 * sides.mean(1, keepdims=True), *BACK)
    back = smoothstep(-np.cos(azimuth), 0.1, 0.9)
    front = smoothstep(np.cos(azimuth), 0.2, 0.9)
    ball = np.clip(1 - np.arange(N_ROWS) / N_BALL, 0, 1)[:, None]
    thickness = beside + back * (behind - beside)
    return np.asarray(thickness + front * smoothstep(ball, 0, 0.3) * (0.8 * top - thickness), np.float32)


def _filled(values: Floats) -> Floats:
    """Return (n,) with nan filled from the known values before and behind."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == 0:
        return np.full_like(values, THICKNESS[0])
    return np.interp(np.arange(len(values)), known, values[known]).astype(np.float32)


def _smooth(values: Floats) -> Floats:
    """Return (n, c) smoothed along n."""
    return np.asarray(cv2.GaussianBlur(values.astype(np.float32), (1, 9), 0, sigmaY=1.8), np.float32)


def _radius(sight: Sight, grid: HairGrid, outer: Floats, mask: Floats) -> Floats:
    """Return (rows, columns): the head's radius and the hair's thickness, less near the hairline of the photo."""
    full = _thickness(grid, outer)
    from_line = _from_hairline(sight, mask)
    facing = grid.directions @ sight.fitted.rotation[2]
    shown = smoothstep(facing, 0.0, 0.25)
    thickness = np.full_like(full, ROOT_CM)
    for _ in range(_ROUNDS):
        distance = sample(from_line, picture_of(sight, grid.points(grid.base + thickness)))
        rise = smoothstep(distance, 0, RISE_CM)
        rise = 1 - shown + shown * rise
        thickness = np.asarray(ROOT_CM + rise * (full - ROOT_CM), np.float32)
    radius = grid.base + around(lambda field: blurred(field, 1.8), thickness)
    crown = radius[:CROWN_ROWS].mean()
    away = smoothstep(np.arange(N_ROWS, dtype=np.float32), 0, CROWN_ROWS)[:, None]
    return np.asarray(crown + away * (radius - crown), np.float32)


def _from_hairline(sight: Sight, mask: Floats) -> Floats:
    """Return (h, w) the distance from what of the person is not hair, cm."""
    free = ((mask > 0.5) | (sight.matte < 0.5)).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(free, cv2.DIST_L2, 5) / sight.centimetre, np.float32)


def bare_person(sight: Sight, mask: Floats) -> Floats:
    """Return (h, w) 1 where the photo shows the person without hair, with a soft edge."""
    bare = (sight.matte > 0.5) & (mask < 0.5)
    # the outermost pixels of the person beside hair are mixed with the background: they are hair
    bare &= ~((dilated((mask > 0.5).astype(np.uint8), 0.5 * sight.centimetre) > 0) & _rim(sight))
    return blurred(bare.astype(np.float32), 0.22 * sight.centimetre)


def _rim(sight: Sight) -> Mask:
    inner = cv2.erode((sight.matte > 0.5).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    rim: Mask = ~inner & (sight.matte > 0.5)
    return rim
