"""A face that keeps the expression of its photo, and as a source of motion nothing else."""

from __future__ import annotations

import numpy as np

from space_runtime.animation.motion_source import RecordedMotion
from space_runtime.animation.pipeline import open_rig
from space_runtime.geometry import remove_pose
from space_runtime.inference.bundle import Bundle
from space_runtime.portrait.portrait import Portrait


def photo_motion(portrait: Portrait, bundle: Bundle) -> RecordedMotion:
    """Return the motion of a portrait that keeps its photo's expression for ever; its head rests.

    Speech begins from rest: without this a photo that smiles no longer does.
    """
    identity = open_rig(bundle).adapt(portrait.normalised)
    return RecordedMotion(
        samples=np.zeros(1),
        landmarks=remove_pose(portrait.normalised, identity.rest_in_photo)[None],
        head=np.zeros((1, 6), np.float32),
        eyes_rad=np.zeros((1, 2, 2), np.float32),
        lids=np.zeros(1),
    )
