"""The inside of the mouth, drawn under the lips' opening.

Two layers, both fixed to the skull so that the teeth never slide against the head: the decoder's patch (teeth, tongue,
dark; its lower teeth move with the jaw), and over it what the photo itself shows between its lips.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.inference.network import Network
from space_runtime.rendering.warp.backward import Box, bounding_box, picture_points, polygon_mask
from space_runtime.rendering.warp.interior import INNER_LIPS, Interior, interior_in, prepare_interior
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP, FaceMesh, MovedMesh, skull_motion
from space_runtime.rendering.warp.palette import Palette

OPEN: Final = 0.03
"""A photo whose lips are further apart, in normalised units, shows its own inside of the mouth."""
SEAM_SHADE: Final[Floats] = np.array([0.42, 0.32, 0.32], np.float32)
"""Light of the line between closed lips, a share of that on the lips."""
SEAM: Final = 0.035
"""Lips closer than this draw a dark line between them if the photo has none."""
LIT: Final = 0.06
"""Lips further apart, in normalised units, let all light in; from there to shut lips it falls to `DARKEST`."""
DARKEST: Final = 0.2
AT_REST: Final = 0.01
"""Motion of the lips, in normalised units, at which the photo's own mouth gives way to the drawn one."""
EDGE_SHADE: Final = 0.022
"""Width of the lips' shade, in normalised units."""
PICTURE_SIDE: Final = 512
PARTS: Final = 4
"""Pieces that the curve between two lip points is drawn with."""


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """A portrait's mouth.

    interior: what the decoder needs. shown: (512, 512) 0…1 where the photo shows the inside, or None if it is closed.
    resting_gap: (11,) pixels between the lips of a closed photo, 0 for an open one. light: that the lips let into the
    photo's mouth, 0…1, 1 for a closed one. seam: (3,) colour of closed lips' line. depth: z of the lips, normalised.
    palette: the photo's colours, which everything drawn takes.
    """

    interior: Interior
    shown: Floats | None
    resting_gap: Floats
    light: float
    seam: Floats
    depth: float
    palette: Palette


def prepare_mouth(photo: Pixels, mesh: FaceMesh, decoder: Network, palette: Palette) -> Mouth:
    """Return the mouth of a portrait."""
    upper, lower = mesh.source[list(UPPER_LIP)], mesh.source[list(LOWER_LIP)]
    gap = upper[:, 1] - lower[:, 1]
    is_open = float(gap[3:8].mean()) > OPEN * mesh.pose.scale
    polygon = picture_points(np.concatenate([upper, lower[::-1]]))
    whole = Box(0, 0, PICTURE_SIDE, PICTURE_SIDE)
    interior = prepare_interior(photo, mesh.source, mesh.normalised, decoder, is_open)
    seen = palette.in_white_light(interior.colours.reshape(2, 3)).ravel()
    return Mouth(
        interior=replace(interior, colours=seen),
        shown=cv2.GaussianBlur(polygon_mask(polygon, whole), (0, 0), 0.6).astype(np.float32) if is_open else None,
        resting_gap=np.zeros_like(gap) if is_open else np.maximum(gap, 0),
        light=_light(gap / mesh.pose.scale) if is_open else 1.0,
        seam=palette.toned(palette.dimmed(_lip_colour(photo, mesh), SEAM_SHADE)),
        depth=float(mesh.normalised[[13, 14], 2].mean()),
        palette=palette,
    )


def draw_mouth(picture: Pixels, photo: Pixels, mesh: FaceMesh, moved: MovedMesh, mouth: Mouth) -> None:
    """Draw the inside of the mouth into the picture (512, 512, 3), under the opening that the lips leave."""
    upper, lower = (picture_points(moved.vertices[list(row)]) for row in (UPPER_LIP, LOWER_LIP))
    gap = np.maximum(lower[:, 1] - upper[:, 1] - mouth.resting_gap, 0)
    middle = (upper[:, 1] + lower[:, 1]) / 2
    upper[:, 1], lower[:, 1] = middle - gap / 2, middle + gap / 2
    box = bounding_box(np.concatenate([upper, lower]), 4, len(picture))
    target = picture[box.slices]
    if mouth.shown is not None:
        line = np.asarray((upper + lower) / 2 - np.array([box.x0, box.y0]), np.float32)
        _draw_seam(target, line, gap, mouth, moved)
    outline = np.concatenate([_CURVE @ upper, (_CURVE @ lower)[::-1]])
    mask = polygon_mask(outline, box) * np.float32(np.clip((gap.max() - 0.4) / 1.2, 0, 1))
    if mask.any():
        light = min(1.0, _light(gap / moved.pose.scale) / mouth.light)
        rest = _rest(mesh, moved)
        dim = (np.float32(light) * _edge_shade(mask, moved.pose.scale, 1 - rest))[..., None] ** _DIMMING
        inside = mouth.palette.toned(mouth.palette.dimmed(_inside(photo, mesh, moved, mouth, box, rest), dim))
        target[:] = np.rint(target + (np.minimum(inside, 255) - target) * mask[..., None]).astype(np.uint8)


def _rest(mesh: FaceMesh, moved: MovedMesh) -> float:
    """Return 1 when the lips are where the photo has them, falling to 0 as they move."""
    lips = (moved.normalised - mesh.normalised)[list(INNER_LIPS)]
    return float(np.exp(-((np.abs(lips).max() / AT_REST) ** 2)))


def _edge_shade(mask: Floats, scale: float, strength: float) -> Floats:
    """Return (h, w) light 0…1 inside the mouth: the lips shade what lies just behind them."""
    around = cv2.GaussianBlur(mask, (0, 0), EDGE_SHADE * scale, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(1 - np.float32(0.4 * strength) * np.clip(2 - 2 * around, 0, 1), np.float32)


def _inside(photo: Pixels, mesh: FaceMesh, moved: MovedMesh, mouth: Mouth, box: Box, rest: float) -> Floats:
    """Return the (h, w, 3) colours of the mouth's inside in the box."""
    inside = mouth.palette.lit(interior_in(box, mouth.interior, moved.normalised, moved.pose))
    if mouth.shown is None:
        return inside
    back = skull_motion(mesh, moved, mouth.depth)
    back[:, 2] += back[:, :2] @ np.array([box.x0, box.y0], np.float32)
    size = (box.x1 - box.x0, box.y1 - box.y0)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    own = cv2.warpAffine(photo, back, size, flags=flags).astype(np.float32)
    cover = cv2.warpAffine(mouth.shown, back, size, flags=flags).astype(np.float32)
    cover = np.maximum(cover, np.float32(rest))
    return np.asarray(inside + (own - inside) * cover[..., None], np.float32)


def _light(gap: Floats) -> float:
    """Return the share of light let in by lips that are (11,) normalised units apart, `DARKEST`…1."""
    return DARKEST + (1 - DARKEST) * float(np.clip(gap[3:8].mean() / LIT, 0, 1))


def _curve(n_points: int) -> Floats:
    """Return the matrix that turns n points into a smooth curve through them (Catmull-Rom), `PARTS` pieces a gap."""
    before = np.vstack([np.eye(n_points)[:1], np.eye(n_points)[:-1]])
    after = np.vstack([np.eye(n_points)[1:], np.eye(n_points)[-1:]])
    tangent = (after - before) / 2
    rows = []
    for i, t in ((i, k / PARTS) for i in range(n_points - 1) for k in range(PARTS)):
        p, q = np.eye(n_points)[i], np.eye(n_points)[i + 1]
        a, b, c, d = 2 * t**3 - 3 * t**2 + 1, -2 * t**3 + 3 * t**2, t**3 - 2 * t**2 + t, t**3 - t**2
        rows.append(a * p + b * q + c * tangent[i] + d * tangent[i + 1])
    return np.array([*rows, np.eye(n_points)[-1]], np.float32)


_DIMMING: Final[Floats] = np.array([0.75, 1.15, 1.2], np.float32)
"""Exponents of red, green and blue in the light behind lips: it is warm."""
_CURVE: Final = _curve(len(UPPER_LIP))


def _lip_colour(photo: Pixels, mesh: FaceMesh) -> Floats:
    """Return the (3,) mean colour of the lips."""
    points = picture_points(mesh.source[[0, 17, 37, 267, 84, 314, 11, 16]])
    columns, rows = np.clip(np.rint(points), 0, len(photo) - 1).astype(int).T
    return np.asarray(photo[rows, columns].mean(0), np.float32)


def _draw_seam(target: Pixels, line: Floats, gap: Floats, mouth: Mouth, moved: MovedMesh) -> None:
    """Draw the dark line of lips that meet, stronger the closer they are."""
    scale = moved.pose.scale
    closed = np.clip(1 - gap[1:-1].mean() / (SEAM * scale), 0, 1)
    if closed == 0:
        return
    mask = np.zeros(target.shape[:2], np.uint8)
    cv2.polylines(mask, [np.rint(_CURVE @ line * 16).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    cover = cv2.GaussianBlur(mask, (0, 0), 0.004 * scale + 0.3).astype(np.float32) * np.float32(closed / 255 * 1.3)
    target[:] = np.rint(target + (mouth.seam - target) * np.minimum(cover, 0.9)[..., None]).astype(np.uint8)
