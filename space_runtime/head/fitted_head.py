"""The values that the steps of making a head hand on: the fitted shape, and its textures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Longs, Pixels

ATLAS_SIZE: Final = (1024, 2048)
"""Rows and columns of the atlas."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """A person's head in the model's vertices, axes and centimetres (see `model`), and its place in the photo.

    rest: (V, 3) with the person's identity and residual, lips closed, no expression.
    posed: (V, 3) with the photo's expression.
    scale, rotation, translation: camera_from_head of `posed`, pixels a centimetre, (3, 3), (3,).
    residual: (V, 3) what the identity modes cannot say, on `rest`. identity: (50,) weights. expression: (E,) weights of
    the photo, in the model's order.
    eye_centres: (2, 3) of the eyeballs of `rest`, left, then right. eye_radius: cm.
    """

    rest: Floats
    posed: Floats
    scale: float
    rotation: Floats
    translation: Floats
    residual: Floats
    identity: Floats
    expression: Floats
    eye_centres: Floats
    eye_radius: float

    def camera(self, points: Floats) -> Floats:
        """Return (…, 3) points of the head's frame in the photo's: x right, y up, z to the viewer, pixels."""
        return np.asarray(points @ self.rotation.T * self.scale + self.translation, np.float32)

    def project(self, points: Floats) -> Floats:
        """Return (…, 2) columns and rows of points of the head's frame in the photo."""
        return self.camera(points)[..., :2] * np.array([1, -1], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class HairShell:
    """Hair as a surface around the head.

    vertices, normals: (n, 3) in the head's frame, cm. uv: (n, 2), v down. triangles: (t, 3). rgba: (h, w, 4), alpha 0
    where no hair is.
    """

    vertices: Floats
    normals: Floats
    uv: Floats
    triangles: Longs
    rgba: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class HeadTexture:
    """The pictures of a head. skin: (1024, 2048, 3) the atlas. lashes: (h, w, 4). hair: None for a bald head."""

    skin: Pixels
    lashes: Pixels
    hair: HairShell | None


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the atlas, pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[float, float]:
        """Column and row of its middle."""
        return self.left + self.width / 2, self.top + self.height / 2


FACE_TILE: Final = Tile(0, 0, 1024, 1024)
"""ICT's first tile: face, ears, front of the neck."""
BACK_TILE: Final = Tile(1024, 0, 512, 512)
"""ICT's second tile: back of the head, shoulders, sockets."""
EYE_TILE: Final = Tile(1536, 0, 256, 256)
"""An eyeball, azimuthal: 100 degrees from the optical axis to the edge; both eyes share it."""
TEETH_TILE: Final = Tile(1792, 0, 64, 64)
GUMS_TILE: Final = Tile(1792, 64, 64, 64)
TONGUE_TILE: Final = Tile(1792, 128, 64, 64)


def atlas_pixels(uv: Floats) -> Floats:
    """Return (n, 2) columns and rows in the atlas of skin texture coordinates (n, 2), whose u is below 2."""
    back = uv[:, 0] > 1
    tile_u = np.where(back, uv[:, 0] - 1, uv[:, 0])
    left, width = np.where(back, BACK_TILE.left, FACE_TILE.left), np.where(back, BACK_TILE.width, FACE_TILE.width)
    height = np.where(back, BACK_TILE.height, FACE_TILE.height)
    return np.stack([left + tile_u * width, (1 - uv[:, 1]) * height], 1).astype(np.float32)
