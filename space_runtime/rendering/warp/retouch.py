"""The photo as a turn of the head needs it: without what the turn would draw out to streaks or press to a line.

Where a turn reveals a cheek, each pixel of the photo is drawn several pixels wide: what changes from row to row there
becomes streaks, so it is smoothed down the columns. Where the far side of the nose turns away, all its shade is pressed
into a dark line: it gets the colours around it. Prepared once for either side, as a change of the photo's colours;
added to a frame by as much as its head has turned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Index, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose, apply_pose, picture_points, smoothstep
from space_runtime.portrait.continuation import continued
from space_runtime.portrait.mirrored import MIRRORED
from space_runtime.rendering.warp.backward import Box, bounding_box
from space_runtime.rendering.warp.layers import enlarged, reduced, sampled
from space_runtime.rendering.warp.mesh import FaceMesh
from space_runtime.rendering.warp.mirror import N_FACE
from space_runtime.rendering.warp.raster import Indices
from space_runtime.rendering.warp.stretch import FEATURES, FULL_RAD, shared, skin_triangles, yawed

TURNS: Final = (math.radians(8), math.radians(22))
"""Turns from which on the change counts, and counts in full."""
STRETCH: Final = (1.6, 2.8)
"""Pixels that a pixel of the photo fills, from which skin is smoothed, and is smoothed in full."""
SMOOTH: Final = 2.2
"""Blur of that skin down its columns, pixels."""
SOFT: Final = 5.0
"""Blur of the borders of what is changed, pixels."""
MARGIN: Final = 4 * SOFT
"""Pixels from what is changed to where the blur of its borders has ended."""
PRESSED: Final = 0.4
"""Share of its area in the photo below which skin of the nose is pressed to a line."""
AROUND: Final = 2
"""Pixels around that skin that are changed, too."""
WIDE: Final = 24
"""Pixels around that skin from which it gets its colours."""
FLANK: Final = (51, 131, 134, 198, 49, 48, 115, 220, 236, 174, 196, 122, 188, 217, 114, 245, 128, 126, 142, 209, 129)
"""Points of the nose's right side, without the nostril."""
NOTHING: Final = 1e-3
"""Share of the change below which none is added."""
NO_AREA: Final = 1e-3
"""Twice the area, pixels², below which a triangle of the photo counts as a line."""
NONE: Final = 128
"""Byte of a change that adds nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Retouch:
    """The change of a turn to one side, in a box of the photo.

    change: (h, w, 3) colours to add, and `NONE` more, which stands at the edge. points: those of the mesh whose skin is
    changed. margin: pixels around them over which the change fades out.
    """

    box: Box
    change: Pixels
    points: Index
    margin: float


@dataclass(frozen=True, slots=True, eq=False)
class Retouched:
    """A retouch in a frame. box: where in the picture. share: 0…1 of the change."""

    retouch: Retouch
    box: Box
    share: float


def prepare_retouches(
    photo: Pixels, cover: Floats, mesh: FaceMesh, stretch: Floats, fine: int = 1
) -> tuple[Retouch | None, ...]:
    """Return the change for a turn by each sign of yaw, None where it has none. stretch: see `prepare_stretch`.

    cover: (s, s) the share of person in each pixel, 0…1; the background beside a cheek keeps its colours. The change is
    worked out on a photo that is ``fine`` times smaller.
    """
    small, person = reduced(photo, fine), reduced(cover, fine)
    return tuple(_prepared(small, person, mesh, stretch, sign * FULL_RAD, fine) for sign in (1, -1))


def retouched(
    retouches: tuple[Retouch | None, ...], mesh: FaceMesh, points: Floats, pose: HeadPose, side: int
) -> Retouched | None:
    """Return the change in a frame, None where there is none. points: (V, 2) of the moved mesh. side: pixels."""
    turn = float(pose.rotation_rad[0] - mesh.pose.rotation_rad[0])
    retouch, share = retouches[0 if turn > 0 else 1], float(smoothstep(abs(turn), *TURNS))
    if retouch is None or share < NOTHING:
        return None
    return Retouched(retouch, bounding_box(points[retouch.points], retouch.margin, side), share)


def add_retouch(picture: Pixels, parts: tuple[tuple[Box, Floats], ...], found: Retouched) -> None:
    """Add the change to a picture (s, s, 3) drawn by the maps of ``parts``, see `Backward`."""
    corner = np.array([found.retouch.box.x0, found.retouch.box.y0], np.float32)
    for box, places in parts:
        both = box.common(found.box)
        if both.x0 < both.x1 and both.y0 < both.y1:
            change = sampled(found.retouch.change, places[both.slices_in(box)] - corner)
            target = picture[both.slices]
            cv2.addWeighted(target, 1, change, found.share, -NONE * found.share, target)


def _prepared(
    photo: Pixels, cover: Floats, mesh: FaceMesh, stretch: Floats, turn_rad: float, fine: int
) -> Retouch | None:
    """Return the change for one turn of a photo that is ``fine`` times smaller."""
    pose, triangles = yawed(mesh, turn_rad), skin_triangles(mesh)
    here = shared(picture_points(mesh.source), stretch, mesh, pose)[:N_FACE]
    wider, larger = _growth(here, picture_points(apply_pose(mesh.normalised[:N_FACE], pose)), triangles)
    flank = np.array(FLANK) if turn_rad < 0 else MIRRORED[list(FLANK)]
    pressed = np.isin(triangles, flank).all(1) & (larger < PRESSED)
    skin = (mesh.normalised[triangles, 0].mean(1) * turn_rad < 0) & (larger > 0) & ~np.isin(triangles, FEATURES).any(1)
    stretched = smoothstep(wider, *STRETCH) * skin
    places = np.asarray((here + 0.5) / fine - 0.5, np.float32)
    change = _unshaded(photo, places, triangles[pressed])
    change += _smoothed(photo, places, triangles, np.asarray(stretched, np.float32))
    change *= cover[..., None]
    points = np.unique(triangles[pressed | (stretched > 0)])
    if not len(points):
        return None
    box = bounding_box(places[points], MARGIN, len(photo))
    inside = np.clip(np.rint(change[box.slices]) + NONE, 0, 255).astype(np.uint8)
    inside[[0, -1]] = inside[:, [0, -1]] = NONE
    box = Box(*(fine * edge for edge in (box.x0, box.y0, box.x1, box.y1)))
    return Retouch(box, enlarged(inside, fine), points, MARGIN * fine)


def _growth(here: Floats, there: Floats, triangles: Indices) -> tuple[Floats, Floats]:
    """Return (T,) how many times as long rows of the photo become in triangles, and how many times as large these.

    That of the area is below 0 for triangles that turn their back. Both are 0 where the photo has no area to draw.
    """
    before, after = (np.stack([p[triangles[:, k]] - p[triangles[:, 0]] for k in (1, 2)], -1) for p in (here, there))
    area = np.linalg.det(before)
    safe = np.where(np.abs(area) < NO_AREA, np.inf, area)
    back = np.stack([before[:, 1, 1], -before[:, 0, 1], -before[:, 1, 0], before[:, 0, 0]], 1).reshape(-1, 2, 2)
    ways = after @ back / safe[:, None, None]
    return np.linalg.norm(ways[:, :, 0], axis=1).astype(np.float32), (np.linalg.det(after) / safe).astype(np.float32)


def _smoothed(photo: Pixels, points: Floats, triangles: Indices, shares: Floats) -> Floats:
    """Return (h, w, 3) what smoothing down the columns changes, as far as (T,) shares of the triangles say."""
    wide = cv2.dilate(_drawn(photo, points, triangles, shares), np.ones((2 * round(SOFT) + 1,) * 2, np.uint8))
    cover = cv2.GaussianBlur(wide, (0, 0), SOFT)
    smooth = cv2.GaussianBlur(photo.astype(np.float32), (1, 0), sigmaX=1e-3, sigmaY=SMOOTH)
    return np.asarray((smooth - photo) * cover[..., None], np.float32)


def _unshaded(photo: Pixels, points: Floats, triangles: Indices) -> Floats:
    """Return (h, w, 3) what it changes to continue the colours around triangles over them."""
    change: Floats = np.zeros(photo.shape, np.float32)
    if not len(triangles):
        return change
    inside = _drawn(photo, points, triangles, np.ones(len(triangles), np.float32))
    wide = cv2.dilate((inside > 0).astype(np.uint8), np.ones((2 * AROUND + 1,) * 2, np.uint8))
    cover = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), AROUND)
    part = bounding_box(points[np.unique(triangles)], WIDE, len(photo)).slices
    change[part] = (continued(photo[part], wide[part] == 0) - photo[part]) * cover[part][..., None]
    return change


def _drawn(photo: Pixels, points: Floats, triangles: Indices, values: Floats) -> Floats:
    """Return (h, w) the (T,) values of triangles with corners at (n, 2) picture points, 0 beside them."""
    drawn: Floats = np.zeros(photo.shape[:2], np.float32)
    for corners, value in zip(np.rint(points[triangles]).astype(np.int32), values.tolist(), strict=True):
        cv2.fillConvexPoly(drawn, corners, value)
    return drawn
