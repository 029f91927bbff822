"""A face mesh fitted to landmarks that a person placed: the mean face turned, scaled and bent until it meets them.

First the mean face is put where the points are: a similarity in the picture and a turn to the side (a drawing's pitch
cannot be told from its proportions). What is left at each point bends the mesh as a thin plate (Bookstein 1989, IEEE
TPAMI 11(6)), so that it passes through every point; depth is that of the turned mean face, flatter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Doubles, Floats, Index, Reals
from space_runtime.geometry import HeadPose, apply_pose, euler_angles, rotation_matrix
from space_runtime.portrait.mesh_points import EYES, IRISES, LOWER_LIP, UPPER_LIP

MEAN_MESH: Final = Path(__file__).parent / "mean_mesh.npz"
"""Written by ``python -m export head-model``."""
JAW: Final = 0.3
"""Opening of the jaw at which the mean mesh is bent: shut lips lie on one another, and a plate does not tear."""
TURNS_DEG: Final = np.arange(-40.0, 40.5, 1.0)
"""Turns to the side that are tried."""
TURN_COST: Final = 1.6e-6
"""Mean squared distance, in outer-eye-corner distances, that a degree² of turn must save."""
RELIEF: Final = 0.6
"""Depth of a fitted mesh, in that of the mean face: drawings are flat, and their contours tear less when they turn."""
IRIS_SHARE: Final = 0.22
"""Radius of an iris that was not placed, in widths of its eye: that of the mean face."""
_AROUND: Final[Floats] = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], np.float32)
"""The rim's points around the centre: the picture's right, top, left, bottom."""


@dataclass(frozen=True, slots=True, eq=False)
class MeanMesh:
    """The mean face. mesh: (478, 3) lips shut, normalised. jaw: (478, 3) its displacement as the jaw opens."""

    mesh: Floats
    jaw: Floats


@cache
def mean_mesh() -> MeanMesh:
    """Return the mean face of this package."""
    with np.load(MEAN_MESH) as file:
        return MeanMesh(file["mesh"], file["jaw"])


def fitted_mesh(points: Reals, at: Index) -> Floats:
    """Return the (478, 3) mesh, project axes, that meets (n, 2) points, y up, at the mesh points ``at`` (n,).

    At least both eyes' corners, the nose's tip, the lips and the chin must be among them.
    """
    mean = mean_mesh()
    open_mouthed = mean.mesh + np.float32(JAW) * mean.jaw
    on_skin = at < IRISES[0][0]
    skin, placed = at[on_skin], points[on_skin]
    pose = _pose(open_mouthed, skin, placed)
    base = apply_pose(open_mouthed, pose)
    plane = open_mouthed[:, :2]
    mesh = np.column_stack([base[:, :2], RELIEF * apply_pose(mean.mesh, pose)[:, 2]]).astype(np.float32)
    mesh[:, :2] += bent(plane[skin], placed - base[skin, :2], plane)
    _part_lips(mesh, mean, frozenset(skin.tolist()))
    _round_irises(mesh, dict(zip(at.tolist(), points, strict=True)))
    return mesh


def bent(places: Floats, ways: Reals, at: Floats) -> Floats:
    """Return (m, k) at (m, 2) points of the thin plate that goes (n, k) ways at (n, 2) places, n > 2, all distinct."""
    n = len(places)
    plain = np.column_stack([np.ones(n), places])
    system = np.block([[_plate(places, places), plain], [plain.T, np.zeros((3, 3))]])
    right = np.concatenate([ways, np.zeros((3, ways.shape[1]))])
    shares = np.linalg.solve(system, right)
    return np.asarray(
        _plate(at, places) @ shares[:n] + np.column_stack([np.ones(len(at)), at]) @ shares[n:], np.float32
    )


def _plate(a: Floats, b: Floats) -> Doubles:
    """Return (m, n) r² · log r² of the distances r."""
    squares = ((a[:, None].astype(np.float64) - b[None]) ** 2).sum(-1)
    return np.asarray(squares * np.log(np.maximum(squares, 1e-12)), np.float64)


def _pose(face: Floats, at: Index, points: Reals) -> HeadPose:
    """Return the turn to a side and the similarity of the picture that put a (478, 3) face nearest to (n, 2) points."""
    tries = [_similarity(face[at] @ rotation_matrix(np.radians([yaw, 0, 0])).T, points) for yaw in TURNS_DEG]
    costs = [error + TURN_COST * yaw**2 for (error, _), yaw in zip(tries, TURNS_DEG, strict=True)]
    best = int(np.argmin(costs))
    _, in_picture = tries[best]
    turn = rotation_matrix(in_picture.rotation_rad) @ rotation_matrix(np.radians([TURNS_DEG[best], 0, 0]))
    return HeadPose(euler_angles(turn), in_picture.translation, in_picture.scale)


def _similarity(face: Floats, points: Reals) -> tuple[float, HeadPose]:
    """Return the roll, shift and scale that put the (n, 3) face's columns and rows nearest to (n, 2) points, and what
    is left, the mean squared distance in the face's units."""
    source, target = _complex(face), _complex(points)
    about, to = source.mean(), target.mean()
    factor = np.vdot(source - about, target - to) / np.vdot(source - about, source - about).real
    left = target - to - factor * (source - about)
    shift, scale = to - factor * about, abs(factor)
    roll, translation = [0, 0, np.angle(factor)], [shift.real, shift.imag, 0]
    error = float((np.abs(left) ** 2).mean() / scale**2)
    return error, HeadPose(np.array(roll, np.float32), np.array(translation, np.float32), float(scale))


def _complex(points: Reals) -> NDArray[np.complex128]:
    return np.asarray(points[:, 0] + 1j * points[:, 1].astype(np.float64), np.complex128)


def _part_lips(mesh: Floats, mean: MeanMesh, given: frozenset[int]) -> None:
    """Part the inner lips from corner to corner as an opening jaw does, as far as they are apart in the middle.

    Where more of them was placed than the middle, they are only kept from crossing.
    """
    upper, lower = list(UPPER_LIP), list(LOWER_LIP)
    gaps = mesh[upper, :2] - mesh[lower, :2]
    middle = len(upper) // 2
    is_whole = bool(given & {*upper, *lower} - {upper[middle], lower[middle]})
    if is_whole:
        along = mesh[upper[0], :2] - mesh[upper[-1], :2]
        up = np.array([along[1], -along[0]]) / max(float(np.linalg.norm(along)), 1e-6)
        wanted = gaps - np.minimum(gaps @ up, 0)[:, None] * up
    else:
        opening = mean.jaw[upper, 1] - mean.jaw[lower, 1]
        wanted = gaps[middle] * (opening / opening[middle])[:, None]
    change = (wanted - gaps) / 2
    mesh[upper, :2] += change
    mesh[lower, :2] -= change


def _round_irises(mesh: Floats, given: dict[int, Reals]) -> None:
    """Make circles or upright ellipses of the irises, where they were placed or in the middle of the lids."""
    for iris, (upper, lower) in zip(IRISES, EYES, strict=True):
        width = float(np.linalg.norm(mesh[upper[0], :2] - mesh[upper[-1], :2]))
        opening = mesh[[*upper[1:-1], *lower[1:-1]], :2].mean(0)
        centre = given.get(iris[0], opening)
        right, top, left, bottom = (
            float(np.linalg.norm(given[point] - centre)) if point in given else None for point in iris[1:]
        )
        across = _mean((right, left)) or _mean((top, bottom)) or IRIS_SHARE * width
        mesh[iris[0], :2] = centre
        mesh[list(iris[1:]), :2] = centre + _AROUND * (across, _mean((top, bottom)) or across)


def _mean(lengths: tuple[float | None, ...]) -> float:
    """Return the mean of the lengths that are known, 0 where none is."""
    known = [length for length in lengths if length is not None]
    return sum(known) / len(known) if known else 0.0
