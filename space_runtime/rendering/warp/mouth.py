"""The inside of the mouth, drawn under the lips' opening.

Upper teeth are fixed to the skull, so that they never slide against the head; lower teeth and tongue move with the jaw.
Teeth that the photo shows are part of the upper row. While the lips are where the photo has them, all is the photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import apply_pose, picture_points
from space_runtime.rendering.warp.backward import Box, bounding_box, polygon_mask
from space_runtime.rendering.warp.blending import filled_with, lay_over
from space_runtime.rendering.warp.curves import curve
from space_runtime.rendering.warp.interior import CHIN, Interior, interior_in, prepare_interior
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP, FaceMesh, MovedMesh
from space_runtime.rendering.warp.mouth_colours import drawn_colours, mouth_colours
from space_runtime.rendering.warp.own_teeth import Classes, OwnTeeth, own_teeth
from space_runtime.rendering.warp.palette import Palette
from space_runtime.rendering.warp.skull import skull_motion

OPEN: Final = 0.03
"""A photo whose lips are further apart, in normalised units, shows its own inside of the mouth."""
SEAM_SHADE: Final[Floats] = np.array([0.42, 0.32, 0.32], np.float32)
"""Light of the line between closed lips, a share of that on the lips."""
THICKER: Final = 256
"""Scale of a face, pixels, by which the line of closed lips is thicker than a pixel."""
SEAM: Final = 0.035
"""Lips closer than this draw a dark line between them if the photo has none."""
LIT: Final = 0.04
"""Lips further apart, in normalised units, let all light in; from there to shut lips it falls to `DARKEST`."""
DARKEST: Final = 0.2
AT_REST: Final = 0.01
"""Motion of the lips, in normalised units, at which the photo's own mouth gives way to the drawn one."""
EDGE_DIMMING: Final = 0.4
"""Share of the light that is missing right behind a lip."""
SOFT_RIM: Final = 0.010
"""Width over which lips and inside blend, normalised units (about 1.6 pixels of a portrait)."""
OVER_TEETH: Final = np.float32(2)
"""Factor of the inside's cover where the photo has teeth. The blurred cover is 1/2 at a straight edge of the opening:
twice of it covers all of the opening and fades on the rim of the lips, where the stretched photo would show its teeth
once more."""
EDGE_SHADE: Final = 0.022
"""Width of the lips' shade, in normalised units."""
EDGE_THIRD: Final = 0.337
"""The upper incisors' edge lies this far down from nose base to chin, in 175 portraits that show it (scatter 0.033)."""
BEHIND_LIPS: Final[Floats] = np.array([0, 0.04, 0.055], np.float32)
"""By how much the upper incisors' edge lies below and behind the line of closed lips, normalised (3.6 and 5 mm)."""
JAW_FOR_GAP: Final = 1.2
"""How far apart the lips are for each unit that the chin sinks."""
OVER_LIP: Final = 0.02
"""Distance of the upper incisors' edge from the lower lip with closed teeth at most, normalised."""
LEAST_REST: Final = 1e-3
"""Share of the photo's own mouth below which it is left out."""
INNER_LIPS: Final = (*UPPER_LIP, *LOWER_LIP[-2:0:-1])
"""The 20 points around the mouth's opening."""


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """A portrait's mouth.

    interior: what lies behind the lips. is_open: the photo shows it. resting_gap: (11,) pixels between the lips of a
    closed photo, 0 for an open one. light: that the lips let into the photo's mouth, 0…1, 1 for a closed one. seam:
    (3,) colour of closed lips' line. depth: z of the lips, normalised. palette: the photo's colours, which everything
    drawn takes.
    """

    interior: Interior
    is_open: bool
    resting_gap: Floats
    light: float
    seam: Floats
    depth: float
    palette: Palette


def prepare_mouth(
    photo: Pixels, mesh: FaceMesh, palette: Palette, found: Classes | None, is_drawn: bool = False
) -> Mouth:
    """Return the mouth of a portrait. found: the teeth that the photo shows, around lips refitted to them.

    is_drawn: the colours are `drawn_colours`.
    """
    upper, lower = mesh.source[list(UPPER_LIP)], mesh.source[list(LOWER_LIP)]
    gap = upper[:, 1] - lower[:, 1]
    is_open = float(gap[3:8].mean()) > OPEN * mesh.pose.scale
    own = own_teeth(photo, mesh.source, found) if is_open and found else None
    colours = drawn_colours(palette) if is_drawn else mouth_colours(photo, mesh.source, palette)
    return Mouth(
        interior=prepare_interior(colours, *_placed(mesh, is_open, own), mesh.pose, photo, own),
        is_open=is_open,
        resting_gap=np.zeros_like(gap) if is_open else np.maximum(gap, 0),
        light=light_let_in(gap / mesh.pose.scale) if is_open else 1.0,
        seam=palette.toned(palette.dimmed(_lip_colour(photo, mesh), SEAM_SHADE)),
        depth=float(mesh.normalised[[13, 14], 2].mean()),
        palette=palette,
    )


def behind_closed_lips(face: Floats) -> tuple[Floats, Floats]:
    """Return (3,) the middle of the upper incisors' edge and (3,) the chin of a normalised face with closed lips."""
    return np.asarray(face[[13, 14]].mean(0) - BEHIND_LIPS, np.float32), face[CHIN].copy()


def _placed(mesh: FaceMesh, is_open: bool, own: OwnTeeth | None) -> tuple[Floats, Floats]:
    """Return (3,) the middle of the upper incisors' edge and (3,) the chin while the teeth are closed, normalised."""
    face = mesh.normalised
    edge, chin = behind_closed_lips(face)
    if not is_open:
        return edge, chin
    if own is None:
        chin[1] += (face[13, 1] - face[14, 1]) / JAW_FOR_GAP
        edge[1] = face[2, 1] + EDGE_THIRD * (chin[1] - face[2, 1])
        return edge, chin
    seen = picture_points(apply_pose(edge, mesh.pose))
    edge[1] -= (own.edge[1] - seen[1]) / mesh.pose.scale
    chin[1] += max(0.0, float(edge[1] - face[14, 1]) - OVER_LIP) / JAW_FOR_GAP
    return edge, chin


def draw_mouth(picture: Pixels, photo: Pixels, mesh: FaceMesh, moved: MovedMesh, mouth: Mouth) -> None:
    """Draw the inside of the mouth into the picture (s, s, 3), under the opening that the lips leave."""
    upper, lower = (picture_points(moved.vertices[row]) for row in _LIPS)
    gap = np.maximum(lower[:, 1] - upper[:, 1] - mouth.resting_gap, 0)
    middle = (upper[:, 1] + lower[:, 1]) / 2
    upper[:, 1], lower[:, 1] = middle - gap / 2, middle + gap / 2
    box = bounding_box(np.concatenate([upper, lower]), 6, len(picture))
    target = picture[box.slices]
    if mouth.is_open:
        line = np.asarray((upper + lower) / 2 - np.array([box.x0, box.y0]), np.float32)
        _draw_seam(target, line, gap, mouth, moved)
    outline = np.concatenate([_CURVE @ upper, (_CURVE @ lower)[::-1]])
    most = np.float32(min(max((float(gap.max()) - 0.4) / 1.2, 0.0), 1.0))
    mask = polygon_mask(outline, box) * most
    if mask.any():
        mask = cv2.GaussianBlur(mask, (0, 0), SOFT_RIM * moved.pose.scale).astype(np.float32, copy=False)
        light = min(1.0, light_let_in(gap / moved.pose.scale) / mouth.light)
        rest = _rest(mesh, moved)
        dim = dimming(np.float32(light) * _edge_shade(mask, moved.pose.scale, 1 - rest))
        inside = mouth.palette.toned(mouth.palette.dimmed(_inside(photo, mesh, moved, mouth, box, rest), dim))
        cover = np.minimum(OVER_TEETH * mask, most) if mouth.is_open else mask
        lay_over(target, np.minimum(inside, 255), cover)


def _rest(mesh: FaceMesh, moved: MovedMesh) -> float:
    """Return 1 when the lips are where the photo has them, falling to 0 as they move."""
    lips = moved.normalised[_INNER_LIPS] - mesh.normalised[_INNER_LIPS]
    return math.exp(-((float(np.abs(lips).max()) / AT_REST) ** 2))


def _edge_shade(mask: Floats, scale: float, strength: float) -> Floats:
    """Return (h, w) light 0…1 inside the mouth: the lips shade what lies just behind them."""
    around = cv2.GaussianBlur(mask, (0, 0), EDGE_SHADE * scale, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(1 - np.float32(EDGE_DIMMING * strength) * np.clip(2 - 2 * around, 0, 1), np.float32)


def _inside(photo: Pixels, mesh: FaceMesh, moved: MovedMesh, mouth: Mouth, box: Box, rest: float) -> Floats:
    """Return the (h, w, 3) colours of the mouth's inside in the box."""
    inside = interior_in(box, mouth.interior, moved.normalised[CHIN], moved.pose)
    if not mouth.is_open or rest < LEAST_REST:
        return inside
    back = skull_motion(moved.skull, mouth.depth)
    back[:, 2] += back[:, :2] @ np.array([box.x0, box.y0], np.float32)
    size = (box.x1 - box.x0, box.y1 - box.y0)
    own = cv2.warpAffine(photo, back, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP).astype(np.float32)
    return np.asarray(inside + (own - inside) * np.float32(rest), np.float32)


def light_let_in(gap: Floats) -> float:
    """Return the share of light let in by lips that are (11,) normalised units apart, `DARKEST`…1."""
    return DARKEST + (1 - DARKEST) * min(max(float(gap[3:8].mean()) / LIT, 0.0), 1.0)


def dimming(light: Floats) -> Floats:
    """Return (h, w, 3) shares of red, green and blue that are left of (h, w) shares of light behind lips."""
    logarithm = cv2.log(light)
    return np.asarray(cv2.exp(cv2.merge([logarithm * exponent for exponent in _DIMMING])), np.float32)


_DIMMING: Final[Floats] = np.array([0.75, 1.15, 1.2], np.float32)
"""Exponents of red, green and blue in the light behind lips: it is warm."""
_CURVE: Final = curve(len(UPPER_LIP))
_LIPS: Final = np.array([UPPER_LIP, LOWER_LIP])
_INNER_LIPS: Final = np.array(INNER_LIPS)


def _lip_colour(photo: Pixels, mesh: FaceMesh) -> Floats:
    """Return the (3,) mean colour of the lips."""
    points = picture_points(mesh.source[[0, 17, 37, 267, 84, 314, 11, 16]])
    columns, rows = np.clip(np.rint(points), 0, len(photo) - 1).astype(int).T
    return np.asarray(photo[rows, columns].mean(0), np.float32)


def _draw_seam(target: Pixels, line: Floats, gap: Floats, mouth: Mouth, moved: MovedMesh) -> None:
    """Draw the dark line of lips that meet, stronger the closer they are."""
    scale = moved.pose.scale
    closed = min(max(1 - float(gap[1:-1].mean()) / (SEAM * scale), 0.0), 1.0)
    if closed == 0:
        return
    mask, thickness = np.zeros(target.shape[:2], np.uint8), max(1, int(scale / THICKER))
    cv2.polylines(mask, [np.rint(_CURVE @ line * 16).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, 4)
    cover = cv2.GaussianBlur(mask, (0, 0), 0.004 * scale + 0.3).astype(np.float32) * np.float32(closed / 255 * 1.3)
    lay_over(target, filled_with(mouth.seam, target.shape), np.minimum(cover, np.float32(0.9)))
