"""The spaces of places to look at: the character's, and that of the camera in front of which its portrait was taken."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.geometry import HeadPose, rotation_matrix
from space_runtime.values import LookSpace

FACING: Final[Floats] = np.zeros(3, np.float32)
"""The view of a head that faces the camera, as all do that have no portrait."""

_TOLD: Final = np.array([0.4, 1.0])
"""Part of a glance that `RigIdentity.photo_gaze_rad` tells, in yaw and pitch: trackers pull irises to the middle of the
eye, and an identity takes small glances for the way in which its eyes are made. Pictures drawn with glances of 12…29°
aside were read as 2.5…12.5°; of glances up and down, which the lids follow, hardly anything is told."""
_GLANCE_RAD: Final = np.radians([5.0, 15.0])
"""Yaw and pitch by which a photo's gaze misses the camera that are half a glance aside and half an error of tracking:
the pitch of a single photo is uncertain, because noses and brows differ."""


def camera_view(photo: HeadPose, photo_gaze_rad: Floats) -> Floats:
    """Return (3,) yaw, pitch, roll in radians by which a camera sees a portrait's head at rest turned.

    photo: the pose of that head. photo_gaze_rad: (2, 2) see `RigIdentity`. Most people look into the camera, and their
    eyes tell better than the pose where it is: so a gaze that misses it little counts as one that meets it, one that
    misses it far as a glance aside, with a soft border (`_GLANCE_RAD`).
    """
    by_pose = np.array(toward_camera(photo.rotation_rad))
    gaze = true_gaze(photo_gaze_rad)
    missed = gaze - by_pose
    yaw, pitch = gaze - missed**3 / (missed**2 + _GLANCE_RAD**2)
    ahead = np.array([math.sin(yaw) * math.cos(pitch), -math.sin(pitch), math.cos(yaw) * math.cos(pitch)])
    roll = float(photo.rotation_rad[2])
    x, y, z = (rotation_matrix(np.array([0.0, 0.0, roll])) @ ahead).tolist()
    return np.array([-math.asin(x), math.atan2(y, z), roll], np.float32)


def true_gaze(photo_gaze_rad: Floats) -> Doubles:
    """Return (2,) yaw and pitch in radians in which eyes of a photo look that are read as (2, 2) angles."""
    gaze: Doubles = photo_gaze_rad.mean(0).astype(np.float64) / _TOLD
    return gaze


def toward_camera(view: Floats) -> tuple[float, float]:
    """Return yaw, pitch in radians of eyes that look into a camera that sees their head turned by ``view``."""
    return direction_of(*in_character(np.array([0, 0, 1], np.float32), LookSpace.CAMERA, view).tolist())


def in_character(point: Floats, space: LookSpace, view: Floats) -> Floats:
    """Return a (3,) point of the camera's space, or of the character's, in the character's. view: of `camera_view`."""
    return point @ rotation_matrix(view) if space is LookSpace.CAMERA else point


def direction_of(x: float, y: float, z: float) -> tuple[float, float]:
    """Return yaw, pitch in radians towards a point from the origin."""
    return math.atan2(x, z), -math.atan2(y, math.hypot(x, z))
