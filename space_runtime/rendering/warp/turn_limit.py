"""The limit of a photo's turn: beyond some 30° a warp shows what no photo from the other side has, and tears.

Turns near the photo's own pose stay as they are asked for. Further ones come to rest softly before the limit, and with
them the way that the head goes to that side.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from space_runtime.geometry import HeadPose

MOST_RAD: Final = math.radians(33)
"""Yaw to the viewer that is not exceeded."""
EASE_RAD: Final = math.radians(8)
"""The last part of the way to it, over which turns are shortened."""
LEAST_RAD: Final = math.radians(4)
"""Way that photos which are turned so far themselves are turned further at most."""


def limited(pose: HeadPose, photo: HeadPose) -> HeadPose:
    """Return a head's pose, turned to a side no further than a photo with its own pose can be."""
    asked = float(pose.rotation_rad[0] - photo.rotation_rad[0])
    room = max(MOST_RAD - math.copysign(1, asked) * float(photo.rotation_rad[0]), LEAST_RAD)
    ease = min(EASE_RAD, room)
    beyond = abs(asked) - (room - ease)
    if beyond <= 0:
        return pose
    share = (room - ease + ease * math.tanh(beyond / ease)) / abs(asked)
    rotation, translation = pose.rotation_rad.copy(), pose.translation.copy()
    rotation[0] = photo.rotation_rad[0] + np.float32(share * asked)
    translation[0] = photo.translation[0] + np.float32(share) * (translation[0] - photo.translation[0])
    return replace(pose, rotation_rad=rotation, translation=translation)
