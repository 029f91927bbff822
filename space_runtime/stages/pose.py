"""The head's motion at a frame's media time, and how it adds to the pose of the portrait."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np

from space_runtime.errors import UsageError
from space_runtime.geometry import NEUTRAL_POSE, Floats, HeadPose, euler_angles, rotation_matrix
from space_runtime.idle import sway
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls, HeadMode

NECK: Final[Floats] = np.array([0.0, -0.6, -0.9], np.float32)
"""The point a head turns about, in normalised units from between the eyes: the joint of skull and neck, about 5 cm
below and 8 cm behind the outer corners of the eyes. Turned about the eyes instead, a head would swing like a mask."""


def head_motion(controls: Controls, frame_index: int, media_sample: Fraction) -> HeadPose:
    """Return the head's motion relative to its rest: rotation (radians), translation (normalised units), scale 1.

    Raises `UsageError` when given rotations are asked for and missing or not (n, 3).
    """
    if controls.head_mode is HeadMode.GIVEN:
        return _moved(_given_rotation(controls.head_track_rad, frame_index))
    if controls.head_mode is HeadMode.KEEP or controls.head_strength == 0:
        return NEUTRAL_POSE
    motion = sway(controls.seed, float(media_sample) / SAMPLE_RATE) * np.float32(controls.head_strength)
    return HeadPose(motion[:3], motion[3:], 1.0)


def compose(portrait_pose: HeadPose, motion: HeadPose) -> HeadPose:
    """Return the pose of the moved head: first ``motion``, turning about `NECK`, then the portrait's own pose.

    Law: ``compose(pose, no motion)`` is ``pose``.
    """
    shift = NECK - motion.scale * rotation_matrix(motion.rotation_rad) @ NECK
    about_neck = replace(motion, translation=(motion.translation + shift).astype(np.float32))
    return chain(portrait_pose, about_neck)


def chain(outer: HeadPose, inner: HeadPose) -> HeadPose:
    """Return one pose that does what ``inner`` and then ``outer`` do."""
    turn, rest = rotation_matrix(inner.rotation_rad), rotation_matrix(outer.rotation_rad)
    translation = outer.translation + outer.scale * rest @ inner.translation
    return HeadPose(euler_angles(rest @ turn), translation.astype(np.float32), outer.scale * inner.scale)


def _given_rotation(track: Floats | None, frame_index: int) -> Floats:
    if track is None or track.ndim != 2 or track.shape[1] != 3 or not len(track):
        shape = "no track" if track is None else f"a track of shape {track.shape}"
        raise UsageError(f"head mode 'given' came with {shape}; give head_track_rad of shape (n, 3), n > 0, in radians")
    return np.array(track[min(frame_index, len(track) - 1)], np.float32)


def _moved(rotation_rad: Floats) -> HeadPose:
    return HeadPose(rotation_rad, np.zeros(3, np.float32), 1.0)
