"""Places of the tracker's points on the face model.

The model is fitted to a mean face by landmarks, then warped onto it by thin plates, round by round; each point goes to
the nearest place on the surface.

Points on the edges of lids and lips go to vertices of these edges, so that both close together.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.optimize import lsq_linear
from scipy.spatial import cKDTree

from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.geometry import MEDIAPIPE_68
from space_runtime.head.fit import UNSEEN, similarity
from space_runtime.head.model import N_TRACKED, FaceModel, Part, triangles
from space_runtime.portrait.mesh_points import EYES
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP

N_JAW: Final = 17
"""The first landmarks lie on the outline, which the tracker and the model place differently: they count little."""
_LOOSE: Final = (61, 63, 65, 67)
"""Landmarks between the middle and the corners of the inner lips, whose place along them is nobody's agreement."""
_INSIDE: Final = np.r_[17:36, 48:60]
"""Landmarks that are vertices of their own: brows, nose, outer lips. Those of edges are placed along them."""
_N_MODES: Final = 20
_CANDIDATES: Final = 60
_SMOOTHING: Final = (1.0, 0.5, 0.2)
_ON_CURVES: Final = {
    "right_upper_lid": EYES[0][0],
    "right_lower_lid": EYES[0][1],
    "left_upper_lid": EYES[1][0],
    "left_lower_lid": EYES[1][1],
    "upper_lip": UPPER_LIP,
    "lower_lip": LOWER_LIP,
}


def correspondence(model: FaceModel, mean: Doubles) -> tuple[Longs, Doubles]:
    """Return (478, 3) vertices and (478, 3) weights for the points of a normalised mean face; irises weigh 0."""
    fitted, target = _landmark_fit(model, mean)
    skin = fitted[: model.n_skin]
    tight = np.setdiff1d(np.arange(68), _LOOSE)
    places = np.array(MEDIAPIPE_68)[tight]
    warped = skin + _warp(fitted[model.landmarks[tight]], target[places], 0.05)(skin)
    on_edges = _fixed_vertices(model, target)
    faces = _front(model)
    for smoothing in (*_SMOOTHING, None):
        corners, weights = _nearest(target[:N_TRACKED], warped, faces)
        for point, vertex in on_edges.items():
            corners[point], weights[point] = vertex, (1, 0, 0)
        if smoothing is not None:
            here = (weights[:, :, None] * skin[corners]).sum(1)
            warped = skin + _warp(here, target[:N_TRACKED], smoothing)(skin)
    irises = len(mean) - N_TRACKED
    return np.pad(corners, ((0, irises), (0, 0))), np.pad(weights, ((0, irises), (0, 0)))


def _landmark_fit(model: FaceModel, mean: Doubles) -> tuple[Doubles, Doubles]:
    """Return the model fitted to the mean face by the 68 landmarks, and the mean face in the model's frame."""
    places, marks = list(MEDIAPIPE_68), model.landmarks
    shown = [row for row, name in enumerate(model.expression_names) if not name.startswith(UNSEEN)]
    modes = np.concatenate([model.identities[:_N_MODES], model.expressions[shown]]).astype(np.float64)
    trust = np.ones(len(marks))
    trust[:N_JAW] = 0.15
    trust[list(_LOOSE)] = 1e-6
    count = np.sqrt(trust)[:, None] * np.array([1, 1, 0.6]) / 0.12
    usual = np.r_[np.ones(_N_MODES), np.full(len(shown), 0.25)]
    low, high = np.r_[np.full(_N_MODES, -3.0), np.zeros(len(shown))], np.r_[np.full(_N_MODES, 3.0), np.ones(len(shown))]
    shape: Doubles = model.neutral.astype(np.float64)
    target = mean
    for _ in range(6):
        scale, rotation, translation = similarity(mean[places], shape[marks], trust)
        target = scale * mean @ rotation.T + translation
        rows = (modes[:, marks] * count).reshape(len(modes), -1).T
        wanted = ((target[places] - model.neutral[marks]) * count).ravel()
        system = np.vstack([rows, np.diag(1 / usual)])
        weights = lsq_linear(system, np.r_[wanted, np.zeros(len(modes))], (low, high)).x
        shape = model.neutral.astype(np.float64) + np.tensordot(weights, modes, 1)
    return shape, target


def _warp(source: Doubles, target: Doubles, smoothing: float) -> RBFInterpolator:
    """Return the thin plate in space that moves source points onto target points."""
    distinct = np.unique(source.round(4), axis=0, return_index=True)[1]
    moved = target[distinct] - source[distinct]
    return RBFInterpolator(source[distinct], moved, kernel="thin_plate_spline", smoothing=smoothing)


def _fixed_vertices(model: FaceModel, target: Doubles) -> dict[int, int]:
    """Return the vertex of each point that has one: of landmarks off the edges, of points on edges by their share."""
    found: dict[int, int] = {}
    for landmark in _INSIDE.tolist():
        found.setdefault(MEDIAPIPE_68[landmark], int(model.landmarks[landmark]))
    for name, points in _ON_CURVES.items():
        curve = model.curves[name]
        shares, wanted = _shares(model.neutral[curve]), _shares(target[list(points)])
        for point, share in zip(points, wanted.tolist(), strict=True):
            found.setdefault(point, int(curve[np.abs(shares - share).argmin()]))
    return found


def _shares(line: Doubles | Floats) -> Doubles:
    """Return (n,) how far along a line of (n, 3) points each lies, 0…1."""
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=1)
    return np.asarray(np.r_[0, np.cumsum(lengths)] / lengths.sum())


def _front(model: FaceModel) -> Longs:
    """Return the triangles of the face that a portrait may show."""
    corners = triangles(model.faces[model.faces_of(Part.FACE)])
    return np.asarray(corners[(model.neutral[corners, 2] > -3.5).all(1)])


def _nearest(points: Doubles, shape: Doubles, faces: Longs) -> tuple[Longs, Doubles]:
    """Return (n, 3) vertices and weights of the nearest places on the triangles."""
    candidates = cKDTree(shape[faces].mean(1)).query(points, k=_CANDIDATES)[1]
    corners, weights = np.zeros((len(points), 3), np.int64), np.zeros((len(points), 3))
    least = np.full(len(points), np.inf)
    for tried in candidates.T:
        own = _barycentric(points, *np.moveaxis(shape[faces[tried]], 1, 0))
        distance = np.linalg.norm((own[:, :, None] * shape[faces[tried]]).sum(1) - points, axis=1)
        better = distance < least
        least[better], corners[better], weights[better] = distance[better], faces[tried][better], own[better]
    return corners, weights


def _barycentric(points: Doubles, a: Doubles, b: Doubles, c: Doubles) -> Doubles:
    """Return (n, 3) weights of points on triangles, clipped into them (Ericson 2005, section 3.4)."""
    across, along, towards = b - a, c - a, points - a
    aa, ab, bb = (across**2).sum(1), (across * along).sum(1), (along**2).sum(1)
    ta, tb = (towards * across).sum(1), (towards * along).sum(1)
    size = np.maximum(aa * bb - ab**2, 1e-12)
    second, third = (bb * ta - ab * tb) / size, (aa * tb - ab * ta) / size
    weights = np.clip(np.stack([1 - second - third, second, third], 1), 0, None)
    return np.asarray(weights / weights.sum(1, keepdims=True))
