"""Spectacles move with the skull: their frame is a layer of its own before the face, whose skin is continued below it.

So brows and lids move behind a frame, and it bends with neither. Dark glass belongs to its frame: no eyes are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Longs, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import apply_pose, picture_points, remove_pose, smoothstep
from space_runtime.portrait.continuation import continued
from space_runtime.portrait.spectacles import Spectacles, find_spectacles
from space_runtime.rendering.warp.backward import Box, bounding_box
from space_runtime.rendering.warp.blending import lay_over
from space_runtime.rendering.warp.layers import sampled
from space_runtime.rendering.warp.mesh import CREASES, EYES, FaceMesh, MovedMesh, drawing_order
from space_runtime.rendering.warp.raster import STAYING, Grid, affine_displacements, drawn

CORE: Final = 0.6
"""Part of a line's thickness that is its frame whatever it looks like."""
GROWN: Final = 7
"""Pixels by which that grows at most into what stands out from the skin like it."""
ALIKE: Final = 0.35
LEAST: Final = 5.0
"""Share of the line's difference from the skin, and lightness L, by which more of the frame stands out."""
ROUND: Final = GROWN + 6
"""Pixels around the lines of the frame that its box has: as far as it may grow, and fade."""
LASHES: Final = 0.35
"""Part of the way from a lid's edge to its crease that is never taken for a frame."""
STEP: Final = 4
"""Pixels per sample of the frame's map."""
NOWHERE: Final = -1e4
"""A place outside every photo, for what shows no part of the frame."""
N_FACE: Final = 478
CORNERS: Final = (33, 263)
"""Outer corners of the eyes."""
TOUCHED: Final = (168, 6, 70, 63, 105, 66, 336, 296, 334, 293, 300, 230, 229, 228, 31, 450, 449, 448, 261, *CORNERS)
"""Points that a frame touches or nearly does: root of the nose, brows, below and beside the eyes."""
FLAT: Final = (1.15, 1.5)
"""Ways aside, in that of the eyes' outer corners, up to which a frame is before the eyes, and from which on it lies
along the head."""


@dataclass(frozen=True, slots=True, eq=False)
class Worn:
    """Spectacles of a portrait.

    colours: (h, w, 3) and cover: (h, w) 0…1 of the frame in a box of the photo. carrier: (V, 3) normalised points of
    the mesh, at the depth of the frame. triangles: (T,) which of the mesh's lie around it. points: the mesh's among
    them. dark: that the glass hides the eyes.
    """

    box: Box
    colours: Pixels
    cover: Floats
    carrier: Floats
    triangles: Mask
    points: Longs
    dark: bool


def take_off(photo: Pixels, mesh: FaceMesh) -> tuple[Pixels, Worn | None]:
    """Return the photo (s, s, 3) without spectacles, and these; the photo itself and None where there are none."""
    points = picture_points(mesh.source)
    found = find_spectacles(photo, points[:N_FACE])
    if found is None:
        return photo, None
    box = _box_around(found, len(photo))
    bare, patch = photo.copy(), photo[box.slices]
    frame = _frame(found, patch, points, box)
    below = continued(patch, frame == 0)
    bare[box.slices] = np.where(frame[..., None] > 0, np.rint(below), patch).astype(np.uint8)
    around = _around(mesh, points, box)
    cover, carrier = _cover(frame), _carrier(mesh)
    return bare, Worn(box, patch.copy(), cover, carrier, around, np.unique(mesh.triangles[around]), found.dark)


def _carrier(mesh: FaceMesh) -> Floats:
    """Return the (V, 3) normalised mesh with its face, as far out as the eyes, put at the depth of a frame.

    Rims stand before the flanks of the nose and the hollows of the eyes: on these they would fold as the head turns.
    """
    x, y, depth = mesh.source[:N_FACE].T
    middle, width = x[list(TOUCHED)].mean(), mesh.pose.scale
    terms = np.stack([np.ones_like(x), (x - middle) / width, y / width, ((x - middle) / width) ** 2], 1)
    fitted = np.linalg.lstsq(terms[list(TOUCHED)], depth[list(TOUCHED)], rcond=None)[0]
    aside = np.abs(mesh.normalised[:N_FACE, 0]) / np.abs(mesh.normalised[list(CORNERS), 0]).mean()
    source = mesh.source.copy()
    source[:N_FACE, 2] += (terms @ fitted - depth) * (1 - smoothstep(aside, *FLAT))
    return remove_pose(source, mesh.pose)


def _box_around(found: Spectacles, side: int) -> Box:
    thick = max(line.half_width for line in found.lines)
    return bounding_box(np.concatenate([line.points for line in found.lines]), ROUND + CORE * thick, side)


def put_on(picture: Pixels, worn: Worn, mesh: FaceMesh, moved: MovedMesh) -> None:
    """Draw spectacles before the face of a picture (s, s, 3), where the head's pose alone has moved them."""
    vertices = mesh.source + mesh.follow[:, None] * (apply_pose(worn.carrier, moved.pose) - mesh.source)
    points = picture_points(vertices)
    box = _on_steps(bounding_box(points[worn.points], 0, len(picture)), len(picture))
    places = _places(worn, mesh, vertices, box) - np.array([worn.box.x0, worn.box.y0], np.float32)
    lay_over(picture[box.slices], sampled(worn.colours, places).astype(np.float32), sampled(worn.cover, places))


def _places(worn: Worn, mesh: FaceMesh, vertices: Floats, box: Box) -> Floats:
    """Return the (h, w, 2) places in the photo of what moves with the skull, for the pixels of a box."""
    points = picture_points(vertices)
    inner, outer = drawing_order(mesh, vertices)
    order = np.concatenate([outer, inner])
    triangles = mesh.triangles[order[worn.triangles[order]]]
    maps = affine_displacements(picture_points(mesh.source), points, triangles)
    maps[:2] += STAYING
    wider = Box(box.x0 - STEP, box.y0 - STEP, box.x1 + STEP, box.y1 + STEP)
    ((samples, covered),) = drawn(points, triangles, maps, [Grid(wider, STEP, np.arange(len(triangles)), spread=2)])
    samples[~covered] = NOWHERE
    size = samples.shape[1] * STEP, samples.shape[0] * STEP
    return np.asarray(cv2.resize(samples, size, interpolation=cv2.INTER_LINEAR)[STEP:-STEP, STEP:-STEP], np.float32)


def _on_steps(box: Box, side: int) -> Box:
    x0, y0 = (start // STEP * STEP for start in (box.x0, box.y0))
    x1, y1 = (min(-(-end // STEP) * STEP, side) for end in (box.x1, box.y1))
    return Box(x0, y0, x1, y1)


def _around(mesh: FaceMesh, points: Floats, box: Box) -> Mask:
    """Return which triangles reach into the box in the photo."""
    corners = points[mesh.triangles]
    low, high = corners.min(1), corners.max(1)
    return np.asarray((high > [box.x0, box.y0]).all(1) & (low < [box.x1, box.y1]).all(1))


_BITS: Final = 4
"""Fractional bits of the points handed to the fillers."""


def _frame(found: Spectacles, patch: Pixels, points: Floats, box: Box) -> Pixels:
    """Return (h, w) 1 on the frame, and on glass that is dark, else 0; never on an eye that is seen."""
    mask: Pixels = np.zeros((box.y1 - box.y0, box.x1 - box.x0), np.uint8)
    for line in found.lines:
        thickness = max(1, round(2 * CORE * line.half_width))
        cv2.polylines(mask, [_fixed(line.points, box)], False, 1, thickness, cv2.LINE_8, _BITS)
    if found.dark:
        cv2.fillPoly(mask, [_fixed(lens, box) for lens in found.lenses], 1, cv2.LINE_8, _BITS)
        return mask
    free = 1 - _lids(points, box)
    return _grown(mask * free, patch) * free


def _grown(core: Pixels, patch: Pixels) -> Pixels:
    """Return (h, w) the core with what is joined to it and differs from the skin around as it does."""
    reach = cv2.dilate(core, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * GROWN + 1,) * 2))
    skin, light = (_lightness(colours) for colours in (continued(patch, reach == 0), patch.astype(np.float32)))
    apart = light - skin
    weight = core.astype(np.float32)
    own = cv2.GaussianBlur(apart * weight, (0, 0), GROWN) / np.maximum(cv2.GaussianBlur(weight, (0, 0), GROWN), 1e-3)
    alike = ((apart * np.sign(own) > np.maximum(ALIKE * np.abs(own), LEAST)) & (reach > 0)).astype(np.uint8)
    frame = core
    for _ in range(GROWN):
        frame = np.maximum(core, cv2.dilate(frame, np.ones((3, 3), np.uint8)) * alike)
    return frame


def _lightness(colours: Floats) -> Floats:
    return np.asarray(cv2.cvtColor(colours / np.float32(255), cv2.COLOR_RGB2LAB)[..., 0], np.float32)


def _lids(points: Floats, box: Box) -> Pixels:
    """Return (h, w) 1 between the lids and on their lashes, else 0."""
    mask: Pixels = np.zeros((box.y1 - box.y0, box.x1 - box.x0), np.uint8)
    for (upper, lower), crease in zip(EYES, CREASES, strict=True):
        edge = points[list(upper)].copy()
        edge[1:-1] += LASHES * (points[list(crease)] - edge[1:-1])
        outline = np.concatenate([edge, points[list(lower)][::-1]])
        cv2.fillPoly(mask, [_fixed(outline, box)], 1, cv2.LINE_8, _BITS)
    return mask


def _fixed(line: Floats, box: Box) -> NDArray[np.int32]:
    return np.asarray(np.rint((line - (box.x0, box.y0)) * (1 << _BITS)), np.int32)


def _cover(frame: Pixels) -> Floats:
    """Return (h, w) 1 on the frame and the pixels around it, softly 0 beyond, and 0 at the edge.

    What is sampled beyond the edge repeats it: anything else there would become a streak.
    """
    wide = cv2.dilate(frame, np.ones((3, 3), np.uint8)).astype(np.float32)
    cover = np.maximum(wide, cv2.GaussianBlur(wide, (0, 0), 1.0)).astype(np.float32)
    cover[[0, -1]] = cover[:, [0, -1]] = 0
    return cover
