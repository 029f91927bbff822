"""The atlas of the skin as texels: which place of the mesh each shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from space_runtime.arrays import Floats, Longs, Mask
from space_runtime.extras import cv2
from space_runtime.head.fitted_head import ATLAS_SIZE, FACE_TILE, atlas_pixels
from space_runtime.head.model import SKIN, load_model, triangles
from space_runtime.head.raster import rasterise


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """The n texels that the skin covers. covered: (1024, 2048). vertices: (n, 3) and weights: (n, 3) of their places.

    vertex_pixels: (V, 2) column and row of each skin vertex, of one of its places where a seam gives it several.
    """

    covered: Mask
    vertices: Longs
    weights: Floats
    vertex_pixels: Floats

    def texels(self, values: Floats) -> Floats:
        """Return (n, c) or (n,) of values (V, c) or (V,) at the skin's vertices."""
        corners = values[self.vertices]
        shares = self.weights if corners.ndim == 2 else self.weights[..., None]
        return np.asarray((corners * shares).sum(1), np.float32)

    def picture(self, texels: Floats) -> Floats:
        """Return (1024, 2048) or (1024, 2048, c) with the texels (n,) or (n, c), 0 elsewhere."""
        picture = np.zeros((*ATLAS_SIZE, *texels.shape[1:]), np.float32)
        picture[self.covered] = texels
        return picture


@cache
def skin_atlas() -> Atlas:
    """Return the atlas of the model of this package."""
    model = load_model()
    faces = model.faces_of(*SKIN)
    skin, corners = triangles(model.faces[faces]), triangles(model.face_uv[faces])
    pixels = atlas_pixels(model.uv) - 0.5
    raster = rasterise(pixels, corners, ATLAS_SIZE)
    vertex_pixels = np.zeros((model.n_skin, 2), np.float32)
    vertex_pixels[skin.ravel()] = pixels[corners.ravel()]
    covered = raster.covered
    return Atlas(covered, skin[raster.triangle[covered]], raster.weights[covered], vertex_pixels)


def mirrored(picture: Floats) -> Floats:
    """Return an atlas picture (h, w, …) with the face's tile mirrored left to right and 0 elsewhere."""
    other = np.zeros_like(picture)
    face = np.s_[FACE_TILE.top : FACE_TILE.top + FACE_TILE.height, FACE_TILE.left : FACE_TILE.left + FACE_TILE.width]
    other[face] = picture[face][:, ::-1]
    return other


def padded(picture: Floats, covered: Mask, rounds: int = 6) -> Floats:
    """Return (h, w, c) with what lies around covered texels filled by their mean, against seams of smaller copies."""
    filled, known = picture.copy(), covered.astype(np.float32)
    for _ in range(rounds):
        near = cv2.blur(known, (5, 5))
        mean = cv2.blur(filled * known[..., None], (5, 5)) / np.maximum(near, 1e-6)[..., None]
        new = (known == 0) & (near > 1e-6)
        filled[new] = mean[new]
        known[new] = 1
    return np.asarray(filled, np.float32)
