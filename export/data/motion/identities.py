"""Faces of random identities at the 78 landmarks from ICT-FaceKit.

The iris is the front of the eyeball: its centre has the depth of the foremost vertex, its rim are four points at a
fixed share of the eyeball's radius.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.geometry import normalise

RIM: Final = 0.48
"""Radius of the iris over that of the eyeball (11.8 mm over 24 mm)."""
EYEBALLS: Final = (slice(23021, 24591), slice(21451, 23021))
"""Vertices of the eyeballs of the subject's right and left eye in ICT-FaceKit's mesh."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceModel:
    """ICT-FaceKit at the landmarks, in the model's own unit and axes.

    neutral: (78, 3). identities: (50, 78, 3) per standard deviation.
    """

    neutral: Floats
    identities: Floats

    def identity(self, weights: Floats) -> tuple[Floats, float]:
        """Return ((78, 3) normalised neutral landmarks, normalised units per model unit) of (50,) weights."""
        points = self.neutral + np.tensordot(weights, self.identities, 1)
        normalised, pose = normalise(points.astype(np.float32))
        return normalised, 1.0 / pose.scale


def load_face_model(data: Path) -> FaceModel:
    """Return the landmarks of ``data/face_model/ict_facekit.npz``."""
    with np.load(data / "face_model" / "ict_facekit.npz") as archive:
        picks = archive["landmark68"]
        neutral, identities = archive["neutral"], archive["identities"]
        irises = np.concatenate([_iris(neutral[ball]) for ball in EYEBALLS])
        centre_moves = np.concatenate(
            [np.repeat(identities[:, ball].astype(np.float32).mean(1, keepdims=True), 5, 1) for ball in EYEBALLS], 1
        )
    points = np.concatenate([neutral[picks], irises]).astype(np.float32)
    modes = np.concatenate([identities[:, picks].astype(np.float32), centre_moves], 1)
    return FaceModel(points, modes)


def _iris(ball: Floats) -> Floats:
    """Return (5, 3): the front of an eyeball (n, 3), then its rim in MediaPipe's order (+x, up, −x, down)."""
    centre, front = ball.mean(0), ball[ball[:, 2].argmax()]
    radius = float(np.ptp(ball[:, 0])) / 2
    around = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], np.float32)
    middle = np.array([centre[0], centre[1], front[2]])
    return np.concatenate([middle[None], middle + RIM * radius * around]).astype(np.float32)
