"""One picture dubbed: the face's lower part warped to the new mouth, and the mouth's inside drawn behind the lips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Stored
from space_runtime.dubbing.lower_face import LowerFace, MovedFace, replaced, shut_lips
from space_runtime.dubbing.mouth_inside import Inside, draw_inside, gap_of, skin_light
from space_runtime.dubbing.planes import Planes
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose, remove_pose
from space_runtime.rendering.warp.backward import Box, polygon_mask
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP
from space_runtime.rendering.warp.raster import Grid, affine_displacements, drawn

INSET: Final = 0.15
"""Share of the thickness of open lips, from their inner edge, that is not shown when they move."""
OPEN: Final = 0.06
"""Gap of the video's own lips, normalised, from which all of `INSET` is left out."""
CLOSING: Final = 2.0
"""How many times `INSET` is left out where open lips are shut: what lies near their edge would show as teeth."""
RIM: Final = 0.005
"""Softness of the lips' inner edge, normalised units."""
SHUT: Final = 0.03
"""Gap from which lips that close get the line between them."""
SEAM: Final = 0.009
"""Half width of that line, normalised units."""
SOFT: Final = 0.025
"""Blur, normalised units, of the lips' colours in it."""
SEAM_LIGHT: Final = 0.72
"""Light of the line, a share of that on the lips."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """A face of the video. mesh: (478, 3) points on the screen, project axes. pose: the head's."""

    mesh: Floats
    pose: HeadPose


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """Parts of a picture that are drawn anew, all on the screen.

    box: of the lower face; back: (h, w, 2) from each of its pixels to where its colour lies. mouth: a box within;
    cover: (h, w) 0…1 what lies behind the lips there, inside: (h, w, 3) its values, seam: (h, w) 0…1 the line of lips
    that meet, softness: of its colours, pixels.
    """

    box: Box
    back: Floats
    mouth: Box
    cover: Floats
    inside: Floats
    seam: Floats
    softness: float


def dubbed(picture: Planes, face: TrackedFace, speaking: Floats, lower: LowerFace, insides: Sequence[Inside]) -> Planes:
    """Return the picture with the mouth of ``speaking``, (478, 3) normalised points."""
    own_gap = gap_of(shut_lips(remove_pose(face.mesh, face.pose), lower.closed))
    own_open = float(np.clip(own_gap / OPEN, 0, 1))
    gap, scale = gap_of(speaking), float(face.pose.scale)
    shut = own_open * float(np.clip(1 - gap / SHUT, 0, 1))
    moved = replaced(lower, face.mesh, face.pose, speaking, INSET * (own_open + (CLOSING - 1) * shut))
    lips = moved.target[[*UPPER_LIP, *LOWER_LIP]]
    box = box_around(moved.target[lower.moving], 2, picture.size)
    mouth = box_around(lips, 4 + 4 * max(RIM, SEAM) * scale, picture.size)
    if box is None or mouth is None:
        return picture
    change = _Change(
        box,
        _displacements(moved, lower, box),
        mouth,
        _opening(lips, mouth, RIM * scale),
        draw_inside(mouth, insides, lips, gap, face.pose, skin_light(picture, face.mesh)),
        _seam(lips, mouth, SEAM * scale, shut),
        softness=max(1.0, SOFT * scale),
    )
    return replace(picture, planes=tuple(_plane(picture, which, change) for which in range(len(picture.planes))))


def box_around(points: Floats, margin: float, size: tuple[int, int]) -> Box | None:
    """Return the box around (n, 2) points of a picture of size (width, height), on even pixels; None outside of it."""
    whole = np.array(size) // 2 * 2
    low = np.clip(np.floor((points.min(0) - margin) / 2).astype(int) * 2, 0, whole).tolist()
    high = np.clip(np.ceil((points.max(0) + margin) / 2).astype(int) * 2, 0, whole).tolist()
    return Box(*low, *high) if high[0] - low[0] > 2 and high[1] - low[1] > 2 else None


def _displacements(moved: MovedFace, lower: LowerFace, box: Box) -> Floats:
    maps = affine_displacements(moved.source, moved.target, lower.triangles)
    grid = Grid(box, 1, np.arange(len(lower.triangles)))
    return drawn(moved.target, lower.triangles, maps, [grid])[0][0]


def _opening(lips: Floats, box: Box, softness: float) -> Floats:
    outline = np.concatenate([lips[:11], lips[11:][::-1]])
    return cv2.GaussianBlur(polygon_mask(outline, box), (0, 0), max(0.5, softness)).astype(np.float32)


def _seam(lips: Floats, box: Box, width: float, strength: float) -> Floats:
    line = np.zeros((box.y1 - box.y0, box.x1 - box.x0), np.uint8)
    if strength > 0:
        points = (lips[:11] + lips[11:]) / 2 - (box.x0, box.y0)
        cv2.polylines(line, [np.rint(points * 16).astype(np.int32)], False, 255, max(1, round(width)), cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(line, (0, 0), max(0.7, width)).astype(np.float32)
    return np.asarray(soft * np.float32(strength / max(float(soft.max()), 1)), np.float32)


def _plane(picture: Planes, which: int, change: _Change) -> Stored:
    """Return one plane with the change drawn; it may be smaller than the screen."""
    scale = picture.scale(which)
    result = picture.planes[which].copy()
    box, mouth = _scaled(change.box, scale), _scaled(change.mouth, scale)
    result[box.slices] = _stored(_warped(picture.planes[which], box, change.back, scale), picture.bits)
    size = (mouth.x1 - mouth.x0, mouth.y1 - mouth.y0)
    cover, inside, seam = (_resized(part, size) for part in (change.cover, change.inside[..., which], change.seam))
    lips = result[mouth.slices].astype(np.float32)
    if seam.any():
        soft = cv2.GaussianBlur(lips, (0, 0), change.softness * scale[0]).astype(np.float32)
        dark = picture.black + (soft - picture.black) * np.float32(SEAM_LIGHT) if which == 0 else soft
        lips += (dark - lips) * seam
    result[mouth.slices] = _stored(lips + (inside - lips) * cover, picture.bits)
    return result


def _scaled(box: Box, scale: tuple[float, float]) -> Box:
    across, down = scale
    return Box(round(box.x0 * across), round(box.y0 * down), round(box.x1 * across), round(box.y1 * down))


def _warped(plane: Stored, box: Box, back: Floats, scale: tuple[float, float]) -> Floats:
    """Return the (h, w) values of a box of the plane, read where ``back`` points to."""
    moves = _resized(back, (box.x1 - box.x0, box.y1 - box.y0))
    columns = np.arange(box.x0, box.x1, dtype=np.float32)[None, :] + moves[..., 0] * np.float32(scale[0])
    rows = np.arange(box.y0, box.y1, dtype=np.float32)[:, None] + moves[..., 1] * np.float32(scale[1])
    return cv2.remap(plane, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


def _stored(values: Floats, bits: int) -> Stored:
    whole = np.clip(np.rint(values), 0, 2**bits - 1)
    return whole.astype(np.uint8) if bits == 8 else whole.astype(np.uint16)


def _resized(part: Floats, size: tuple[int, int]) -> Floats:
    if part.shape[1::-1] == size:
        return part
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32)
