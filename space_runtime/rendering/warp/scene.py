"""The moving head before a resting background: the backward map of the whole picture and the layers' composition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.rendering.warp.backward import (
    Box,
    affine_displacements,
    bounding_box,
    displacement_map,
    picture_points,
)
from space_runtime.rendering.warp.layers import Layers, combine, split
from space_runtime.rendering.warp.mesh import EYES, LOWER_LIP, UPPER_LIP, FaceMesh, MovedMesh, drawing_order

COARSE: Final = 4
"""Pixels per sample of the whole head's map; mouth and eyes get every pixel."""
FEATHER: Final = 5
"""Pixels over which the fine maps fade into the coarse one."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A portrait's layers.

    layers: person and background apart. columns, rows: (512, 512) of each pixel.
    """

    layers: Layers
    columns: Floats
    rows: Floats


def prepare_scene(photo: Pixels, matte: Floats) -> Scene:
    """Return the layers of a portrait; matte: (512, 512) the share of person in each pixel, 0…1."""
    side = len(photo)
    columns, rows = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    return Scene(split(photo, matte), columns, rows)


def draw_scene(scene: Scene, back: Floats) -> Pixels:
    """Return a new (512, 512, 3) picture of the head moved by a `backward_map`, eyes and mouth not yet filled."""
    x = np.asarray(cv2.add(scene.columns, cv2.extractChannel(back, 0)), np.float32)
    y = np.asarray(cv2.add(scene.rows, cv2.extractChannel(back, 1)), np.float32)
    return combine(scene.layers, x, y)


def backward_map(scene: Scene, mesh: FaceMesh, moved: MovedMesh) -> Floats:
    """Return (512, 512, 2) displacements from each new pixel to its place in the photo."""
    side = len(scene.columns)
    source, points = picture_points(mesh.source), picture_points(moved.vertices)
    maps = affine_displacements(source, points, mesh.triangles)
    order = drawing_order(mesh, moved.vertices)
    low, high = _extents(points, mesh.triangles)
    boxes = [_detail_box(points[list(rows)], side) for rows in _DETAILS]
    seen = ~np.any([_within(low, high, box) for box in boxes], 0)
    coarse = displacement_map(points, mesh.triangles, order[seen[order]], maps, Box(0, 0, side, side), COARSE)
    back: Floats = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
    for box in boxes:
        inside = _touching(low, high, box)[order]
        fine = displacement_map(points, mesh.triangles, order[inside], maps, box, 1)
        area = back[box.slices]
        area += (fine - area) * _feather(box)[..., None]
    return back


_DETAILS: Final = ((*UPPER_LIP, *LOWER_LIP), (*EYES[0][0], *EYES[0][1]), (*EYES[1][0], *EYES[1][1]))
"""The points around each part that gets every pixel."""


def _detail_box(points: Floats, side: int) -> Box:
    width = float(np.ptp(points[:, 0]))
    return bounding_box(points, 0.35 * width, side)


def _extents(points: Floats, triangles: NDArray[np.int32]) -> tuple[Floats, Floats]:
    """Return the (T, 2) lower and upper corners of the boxes around the triangles."""
    a, b, c = points[triangles[:, 0]], points[triangles[:, 1]], points[triangles[:, 2]]
    return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)


def _touching(low: Floats, high: Floats, box: Box) -> Mask:
    """Return which triangles reach into the box."""
    return np.asarray((high[:, 0] >= box.x0) & (low[:, 0] < box.x1) & (high[:, 1] >= box.y0) & (low[:, 1] < box.y1))


def _within(low: Floats, high: Floats, box: Box) -> Mask:
    """Return which triangles lie so deep in the box that the coarse map does not need them."""
    edge = FEATHER + 2 * COARSE
    start, end = np.array([box.x0, box.y0]) + edge, np.array([box.x1, box.y1]) - edge
    return np.asarray((low >= start).all(1) & (high < end).all(1))


def _feather(box: Box) -> Floats:
    """Return (h, w) weights that rise from 0 at the box's edge to 1 inside."""
    across = [np.minimum(np.arange(n), np.arange(n)[::-1]) / FEATHER for n in (box.y1 - box.y0, box.x1 - box.x0)]
    rows, columns = (np.clip(a, 0, 1).astype(np.float32) for a in across)
    return np.asarray(rows[:, None] * columns[None, :], np.float32)
