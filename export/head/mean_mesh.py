"""The mean face as the tracker's 478 points: what `space_runtime.portrait.fitted_mesh` bends to placed landmarks."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.animation.pipeline import open_rig
from space_runtime.arrays import Floats
from space_runtime.geometry import MEDIAPIPE_68, MEDIAPIPE_IRIS, fit_similarity, remove_pose
from space_runtime.head.model import FaceModel, load_model
from space_runtime.inference.bundle import load_bundle
from space_runtime.portrait.fitted_mesh import JAW, bent

JAW_OPEN: Final = "jawOpen"


def mean_mesh() -> dict[str, Floats]:
    """Return ``mesh``: (478, 3) of the mean face, lips shut, normalised; and ``jaw``: (478, 3) its way as the jaw
    opens.

    ICT-FaceKit's neutral face at the tracker's points, bent so that its 78 landmarks are those of the rig's neutral
    face: what the tracker sees differs from where the model has the contour and the nostrils.
    """
    model, neutral = load_model(), open_rig(load_bundle()).neutral
    skin = _on_skin(model)
    place = fit_similarity(neutral[: len(MEDIAPIPE_68)], skin[list(MEDIAPIPE_68)])
    skin = remove_pose(skin, place)
    jaw = model.tracker.on(model.expression(JAW_OPEN)) / np.float32(place.scale)
    landmarks = list(MEDIAPIPE_68)
    distinct = (skin + jaw * np.float32(JAW))[:, :2]
    moved = skin + bent(distinct[landmarks], neutral[: len(landmarks)] - skin[landmarks], distinct)
    irises = neutral[len(landmarks) :]
    assert MEDIAPIPE_IRIS[0] == len(skin)
    still = np.zeros_like(irises)
    return {"mesh": np.concatenate([moved, irises]), "jaw": np.concatenate([jaw, still])}


def _on_skin(model: FaceModel) -> Floats:
    """Return (468, 3) of the neutral face, as deep as the tracker sees it."""
    points = model.tracker.on(model.neutral)
    points[:, 2] += model.tracker.depth_bias
    return points
