"""The lids' edges go where their landmarks are: what a network says of them is moved by what it misses there.

Landmarks2Latents has learned blinks whose lower lid rises by a tenth of the opening. That of people rises by a fifth,
and at a blink's first picture the network left it where it had been: in 10 films of a woman lids missed by 0.57 % of
the distance of the eyes while she blinked, on their landmarks by 0.15 %.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.geometry import MEDIAPIPE_68
from space_runtime.portrait.mesh_points import EYES
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF

_EDGES: Final = tuple(edge for lids in EYES for edge in lids)
_KNOWN: Final = tuple(place for place, point in enumerate(_EDGES[0]) if point in MEDIAPIPE_68)
ROWS: Final = np.array([[KEYPOINT_OF[point] for point in edge] for edge in _EDGES])
"""(4, 9) keypoints of upper and lower lids' edges, from corner to corner."""
LANDMARKS: Final = np.array([[MEDIAPIPE_68.index(edge[place]) for place in _KNOWN] for edge in _EDGES])
"""(4, 4) landmarks among them, the corners included."""
SHARES: Final[Floats] = np.stack(
    [np.interp(np.arange(len(_EDGES[0])), _KNOWN, one) for one in np.eye(len(_KNOWN))], 1
).astype(np.float32)
"""(9, 4) what a landmark's way adds to each point of its edge: linear between two neighbours."""


def on_landmarks(keypoints: Floats, landmarks: Floats) -> Floats:
    """Return (160, 3) normalised keypoints whose lids' edges go through their (78, 3) landmarks.

    The points between two landmarks go along. Keypoints of a face whose landmarks they hold stay as they are.
    """
    missed = landmarks[LANDMARKS] - keypoints[ROWS[:, list(_KNOWN)]]
    held = keypoints.copy()
    held[ROWS] += (SHARES[..., None] * missed[:, None]).sum(2)
    return held
