"""Finds faces in a picture and places 478 mesh points on each: boxes from one network, points from another.

The way of MediaPipe's face mesh (Google, Apache-2.0; Kartynnik et al. 2019, arXiv:1907.06724; Grishchenko et al. 2020,
arXiv:2006.10962), run on our own ONNX copies of its graphs. Small faces are looked for on tiles of the picture.

Meshes leave here in picture pixels and the project's axes: x right, y up (minus the row, pixel centres at whole
numbers), z towards the viewer, one unit. Inside, *picture axes* have y down and z away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import from_mediapipe
from space_runtime.inference.network import Network
from space_runtime.portrait.mouth_cover import CoverClassifier

DETECTOR_SIDE: Final = 128
MESH_SIDE: Final = 192
MATTE_SIDE: Final = 256

MIN_SCORE: Final = 0.5
"""Least score of a box."""
MIN_CONFIDENCE: Final = 0.5
"""Least confidence of the mesh network that its crop shows a face."""
SAME_FACE_IOU: Final = 0.3
"""Boxes that overlap more are one face."""
REGION_SCALE: Final = 1.5
"""The mesh network's crop is this much larger than the box of the face."""

SEARCH_SIDE: Final = 1024
"""Faces are searched on a copy of at most this size; on the smallest tiles on a larger one."""
TILE_LEVELS: Final = (1, 2, 4)
"""The whole picture first, then tiles of about a half and a quarter of its longer side."""
FINE_LEVELS: Final = (8, 16)
"""Smaller tiles for small faces in panoramas and on screens, a second of work for 16 megapixels."""
LEAST_TILE: Final = 200
"""Pixels of the picture on a side of the smallest tiles: a usable face fills a quarter of it."""
TILE_OVERLAP: Final = 1.25
MAX_FACES: Final = 24

EYE_CORNERS: Final = (33, 263)


@dataclass(frozen=True, slots=True)
class Region:
    """A turned square of the picture in picture axes: centre and side in pixels, roll in radians, clockwise."""

    x: float
    y: float
    side: float
    roll: float

    def moved(self, right: float, down: float, scale: float = 1.0) -> Region:
        """Return the region moved by fractions of its side and enlarged."""
        return Region(self.x + right * self.side, self.y + down * self.side, self.side * scale, self.roll)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face: (478, 3) mesh in picture pixels, project axes; confidence 0…1; the region the mesh was read from."""

    mesh: Floats
    confidence: float
    region: Region


@dataclass(frozen=True, slots=True, eq=False)
class FaceTracker:
    """The networks that read faces. It keeps nothing: what it returns depends on its arguments alone.

    cover: tells covered mouths, None for a bundle that has no such classifier.
    """

    detector: Network
    mesh_network: Network
    matte_network: Network
    cover: CoverClassifier | None = None

    def faces(self, rgb: Pixels) -> list[Face]:
        """Return the faces of (h, w, 3) ``rgb``, largest first. Stops at the first tile level that shows one."""
        return next(filter(None, (self.faces_at(rgb, level) for level in TILE_LEVELS)), [])

    def faces_at(self, rgb: Pixels, level: int) -> list[Face]:
        """Return the faces that the tiles of one level show, largest first; see `TILE_LEVELS`."""
        found = [self.read(rgb, region) for region in self._search(rgb, level)[:MAX_FACES]]
        faces = _distinct([face for face in found if face.confidence >= MIN_CONFIDENCE])
        return sorted(faces, key=lambda face: -face.region.side)

    def track(self, rgb: Pixels, near: Floats | None = None) -> Face | None:
        """Return the face at the place of ``near``, the previous frame's mesh; without one, or when it is lost, the
        largest face; None when there is none."""
        if near is not None:
            face = self.read(rgb, region_of_mesh(near))
            if face.confidence >= MIN_CONFIDENCE:
                return face
        return next(iter(self.faces(rgb)), None)

    def read(self, rgb: Pixels, region: Region) -> Face:
        """Return the mesh in a region, whatever the region shows; see `Face.confidence`."""
        crop = cut_region(rgb, region, MESH_SIDE)
        result = self.mesh_network.run({"picture": crop[None]})
        points = np.asarray(result["mesh"], np.float32) * np.float32(region.side)
        cosine, sine = math.cos(region.roll), math.sin(region.roll)
        turn = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], np.float32)
        placed = (points @ turn + np.array([region.x, region.y, 0], np.float32)).astype(np.float32)
        return Face(from_mediapipe(placed), float(np.ravel(result["confidence"])[0]), region)

    def matte(self, rgb: Pixels) -> Floats:
        """Return (h, w) the share of person in each pixel, 0…1."""
        height, width = rgb.shape[:2]
        small = cv2.resize(rgb, (MATTE_SIDE, MATTE_SIDE), interpolation=cv2.INTER_AREA)
        matte = np.asarray(self.matte_network.run({"picture": small[None]})["matte"], np.float32)
        return np.clip(cv2.resize(matte, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1).astype(np.float32)

    def _search(self, rgb: Pixels, level: int) -> list[Region]:
        """Return the regions of the faces that the detector sees on the tiles of one level, best score first."""
        longer = max(rgb.shape[:2])
        if level in FINE_LEVELS and longer / level * TILE_OVERLAP < LEAST_TILE:
            return []
        factor = max(1.0, longer / (SEARCH_SIDE * max(1, level // max(TILE_LEVELS))))
        small = shrink(rgb, factor)
        rows = [
            self._detect(small[top:bottom, left:right], left, top)
            for left, top, right, bottom in tiles(small.shape[0], small.shape[1], level)
        ]
        return [_region_of_row(row * np.float32(factor)) for row in _suppress(np.concatenate(rows))]

    def _detect(self, tile: Pixels, left: int, top: int) -> Floats:
        """Return (n, 9) of one tile: box corners, the two eyes (x, y each), all in pixels, and the score."""
        height, width = tile.shape[:2]
        side = max(height, width)
        offset = np.array([(width - side) / 2, (height - side) / 2], np.float32)
        to_picture = np.array([[side / DETECTOR_SIDE, 0, offset[0]], [0, side / DETECTOR_SIDE, offset[1]]])
        square = cv2.warpAffine(
            tile,
            to_picture,
            (DETECTOR_SIDE, DETECTOR_SIDE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        result = self.detector.run({"picture": square[None]})
        scores = np.asarray(result["scores"], np.float32)
        good = scores >= MIN_SCORE
        boxes = np.asarray(result["boxes"], np.float32)[good]
        eyes = np.asarray(result["keypoints"], np.float32)[good, :2].reshape(-1, 4)
        corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2, eyes], 1)
        placed = corners * side + np.tile(offset + np.array([left, top], np.float32), 4)
        return np.concatenate([placed, scores[good, None]], 1).astype(np.float32)


def region_of_mesh(mesh: Floats) -> Region:
    """Return where to look for the face of a (478, 3) mesh in project axes: around its box, eyes level."""
    points = mesh[:, :2] * np.array([1, -1], np.float32)
    across = points[EYE_CORNERS[1]] - points[EYE_CORNERS[0]]
    roll = math.atan2(across[1], across[0])
    turn = np.array([[math.cos(roll), -math.sin(roll)], [math.sin(roll), math.cos(roll)]], np.float32)
    level = points @ turn
    low, high = level.min(0), level.max(0)
    x, y = turn @ ((low + high) / 2)
    return Region(float(x), float(y), float((high - low).max()) * REGION_SCALE, roll)


def cut_region(rgb: Pixels, region: Region, side: int) -> Pixels:
    """Return a region as a (side, side, 3) picture, upright. Beyond the picture's border its edge is repeated.

    A region much larger than ``side`` is shrunk by area first, so that nothing is skipped.
    """
    step = int(region.side // (2 * side))
    if step >= 2:
        return _cut_shrunk(rgb, region, side, step)
    scale = region.side / side
    cosine, sine = math.cos(region.roll) * scale, math.sin(region.roll) * scale
    matrix = np.array(
        [[cosine, -sine, region.x - (cosine - sine) * side / 2], [sine, cosine, region.y - (sine + cosine) * side / 2]]
    )
    return cv2.warpAffine(
        rgb, matrix, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8, copy=False)


def _cut_shrunk(rgb: Pixels, region: Region, side: int, step: int) -> Pixels:
    """Cut from a copy of the region's surroundings that is ``step`` times smaller."""
    height, width = rgb.shape[:2]
    reach = region.side * 0.75 + step
    left, top = (min(max(0, int(c - reach)), size - step) for c, size in ((region.x, width), (region.y, height)))
    columns, rows = (
        max(1, math.ceil(min(2 * reach, size - start) / step)) for start, size in ((left, width), (top, height))
    )
    around = rgb[top : top + rows * step, left : left + columns * step]
    small = shrink(around, step)
    inside = Region(
        (region.x - left - (step - 1) / 2) / step,
        (region.y - top - (step - 1) / 2) / step,
        region.side / step,
        region.roll,
    )
    return cut_region(small, inside, side)


def shrink(rgb: Pixels, factor: float) -> Pixels:
    """Return the picture ``factor`` times smaller, averaged by area; itself for a factor of 1."""
    if factor <= 1:
        return rgb
    size = (max(1, round(rgb.shape[1] / factor)), max(1, round(rgb.shape[0] / factor)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def tiles(height: int, width: int, level: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield left, top, right, bottom of overlapping tiles of about 1/level of the longer side."""
    longer = max(height, width)
    if level == 1:
        yield 0, 0, width, height
        return
    side = math.ceil(longer / level * TILE_OVERLAP)
    for top in _starts(height, side):
        for left in _starts(width, side):
            yield left, top, min(width, left + side), min(height, top + side)


def _starts(length: int, side: int) -> list[int]:
    """Return where tiles begin so that they overlap by half and cover the length."""
    room = max(0, length - side)
    count = math.ceil(2 * room / side) + 1
    return [int(start) for start in np.linspace(0, room, count)]


def _suppress(rows: Floats) -> list[Floats]:
    """Return one averaged row per face: overlapping boxes are merged, weighted by score, best first."""
    merged = []
    rest = rows[np.argsort(-rows[:, 8], kind="stable")]
    while len(rest):
        same = _overlap(rest[0], rest) > SAME_FACE_IOU
        same[0] = True
        weights = rest[same, 8:] / rest[same, 8].sum()
        merged.append((rest[same] * weights).sum(0))
        rest = rest[~same]
    return merged


def _overlap(box: Floats, boxes: Floats) -> Floats:
    """Return (n,) intersection over union of one box with others (corners in the first four columns)."""
    sides = np.clip(np.minimum(box[2:4], boxes[:, 2:4]) - np.maximum(box[:2], boxes[:, :2]), 0, None)
    areas = np.prod(boxes[:, 2:4] - boxes[:, :2], 1)
    shared = np.prod(sides, 1)
    return np.asarray(shared / np.maximum(areas + np.prod(box[2:4] - box[:2]) - shared, 1e-9), np.float32)


def _region_of_row(row: Floats) -> Region:
    """Return the mesh network's region of a detector row: a square around the box, eyes level."""
    left, top, right, bottom, x_a, y_a, x_b, y_b, _ = (float(value) for value in row)
    side = max(right - left, bottom - top) * REGION_SCALE
    return Region((left + right) / 2, (top + bottom) / 2, side, math.atan2(y_b - y_a, x_b - x_a))


def _distinct(faces: list[Face]) -> list[Face]:
    """Return the faces without those whose mesh lies on that of a more confident one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.confidence):
        middle = face.mesh[:, :2].mean(0)
        if all(np.linalg.norm(middle - other.mesh[:, :2].mean(0)) > 0.25 * other.region.side for other in kept):
            kept.append(face)
    return kept
