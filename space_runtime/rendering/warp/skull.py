"""Views of what is fixed to the skull: from one frame's picture to another's, at whatever depth it lies."""

from __future__ import annotations

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.geometry import HeadPose, rotation_matrix


def view_of(pose: HeadPose, rotation: Floats | None = None) -> Doubles:
    """Return (2, 4): normalised points and 1 to picture points. rotation: the pose's matrix, where it is at hand."""
    view = np.empty((2, 4))
    view[:, :3] = (rotation_matrix(pose.rotation_rad) if rotation is None else rotation)[:2]
    view[:, :3] *= pose.scale
    view[:, 3] = pose.translation[:2]
    np.negative(view[1], out=view[1])
    return view


def back_from(now: Doubles, then: Doubles) -> Doubles:
    """Return (2, 4): picture points of one view, a depth and 1 to picture points of another."""
    (a, b), (c, d) = now[:, :2].tolist()
    back = then.copy()
    back[:, :2] = then[:, :2] @ np.array([[d, -b], [-c, a]]) / (a * d - b * c)
    back[:, 2:] -= back[:, :2] @ now[:, 2:]
    return back


def skull_motion(skull: Doubles, depth: float) -> Floats:
    """Return (2, 3): picture points of a frame to the photo's, for what is fixed to the skull at a depth.

    skull: (2, 4), see `back_from`.
    """
    back: Floats = skull[:, :3].astype(np.float32)
    back[:, 2] = skull[:, 2] * depth + skull[:, 3]
    return back
