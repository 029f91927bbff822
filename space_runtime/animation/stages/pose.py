"""The head's motion at a frame's media time, and how it adds to the pose of the portrait."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from space_runtime.animation.control_batch import ControlBatch
from space_runtime.arrays import Doubles, Floats
from space_runtime.geometry import NECK, HeadPose, euler_angles, rotation_matrix
from space_runtime.soa import some

NOD_RAD: Final = math.radians(1.6)
"""Angle by which the head goes down on the most stressed syllables: small beats accompany a talk (Hadar et al. 1983,
Language and Speech 26(2)), and go with pitch and loudness (Munhall et al. 2004, Psychological Science 15(2))."""


def head_motion(controls: ControlBatch, own: Floats, media_sample: Doubles) -> Floats:
    """Return (F, 6) motions of heads from their rest: yaw, pitch, roll (radians) and x, y, z (normalised units).

    controls: F rows. own: (F, 6) of the motion source at strength 1; a turn towards what is looked at is added to it,
    and a given track takes the place of both. A constant offset is added to either.
    """
    motion: Floats = own * controls.head_strength[:, None]
    if some(controls.turn):
        motion[:, :2] += controls.turn
    if some(controls.is_given):
        given = np.flatnonzero(controls.is_given)
        motion[given] = _given(controls.given[given], controls.given_samples[given], media_sample[given])
    if some(controls.head_offset):
        motion[:, :3] += controls.head_offset
    return motion


def _given(rows: Floats, samples: Doubles, media_sample: Doubles) -> Floats:
    """(F, 6) between (F, 2, 6) rows of tracks that stand at (F, 2) media times."""
    before, after = samples[:, 0], samples[:, 1]
    inside = np.isfinite(before) & np.isfinite(after)
    share = np.zeros(len(rows))
    share[inside] = (media_sample[inside] - before[inside]) / (after[inside] - before[inside])
    motion: Floats = (rows[:, 0] + share[:, None] * (rows[:, 1] - rows[:, 0])).astype(np.float32)
    return motion


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
