"""The inner edge of the lips, put where the photo's colours say it is.

The tracker reads closed mouths well; where teeth show, its line often lies on the lower lip or on the teeth. Skin that
counts as inside would stay in place when the lips move, teeth that count as lip would be pressed together with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Mask
from space_runtime.geometry import apply_pose, picture_points, remove_pose, smoothstep
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP, FaceMesh, MovedMesh
from space_runtime.rendering.warp.own_teeth import Classes

SAMPLES: Final = 64
"""Samples on the way from below one lip to above the other."""
BEYOND: Final = 0.4
"""How far beyond the tracked lines is looked, shares of the gap."""
MOST_INWARD: Final = 0.45
"""How far the lower lip's line may move to the middle, a share of the gap."""
UPPER_INWARD: Final = 0.05
"""How far the upper lip's may: gums and the spaces between teeth look like lip, and what lies above the line moves with
it."""
MOST_OUTWARD: Final = 0.015
"""How far a line may move outwards, normalised units: the next row of mesh points is near."""
LEAST_GAP: Final = 1e-3
LEAST_TUCK: Final = 1e-3
"""Share of the tuck below which it is left out."""
LIPS: Final = (*UPPER_LIP[1:-1], *LOWER_LIP[1:-1])
# fmt: off
BEHIND: Final = (183, 42, 41, 38, 12, 268, 271, 272, 407, 96, 89, 179, 86, 15, 316, 403, 319, 325)
"""The points beside those of `LIPS`, a row further out."""
MIDDLE: Final = (184, 74, 73, 72, 11, 302, 303, 304, 408, 77, 90, 180, 85, 16, 315, 404, 320, 307)
"""The points in the middle of the lips."""
# fmt: on
_LIPS: Final = np.array(LIPS)
_TUCKED: Final = np.array([*LIPS, *BEHIND])
TUCKED: Final = 0.35
"""Where lips that are not where the photo has them take their edge from: this share, 0…1, of the way from their edge in
the photo to their middle. The photo's edge has some of its teeth, which would stay on the lip as a saw."""
FRINGE: Final = 0.016
"""Width of that edge, normalised units: thin lips give more than that share, `MOST_TUCKED` at most."""
MOST_TUCKED: Final = 0.6
AT_REST: Final = 0.01
"""Motion of the lips, in normalised units, at which 0.63 of that is done."""
MEETING: Final = 0.05
"""Gap, normalised units, below which lips are drawn nearer to each other than they are."""
OVERLAP: Final = 0.006
"""Overlap of lips that meet, normalised units: between lines of other points than theirs teeth would shine through."""


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """offsets: (18, 3) of `LIPS` from their tracked places, normalised. gaps: (9,) between the tracked ones, y.

    apart: mean gap of the refitted lips, normalised: at that, and above, lips are drawn as they are. tuck: (36, 3)
    pixels from `LIPS` and `BEHIND` in the photo to where moved lips take their colours from.
    """

    offsets: Floats
    gaps: Floats
    apart: float
    tuck: Floats


def refitted(mesh: FaceMesh, found: Classes) -> tuple[FaceMesh, Refit]:
    """Return the mesh with the inner edge of its lips at the border of what is tooth or dark, and the change."""
    upper, lower = (picture_points(mesh.source[list(row)]) for row in (UPPER_LIP, LOWER_LIP))
    moves = np.zeros((2, len(upper), 2), np.float32)
    for i in range(1, len(upper) - 1):
        moves[:, i] = _moves(upper[i], lower[i], found, MOST_OUTWARD * mesh.pose.scale)
    smooth = (moves[:, :-2] + 2 * moves[:, 1:-1] + moves[:, 2:]) / 4
    source = mesh.source.copy()
    source[list(LIPS), :2] += smooth.reshape(-1, 2) * np.array([1, -1], np.float32)
    normalised = mesh.normalised.copy()
    normalised[list(LIPS)] = remove_pose(source[list(LIPS)], mesh.pose)
    before, n = mesh.normalised[list(LIPS)], len(LIPS) // 2
    gaps = np.maximum(before[:n, 1] - before[n:, 1], LEAST_GAP)
    outwards = source[list(MIDDLE)] - source[list(LIPS)]
    length = np.maximum(np.linalg.norm(outwards[:, :2], axis=1), 1)
    share = np.clip(FRINGE * mesh.pose.scale / length, TUCKED, MOST_TUCKED)
    tuck = np.tile(share, 2)[:, None] * (source[[*MIDDLE, *MIDDLE]] - source[[*LIPS, *BEHIND]])
    own = normalised[list(LIPS), 1]
    apart = max(float((own[:n] - own[n:]).mean()), LEAST_GAP)
    refit = Refit(normalised[list(LIPS)] - before, gaps, apart, tuck)
    return replace(mesh, source=source, normalised=normalised), refit


def _moves(upper: Floats, lower: Floats, found: Classes, outward: float) -> Floats:
    """Return (2, 2) by how much the two ends of a gap move in the picture."""
    way = lower - upper
    gap = float(np.linalg.norm(way))
    if gap < 2:
        return np.zeros((2, 2), np.float32)
    places = np.linspace(-BEYOND, 1 + BEYOND, SAMPLES)
    points = np.rint(upper + places[:, None] * way).astype(int) - (found.box.x0, found.box.y0)
    height, width = found.tooth.shape
    columns, rows = np.clip(points.T, 0, [[width - 1], [height - 1]])
    first, last = _inside(found.inside[rows, columns], places)
    limit = outward / gap
    first = float(np.clip(first, -limit, UPPER_INWARD))
    last = float(np.clip(last, 1 - MOST_INWARD, 1 + limit))
    return np.stack([first * way, (last - 1) * way]).astype(np.float32)


def _inside(inside: Mask, places: Doubles) -> tuple[float, float]:
    """Return the ends of the run of samples inside that reaches furthest, 0 and 1 if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    runs = edges.reshape(-1, 2)
    within = [(min(places[b - 1], 1.0) - max(places[a], 0.0), a, b) for a, b in runs]
    if not within or max(within)[0] <= 0.1:
        return 0.0, 1.0
    _, start, end = max(within)
    return float(places[start]), float(places[end - 1])


def closing(moved: MovedMesh, refit: Refit) -> MovedMesh:
    """Return the moved mesh with the refit undone as far as the lips close, so that they meet where tracked ones do.

    Lips that are nearly shut meet, and overlap a little: a sliver of teeth between them would read as an open mouth.
    """
    lips, n = moved.normalised[_LIPS], len(LIPS) // 2
    tracked = lips - refit.offsets
    open_by = np.minimum(np.maximum((tracked[:n, 1] - tracked[n:, 1]) / refit.gaps, 0), 1)
    closer: Floats = np.asarray(tracked + np.concatenate([open_by, open_by])[:, None] * refit.offsets, np.float32)
    half = (closer[:n, 1] - closer[n:, 1]) / 2
    near = np.float32(1 - smoothstep(float(2 * half.mean()), 0.0, min(MEETING, refit.apart)))
    met = -near * half
    met -= near * np.maximum(np.float32(OVERLAP / 2) - np.maximum(half + met, 0), 0)
    closer[:, 1] += np.concatenate([met, -met])
    normalised, vertices = moved.normalised.copy(), moved.vertices.copy()
    normalised[_LIPS] = closer
    vertices[_LIPS] = apply_pose(closer, moved.pose, moved.rotation)
    return replace(moved, normalised=normalised, vertices=vertices)


def tucked(mesh: FaceMesh, moved: MovedMesh, refit: Refit) -> FaceMesh:
    """Return the mesh with the edges of its lips further out in the photo as far as the lips have left their places."""
    most = float(np.abs(moved.normalised[_LIPS] - mesh.normalised[_LIPS]).max())
    share = 1 - math.exp(-((most / AT_REST) ** 2))
    if share < LEAST_TUCK:
        return mesh
    source = mesh.source.copy()
    source[_TUCKED] += np.float32(share) * refit.tuck
    return replace(mesh, source=source)
