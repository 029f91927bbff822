"""The face model that every head is made of: ICT-FaceKit (Li et al. 2020, "Learning Formation of Physically-Based Face
Attributes", CVPR; MIT), reduced to what a game needs.

Axes: right-handed, x to the subject's left, y up, the face looks to +z; unit: centimetres.
``python -m export head-model`` writes the files beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Longs, Reals

MODEL: Final = Path(__file__).parent / "face_model.npz"
TRACKER_POINTS: Final = Path(__file__).parent / "tracker_points.npz"
N_TRACKED: Final = 468
"""The tracker's points on the skin; ten more lie on the irises."""


class Part(StrEnum):
    """A part of the head: an unbroken run of vertices."""

    FACE = "face"
    """Face, ears, head, neck and shoulders."""
    MOUTH_SOCKET = "mouth socket"
    """The inside of the cheeks, joined to the lips."""
    EYE_SOCKETS = "eye sockets"
    GUMS = "gums"
    """Gums, palate and tongue."""
    TEETH = "teeth"
    LEFT_EYE = "left eye"
    RIGHT_EYE = "right eye"
    LEFT_LASHES = "left lashes"
    RIGHT_LASHES = "right lashes"


PARTS: Final = tuple(Part)
SKIN: Final = (Part.FACE, Part.MOUTH_SOCKET, Part.EYE_SOCKETS)
"""The parts that are one connected surface."""
CURVES: Final = (
    "right_upper_lid",
    "right_lower_lid",
    "left_upper_lid",
    "left_lower_lid",
    "upper_lip",
    "lower_lip",
)
"""Names of the curves of a model: edges of lids and lips."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackerPoints:
    """Places of the tracker's points on the model: weights of three vertices each.

    vertices: (478, 3); weights: (478, 3), sums are 1. depth_bias: (468,) by how much too near to the viewer the tracker
    sees each point on average, cm. The last ten points, on the irises, have no place: their weights are 0.
    """

    vertices: Longs
    weights: Floats
    depth_bias: Floats

    def on(self, shape: Reals) -> Floats:
        """Return (…, 468, 3) points of shapes or displacements (…, V, 3)."""
        corners = shape[..., self.vertices[:N_TRACKED], :]
        return np.asarray((corners * self.weights[:N_TRACKED, :, None]).sum(-2), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FaceModel:
    """The model: ``shape = neutral + identities · w + expressions · e``, w about N(0, 1), e in 0…1.

    neutral: (V, 3). identities: (50, V, 3). expressions: (55, V, 3) with ICT's names. faces: (Q, 4) vertices
    counter-clockwise seen from outside, the last −1 for a triangle; face_uv: (Q, 4) rows of uv (M, 2), v up, a tile of
    ICT's a unit of u. parts: the vertices of each part, as a slice. landmarks: (68,) vertices of the iBUG landmarks.
    tongue: its vertices, among those of the gums.
    curves: vertices along the edges of lids and lips, by name, from the picture's left to its right.
    tracker: its points.
    """

    neutral: Floats
    identities: Floats
    expressions: Floats
    expression_names: tuple[str, ...]
    faces: Longs
    face_uv: Longs
    uv: Floats
    parts: Mapping[Part, slice]
    landmarks: Longs
    tongue: Longs
    curves: Mapping[str, Longs]
    tracker: TrackerPoints

    @property
    def n_skin(self) -> int:
        """The number of skin vertices; they are the first."""
        return int(self.parts[SKIN[-1]].stop)

    def expression(self, name: str) -> Floats:
        """Return the (V, 3) displacements of one of ICT's shapes."""
        shape: Floats = self.expressions[self.expression_names.index(name)]
        return shape

    def faces_of(self, *parts: Part) -> Longs:
        """Return the numbers of the faces whose first vertex belongs to one of the parts."""
        first = self.faces[:, 0]
        inside = [(first >= self.parts[part].start) & (first < self.parts[part].stop) for part in parts]
        return np.flatnonzero(np.any(inside, axis=0))


def triangles(quads: Longs) -> Longs:
    """Return (T, 3) of (Q, 4) faces whose last corner is −1 for a triangle: first halves, then second halves."""
    second = quads[quads[:, 3] >= 0]
    return np.concatenate([quads[:, [0, 1, 2]], second[:, [0, 2, 3]]])


@cache
def load_model() -> FaceModel:
    """Return the model of this package."""
    with np.load(TRACKER_POINTS) as file:
        points = TrackerPoints(file["vertices"].astype(np.int64), file["weights"], file["depth_bias"])
    return read_model(points)


def read_model(tracker: TrackerPoints) -> FaceModel:
    """Return the model of this package with other places for the tracker's points."""
    with np.load(MODEL) as file:
        arrays = dict(file)
    step = float(arrays["step"])
    ends = np.cumsum(arrays["part_sizes"]).tolist()
    starts = [0, *ends[:-1]]
    return FaceModel(
        neutral=_lengths(arrays["neutral"], step),
        identities=_lengths(arrays["identities"], step),
        expressions=_lengths(arrays["expressions"], step),
        expression_names=tuple(str(name) for name in arrays["expression_names"]),
        faces=arrays["faces"].astype(np.int64),
        face_uv=arrays["face_uv"].astype(np.int64),
        uv=arrays["uv"],
        parts={part: slice(start, end) for part, start, end in zip(PARTS, starts, ends, strict=True)},
        landmarks=arrays["landmarks"].astype(np.int64),
        tongue=arrays["tongue"].astype(np.int64),
        curves={name: arrays[name].astype(np.int64) for name in CURVES},
        tracker=tracker,
    )


def _lengths(units: np.ndarray, step: float) -> Floats:
    """Return (…, V, 3) centimetres of stored (…, 3, V) units."""
    return np.ascontiguousarray(np.swapaxes(units, -1, -2) * np.float32(step)).astype(np.float32)
