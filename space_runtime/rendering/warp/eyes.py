"""Eyes: an eyeball picture below the lids, whose iris moves with the gaze, and lids that really close.

Prepared once: the photo's eye without its lids, the white continued under them and the iris made whole. Per frame: the
picture is bent around the moved iris, stays with the skull, and shows through the opening that the lids leave.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import apply_pose
from space_runtime.rendering.warp.backward import Box, bounding_box, picture_points, polygon_mask
from space_runtime.rendering.warp.mesh import CREASES, EYES, IRISES, FaceMesh, MovedMesh, skull_motion
from space_runtime.rendering.warp.palette import Palette

SHUT: Final = 0.16
"""An opening below this share of the photo's counts as shut: tracked lids never quite meet."""
OVERLAP: Final = 0.03
"""Overlap of a shut lid with the other, as a share of the eye's width: nothing shines through."""
RIGID_IRIS: Final = 1.15
"""Around the iris, in its radii, the eyeball moves as a whole; from there to `STILL` it bends."""
STILL: Final = 2.7
AT_REST: Final = 0.15
"""A gaze shift of this many iris radii is where the photo's own eye gives way to the eyeball picture."""
LID_SKIN: Final = 0.75
"""Part of the way from the lid's edge to its crease that becomes plain skin when the eye closes."""
LID_COVER: Final = 0.85
PLAIN_WHITE: Final[Floats] = np.array([205, 195, 190], np.float32)
PLAIN_IRIS: Final[Floats] = np.array([60, 45, 40], np.float32)
"""Colours of eyes, in white light, that the photo does not show."""
LASH_WIDTH: Final = 0.035
"""Thickness of the lash line of a closed eye, as a share of the eye's width."""


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One eye of a portrait, in the photo's pixels (columns, rows).

    eyeball: (h, w, 3) the eye without lids; shade: (h, w) what the lids leave of its light, 0…1; photo: (h, w, 3) the
    same place as photographed; lid: (h, w, 3) the same place as if shut, skin only; box: where they lie in the photo.
    iris: (2,) its centre; iris_normalised: (3,); radius: pixels. width: between the corners, pixels.
    opening: (n,) pixels between the lids, by column of lid points. lash: (3,) colour of the lash line.
    """

    eyeball: Floats
    shade: Floats
    photo: Floats
    lid: Floats
    box: Box
    iris: Floats
    iris_normalised: Floats
    radius: float
    width: float
    opening: Floats
    lash: Floats


def prepare_eye(photo: Pixels, mesh: FaceMesh, eye: int, palette: Palette) -> Eye:
    """Return the subject's right (0) or left (1) eye of a portrait."""
    points = picture_points(mesh.source)
    upper, lower = (points[list(row)] for row in EYES[eye])
    width = float(np.linalg.norm(upper[-1] - upper[0]))
    rim = points[list(IRISES[eye][1:])]
    radius = float(np.linalg.norm(rim - rim.mean(0), axis=1).mean())
    box = bounding_box(np.concatenate([upper, lower]), 0.6 * width, len(photo))
    inner = np.concatenate([points[list(mesh.hem_edges[eye])], lower[::-1]])
    corner = np.array([box.x0, box.y0], np.float32)
    patch, opening = photo[box.slices], inner - corner
    unseen = palette.toned(palette.lit(np.stack([PLAIN_WHITE, PLAIN_IRIS])))
    eyeball = _eyeball(patch, opening, rim.mean(0) - corner, radius, 0.05 * width, unseen)
    return Eye(
        eyeball=eyeball,
        shade=_shade(patch, eyeball, opening, np.hypot(*_offsets(box, rim.mean(0))) < 1.2 * radius),
        photo=patch.astype(np.float32),
        lid=_skin(patch, _lid_outline(points, eye, LID_SKIN) - corner, lower - corner),
        box=box,
        iris=rim.mean(0),
        iris_normalised=mesh.normalised[list(IRISES[eye][1:])].mean(0),
        radius=radius,
        width=width,
        opening=np.linalg.norm(upper - lower, axis=1),
        lash=_lash_colour(patch, upper - corner, width),
    )


def shut_lids(mesh: FaceMesh, eyes: tuple[Eye, ...], moved: MovedMesh) -> MovedMesh:
    """Return the mesh with nearly closed lids quite closed; wide open ones stay where they are.

    The hem, which holds a rim of the photo's eye white, shrinks away as the lid comes down.
    """
    vertices = moved.vertices.copy()
    for eye, (upper, lower), edge in zip(eyes, EYES, mesh.hem_edges, strict=True):
        lid, hem = list(upper[1:-1]), np.array(edge[1:-1])
        band = hem - len(hem)
        down = vertices[list(lower[1:-1])] - vertices[lid]
        share = -down[:, 1] / np.maximum(eye.opening[1:-1], 1e-3)
        wanted = np.where(share < 1, np.maximum(share - SHUT, 0) / (1 - SHUT), share)
        shift = down * ((share - wanted) / np.where(np.abs(share) < 1e-3, 1e-3, share))[:, None]
        shift[:, 1] -= OVERLAP * eye.width * np.clip(1 - wanted / 0.2, 0, 1)
        length = np.clip(wanted / 0.5, 0, 1)[:, None]
        vertices[hem] = vertices[lid] + (vertices[hem] - vertices[lid]) * length + shift
        vertices[band] += shift
        vertices[lid] += shift
    return replace(moved, vertices=vertices)


def draw_eye(picture: Pixels, back: Floats, mesh: FaceMesh, moved: MovedMesh, eye: Eye, which: int) -> None:
    """Draw an eye into the picture (512, 512, 3): a closing lid's skin, the eyeball in the opening, the lashes.

    back: (512, 512, 2) how far away in the photo each pixel comes from.
    """
    points = picture_points(moved.vertices)
    closed = _closed(points, eye, which)
    if closed > 0:
        _draw_lid(picture, back, points, eye, which, closed)
    upper, lower = (points[list(row)] for row in EYES[which])
    edge = points[list(mesh.hem_edges[which])].copy()
    edge[:, 1] = np.minimum(edge[:, 1], lower[:, 1])
    box = bounding_box(np.concatenate([upper, lower]), 0.12 * eye.width, len(picture))
    target = picture[box.slices]
    mask = polygon_mask(np.concatenate([edge, lower[::-1]]), box)
    if mask.any():
        ball = _moved_eyeball(eye, mesh, moved, which, box)
        blended = target + (ball - target) * mask[..., None]
        target[:] = np.rint(np.clip(blended, 0, 255)).astype(np.uint8)
    if closed > 0:
        _draw_lashes(target, upper - np.array([box.x0, box.y0], np.float32), eye, closed)


def _closed(points: Floats, eye: Eye, which: int) -> float:
    """Return how far the moved lids are shut, 0 (at most half) … 1."""
    upper, lower = (points[list(row[1:-1])] for row in EYES[which])
    share = float((lower - upper)[:, 1].sum() / eye.opening[1:-1].sum())
    return float(np.clip((0.5 - share) / 0.4, 0, 1))


def _lid_outline(points: Floats, which: int, height: float) -> Floats:
    """Return the upper lid's upper border, left to right with the eye's corners: that part of the way to its crease."""
    edge, crease = points[list(EYES[which][0])], points[list(CREASES[which])]
    border = edge.copy()
    border[1:-1] += height * (crease - edge[1:-1])
    return border


def _draw_lid(picture: Pixels, back: Floats, points: Floats, eye: Eye, which: int, closed: float) -> None:
    """Cover the stretched lid with plain skin: the photo's lashes and shadows would be drawn out to streaks."""
    border, edge = _lid_outline(points, which, LID_SKIN), points[list(EYES[which][0])]
    box = bounding_box(np.concatenate([border, edge]), 0.1 * eye.width, len(picture))
    mask = cv2.GaussianBlur(polygon_mask(np.concatenate([border, edge[::-1]]), box), (0, 0), 0.03 * eye.width)
    x, y = _offsets(box, np.array([eye.box.x0, eye.box.y0], np.float32))
    place = back[box.slices]
    skin = cv2.remap(eye.lid, x + place[..., 0], y + place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    target = picture[box.slices]
    target[:] = np.rint(target + (skin - target) * (mask * np.float32(LID_COVER * closed))[..., None]).astype(np.uint8)


def _moved_eyeball(eye: Eye, mesh: FaceMesh, moved: MovedMesh, which: int, box: Box) -> Floats:
    """Return the (h, w, 3) colours of the eyeball in the box: with the skull, then bent around the iris."""
    centre = picture_points(moved.vertices[list(IRISES[which][1:])].mean(0))
    rest = picture_points(apply_pose(eye.iris_normalised, moved.pose))
    x, y = np.meshgrid(np.arange(box.x0, box.x1, dtype=np.float32), np.arange(box.y0, box.y1, dtype=np.float32))
    radius = eye.radius * moved.pose.scale / mesh.pose.scale
    distance = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / radius
    t = np.clip((STILL - distance) / (STILL - RIGID_IRIS), 0, 1)
    follow = t * t * (3 - 2 * t)
    shift = rest - centre
    back = skull_motion(mesh, moved, float(eye.iris_normalised[2]))
    back[:, 2] -= (eye.box.x0, eye.box.y0)
    ball = _sampled(eye.eyeball, back, x + follow * shift[0], y + follow * shift[1])
    ball *= _sampled(eye.shade, back, x, y)[..., None]
    own = np.float32(np.exp(-((np.linalg.norm(shift) / (AT_REST * radius)) ** 2)))
    return ball if own < 0.01 else ball + (_sampled(eye.photo, back, x, y) - ball) * own


def _sampled(picture: Floats, back: Floats, x: Floats, y: Floats) -> Floats:
    map_x = back[0, 0] * x + back[0, 1] * y + back[0, 2]
    map_y = back[1, 0] * x + back[1, 1] * y + back[1, 2]
    return np.asarray(cv2.remap(picture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _offsets(box: Box, centre: Floats) -> tuple[Floats, Floats]:
    """Return columns and rows of the box's pixels from a centre."""
    x, y = np.meshgrid(np.arange(box.x0, box.x1, dtype=np.float32), np.arange(box.y0, box.y1, dtype=np.float32))
    return x - centre[0], y - centre[1]


def _shade(photo: Pixels, eyeball: Floats, opening: Floats, disc: Mask) -> Floats:
    """Return (h, w): the photo's light as a share of the bare eyeball's, in the opening, smooth, without the iris."""
    h, w = photo.shape[:2]
    weight = (polygon_mask(opening, Box(0, 0, w, h)) > 0.5).astype(np.float32) * ~disc
    ratio = np.clip(photo.mean(2) / np.maximum(eyeball.mean(2), 1), 0.35, 1).astype(np.float32)
    total = 1e-4 + cv2.GaussianBlur(weight, (0, 0), 1.5)
    return np.asarray((0.9e-4 + cv2.GaussianBlur(ratio * weight, (0, 0), 1.5)) / total, np.float32)


def _eyeball(photo: Pixels, opening: Floats, iris: Floats, radius: float, rim: float, unseen: Floats) -> Floats:
    """Return the photo's patch with all but the opening without its rim painted over, the iris completed to a disc.

    unseen: (2, 3) white and iris where the photo shows none.
    """
    h, w = photo.shape[:2]
    inside = (polygon_mask(opening, Box(0, 0, w, h)) > 0.5).astype(np.uint8)
    seen = cv2.distanceTransform(inside, cv2.DIST_L2, 3) > rim
    y, x = np.mgrid[:h, :w].astype(np.float32)
    distance = np.hypot(x - iris[0], y - iris[1])
    disc = distance < radius * 1.1
    white = _white(photo, seen & ~disc, unseen[0])
    profile = _radial_profile(photo, seen & disc, distance, radius, unseen[1])
    seen_share = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), 0.7)
    mirrored = cv2.remap(photo, x, 2 * iris[1] - y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mirror_seen = cv2.remap(seen_share, x, 2 * iris[1] - y, cv2.INTER_LINEAR)[..., None]
    whole = profile + (mirrored - profile) * mirror_seen
    cover = np.clip((radius * 1.1 - distance) / 2, 0, 1)[..., None]
    hidden = white + (whole - white) * cover
    return np.asarray(hidden + (photo - hidden) * seen_share[..., None], np.float32)


def _white(photo: Pixels, seen: Mask, unseen: Floats) -> Floats:
    """Return (h, w, 3): the eye's white continued everywhere, from its brighter part."""
    light = photo.mean(2)
    bright = seen & (light >= np.quantile(light[seen], 0.3)) if seen.sum() > 8 else seen
    if not bright.any():
        return np.full(photo.shape, unseen, np.float32)
    weight = bright.astype(np.float32)
    total, colour = np.zeros(weight.shape, np.float32), np.zeros(photo.shape, np.float32)
    for sigma, trust in ((1.5, 1.0), (4.0, 1e-2), (12.0, 1e-4), (40.0, 1e-6)):
        total += trust * cv2.GaussianBlur(weight, (0, 0), sigma)
        colour += trust * cv2.GaussianBlur(photo * weight[..., None], (0, 0), sigma)
    return np.asarray(colour / np.maximum(total, 1e-12)[..., None], np.float32)


def _radial_profile(photo: Pixels, seen: Mask, distance: Floats, radius: float, unseen: Floats) -> Floats:
    """Return the patch's mean colour at each pixel's distance from the iris centre, over the seen part of the iris."""
    bins = np.minimum((distance / radius * 6).astype(int), 6)
    profile = np.zeros((7, 3), np.float32)
    fallback = photo[seen].mean(0) if seen.any() else unseen
    for ring in range(7):
        inside = seen & (bins == ring)
        profile[ring] = photo[inside].mean(0) if inside.sum() > 3 else fallback
    return np.asarray(profile[bins], np.float32)


def _lash_colour(photo: Pixels, upper: Floats, width: float) -> Floats:
    """Return the dark colour around the upper lid's edge."""
    band = np.zeros(photo.shape[:2], np.uint8)
    cv2.polylines(band, [np.rint(upper).astype(np.int32)], False, 255, max(2, round(0.1 * width)))
    colours = photo[band > 0].astype(np.float32)
    light = colours.mean(1)
    return np.asarray(colours[light <= np.quantile(light, 0.25)].mean(0), np.float32)


def _skin(photo: Pixels, border: Floats, lower: Floats) -> Floats:
    """Return the patch with lid and opening filled with the skin around them."""
    h, w = photo.shape[:2]
    mask = (polygon_mask(np.concatenate([border, lower[::-1]]), Box(0, 0, w, h)) > 0).astype(np.uint8)
    gone = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    smooth = cv2.GaussianBlur(cv2.inpaint(photo, gone, 3, cv2.INPAINT_TELEA), (0, 0), 1.0)
    return np.asarray(smooth, np.float32)


def _draw_lashes(target: Pixels, upper: Floats, eye: Eye, closed: float) -> None:
    """Darken the lid's edge as the eye closes."""
    mask = np.zeros(target.shape[:2], np.uint8)
    edge = np.rint(upper * 16).astype(np.int32)
    cv2.polylines(mask, [edge], False, 255, max(1, round(LASH_WIDTH * eye.width)), cv2.LINE_AA, 4)
    cover = cv2.GaussianBlur(mask, (0, 0), 0.012 * eye.width + 0.3).astype(np.float32) * (0.6 * closed / 255)
    target[:] = np.rint(target + (eye.lash - target) * cover[..., None]).astype(np.uint8)
