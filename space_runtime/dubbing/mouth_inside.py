"""The inside of the mouth as the video itself shows it: pictures of it by how far the lips are apart.

An inside is fixed to the skull, so that the upper teeth stay where they are; its lower edge goes with the lower lip.
While the video is tracked the calmest view of each width of the gap is kept; where the video never opens its mouth, the
renderer of portraits draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats
from space_runtime.dubbing.planes import Planes
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose, apply_pose, picture_points
from space_runtime.rendering.warp.backward import Box, polygon_mask
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP

GAPS: Final = (0.03, 0.05, 0.075, 0.105, 0.14, 0.18, 0.24, 0.32)
"""Gaps between the lips, normalised units, between which one view each is kept."""
ANCHOR: Final[Floats] = np.array([0.0, -0.72, 0.33], np.float32)
"""Where lips meet on a common face, normalised: the place on the skull that views hang on."""
ORIGIN: Final = (0.45, 0.12)
"""Place of the anchor in a view, normalised units from its left and its upper edge."""
_UNITS: Final = np.array(ORIGIN) + np.array([[0, 0], [1, 0], [0, 1]])
"""Places in a view of the anchor, of one unit to the right and of one down."""
EXTENT: Final = (0.9, 0.62)
"""Width and height of a view in normalised units."""
MOST_PIXELS: Final = 640.0
"""Pixels per normalised unit that a view has at most."""
RIM: Final = 0.009
"""Width along the lips, normalised units, that is left out of a view: it is half lip."""
DARKEST: Final = 0.25
"""Share of light that lips let in as they meet; it rises to 1 at the gap of the narrowest view."""
FADED: Final = 0.4
"""Share of the way from one view to the next, by the gap, on which both are seen: teeth of two views are a blur."""
NARROWER: Final = 0.85
"""Share of the opening's width that a view keeps: at the corners lips and skin are often taken for the inside."""
SKIN: Final = (50, 280, 205, 425, 199, 200)
"""Points whose light says how light the face is."""


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """A view of the mouth's inside. gap: between the lips, normalised. values: (h, w, 3) of planes, continued beyond
    the lips. unit: pixels per normalised unit. lower: (11, 2) the lower lip's
    inner edge, normalised. light: luma of the skin around, without black. black: its luma."""

    gap: float
    values: Floats
    unit: float
    lower: Floats
    light: float
    black: float


def gap_of(normalised: Floats) -> float:
    """Return how far the lips of (478, 3) normalised points are apart in their middle third."""
    return float((normalised[list(UPPER_LIP), 1] - normalised[list(LOWER_LIP), 1])[3:8].mean())


def skin_light(picture: Planes, mesh: Floats) -> float:
    """Return the mean luma around the mouth, without black, at least 1."""
    across, down = picture.scale(0)
    height, width = picture.planes[0].shape
    points = picture_points(mesh[list(SKIN)]) * (across, down)
    columns, rows = np.clip(np.rint(points), 1, (width - 2, height - 2)).astype(int).T
    around = [picture.planes[0][r - 1 : r + 2, c - 1 : c + 2].mean() for c, r in zip(columns, rows, strict=True)]
    return max(1.0, float(np.median(around)) - picture.black)


def view_of(picture: Planes, mesh: Floats, own: Floats, pose: HeadPose) -> Inside:
    """Return the view that a picture gives. mesh: (478, 3) of its face; own: the same without the pose."""
    unit = min(MOST_PIXELS, float(pose.scale) * picture.scale(0)[0])
    size = (round(EXTENT[0] * unit), round(EXTENT[1] * unit))
    patches = [_patch(picture, plane, pose, unit, size) for plane in range(len(picture.planes))]
    values = np.stack(patches, -1).astype(np.float32)
    opening = own[[*UPPER_LIP, *LOWER_LIP[-2:0:-1]], :2].copy()
    opening[:, 0] += (1 - NARROWER) * (opening[:, 0].mean() - opening[:, 0])
    mask = polygon_mask(_in_view(opening, unit), Box(0, 0, *size))
    radius = max(1, round(RIM * unit))
    inside = cv2.erode(mask, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)).astype(np.float32)
    lower = own[list(LOWER_LIP), :2].copy()
    return Inside(gap_of(own), _continued(values, inside), unit, lower, skin_light(picture, mesh), picture.black)


def draw_inside(box: Box, insides: Sequence[Inside], lips: Floats, gap: float, pose: HeadPose, light: float) -> Floats:
    """Return the (h, w, 3) values behind lips in a box of the screen.

    insides: by rising gap. lips: (22, 2) picture points of the upper and the lower lip's inner edge. gap: between them,
    normalised. light: of the skin, see `skin_light`.
    """
    light *= DARKEST + (1 - DARKEST) * float(np.clip(gap / insides[0].gap, 0, 1))
    last = len(insides) - 1
    place = float(np.interp(gap, [inside.gap for inside in insides], np.arange(last + 1)))
    less = min(int(place), max(0, last - 1))
    share = float(np.clip((place - less - 0.5) / FADED + 0.5, 0, 1))
    shown = [_shown(box, insides[less + n], lips, pose, light) for n in (0, 1) if share != 1 - n]
    return shown[0] if len(shown) == 1 else np.asarray(shown[0] + (shown[1] - shown[0]) * np.float32(share), np.float32)


def _shown(box: Box, inside: Inside, lips: Floats, pose: HeadPose, light: float) -> Floats:
    """Return an inside stretched between the lips: above it stays with the skull, below with the lower lip."""
    to_view = _view_from_picture(pose, inside.unit)
    columns, rows = np.meshgrid(np.arange(box.x0, box.x1), np.arange(box.y0, box.y1))
    x, y = _mapped(to_view, columns, rows)
    upper, lower = (np.stack(_mapped(to_view, half[:, 0], half[:, 1]), -1) for half in (lips[:11], lips[11:]))
    there = _in_view(inside.lower, inside.unit)
    above, below = (np.interp(x, edge[:, 0], edge[:, 1]) for edge in (upper, lower))
    down = np.clip((y - above) / np.maximum(below - above, 1), 0, 1)
    y = (y + down * (np.interp(x, there[:, 0], there[:, 1]) - below)).astype(np.float32)
    read = cv2.remap(inside.values, x.astype(np.float32), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    values = read.reshape(*x.shape, -1).astype(np.float32)
    values[..., 0] = inside.black + (values[..., 0] - inside.black) * np.float32(light / inside.light)
    return values


def _mapped(matrix: Floats, x: NDArray[np.generic], y: NDArray[np.generic]) -> tuple[Floats, Floats]:
    """Return points under a (2, 3) affine map."""
    (a, b, c), (d, e, f) = matrix
    return np.asarray(a * x + b * y + c, np.float32), np.asarray(d * x + e * y + f, np.float32)


def _view_from_picture(pose: HeadPose, unit: float) -> Floats:
    """Return the (2, 3) affine map from points of the screen to those of a view."""
    corners = ANCHOR + np.array([[0, 0, 0], [1, 0, 0], [0, -1, 0]], np.float32)
    there = _UNITS * unit
    return np.asarray(
        cv2.getAffineTransform(picture_points(apply_pose(corners, pose)), there.astype(np.float32)), np.float32
    )


def _in_view(points: Floats, unit: float) -> Floats:
    """Return columns and rows in a view of (n, 2) normalised points."""
    return np.asarray(
        (np.array(ORIGIN, np.float32) + (points - ANCHOR[:2]) * np.array([1, -1], np.float32)) * np.float32(unit),
        np.float32,
    )


def _patch(picture: Planes, plane: int, pose: HeadPose, unit: float, size: tuple[int, int]) -> Floats:
    corners = ANCHOR + np.array([[0, 0, 0], [1, 0, 0], [0, -1, 0]], np.float32)
    across, down = picture.scale(plane)
    there = (picture_points(apply_pose(corners, pose)) + 0.5) * np.array([across, down], np.float32) - 0.5
    here = _UNITS * unit
    back = cv2.getAffineTransform(here.astype(np.float32), there.astype(np.float32))
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture.planes[plane], back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(
        np.float32
    )


def _continued(values: Floats, mask: Floats) -> Floats:
    """Return the values where the mask is 1, elsewhere what lies nearest, ever softer."""
    result, known = values * mask[..., None], mask.copy()
    for sigma in (1.5, 4, 10, 25, 60):
        weight = cv2.GaussianBlur(mask, (0, 0), sigma)
        around = cv2.GaussianBlur(values * mask[..., None], (0, 0), sigma).reshape(values.shape)
        new = (known < 0.999) & (weight > 1e-3)
        filled = around / np.maximum(weight, 1e-6)[..., None]
        result = np.where(new[..., None], result + (1 - known[..., None]) * filled, result)
        known = np.where(new, 1.0, known).astype(np.float32)
    rest = (values * mask[..., None]).sum((0, 1)) / max(float(mask.sum()), 1e-6)
    return np.asarray(result + (1 - known[..., None]) * rest, np.float32)
