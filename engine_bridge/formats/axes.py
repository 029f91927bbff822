"""Our angles as rotations of engines. Quaternions are x, y, z, w."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine_bridge.formats.clip import Clip, Values

Quaternions = NDArray[np.float64]


def quaternions(yaw: Values, pitch: Values, roll: Values) -> Quaternions:
    """Return (T, 4) of ``Ry(yaw) · Rx(pitch) · Rz(roll)``, right-handed, y up; signs are continuous."""
    half = [np.asarray(angle, np.float64) / 2 for angle in (yaw, pitch, roll)]
    (sy, sx, sz), (cy, cx, cz) = [np.sin(angle) for angle in half], [np.cos(angle) for angle in half]
    x = cy * sx * cz + sy * cx * sz
    y = sy * cx * cz - cy * sx * sz
    z = cy * cx * sz - sy * sx * cz
    w = cy * cx * cz + sy * sx * sz
    return np.stack([x, y, z, w], axis=-1)


def head_of(clip: Clip) -> Quaternions | None:
    """Return (T, 4) rotations of the head, None when the clip has none."""
    if clip.head_rotation_rad is None:
        return None
    return quaternions(*np.asarray(clip.head_rotation_rad, np.float64).T)


def eyes_of(clip: Clip) -> tuple[Quaternions, Quaternions] | None:
    """Return (T, 4) rotations of the left and of the right eye in the head, None when the clip has none."""
    if clip.eye_rotation_rad is None:
        return None
    left, right = (np.asarray(clip.eye_rotation_rad[:, side], np.float64) for side in (0, 1))
    none = np.zeros(clip.n_frames)
    return quaternions(left[:, 0], left[:, 1], none), quaternions(right[:, 0], right[:, 1], none)


def product(a: Quaternions, b: Quaternions) -> Quaternions:
    """Return a · b, row by row; either may be one (4,)."""
    ax, ay, az, aw = np.moveaxis(a, -1, 0)
    bx, by, bz, bw = np.moveaxis(b, -1, 0)
    x = aw * bx + ax * bw + ay * bz - az * by
    y = aw * by - ax * bz + ay * bw + az * bx
    z = aw * bz + ax * by - ay * bx + az * bw
    w = aw * bw - ax * bx - ay * by - az * bz
    result: Quaternions = np.stack(np.broadcast_arrays(x, y, z, w), axis=-1)
    return result


def inverse(a: Quaternions) -> Quaternions:
    """Return the inverse of unit quaternions."""
    result: Quaternions = a * np.array([-1.0, -1.0, -1.0, 1.0])
    return result
