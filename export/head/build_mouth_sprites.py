"""``python -m export mouth-sprites``: teeth, gums and tongue of the face model unrolled into flat pictures.

Each row of teeth is seen from an axis inside its arch, all around: columns are angles about that axis, rows are
heights. Whoever draws it rolls it up again along the arch. The tongue is seen from the front, with the jaw lowered.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from space_runtime.arrays import Floats, Longs, Mask
from space_runtime.head.meshes import vertex_normals
from space_runtime.head.model import FaceModel, Part, load_model, triangles
from space_runtime.head.raster import Raster, rasterise
from space_runtime.rendering.warp.interior import CHIN
from space_runtime.rendering.warp.mouth_sprites import SPRITES

CM_PIXELS: Final = 36
"""Pixels a centimetre of the pictures."""
FINER: Final = 4
"""Samples a pixel and axis."""
AXIS_Z: Final = 6.5
"""Depth of the axis inside the arches, cm."""
WIDEST: Final = np.radians(100.0)
"""Angle on either side of the front up to which an arch is unrolled."""
RADIUS: Final = 4.0
"""Radius at which a column is as wide as a row is high, cm."""
FROM_ABOVE: Final = 0.14
"""Slope at which the lower row is looked down on: an opened jaw leans forward."""
UPPER_ROWS: Final = (-1.15, -3.65)
"""Heights of the upper and the lower edge of the upper row's picture, cm."""
LOWER_ROWS: Final = (-2.7, -5.15)
TONGUE_JAW: Final = 0.5
"""Weight of ``jawOpen`` at which the tongue is seen."""
LIGHT: Final[Floats] = np.array([0.0, 0.35, 0.94], np.float32)
"""Direction to the light, in the head's axes."""
AMBIENT: Final = 0.5
FLOOR: Final = 0.22
"""Share of the tongue's height that is the floor of the mouth."""
FRONT: Final = 0.6
"""Half the width of the front teeth, cm."""
IN_GAPS: Final = 0.8
"""Light in them, a share of that on the teeth."""
CLOSED: Final = 0.09
"""Width of gaps between teeth that are closed, cm: few people have any."""
GROOVE: Final = 0.3
"""Depth behind the surroundings at which a groove has lost two thirds of its light, cm."""
LEAST_LIGHT: Final = 0.35
"""Light that reaches every groove."""
LIGHT_BLEED: Final = 0.06
"""Width around a surface into which its light is continued, cm."""
SOFT_TONGUE: Final = 0.12
"""Width over which the tongue's outline fades, cm."""
AROUND: Final = 0.12
"""Width of those surroundings, cm."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """An unrolled surface. planes: (h, w, 3) cover of teeth, cover of gums or tongue, light, 0…1. radius: (w,) cm."""

    planes: Floats
    radius: Floats


def unrolled(model: FaceModel, lower: bool) -> Sheet:
    """Return the upper or the lower row of teeth with its gums, seen from outside all around."""
    moves = np.abs(model.expression("jawOpen")).max(1) > 0.1
    corners = triangles(model.faces[model.faces_of(Part.TEETH, Part.GUMS)])
    corners = corners[(moves[corners] == lower).all(1) & ~np.isin(corners, model.tongue).any(1)]
    away = model.neutral - np.array([0, 0, AXIS_Z], np.float32)
    angle, radius = np.arctan2(away[:, 0], away[:, 2]), np.hypot(away[:, 0], away[:, 2])
    corners = corners[(np.ptp(angle[corners], axis=1) < 0.6) & (radius[corners].min(1) > 1.0)]
    top, bottom = LOWER_ROWS if lower else UPPER_ROWS
    height = away[:, 1] - (FROM_ABOVE if lower else 0.0) * (radius - RADIUS)
    step = CM_PIXELS * FINER
    size = (round((top - bottom) * CM_PIXELS) * FINER, round(2 * WIDEST * RADIUS * CM_PIXELS) * FINER)
    points = np.stack([(angle + WIDEST) * RADIUS * step - 0.5, (top - height) * step - 0.5], 1)
    raster = rasterise(points.astype(np.float32), corners, size, radius.astype(np.float32))
    planes = _planes(model, raster, corners, model.neutral)
    return Sheet(planes, _arch(raster, planes[..., 0]))


def _planes(model: FaceModel, raster: Raster, corners: Longs, vertices: Floats) -> Floats:
    """Return the (h, w, 3) planes of a `Sheet` from a raster `FINER` times as fine."""
    seen = corners[np.maximum(raster.triangle, 0)]
    normals = (vertex_normals(vertices, corners)[seen] * raster.weights[..., None]).sum(2)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-6)
    light = AMBIENT + (1 - AMBIENT) * np.clip(normals @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    light = light * _groove_light(raster.depth, raster.covered)
    light = np.where(raster.covered, np.maximum(light, LEAST_LIGHT), 0)
    teeth = raster.covered & (seen[..., 0] >= model.parts[Part.TEETH].start)
    teeth, light = _gaps_closed(teeth, light)
    layers = np.stack([teeth, raster.covered & ~teeth, np.where(teeth | raster.covered, light, 0)], -1)
    h, w = (n // FINER for n in layers.shape[:2])
    planes = np.asarray(cv2.resize(layers.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA), np.float32)
    cover = planes[..., :2].sum(-1)
    planes[..., 2] = _continued(planes[..., 2], cover)
    return np.asarray(planes, np.float32)


def _continued(light: Floats, cover: Floats) -> Floats:
    """Return (h, w) light of covered pixels, given times the cover, continued around them: outlines stay light."""
    around = cv2.GaussianBlur(np.stack([light, cover], -1), (0, 0), LIGHT_BLEED * CM_PIXELS)
    far = around[..., 0] / np.maximum(around[..., 1], 1e-3)
    return np.asarray(np.where(cover > 0.5, light / np.maximum(cover, 0.5), far), np.float32)


def _gaps_closed(teeth: Mask, light: Floats) -> tuple[Mask, Floats]:
    """Return teeth that touch their neighbours, and their light, which gaps take from both sides."""
    width = round(CLOSED * CM_PIXELS * FINER)
    closed = cv2.morphologyEx(teeth.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, width), np.uint8)) > 0
    around = np.asarray(cv2.blur(np.where(teeth, light, 0).astype(np.float32), (2 * width + 1, 1)), np.float32)
    around /= np.maximum(cv2.blur(teeth.astype(np.float32), (2 * width + 1, 1)), 1e-3)
    return closed, np.where(closed & ~teeth, IN_GAPS * around, light).astype(np.float32)


def _groove_light(depth: Floats, covered: Mask) -> Floats:
    """Return (h, w) the light left in grooves, which lie behind their surroundings."""
    sigma = AROUND * CM_PIXELS * FINER
    inside = covered.astype(np.float32)
    mean = cv2.GaussianBlur(np.where(covered, depth, 0).astype(np.float32), (0, 0), sigma)
    behind = mean / np.maximum(cv2.GaussianBlur(inside, (0, 0), sigma), 1e-3) - np.where(covered, depth, 0)
    return np.asarray(np.exp(-np.maximum(behind, 0) / GROOVE), np.float32)


def _arch(raster: Raster, teeth: Floats) -> Floats:
    """Return the (w,) radius of the teeth's surface at each column, smooth, cm."""
    depth = np.where(raster.covered, raster.depth, np.nan)
    fine = np.nanquantile(depth, 0.8, axis=0)
    fine = np.interp(np.arange(len(fine)), np.flatnonzero(np.isfinite(fine)), fine[np.isfinite(fine)])
    columns = fine.reshape(teeth.shape[1], FINER).mean(1).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(columns[None], (0, 0), 0.5 * CM_PIXELS, borderType=cv2.BORDER_REPLICATE)[0])


def tongue(model: FaceModel) -> tuple[Floats, Floats]:
    """Return (h, w, 2) cover and light of the tongue seen from the front, and (5,) its edges left, right, top, bottom
    and its tip's depth in cm, with the jaw put back."""
    jaw = model.expression("jawOpen") * np.float32(TONGUE_JAW)
    moved = model.neutral + jaw
    corners = triangles(model.faces[model.faces_of(Part.GUMS)])
    corners = corners[np.isin(corners, model.tongue).all(1)]
    places = moved[np.unique(corners)]
    (left, bottom, _), (right, top, tip) = places.min(0), places.max(0)
    bottom += FLOOR * (top - bottom)
    step = CM_PIXELS * FINER
    size = (round((top - bottom) * CM_PIXELS) * FINER, round((right - left) * CM_PIXELS) * FINER)
    points = np.stack([(moved[:, 0] - left) * step - 0.5, (top - moved[:, 1]) * step - 0.5], 1)
    raster = rasterise(points.astype(np.float32), corners, size, moved[:, 2])
    back = jaw[_incisor(model, lower=True)]
    edges = np.array([left, right, top - back[1], bottom - back[1], tip - back[2]], np.float32)
    return _softened(_planes(model, raster, corners, moved)[..., 1:]), edges


def _softened(planes: Floats) -> Floats:
    """Return (h, w, 2) cover and light with an outline that fades, lit as what lies inside it."""
    cover, light = planes[..., 0], planes[..., 1]
    sigma = SOFT_TONGUE * CM_PIXELS
    inner = cv2.erode(cover, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(2 * sigma) + 1,) * 2))
    soft = cv2.GaussianBlur(inner, (0, 0), sigma)
    core = cv2.erode(cover, np.ones((2 * round(sigma) + 1,) * 2, np.uint8))
    known = np.maximum(cv2.GaussianBlur(core, (0, 0), sigma), 1e-3)
    return np.stack([soft, cv2.GaussianBlur(light * core, (0, 0), sigma) / known], -1).astype(np.float32)


def _incisor(model: FaceModel, lower: bool) -> int:
    """Return the vertex at the edge of the upper or lower front teeth."""
    teeth = np.arange(model.parts[Part.TEETH].start, model.parts[Part.TEETH].stop)
    sinks = model.expression("jawOpen")[teeth, 1] < -0.1
    front = teeth[(sinks == lower) & (np.abs(model.neutral[teeth, 0]) < FRONT)]
    heights = model.neutral[front, 1]
    return int(front[np.argmax(heights) if lower else np.argmin(heights)])


def _jaw(model: FaceModel) -> Floats:
    """Return the (3,) motion of the lower teeth, see `MouthSprites`."""
    opened = model.expression("jawOpen")
    teeth = np.arange(model.parts[Part.TEETH].start, model.parts[Part.TEETH].stop)
    teeth = teeth[opened[teeth, 1] < -0.1]
    chin = float(model.tracker.on(opened)[CHIN, 1])
    slope = np.polyfit(model.neutral[teeth, 2], opened[teeth, 1], 1)[0]
    front = opened[_incisor(model, lower=True)]
    return np.array([front[1] / chin, slope / chin, front[2] / chin], np.float32)


def sprites(model: FaceModel) -> dict[str, np.ndarray]:
    """Return the arrays of the file."""
    corners = model.tracker.on(model.neutral)[[33, 263]]
    unit = float(np.linalg.norm(corners[0] - corners[1]))
    edge = model.neutral[_incisor(model, lower=False)]
    front = float(model.neutral[model.parts[Part.TEETH], 2].max())
    arrays: dict[str, np.ndarray] = {}
    for name, rows, lower in (("upper", UPPER_ROWS, False), ("lower", LOWER_ROWS, True)):
        sheet = unrolled(model, lower)
        angle = (np.arange(len(sheet.radius)) + 0.5) / (RADIUS * CM_PIXELS) - WIDEST
        across, away = sheet.radius * np.sin(angle), sheet.radius * np.cos(angle)
        rise = (FROM_ABOVE if lower else 0.0) * (sheet.radius - RADIUS)
        arch = np.stack([across, AXIS_Z - front + away, rise], 1)
        arrays[f"{name}_planes"] = np.rint(np.clip(sheet.planes, 0, 1) * 255).astype(np.uint8)
        arrays[f"{name}_arch"] = (arch / unit).astype(np.float32)
        arrays[f"{name}_rows"] = ((np.array(rows) - edge[1]) / unit).astype(np.float32)
    planes, edges = tongue(model)
    arrays["tongue_planes"] = np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
    arrays["tongue_edges"] = ((edges - [0, 0, edge[1], edge[1], front]) / unit).astype(np.float32)
    arrays["jaw"] = _jaw(model) * np.array([1, unit, 1], np.float32)
    return arrays


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=SPRITES)
    out: Path = parser.parse_args().out
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=False, **sprites(load_model()))
    out.write_bytes(written.getvalue())


if __name__ == "__main__":
    main()
