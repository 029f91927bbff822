"""Spectacles in a photo: their bridge tells them, then the lines of the rims and temples are followed.

A bridge is a dark or a bright line across the root of the nose, where skin shows none. Lines are ridges of lightness,
the second derivative of Gaussians across them at several scales (Lindeberg 1998, IJCV 30(2)); the strongest line of
bounded slope is found by dynamic programming. Lengths are those of the levelled patch, in which the outer corners of
the eyes are `UNIT` pixels apart; lightness is L of CIE Lab, 0…100.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Index, Pixels
from space_runtime.extras import cv2
from space_runtime.portrait.mesh_points import CREASES, EYES, OVAL

UNIT: Final = 120.0
PATCH: Final = (264, 168)
"""Columns and rows of the patch."""
MIDDLE: Final = (132.0, 78.0)
"""Where in it the middle between the outer corners of the eyes lies."""
SCALES: Final = (1.0, 1.8, 3.2, 4.5)
"""Half thicknesses of lines."""
THIN: Final = 3
"""Of them those of bridges and temples: the root of the nose itself is a line of the last one."""
STRONGEST: Final = 8.0
BEYOND: Final = 0.2
"""Strength from which a line is hardly surer, and what more of it counts: enough for a line's middle."""
BRIDGE: Final = 5.0
"""Median strength of a bridge's line from which it is one: 39 portraits with spectacles have 5.9 and more, 174 without
4.2 and less."""
SURE: Final = 2.5
"""Strength of a rim's or a temple's line where it is taken for one."""
WHOLE: Final = 0.7
"""Share of a rim that is surely seen from which all of it is there."""
BRIGHT_SHARE: Final = 0.7
"""What a bright line counts: a dark rim has bright ones on both sides."""
N_ANGLES: Final = 96
RADII: Final[Floats] = np.linspace(0.62, 1.55, 72, dtype=np.float32)
"""Radii in which rims are looked for, in half axes of a usual lens."""
HALF_AXES: Final = (0.30, 0.215)
"""Across and down, in `UNIT`."""
LENS_SHIFT: Final = (0.02, 0.05)
"""By how much a lens's middle lies further from the nose and lower than the eye's, in `UNIT`."""
LID_LINE: Final = 0.5
"""What a line loses that lies on a lid, whose lashes and crease are lines."""
BOTH_ALIKE: Final = 0.25
"""Strength that a rim loses with each radius that it is further from the mirrored other one than two."""
DARK_LENS: Final = 0.5
"""Lightness of the skin around the eyes, as a share of the cheeks', below which dark glass hides the eyes."""
AROUND_EYES: Final = (27, 29, 23, 230, 257, 259, 253, 450)
CHEEKS: Final = (50, 205, 280, 425)
ACROSS_NOSE: Final = (0.08, 0.20, 0.16)
"""Half the width of the root of the nose that is looked at, and how far above and below the corners, in `UNIT`."""
TEMPLE_REACH: Final = 0.12
"""Height above and below a rim's outer end in which the temple is looked for, in `UNIT`."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A part of a frame: (n, 2) columns and rows in the photo, and half its thickness in pixels."""

    points: Floats
    half_width: float


@dataclass(frozen=True, slots=True, eq=False)
class Spectacles:
    """Spectacles in a photo.

    lines: bridge, rims and temples as far as they are seen. lenses: (2, n, 2) outlines of the glasses before the
    subject's right and left eye. dark: that the glass hides the eyes.
    """

    lines: tuple[Line, ...]
    lenses: Floats
    dark: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """The levelled surroundings of the eyes. second: per scale the (h, w, 3) second derivatives xx, xy, yy."""

    points: Floats
    to_photo: Floats
    second: list[Floats]


def find_spectacles(photo: Pixels, points: Floats) -> Spectacles | None:
    """Return the spectacles on a face with (478, 2) picture points, None without."""
    patch = _patch(photo, points)
    _, strength, scale = _bridge(patch)
    if float(np.median(strength)) < BRIDGE:
        return None
    rims = _rims(patch, min(SCALES.index(scale) + 2, len(SCALES)))
    bridge, _, thickness = _bridge(patch, BRIGHT_SHARE, len(SCALES))
    lines = [(bridge, thickness)]
    for side, (rim, seen, thickness) in zip((-1, 1), rims, strict=True):
        lines += [(piece, thickness) for piece in _pieces(rim, seen)]
        lines += _temple(patch, rim, side, thickness)
    size = float(np.linalg.norm(patch.to_photo[:, 0]))
    placed = tuple(Line(_placed(line, patch.to_photo), size * width) for line, width in lines)
    lenses = np.stack([_placed(rim, patch.to_photo) for rim, _, _ in rims])
    return Spectacles(placed, lenses, _around_eyes(photo, points) < DARK_LENS)


def bridge_strength(photo: Pixels, points: Floats) -> float:
    """Return how surely a line crosses the root of the nose; see `BRIDGE`."""
    return float(np.median(_bridge(_patch(photo, points))[1]))


def wears_dark_glass(photo: Pixels, points: Floats) -> bool:
    """Return True for spectacles whose glass hides the eyes."""
    return _around_eyes(photo, points) < DARK_LENS and bridge_strength(photo, points) >= BRIDGE


def _patch(photo: Pixels, points: Floats) -> _Patch:
    left, right = points[EYES[0][0][0]], points[EYES[1][0][-1]]
    across = (right - left) / UNIT
    to_photo = np.array([[across[0], -across[1], 0], [across[1], across[0], 0]], np.float32)
    to_photo[:, 2] = (left + right) / 2 - to_photo[:, :2] @ np.array(MIDDLE, np.float32)
    back = np.asarray(cv2.invertAffineTransform(to_photo), np.float32)
    shown = cv2.warpAffine(photo, back, PATCH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lab = cv2.cvtColor(shown.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    light = np.asarray(lab[..., 0], np.float32)
    return _Patch(_placed(points, back), to_photo, [_second_derivatives(light, scale) for scale in SCALES])


def _second_derivatives(light: Floats, scale: float) -> Floats:
    """Return (h, w, 3) second derivatives xx, xy, yy of the blurred lightness, times the scale's square."""
    soft = cv2.GaussianBlur(light, (0, 0), scale) * np.float32(scale**2)
    xx, yy = (cv2.Sobel(soft, cv2.CV_32F, x, y, ksize=1) for x, y in ((2, 0), (0, 2)))
    return np.dstack([xx, cv2.Sobel(soft, cv2.CV_32F, 1, 1, ksize=3, scale=0.25), yy])


def _placed(points: Floats, motion: Floats) -> Floats:
    return np.asarray(points @ motion[:, :2].T + motion[:, 2], np.float32)


def _ridges(patch: _Patch, places: Floats, across: Floats, bright: float, n_scales: int) -> tuple[Floats, Index]:
    """Return the strengths (h, w) of lines at (h, w, 2) places, across which (w, 2) unit vectors point, and scales.

    bright: what a bright line counts.
    """
    x, y = across[:, 0], across[:, 1]
    where = places[..., 0], places[..., 1]
    curved = []
    for second in patch.second[:n_scales]:
        at = cv2.remap(second, *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        curved.append(at[..., 0] * x**2 + 2 * at[..., 1] * x * y + at[..., 2] * y**2)
    strengths = np.maximum(curved, -bright * np.array(curved))
    best = strengths.max(0)
    best -= (1 - BEYOND) * np.maximum(best - STRONGEST, 0)
    return best.astype(np.float32), strengths.argmax(0)


def _bridge(patch: _Patch, bright: float = 1.0, n_scales: int = THIN) -> tuple[Floats, Floats, float]:
    """Return the (n, 2) line across the root of the nose, its (n,) strengths and half its thickness."""
    half, above, below = (part * UNIT for part in ACROSS_NOSE)
    middle = (patch.points[EYES[0][0][-1]] + patch.points[EYES[1][0][0]]) / 2
    columns = np.arange(-half, half + 0.5, 1.5, dtype=np.float32) + middle[0]
    rows = np.arange(-above, below, 0.5, dtype=np.float32) + middle[1]
    places = np.stack(np.meshgrid(columns, rows), -1)
    return _followed(patch, places, 4, bright, n_scales)


def _followed(
    patch: _Patch, places: Floats, jump: int, bright: float = 1.0, n_scales: int = THIN
) -> tuple[Floats, Floats, float]:
    """Return the strongest line through the columns of (h, w, 2) places, its strengths and half its thickness."""
    across = np.tile(np.array([0, 1], np.float32), (places.shape[1], 1))
    strengths, scales = _ridges(patch, places, across, bright, n_scales)
    path = strongest_path(strengths, jump, 0.15)
    at = path, np.arange(len(path))
    return places[at], strengths[at], SCALES[round(float(np.median(scales[at])))]


def strongest_path(strengths: Floats, jump: int, cost: float) -> Index:
    """Return (w,) the row in each column of (h, w) strengths of the path whose sum is largest.

    jump: most rows from one column to the next; cost: of each of them.
    """
    h, w = strengths.shape
    steps = np.arange(-jump, jump + 1)
    came = np.zeros((w, h), np.intp)
    total = strengths[:, 0]
    rows = np.arange(h)
    for column in range(1, w):
        padded = np.pad(total, jump, constant_values=-np.inf)
        options = np.stack([padded[jump + step : jump + step + h] - cost * abs(step) for step in steps])
        best = options.argmax(0)
        came[column] = rows + steps[best]
        total = options[best, rows] + strengths[:, column]
    path = np.empty(w, np.intp)
    path[-1] = total.argmax()
    for column in range(w - 1, 0, -1):
        path[column - 1] = came[column, path[column]]
    return path


def _rims(patch: _Patch, n_scales: int) -> list[tuple[Floats, Floats, float]]:
    """Return of both rims the closed line (n, 2), its strengths (n,), and half its thickness.

    Angle 0 points away from the nose, then down. Lenses are alike, so both are first looked for as one.
    """
    angles = np.arange(N_ANGLES) / N_ANGLES * 2 * np.pi
    eyes = []
    for eye, side in enumerate((-1, 1)):
        upper = EYES[eye][0]
        middle = patch.points[[upper[0], upper[-1]]].mean(0) + np.array(LENS_SHIFT) * [side, 1] * UNIT
        ray = np.stack([HALF_AXES[0] * side * np.cos(angles), HALF_AXES[1] * np.sin(angles)], 1) * UNIT
        across = (ray / np.linalg.norm(ray, axis=1, keepdims=True)).astype(np.float32)
        places = (middle + RADII[:, None, None] * ray).astype(np.float32)
        strengths, scales = _ridges(patch, places, across, BRIGHT_SHARE, n_scales)
        eyes.append((places, strengths * (1 - LID_LINE * _on_lids(patch, places, eye)), scales))
    first, second = (strengths for _, strengths, _ in eyes)
    both = np.minimum(first, second) / 2 + (first + second) / 4
    shared = _closed_path(both.astype(np.float32), 2, 0.3)
    away = np.maximum(np.abs(np.arange(len(RADII))[:, None] - shared) - 2, 0)
    return [_rim(places, strengths, scales, away) for places, strengths, scales in eyes]


def _on_lids(patch: _Patch, places: Floats, eye: int) -> Floats:
    """Return (h, w) 1 at places between the crease of the upper lid and the edge of the lower one, else 0."""
    (upper, lower), crease = EYES[eye], CREASES[eye]
    outline = patch.points[[upper[0], *crease, *lower[::-1]]]
    lids = np.zeros(PATCH[::-1], np.float32)
    cv2.fillPoly(lids, [np.rint(outline).astype(np.int32)], 1.0)
    return np.asarray(cv2.remap(lids, places[..., 0], places[..., 1], cv2.INTER_LINEAR), np.float32)


def _rim(places: Floats, strengths: Floats, scales: Index, away: Index) -> tuple[Floats, Floats, float]:
    at = _closed_path((strengths - BOTH_ALIKE * away).astype(np.float32), 2, 0.4), np.arange(N_ANGLES)
    seen = strengths[at]
    thick = np.array(SCALES)[scales[at]][seen > SURE]
    return places[at], seen, float(np.median(thick)) if len(thick) else SCALES[0]


def _closed_path(strengths: Floats, jump: int, cost: float) -> Index:
    """Return the `strongest_path` around the columns, whose last one is followed by the first."""
    n = strengths.shape[1]
    return strongest_path(np.tile(strengths, (1, 3)), jump, cost)[n : 2 * n]


def _pieces(rim: Floats, seen: Floats) -> list[Floats]:
    """Return the parts of a closed line where it is surely seen."""
    smooth = np.median(np.stack([np.roll(seen, shift) for shift in range(-2, 3)]), 0)
    sure = smooth > SURE
    if sure.mean() > WHOLE:
        return [np.concatenate([rim, rim[:1]])]
    start = int(np.flatnonzero(~sure)[0])
    rim, sure = np.roll(rim, -start, 0), np.roll(sure, -start)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], sure.astype(int), [0]])))
    return [rim[first:last] for first, last in edges.reshape(-1, 2) if last - first > 1]


def _temple(patch: _Patch, rim: Floats, side: int, thickness: float) -> list[tuple[Floats, float]]:
    """Return the line from a rim's outer end to the face's side, none where it is not seen."""
    outer = rim[np.argmax(rim[:, 0] * side)]
    oval = patch.points[list(OVAL)]
    beside = oval[(np.abs(oval[:, 1] - outer[1]) < 0.3 * UNIT) & ((oval[:, 0] - outer[0]) * side > 0)]
    length = float(np.abs(beside[:, 0] - outer[0]).max()) if len(beside) else 0.0
    if length < 4:
        return []
    columns = outer[0] + side * np.arange(0, length, 1.5, dtype=np.float32)
    rows = outer[1] + np.arange(-TEMPLE_REACH * UNIT - 6, TEMPLE_REACH * UNIT, 0.5, dtype=np.float32)
    line, strength, width = _followed(patch, np.stack(np.meshgrid(columns, rows), -1), 2)
    return [(line, max(width, thickness))] if float(np.median(strength)) > SURE else []


def _around_eyes(photo: Pixels, points: Floats) -> float:
    """Return the lightness around the eyes as a share of the cheeks'."""
    eyes, cheeks = (_lightness(photo, points[list(rows)]) for rows in (AROUND_EYES, CHEEKS))
    return eyes / max(cheeks, 1.0)


def _lightness(photo: Pixels, places: Floats) -> float:
    """Return the median L around picture points."""
    columns, rows = np.clip(np.rint(places).astype(int), 2, len(photo) - 3).T
    around = np.stack(
        [photo[row - 2 : row + 3, column - 2 : column + 3] for column, row in zip(columns, rows, strict=True)]
    )
    light = cv2.cvtColor(around.reshape(-1, 1, 3).astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)[..., 0]
    return float(np.median(light))
