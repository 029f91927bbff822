"""The moving head before a resting background: the backward map of the picture and the layers' composition.

The face and what lies around it have maps of their own, both smooth, and the face's contour says at every pixel which
of the two holds: where a turned face hides what is beside it, the maps part and the contour is as fine as the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Index, Longs, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import picture_points
from space_runtime.rendering.warp.backward import Box, bounding_box, even_box
from space_runtime.rendering.warp.blending import feather
from space_runtime.rendering.warp.contour import contour, filled
from space_runtime.rendering.warp.layers import (
    Kind,
    Layers,
    as_complex,
    colours_at,
    combine,
    partial,
    sampled,
    split,
    taken,
)
from space_runtime.rendering.warp.mesh import EYES, LOWER_LIP, UPPER_LIP, FaceMesh, MovedMesh, drawing_order
from space_runtime.rendering.warp.mirror import (
    Mirror,
    Revealed,
    draw_revealed,
    prepare_mirror,
    revealed,
    turned_to_view,
    without_silhouette,
)
from space_runtime.rendering.warp.raster import STAYING, Grid, affine_displacements, drawn, extents, touching
from space_runtime.rendering.warp.retouch import Retouch, Retouched, add_retouch, prepare_retouches, retouched
from space_runtime.rendering.warp.stretch import prepare_stretch, shared

COARSE: Final = 4
"""Pixels per sample of the face's map; mouth and eyes get every pixel."""
AROUND: Final = 8
"""Pixels per sample of the map of what lies around the face."""
FEATHER: Final = 5
"""Pixels over which the fine maps fade into the coarse one."""
N_FACE: Final = 468
"""Points of the face without the irises."""
BAND: Final = 32
"""Rows of `AROUND` blocks that are drawn at once: what lies beside the head is left out, and calls are few."""
STILL: Final = 1 / 32
"""A displacement of fewer pixels is none."""
PARTED: Final = 0.1
"""Distance in pixels of the two maps at the contour from which on its pixels are mixed."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A portrait's layers.

    photo: (s, s, 3). layers: person and background apart. middles: (b, b, 2) column and row of the middle of each
    block of (`AROUND` · fine)² pixels. person: (b, b) 1 for blocks of the photo that show some of the person, or that
    lie beside such, else 0. mirror: the other half of a turned face. stretch: where turns take the colours of its rim,
    see `prepare_stretch`; retouches: what they change of these. fine: see `Portrait`; all steps and widths in pixels
    are that much larger.
    """

    photo: Pixels
    layers: Layers
    middles: Floats
    person: Pixels
    mirror: Mirror | None
    stretch: Floats
    retouches: tuple[Retouch | None, ...]
    fine: int


@dataclass(frozen=True, slots=True, eq=False)
class Backward:
    """Places in the photo of the colours of a new picture.

    parts: boxes of the picture, one below the other, outside of which nothing moves, and for each the (h, w, 2) columns
    and rows in the photo of its pixels. rim: (n,) pixels that the face's contour cuts, as rows · s + columns; share:
    (n,) the face's of them, 0…1; other: (n, 2) places of what lies beside the face there. revealed: what is seen of the
    face's other half. retouched: what the turn changes of the photo's colours.
    """

    parts: tuple[tuple[Box, Floats], ...]
    rim: Index
    share: Floats
    other: Floats
    revealed: Revealed | None
    retouched: Retouched | None


def prepare_scene(photo: Pixels, matte: Floats, mesh: FaceMesh, fine: int = 1, is_drawn: bool = False) -> Scene:
    """Return the layers of a portrait; matte: (s, s) the share of person in each pixel, 0…1.

    is_drawn: that the photo is a drawing, whose lines no turn may take away.
    """
    side, step = len(photo), AROUND * fine
    line = np.arange((step - 1) / 2, side, step, dtype=np.float32)
    layers = split(photo, matte, fine)
    blocks = cv2.dilate(layers.photo[..., 3], np.ones((2 * step + 1,) * 2, np.uint8))[step // 2 :: step]
    person = np.asarray(blocks[:, step // 2 :: step] > 0, np.uint8)
    middles = np.stack(np.meshgrid(line, line), -1)
    mirror, stretch = prepare_mirror(photo, mesh, fine), prepare_stretch(mesh)
    retouches = (None, None) if is_drawn else prepare_retouches(photo, 1 - layers.person[..., 3], mesh, stretch, fine)
    return Scene(photo, layers, middles, person, mirror, stretch, retouches, fine)


def draw_scene(picture: Pixels, scene: Scene, moved: Backward) -> None:
    """Draw the head moved by a `backward_map` into the picture (s, s, 3), eyes and mouth not yet filled."""
    _copy_still(picture, scene.photo, [box for box, _ in moved.parts])
    for box, places in moved.parts:
        combine(scene.layers, places, box, picture)
    if moved.retouched:
        add_retouch(picture, moved.parts, moved.retouched)
    pixels = picture.reshape(-1, 3)
    behind = scene.layers.background.view(np.uint32).ravel().take(moved.rim)
    other = colours_at(scene.layers, as_complex(moved.other), behind).view(np.uint8).reshape(-1, 4)[:, :3]
    face = pixels.take(moved.rim, 0)
    pixels[moved.rim] = np.rint(face + (other - face.astype(np.float32)) * (1 - moved.share)[:, None])
    if scene.mirror and moved.revealed:
        draw_revealed(picture, scene.mirror, moved.revealed)


def _copy_still(picture: Pixels, photo: Pixels, boxes: list[Box]) -> None:
    """Draw the photo beside boxes of whole bands of rows, from above, into a picture of its size."""
    row = 0
    for box in boxes:
        for still in ((slice(row, box.y0),), (box.slices[0], slice(0, box.x0)), (box.slices[0], slice(box.x1, None))):
            picture[still] = photo[still]
        row = box.y1
    picture[row:] = photo[row:]


def backward_map(scene: Scene, mesh: FaceMesh, moved: MovedMesh) -> Backward:
    """Return where the colours of a frame come from."""
    side, fine = len(scene.photo), scene.fine
    points = picture_points(moved.vertices)
    source = shared(picture_points(mesh.source), scene.stretch, mesh, moved.pose)
    if scene.mirror:
        turned = turned_to_view(scene.mirror, moved.vertices)
        source = without_silhouette(source, scene.mirror, mesh, turned)
    head = _on_blocks(bounding_box(points[:N_FACE], 3 * COARSE * fine, side), AROUND * fine, side)
    details = _detail_boxes(points, head)
    maps = affine_displacements(source, points, mesh.triangles)
    maps[:2] += STAYING
    order = drawing_order(mesh, moved.vertices)
    grids = _grids(mesh, points, order, head, details, side, fine)
    (around, covered), (face, _), *close = drawn(points, mesh.triangles, maps, grids)
    _close(around, covered, face, head, fine)
    inner = _enlarged(face, COARSE * fine, AROUND // COARSE)
    for box, (values, seen) in zip(details, close, strict=True):
        area = as_complex(_part(inner, box, head))
        change = as_complex(values) - area
        change *= feather(box, FEATHER * fine) * seen
        area += change
    cover = filled(contour(points, mesh.rim, mesh.inset), head)
    parts = tuple((box, _places(around, inner, cover, head, box, fine)) for box in _moving(around, scene, head))
    shown = revealed(scene.mirror, mesh, moved.vertices, turned, order[0], cover, head) if scene.mirror else None
    changed = retouched(scene.retouches, mesh, points, moved.pose, side)
    return Backward(parts, *_rim(around, inner, cover, head, side, fine), shown, changed)


def _places(around: Floats, inner: Floats, cover: Pixels, head: Box, box: Box, fine: int) -> Floats:
    """Return the (h, w, 2) map in a box, the face's laid over that of what is around it, as far as it covers that."""
    step = AROUND * fine
    samples = around[box.y0 // step : box.y1 // step + 2, box.x0 // step : box.x1 // step + 2]
    places = _enlarged(samples, step, 1)
    both = box.common(head)
    if both.x0 < both.x1 and both.y0 < both.y1:
        cv2.copyTo(_part(inner, both, head), _part(cover, both, head), _part(places, both, box))
    return places


def _part(inner: NDArray[Kind], box: Box, head: Box) -> NDArray[Kind]:
    """Return the view of a box in an array of what lies in another one around it."""
    return inner[box.slices_in(head)]


def _close(around: Floats, covered: Mask, face: Floats, head: Box, fine: int) -> None:
    """Give the map around the face the face's own where the face covers it."""
    step = AROUND * fine
    inside = tuple(slice(part.start // step, part.stop // step + 2) for part in head.slices)
    target = around[inside]
    shrunk = np.asarray(cv2.resize(face, target.shape[1::-1], interpolation=cv2.INTER_AREA), np.float32)
    np.copyto(as_complex(target), as_complex(shrunk), where=~covered[inside])


def _rim(around: Floats, inner: Floats, cover: Pixels, head: Box, side: int, fine: int) -> tuple[Index, Floats, Floats]:
    """Return the pixels that the contour cuts where the maps part, the face's share, and their places in the other map.

    See `Backward`.
    """
    cut = partial(cover)
    rows = cut // cover.shape[1]
    columns = cut - rows * cover.shape[1]
    places = np.empty((len(cut), 1, 2), np.float32)
    places[:, 0, 0], places[:, 0, 1] = columns + head.x0, rows + head.y0
    places += np.float32(0.5)
    places *= np.float32(1 / (AROUND * fine))
    places += np.float32(0.5)
    other = sampled(around, places)[:, 0]
    far = np.flatnonzero(np.abs(taken(as_complex(inner), cut) - as_complex(other)) > PARTED * fine)
    rows, columns = rows[far], columns[far]
    pixels = (rows + head.y0) * side + columns + head.x0
    return pixels, cover[rows, columns] * np.float32(1 / 255), other[far]


def _grids(
    mesh: FaceMesh, points: Floats, order: tuple[Longs, Longs], head: Box, details: list[Box], side: int, fine: int
) -> list[Grid]:
    """Return the samples of what is around the face, of the face, and of its details."""
    inner, around = order
    low, high = extents(points, mesh.triangles)
    low, high = low.take(inner, 1), high.take(inner, 1)
    edges = np.array([(box.x0, box.y0, box.x1, box.y1) for box in details], np.float32)
    coarse = ~_within(low, high, edges, fine).any(0)
    close = [Grid(box, 1, inner[near]) for box, near in zip(details, touching(low, high, edges), strict=True)]
    whole, face = (_with_rim(box, AROUND * fine) for box in (Box(0, 0, side, side), head))
    beside = Grid(whole, AROUND * fine, around, continued=head)
    return [beside, Grid(face, COARSE * fine, inner[coarse], spread=2), *close]


def _with_rim(box: Box, step: int) -> Box:
    """Return the box with a block more on every side, so that all of its pixels lie between samples."""
    return Box(box.x0 - step, box.y0 - step, box.x1 + step, box.y1 + step)


def _moving(around: Floats, scene: Scene, head: Box) -> list[Box]:
    """Return boxes around what may differ from the photo: the face, and where the map around it moves the person."""
    samples, step = around[1:-1, 1:-1], AROUND * scene.fine
    away = np.abs(samples - scene.middles)
    blocks = samples * np.float32(1 / step) - np.float32(0.5)
    person = sampled(scene.person, blocks, nearest=True)
    moving = (np.maximum(away[..., 0], away[..., 1]) > STILL) & ((scene.person | person) > 0)
    moving[head.y0 // step : head.y1 // step, head.x0 // step : head.x1 // step] = True
    boxes = []
    for row in range(0, len(moving), BAND):
        places = np.flatnonzero(moving[row : row + BAND].any(0))
        if len(places):
            boxes.append(Box(int(places[0]), row, int(places[-1]) + 1, min(row + BAND, len(moving))))
    return [Box(*(step * edge for edge in (box.x0, box.y0, box.x1, box.y1))) for box in boxes]


def _on_blocks(box: Box, step: int, side: int) -> Box:
    """Return the smallest box around a box that is made of blocks of ``step``² pixels, inside the picture."""
    x0, y0 = (max(start // step * step, 0) for start in (box.x0, box.y0))
    x1, y1 = (min(-(-end // step) * step, side) for end in (box.x1, box.y1))
    return Box(x0, y0, x1, y1)


def _enlarged(samples: Floats, step: int, rim: int) -> Floats:
    """Return a map at every pixel, of (h, w, 2) samples at the middles of blocks of ``step``², less ``rim`` of them."""
    size = samples.shape[1] * step, samples.shape[0] * step
    whole = cv2.resize(samples, size, interpolation=cv2.INTER_LINEAR)
    edge = rim * step
    return np.asarray(whole[edge:-edge, edge:-edge], np.float32)


_DETAILS: Final = np.array([np.resize([*a, *b], 2 * len(UPPER_LIP)) for a, b in ((UPPER_LIP, LOWER_LIP), *EYES)])
"""(3, 22) the points around each part that gets every pixel: the mouth, then the eyes, some of them twice."""


def _detail_boxes(points: Floats, head: Box) -> list[Box]:
    """Return the boxes around `_DETAILS`, inside the head's."""
    rows = points.take(_DETAILS, 0)
    boxes = []
    for low, high in zip(rows.min(1).tolist(), rows.max(1).tolist(), strict=True):
        box = even_box(low, high, 0.35 * (high[0] - low[0]), 1 << 14)
        boxes.append(Box(max(box.x0, head.x0), max(box.y0, head.y0), min(box.x1, head.x1), min(box.y1, head.y1)))
    return boxes


def _within(low: Floats, high: Floats, edges: Floats, fine: int) -> Mask:
    """Return which triangles lie so deep in boxes that the coarse map does not need them; see `touching`."""
    x0, y0, x1, y1 = edges.T[..., None] + _DEEP * np.float32(fine)
    return np.asarray((low[0] >= x0) & (low[1] >= y0) & (high[0] < x1) & (high[1] < y1))


_DEEP: Final[Floats] = (FEATHER + 2 * COARSE) * np.array([1, 1, -1, -1], np.float32)[:, None, None]
"""Way from a detail's edges, in pixels, to where the coarse map is not needed."""
