"""ICT-FaceKit read off at the 78 landmarks (Li et al. 2020, "Learning Formation of Physically-Based Face Attributes",
CVPR; MIT)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Floats, Longs
from space_runtime.geometry import N_LANDMARKS, normalise

SUMMED = {"browInnerUp": ("browInnerUp_L", "browInnerUp_R"), "cheekPuff": ("cheekPuff_L", "cheekPuff_R")}
MISSING = ("tongueOut",)
"""Shapes that ICT-FaceKit lacks: they stay zero."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceModel:
    """ICT-FaceKit at the 78 landmarks, in normalised units of its neutral face, before normalisation per face.

    mean (78, 3); identities (50, 78, 3) per standard deviation; shapes (52, 78, 3) in ARKit's order, at weight 1.
    """

    mean: Floats
    identities: Floats
    shapes: Floats


def read_face_model(data: Path, iris: Floats) -> FaceModel:
    """Return ICT-FaceKit at the landmarks; ``iris`` (10, 3) are iris points relative to the mean of each eye's lids."""
    with np.load(data / "face_model" / "ict_facekit.npz") as ict:
        points = ict["landmark68"]
        neutral, pose = normalise(ict["neutral"][points])
        expressions = ict["expressions"][:, points].astype(np.float32) / np.float32(pose.scale)
        modes = ict["identities"].astype(np.float32) / np.float32(pose.scale)
        names = [str(name) for name in ict["expression_names"]]
        eyes = [_eyeball_vertices(ict, side) for side in ("Right", "Left")]
    still = np.zeros((len(names), 10, 3), np.float32)
    moved = np.concatenate([np.repeat(modes[:, eye].mean(1, keepdims=True), 5, 1) for eye in eyes], 1)
    shapes = _arkit_shapes(names, np.concatenate([expressions, still], 1))
    mean = np.concatenate([neutral, iris + lid_centres(neutral)])
    return FaceModel(mean, np.concatenate([modes[:, points], moved], 1), shapes)


def _eyeball_vertices(ict: np.lib.npyio.NpzFile, side: str) -> Longs:
    material = [str(name) for name in ict["material_names"]].index(f"M_Iris{side}")
    faces = ict["faces"][ict["face_material"] == material]
    return np.unique(faces[faces >= 0]).astype(np.int64)


def lid_centres(face: Floats) -> Floats:
    """(10, 3): the mean of the four lid points of the right eye five times, then of the left."""
    centres = [face[[37, 38, 40, 41]].mean(0), face[[43, 44, 46, 47]].mean(0)]
    return np.repeat(np.array(centres, np.float32), 5, 0)


def _arkit_shapes(names: list[str], expressions: Floats) -> Floats:
    """(52, 78, 3) in ARKit's order. ICT's extra shapes (pupil, cheek raiser) have no ARKit name and are left out."""
    shapes = np.zeros((len(ARKIT_NAMES), N_LANDMARKS, 3), np.float32)
    for row, name in enumerate(ARKIT_NAMES):
        short = name.removesuffix("Left") + "_L" if name.endswith("Left") else name.removesuffix("Right") + "_R"
        parts = SUMMED.get(name) or ((name,) if name in names else (short,))
        if name not in MISSING:
            shapes[row] = sum(expressions[names.index(part)] for part in parts)
    return shapes
