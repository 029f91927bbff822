"""The pictures of a head from its photo: the atlas of the skin with eyes and mouth, lashes, and hair."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.head.fitted_head import (
    EYE_TILE,
    GUMS_TILE,
    TEETH_TILE,
    TONGUE_TILE,
    FittedHead,
    HeadTexture,
    Tile,
)
from space_runtime.head.hair import hair_on
from space_runtime.head.hair_mask import CHEEKS, hair_mask
from space_runtime.head.iris import eye_picture, iris_of
from space_runtime.head.lashes import lash_picture
from space_runtime.head.model import FaceModel
from space_runtime.head.picture_fields import sample
from space_runtime.head.sight import see
from space_runtime.head.skin import skin_texture

MOUTH: Final = ((TEETH_TILE, (238, 229, 212), 2.5), (GUMS_TILE, (172, 88, 86), 1.5), (TONGUE_TILE, (184, 94, 92), 1.5))
"""Tiles of the mouth's inside, their colours, and how fast it gets dark to the back."""
MOUTH_BACK: Final = (50, 26, 24)
"""Colour of the mouth's inside where little light comes."""
UNDER_CHIN: Final = (152, 176, 400)
"""Points of the jaw that are skin too."""
MIDDLE_LIGHT: Final = 165.0
"""Lightness of cheeks in a photo of middle exposure; skin differs far more than exposure."""
EXPOSURE: Final = (0.85, 1.05)


def texture_head(photo: Pixels, mesh: Floats, matte: Floats, fitted: FittedHead, model: FaceModel) -> HeadTexture:
    """Return the texture of a fitted head; the same for the same arguments.

    photo: (h, w, 3) RGB. mesh: (478, 3) tracked in it, project axes. matte: (h, w) share of person, 0…1.
    """
    sight = see(photo, matte, fitted, model)
    mask = hair_mask(sight, mesh)
    shell, on_scalp = (None, None) if mask is None else hair_on(sight, mask)
    cheeks = np.asarray(mesh[list(CHEEKS + UNDER_CHIN), :2] * np.array([1, -1]), np.float32)
    skin = skin_texture(sight, cheeks, on_scalp)
    lightness = (float(np.median(sample(sight.photo, cheeks))) / MIDDLE_LIGHT) ** 0.3
    iris = iris_of(sight.photo, mesh, fitted)
    _place(skin, EYE_TILE, eye_picture(iris, fitted.eye_radius, float(np.clip(lightness, *EXPOSURE))))
    for tile, colour, fall in MOUTH:
        _place(skin, tile, _inside(tile, colour, fall))
    return HeadTexture(np.clip(np.rint(skin), 0, 255).astype(np.uint8), lash_picture(), shell)


def _place(atlas: Floats, tile: Tile, picture: Floats) -> None:
    """Put a picture on a tile of the atlas."""
    atlas[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = picture


def _inside(tile: Tile, colour: tuple[int, int, int], fall: float) -> Floats:
    """Return the picture of a part of the mouth's inside: rows go to the back, where it is darker."""
    light = np.linspace(1, 0, tile.height)[:, None, None] ** fall
    mixed = light * np.array(colour) + (1 - light) * np.array(MOUTH_BACK)
    return np.broadcast_to(mixed, (tile.height, tile.width, 3)).astype(np.float32)
