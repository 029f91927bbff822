"""The photo as the head sees it: where each vertex lies in it, what of the head is visible, and which way it faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Longs, Pixels
from space_runtime.head.fitted_head import FittedHead
from space_runtime.head.meshes import vertex_normals
from space_runtime.head.model import SKIN, FaceModel, triangles
from space_runtime.head.picture_fields import sample
from space_runtime.head.raster import Raster, rasterise

_HIDDEN_CM: Final = 0.25
"""A vertex this far behind the nearest skin is hidden."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A photo with the head in it.

    photo: (h, w, 3) RGB 0…255. matte: (h, w) share of person. fitted: the head. model: its model.
    triangles: (T, 3) of the skin. camera: (n, 3) skin vertices in the photo's axes, pixels. normals: (n, 3) there.
    raster: of the skin in the photo.
    """

    photo: Floats
    matte: Floats
    fitted: FittedHead
    model: FaceModel
    triangles: Longs
    camera: Floats
    normals: Floats
    raster: Raster

    @property
    def picture_points(self) -> Floats:
        """(n, 2) columns and rows of the skin vertices."""
        return np.asarray(self.camera[:, :2] * np.array([1, -1], np.float32), np.float32)

    @property
    def centimetre(self) -> float:
        """Pixels of a centimetre."""
        return self.fitted.scale

    def visible(self, camera: Floats) -> Floats:
        """Return (…) 1 for points in the photo's axes that no skin hides, 0 for the others."""
        nearest = sample(self.raster.depth, camera[..., :2] * np.array([1, -1], np.float32))
        return np.asarray(camera[..., 2] > nearest - _HIDDEN_CM * self.centimetre, np.float32)


def see(photo: Pixels, matte: Floats, fitted: FittedHead, model: FaceModel) -> Sight:
    """Return the sight of a fitted head in a photo (h, w, 3) with its matte (h, w)."""
    skin = triangles(model.faces[model.faces_of(*SKIN)])
    posed = fitted.posed[: model.n_skin]
    camera = fitted.camera(posed)
    points = np.asarray(camera[:, :2] * np.array([1, -1]), np.float32)
    raster = rasterise(points, skin, (photo.shape[0], photo.shape[1]), camera[:, 2])
    normals = np.asarray(vertex_normals(posed, skin) @ fitted.rotation.T, np.float32)
    return Sight(photo.astype(np.float32), matte.astype(np.float32), fitted, model, skin, camera, normals, raster)
