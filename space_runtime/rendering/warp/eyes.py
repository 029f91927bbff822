"""Eyes: an eyeball below the lids, whose iris moves with the gaze, and lids that really close.

Prepared once: the eyeball's layers without lids, and the skin of the shut lid. Per frame: the eyeball stays with the
skull, the iris moves over it, and it shows through the opening that the lids leave.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import apply_pose, picture_points
from space_runtime.rendering.warp.backward import Box, bounding_box, polygon_mask
from space_runtime.rendering.warp.blending import filled_with, lay_over
from space_runtime.rendering.warp.curves import curve
from space_runtime.rendering.warp.eyeball import Disc, Eyeball, draw_eyeball, prepare_eyeball
from space_runtime.rendering.warp.lids import drawn_lid, lid_skin
from space_runtime.rendering.warp.mesh import CREASES, EYES, IRISES, FaceMesh, MovedMesh
from space_runtime.rendering.warp.palette import Palette
from space_runtime.rendering.warp.skull import skull_motion

SHUT: Final = 0.16
"""An opening below this share of the photo's counts as shut: tracked lids never quite meet."""
NARROWED: Final = 0.5
"""An opening below this share of the photo's is drawn narrower, the more so the nearer it is to `SHUT`; a wider one is
drawn as it is: eyes that smile are narrow already."""
OVERLAP: Final = 0.03
"""Overlap of a shut lid with the other, as a share of the eye's width: nothing shines through."""
AT_REST: Final = 0.15
"""A gaze shift of this many iris radii is where the photo's own eye gives way to the eyeball's layers."""
CLOSING: Final = (0.1, 0.5)
"""Shares of its opening at which an eye's lid is all plain skin, and from which on it shows none."""
DRAWN_CLOSING: Final = (0.8, 0.92)
"""The same of a drawn eye, whose outline would be drawn out to streaks."""
LID_SKIN: Final = 1.0
"""Part of the way from the lid's edge to its crease that becomes plain skin when the eye closes."""
LID_COVER: Final = 0.95
PLAIN_WHITE: Final[Floats] = np.array([205, 195, 190], np.float32)
PLAIN_IRIS: Final[Floats] = np.array([60, 45, 40], np.float32)
"""Colours of eyes, in white light, that the photo does not show."""
DRAWN_LINE: Final = 0.035
"""Half the thickness of a drawn eye's outline, as a share of its width."""
LASH_WIDTH: Final = 0.04
"""Thickness of the lash line of a closed eye, as a share of the eye's width."""
LASH_COVER: Final = 0.75
"""Cover of that line: with 0.6 and a thinner line tracking takes one in 27 blinks for open eyes."""


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One eye of a portrait, in the photo's pixels (columns, rows).

    eyeball: its layers; lid: (h, w, 3) the same place as if shut, skin only; box: where they lie in the photo.
    iris_normalised: (3,) the iris's centre; radius: pixels. width: between the corners, pixels.
    opening: (n,) pixels between the lids, by column of lid points. lash: (3,) colour of the lash line. line: pixels
    inside the lids that belong to a drawn eye's outline, 0 in photos.
    """

    eyeball: Eyeball
    lid: Floats
    box: Box
    iris_normalised: Floats
    radius: float
    width: float
    opening: Floats
    lash: Floats
    line: float


def prepare_eye(photo: Pixels, mesh: FaceMesh, eye: int, palette: Palette, is_drawn: bool = False) -> Eye:
    """Return the subject's right (0) or left (1) eye of a portrait; is_drawn: see `prepare_eyeball`."""
    points = picture_points(mesh.source)
    upper, lower = (points[list(row)] for row in EYES[eye])
    width = float(np.linalg.norm(upper[-1] - upper[0]))
    rim = points[list(IRISES[eye][1:])]
    across, down = (float(np.ptp(side)) / 2 for side in rim.T)
    radius = across if is_drawn else float(np.linalg.norm(rim - rim.mean(0), axis=1).mean())
    disc = Disc(rim.mean(0), radius, across / max(down, 1e-3) if is_drawn else 1.0)
    trust = 3 * DRAWN_LINE if is_drawn else 0.05
    box = bounding_box(np.concatenate([upper, lower]), 0.6 * width, len(photo))
    inner = np.concatenate([points[mesh.hem_edges[eye]], lower[::-1]])
    corner = np.array([box.x0, box.y0], np.float32)
    patch = photo[box.slices]
    unseen = palette.toned(palette.lit(np.stack([PLAIN_WHITE, PLAIN_IRIS])))
    return Eye(
        eyeball=prepare_eyeball(patch, inner - corner, disc.moved(-corner), trust * width, unseen, is_drawn),
        lid=(drawn_lid if is_drawn else lid_skin)(patch, points - corner, eye),
        box=box,
        iris_normalised=mesh.normalised[list(IRISES[eye][1:])].mean(0),
        radius=radius,
        width=width,
        opening=np.linalg.norm(upper - lower, axis=1),
        lash=_lash_colour(patch, upper - corner, width),
        line=DRAWN_LINE * width if is_drawn else 0.0,
    )


def shut_lids(mesh: FaceMesh, eyes: tuple[Eye, ...], moved: MovedMesh) -> MovedMesh:
    """Return the mesh with nearly closed lids quite closed; those open by more than half stay where they are.

    The hem, which holds a rim of the photo's eye white, shrinks away as the lid comes down.
    """
    vertices = moved.vertices.copy()
    opening = np.stack([eye.opening[1:-1] for eye in eyes])
    overlap = np.array([[OVERLAP * eye.width] for eye in eyes], np.float32)
    hem, lids = mesh.hem_edges[:, 1:-1], vertices[_LIDS[:, 0, 1:-1]]
    down = vertices[_LIDS[:, 1, 1:-1]] - lids
    share = -down[..., 1] / np.maximum(opening, 1e-3)
    narrow = np.maximum(share - SHUT, 0) * (NARROWED / (NARROWED - SHUT))
    wanted = np.where(share < NARROWED, narrow, share)
    shift = down * ((share - wanted) / np.where(np.abs(share) < 1e-3, 1e-3, share))[..., None]
    shift[..., 1] -= overlap * np.maximum(1 - wanted / 0.2, 0)
    length = np.minimum(wanted / 0.5, 1)[..., None]
    vertices[hem] = lids + (vertices[hem] - lids) * length + shift
    vertices[hem - hem.shape[1]] += shift
    vertices[_LIDS[:, 0, 1:-1]] = lids + shift
    return replace(moved, vertices=vertices)


def draw_eyes(picture: Pixels, mesh: FaceMesh, moved: MovedMesh, eyes: tuple[Eye, ...]) -> None:
    """Draw both eyes into the picture (s, s, 3): a closing lid's skin, the eyeball in the opening, the lashes."""
    points = picture_points(moved.vertices)
    still = picture_points(apply_pose(np.stack([eye.iris_normalised for eye in eyes]), moved.pose, moved.rotation))
    shifts = still - points[_RIMS].mean(1)
    for which, (eye, shift) in enumerate(zip(eyes, shifts, strict=True)):
        _draw_eye(picture, mesh, moved, points, eye, which, shift)


def _draw_eye(
    picture: Pixels, mesh: FaceMesh, moved: MovedMesh, points: Floats, eye: Eye, which: int, shift: Floats
) -> None:
    """Draw one eye; see `draw_eyes`. shift: (2,) from the iris's place to where it would rest."""
    closed = _closed(points, eye, which)
    back = skull_motion(moved.skull, float(eye.iris_normalised[2]))
    if closed > 0:
        _draw_lid(picture, back, points, eye, which, closed)
    upper, lower = (points[row] for row in _LIDS[which])
    edge = points[mesh.hem_edges[which]]
    edge[:, 1] = np.minimum(edge[:, 1], lower[:, 1])
    if eye.line:
        upper = _LID_CURVE @ upper
        edge, lower = _within_line(upper if closed else _LID_CURVE @ edge, _LID_CURVE @ lower, eye.line)
    box = bounding_box(np.concatenate([upper, lower]), 0.12 * eye.width, len(picture))
    target = picture[box.slices]
    mask = polygon_mask(np.concatenate([edge, lower[::-1]]), box)
    if mask.any():
        lay_over(target, _moved_eyeball(eye, moved.pose.scale / mesh.pose.scale, shift, back, box), mask)
    if closed > 0:
        _draw_lashes(target, upper - np.array([box.x0, box.y0], np.float32), eye, closed)


def _within_line(edge: Floats, lower: Floats, line: float) -> tuple[Floats, Floats]:
    """Return the lids' edges inside a drawn outline so many pixels thick: the eyeball must not paint it over."""
    middle = (edge + lower) / 2
    half = np.linalg.norm(edge - lower, axis=1, keepdims=True) / 2
    share = np.maximum(half - line, 0) / np.maximum(half, 1e-3)
    inwards = middle[[0, -1]].mean(0) - middle
    middle = middle + inwards * np.float32(min(1.0, line / max(float(np.linalg.norm(inwards[0])), 1e-3)))
    return middle + share * (edge - middle), middle + share * (lower - middle)


def _closed(points: Floats, eye: Eye, which: int) -> float:
    """Return how far the moved lids are shut, 0 (less than `CLOSING` says) … 1."""
    upper, lower = (points[row[1:-1], 1] for row in _LIDS[which])
    share = float((lower - upper).sum() / eye.opening[1:-1].sum())
    full, none = DRAWN_CLOSING if eye.line else CLOSING
    return min(max((none - share) / (none - full), 0.0), 1.0)


def _lid_outline(points: Floats, which: int, height: float) -> Floats:
    """Return the upper lid's upper border, left to right with the eye's corners: that part of the way to its crease."""
    edge, crease = points[list(EYES[which][0])], points[list(CREASES[which])]
    border = edge.copy()
    border[1:-1] += height * (crease - edge[1:-1])
    return border


def _draw_lid(picture: Pixels, back: Floats, points: Floats, eye: Eye, which: int, closed: float) -> None:
    """Cover the stretched lid with plain skin: the photo's lashes and shadows would be drawn out to streaks.

    back: (2, 3) picture points of this frame to the photo's, of what moves with the skull.
    """
    border, edge = _lid_outline(points, which, LID_SKIN), points[list(EYES[which][0])]
    box = bounding_box(np.concatenate([border, edge]), 0.1 * eye.width, len(picture))
    mask = polygon_mask(np.concatenate([border, edge[::-1]]), box)
    if eye.line:
        size = 2 * round(1.5 * eye.line) + 1
        mask = np.asarray(cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.float32)
    blur = 0.25 * eye.line if eye.line else 0.04 * eye.width
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), blur), np.float32)
    place = _patch_from_box(eye, back, box)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    skin = cv2.warpAffine(eye.lid, place, mask.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    lay_over(picture[box.slices], np.asarray(skin, np.float32), mask * np.float32(LID_COVER * closed))


def _moved_eyeball(eye: Eye, larger: float, shift: Floats, back: Floats, box: Box) -> Floats:
    """Return the (h, w, 3) colours of the eyeball in the box: with the skull, its iris where the gaze has moved it.

    larger: the head's scale, in that of the photo. shift: see `_draw_eye`; back: see `_draw_lid`.
    """
    own = math.exp(-((math.hypot(*shift.tolist()) / (AT_REST * eye.radius * larger)) ** 2))
    size = box.x1 - box.x0, box.y1 - box.y0
    return draw_eyeball(eye.eyeball, _patch_from_box(eye, back, box), shift, own, size)


def _patch_from_box(eye: Eye, back: Floats, box: Box) -> Floats:
    """Return the (2, 3) map from the box's pixels to the eye's patch, for a map from picture points to the photo's."""
    place = back.copy()
    place[:, 2] += back[:, :2] @ np.array([box.x0, box.y0], np.float32) - (eye.box.x0, eye.box.y0)
    return place


def _lash_colour(photo: Pixels, upper: Floats, width: float) -> Floats:
    """Return the dark colour around the upper lid's edge."""
    band = np.zeros(photo.shape[:2], np.uint8)
    cv2.polylines(band, [np.rint(upper).astype(np.int32)], False, 255, max(2, round(0.1 * width)))
    colours = photo[band > 0].astype(np.float32)
    light = colours.mean(1)
    return np.asarray(colours[light <= np.quantile(light, 0.25)].mean(0), np.float32)


def _draw_lashes(target: Pixels, upper: Floats, eye: Eye, closed: float) -> None:
    """Darken the lid's edge as the eye closes."""
    h, w = target.shape[:2]
    fine = np.zeros((2 * h, 2 * w), np.uint8)
    edge = np.rint((upper * 2 + 0.5) * 16).astype(np.int32)
    width = eye.width
    thick, soft, cover = (
        (1.6 * eye.line, 0.4, 1.0) if eye.line else (LASH_WIDTH * width, 0.012 * width + 0.3, LASH_COVER)
    )
    cv2.polylines(fine, [edge], False, 255, max(2, round(2 * thick)), cv2.LINE_AA, 4)
    mask = cv2.resize(fine, (w, h), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(mask, (0, 0), soft).astype(np.float32)
    lay_over(target, filled_with(eye.lash, target.shape), blurred * np.float32(cover * closed / 255))


_LIDS: Final = np.array(EYES)
_RIMS: Final = np.array(IRISES)[:, 1:]
"""Mesh points of the lids' edges, upper and lower, and of the irises' rims."""
_LID_CURVE: Final = curve(len(EYES[0][0]))
