"""A texture of one colour a triangle, as the photo has it there: the simplest that shows a shape."""

from __future__ import annotations

import numpy as np

from space_runtime.arrays import Pixels
from space_runtime.extras import cv2
from space_runtime.head.fitted_head import (
    ATLAS_SIZE,
    EYE_TILE,
    GUMS_TILE,
    TEETH_TILE,
    TONGUE_TILE,
    FittedHead,
    HeadTexture,
    Tile,
    atlas_pixels,
)
from space_runtime.head.model import SKIN, FaceModel, triangles


def plain_texture(photo: Pixels, model: FaceModel, head: FittedHead) -> HeadTexture:
    """Return the texture."""
    chosen = model.faces_of(*SKIN)
    corners = triangles(model.faces[chosen])
    rows = triangles(np.where(model.faces[chosen] < 0, -1, model.face_uv[chosen]))
    seen = head.project(head.posed)[corners].mean(1)
    places = np.clip(np.rint(seen), 0, np.array(photo.shape[1::-1]) - 1).astype(int)
    colours = cv2.GaussianBlur(photo, (0, 0), 2.0)[places[:, 1], places[:, 0]]
    skin = np.full((*ATLAS_SIZE, 3), 128, np.uint8)
    pixels = np.rint(atlas_pixels(model.uv)[rows] * 16).astype(np.int32)
    for corner, colour in zip(pixels, colours.tolist(), strict=True):
        cv2.fillConvexPoly(skin, corner, colour, shift=4)
    for tile, tint in ((EYE_TILE, (226, 216, 208)), (TEETH_TILE, (236, 226, 206)), (GUMS_TILE, (176, 92, 88))):
        _paint(skin, tile, tint)
    _paint(skin, TONGUE_TILE, (170, 88, 86))
    column, row = EYE_TILE.middle
    for radius, tint in ((28, (80, 60, 45)), (11, (8, 8, 8))):
        cv2.circle(skin, (round(column), round(row)), radius, tint, -1)
    return HeadTexture(skin, np.tile(np.array([28, 18, 14, 160], np.uint8), (16, 16, 1)), None)


def _paint(skin: Pixels, tile: Tile, tint: tuple[int, int, int]) -> None:
    skin[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = tint
