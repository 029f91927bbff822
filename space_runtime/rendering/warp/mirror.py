"""The mirrored half: skin that a turned photo hides and a turn of the head reveals comes from the face's other side.

Prepared once: the mirrored photo in the light of the photo, and for every point of the face how much better the
mirrored photo shows it. Per frame: the mirrored photo moved by the same mesh, blended over the face where it has turned
to view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Index, Longs, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import picture_points, smoothstep
from space_runtime.portrait.mirrored import MIRRORED, mirrored_mesh
from space_runtime.rendering.warp.backward import Box, bounding_box
from space_runtime.rendering.warp.blending import lay_over
from space_runtime.rendering.warp.layers import sampled
from space_runtime.rendering.warp.mesh import OVAL, FaceMesh
from space_runtime.rendering.warp.mesh_triangles import RING_POINTS
from space_runtime.rendering.warp.raster import (
    STAYING,
    Grid,
    Indices,
    affine_maps,
    drawn,
    extents,
    touching,
    uppermost,
    values_at,
)

SHOWN: Final = 0.55
HIDDEN: Final = 0.35
"""Mean cosines to the viewer of the skin around a point: above the first the photo shows it, below the second it does
not."""
WELL: Final = 0.75
"""That of skin whose light is trusted in full."""
BETTER: Final = 0.12
"""By how much more frontal the mirrored skin must be at least; twice as much counts in full."""
REVEALED: Final = (0.03, 0.15)
"""Growth of that cosine from which a turn begins to reveal skin, and at which it has revealed it."""
NOTHING: Final = 1e-2
"""A weight below this is none."""
LEAST: Final = 0.15
"""A photo without a larger weight at the face's contour needs no other half: a turn hides skin from there on, and what
is edge-on elsewhere, as the corners of the mouth, is so on both sides."""
STEP: Final = 4
SOFT: Final = 1.5
"""Blur of the weight, in samples of ``STEP`` pixels."""
RIM: Final = 5
"""Samples by which weights go on beyond the face, so that their blur does not lower them at its contour."""
SEAM: Final = 0.09
"""Share of its distance from the face's middle by which the seam leaves the old silhouette."""
BARE: Final = 0.25
"""Way below the eyes, in normalised units, from which on skin borders on what is beside the head, not on hair."""
JAW: Final = (0.4, 0.7)
"""Ways below the eyes, normalised units, between which the mirrored half begins to reach the contour: above, hair and
ear beside it are the photo's own, and the mirrored half fades out before."""
INNERMOST: Final = 0.6
"""Share of that motion which the innermost ring makes, so that what lies between is not stretched."""
LIGHTS: Final = (100.0, 50.0, 25.0)
"""Blurs in pixels: the last is what is called the light, the others stand in for it where nothing is near."""
FAR: Final = 1e-2
"""Share of blurred weight below which a wider blur counts more than what is near."""
DARKEST: Final = 8.0
LIGHTEST: Final = 1.25
"""By how much mirrored skin may be lighter than what surrounds it: more is a highlight, which does not mirror."""
N_FACE: Final = 468


@dataclass(frozen=True, slots=True, eq=False)
class Mirror:
    """The other half of a portrait.

    photo: (s, s, 3) mirrored, in the photo's light. source: (V, 2) the mesh's picture points there; of what is not
    face, those in the photo. facing: (468,) cosines in the photo. weights: (468,) how much better the mirrored photo
    shows each point, 0…1. hidden: the points that have a weight; around: (k, 3) corners of the triangles around those.
    seam: (36, 2) pixels by which the mesh's seam must move outwards to leave the old silhouette of hidden skin behind.
    step: pixels per sample.
    """

    photo: Pixels
    source: Floats
    facing: Floats
    weights: Floats
    hidden: Index
    around: Indices
    seam: Floats
    step: int


@dataclass(frozen=True, slots=True, eq=False)
class Revealed:
    """The part of the other half that a frame shows.

    box: where. places: (h, w, 2) columns and rows in the mirrored photo. share: (h, w) 0…1 of it in the picture.
    """

    box: Box
    places: Floats
    share: Floats


def prepare_mirror(photo: Pixels, mesh: FaceMesh, fine: int = 1) -> Mirror | None:
    """Return the other half of a portrait, None if its photo shows both halves well. fine: see `Portrait`."""
    triangles = np.arange(mesh.n_fillings, mesh.rings.start)
    own = facing(mesh.source, mesh.triangles[triangles])
    other = own[MIRRORED[:N_FACE]]
    weights = np.clip((SHOWN - own) / (SHOWN - HIDDEN), 0, 1) * np.clip((other - own - BETTER) / BETTER, 0, 1)
    if weights[list(OVAL)].max() < LEAST:
        return None
    weights[list(OVAL)] *= smoothstep(-mesh.normalised[list(OVAL), 1], *JAW)
    source = mesh.source.copy()
    source[: len(MIRRORED)] = mirrored_mesh(mesh.source[: len(MIRRORED)], len(photo))
    flipped = np.ascontiguousarray(photo[:, ::-1])
    lit = _relit(flipped, photo, source, mesh, own, triangles, STEP * fine)
    oval = picture_points(mesh.source[list(OVAL)])
    bare = np.clip(-mesh.normalised[list(OVAL), 1] / BARE, 0, 1)
    seam = SEAM * (weights[list(OVAL)] * bare)[:, None] * (oval - oval.mean(0))
    return Mirror(
        photo=lit,
        source=picture_points(source),
        facing=own,
        weights=weights.astype(np.float32),
        hidden=np.flatnonzero(weights),
        around=_around(np.flatnonzero(weights), mesh.triangles[triangles]),
        seam=seam.astype(np.float32),
        step=STEP * fine,
    )


def _around(points: Index, triangles: Indices) -> Indices:
    """Return the triangles that have one of the points as a corner."""
    return np.asarray(triangles[np.isin(triangles, points).any(1)], np.int32)


def facing(vertices: Floats, triangles: Indices) -> Floats:
    """Return (468,) the mean cosine to the viewer of the triangles around each point of a face, −1…1."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    cosine = normal[:, 2] / np.linalg.norm(normal, axis=1).clip(1e-6)
    corners = triangles.ravel()
    total = np.bincount(corners, np.repeat(cosine, 3), N_FACE)[:N_FACE]
    return np.asarray(total / np.bincount(corners, minlength=N_FACE)[:N_FACE].clip(1), np.float32)


def turned_to_view(mirror: Mirror, vertices: Floats) -> Floats:
    """Return (468,) how far a frame with (V, 3) vertices has turned each hidden point to the viewer, 0…1; others 0."""
    low, high = REVEALED
    turned = np.zeros(N_FACE, np.float32)
    growth = (facing(vertices, mirror.around) - mirror.facing)[mirror.hidden]
    turned[mirror.hidden] = np.clip((growth - low) / (high - low), 0, 1)
    return turned


def without_silhouette(source: Floats, mirror: Mirror, mesh: FaceMesh, turned: Floats) -> Floats:
    """Return the (V, 2) places of vertices in the photo, those around the face moved off the old silhouette."""
    moved = source.copy()
    shift = mirror.seam * turned[list(OVAL), None]
    moved[mesh.seam] += shift
    innermost = slice(len(MIRRORED), len(MIRRORED) + len(RING_POINTS))
    moved[innermost] += INNERMOST * shift[:: len(OVAL) // len(RING_POINTS)]
    return moved


def revealed(
    mirror: Mirror, mesh: FaceMesh, vertices: Floats, turned: Floats, order: Longs, cover: Pixels, head: Box
) -> Revealed | None:
    """Return what a frame shows of the other half, None if the head has not turned it to the viewer.

    vertices: (V, 3) of the moved mesh. turned: see `turned_to_view`. order: of the face's triangles. cover: (h, w)
    0…255 of the face in the box ``head``, whose edges lie on blocks of the mirror's step.
    """
    weights = np.zeros((len(vertices), 2), np.float32)
    weights[:N_FACE, 0] = mirror.weights * turned
    if weights.max() < NOTHING:
        return None
    points, step = picture_points(vertices), mirror.step
    box = _on_blocks(bounding_box(points[weights[:, 0] > 0], 2 * SOFT * step, 1 << 14), head, step)
    triangles = mesh.triangles[order]
    edges = np.array([[box.x0, box.y0, box.x1, box.y1]], np.float32)
    triangles = triangles[touching(*extents(points, triangles), edges)[0]]
    grid = Grid(box, step, np.arange(len(triangles)), spread=RIM)
    [found] = uppermost(points, triangles, [grid])
    back = affine_maps(mirror.source - points, points, triangles)
    back[:2] += STAYING
    places = values_at(grid, found, back)
    shares = values_at(grid, found, affine_maps(weights, points, triangles))
    size = box.x1 - box.x0, box.y1 - box.y0
    soft = cv2.resize(cv2.GaussianBlur(np.clip(shares[..., 0], 0, 1), (0, 0), SOFT), size)
    part = cover[box.y0 - head.y0 : box.y1 - head.y0, box.x0 - head.x0 : box.x1 - head.x0]
    return Revealed(
        box, cv2.resize(places, size).astype(np.float32), np.asarray(soft * (part / np.float32(255)), np.float32)
    )


def draw_revealed(picture: Pixels, mirror: Mirror, shown: Revealed) -> None:
    """Blend the other half into the picture (s, s, 3) of the moved head."""
    lay_over(picture[shown.box.slices], sampled(mirror.photo, shown.places).astype(np.float32), shown.share)


def _on_blocks(box: Box, head: Box, step: int) -> Box:
    """Return the part of a box in the head's, on its blocks."""
    x0, y0 = (max(start, least) // step * step for start, least in ((box.x0, head.x0), (box.y0, head.y0)))
    x1, y1 = (-(-min(end, most) // step) * step for end, most in ((box.x1, head.x1), (box.y1, head.y1)))
    return Box(x0, y0, max(x1, x0 + step), max(y1, y0 + step))


def _relit(
    flipped: Pixels, photo: Pixels, source: Floats, mesh: FaceMesh, own: Floats, triangles: Index, step: int
) -> Pixels:
    """Return the photo's low frequencies with the mirrored photo's detail, each known by the skin that it shows well.

    own: (468,) cosines of the photo's skin to the viewer. What the photo hides gets the colour of the skin next to it;
    the detail is of lightness alone, because the hue of dark skin is wrong in bright light.
    """
    points = picture_points(source)
    order = triangles[np.argsort(source[:, 2][mesh.triangles[triangles]].sum(1), kind="stable")]
    whole = [Grid(Box(0, 0, len(photo), len(photo)), step, order)]
    back = affine_maps(picture_points(mesh.source) - points, points, mesh.triangles)
    back[:2] += STAYING
    [(places, covered)] = drawn(points, mesh.triangles, back, whole)
    cosines = np.zeros((len(source), 2), np.float32)
    cosines[:N_FACE] = np.stack([own[MIRRORED[:N_FACE]], own], 1)
    [(seen, _)] = drawn(points, mesh.triangles, affine_maps(cosines, points, mesh.triangles), whole)
    trusted = np.clip((seen - SHOWN) / (WELL - SHOWN), 0, 1) * covered[..., None]
    small = np.asarray(cv2.resize(flipped, covered.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    shown = small, sampled(photo, places)
    light, own_light = (_light(part, trusted[..., which]) for which, part in enumerate(shown))
    wanted = cv2.resize(own_light, photo.shape[1::-1])
    around = cv2.resize(light.mean(2), photo.shape[1::-1])
    brighter = np.maximum(around, wanted.mean(2))  # what is noise in the dark stays as faint in the light
    detail = np.minimum(1 + (flipped.mean(2) - around) / (brighter + DARKEST), LIGHTEST)
    return np.asarray(np.clip(wanted * detail[..., None], 0, 255), np.uint8)


def _light(picture: Pixels, weight: Floats) -> Floats:
    """Return the (h, w, 3) low frequencies of what is weighted, far from it those of what is nearest."""
    weighted = picture * weight[..., None]
    light: Floats = np.asarray(weighted.sum((0, 1)) / max(float(weight.sum()), 1), np.float32)
    for wide in LIGHTS:
        near, total = (cv2.GaussianBlur(part, (0, 0), wide / STEP) for part in (weighted, weight))
        light = np.asarray((near + FAR * light) / (total[..., None] + FAR), np.float32)
    return light
