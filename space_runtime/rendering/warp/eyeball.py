"""The eyeball in layers: its white with the shade of the lids, the whole iris, and the light that it mirrors.

The iris moves over the white as a whole; the highlight, which a lamp causes and not the iris, lags behind it but never
leaves it; the white and the lids' shade stay with the skull.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.rendering.warp.backward import Box, polygon_mask

IRIS: Final = 1.1
"""Radius of the iris layer, in radii of the tracked iris."""
RIM: Final = 1.4
"""Within this radius the white is not read from the photo: the iris may be larger than tracked."""
DRAWN_RIM: Final = 1.08
"""The same in a drawing, where a person has said how large the iris is."""
SOFTNESS: Final = 0.2
"""Width of the iris's soft edge, in its radii, at least 2 pixels."""
GLINT: Final = (25.0, 25.0)
"""Whiteness beyond its ring's median from which a pixel of the iris is highlight, and how much more it takes wholly."""
GLINT_FOLLOW: Final = 0.7
"""Share of the iris's motion that its highlight makes."""
WHITEST: Final = 0.5
"""Quantile of lightness from which what is seen beside the iris counts as white."""
LEAST_OWN: Final = 0.01
"""Share of the photo's own eye below which it is left out."""
RINGS: Final = 6
"""Rings of the iris whose colours are told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Eyeball:
    """The layers of an eyeball in its patch of the photo.

    white: (h, w, 4) colours without lids and iris, and what the lids leave of their light, 0…1. iris: (h, w, 4) colours
    of the whole iris without highlight, and its cover, 0…1. glint: (h, w, 4) colours 0…255 that the highlight adds.
    photo: (h, w, 4) the same place as photographed. The fourth of these two is nothing but room: four numbers a pixel
    are sampled in half the time of three.
    """

    white: Floats
    iris: Floats
    glint: Floats
    photo: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Disc:
    """An iris: (2,) centre and radius in pixels; flatness: its width in heights, other than 1 in drawings."""

    centre: Floats
    radius: float
    flatness: float = 1.0

    def moved(self, way: Floats) -> Disc:
        """Return the disc (2,) pixels away."""
        return Disc(self.centre + way, self.radius, self.flatness)


def prepare_eyeball(
    photo: Pixels, opening: Floats, disc: Disc, edge: float, unseen: Floats, is_drawn: bool = False
) -> Eyeball:
    """Return the layers of an eye's patch (h, w, 3).

    opening: (n, 2) outline of what the lids leave, whose edge of so many pixels is not trusted. unseen: (2, 3) white
    and iris where the photo shows none. is_drawn: the iris ends where it was placed, and no lid shades the white.
    """
    h, w = photo.shape[:2]
    cover = polygon_mask(opening, Box(0, 0, w, h))
    seen = cv2.distanceTransform((cover > 0.5).astype(np.uint8), cv2.DIST_L2, 3) > edge
    seen_share = np.asarray(cv2.GaussianBlur(seen.astype(np.float32), (0, 0), 0.7), np.float32)
    y, x = np.mgrid[:h, :w].astype(np.float32)
    centre, radius = disc.centre, disc.radius
    distance = np.hypot(x - centre[0], (y - centre[1]) * np.float32(disc.flatness)) / np.float32(radius)
    rim = DRAWN_RIM if is_drawn else RIM
    continued = _white(photo, seen & (distance > rim), unseen[0])
    beyond = seen_share * np.clip((distance - rim) * 5, 0, 1)
    white = continued + (photo - continued) * beyond[..., None]
    shade = np.ones_like(cover) if is_drawn else _shade(photo, white, cover, distance < RIM)
    iris, glint = _iris(photo, seen & (distance < IRIS), seen_share, distance, float(centre[1]), unseen[1])
    covers = np.clip((IRIS - distance) / max(SOFTNESS, 2 / radius), 0, 1)
    return Eyeball(
        white=np.dstack([white, shade]).astype(np.float32),
        iris=np.dstack([iris, covers]).astype(np.float32),
        glint=_with_room(glint * covers[..., None]),
        photo=_with_room(photo),
    )


def _with_room(colours: Floats | Pixels) -> Floats:
    return np.dstack([colours, np.zeros_like(colours[..., :1])]).astype(np.float32)


def draw_eyeball(ball: Eyeball, back: Floats, shift: Floats, own: float, size: tuple[int, int]) -> Floats:
    """Return the (h, w, 3) colours of an eyeball whose iris has moved.

    back: (2, 3) from the drawn pixels to the patch, with the skull. shift: (2,) from the iris's place to where it
    would rest, drawn pixels. own: share of the photo itself, 0…1. size: w, h.
    """
    white = _warped(ball.white, back, size)
    iris = _warped(ball.iris, _shifted(back, shift), size)
    glint = _warped(ball.glint, _shifted(back, shift * np.float32(GLINT_FOLLOW)), size)
    cover, light = cv2.extractChannel(iris, 3), cv2.extractChannel(white, 3)
    colours: Floats = np.asarray(cv2.blendLinear(iris, white, cover, 1 - cover), np.float32)
    colours *= cv2.cvtColor(light, cv2.COLOR_GRAY2RGBA)
    glint *= cv2.cvtColor(cover, cv2.COLOR_GRAY2RGBA)
    colours += glint
    if own >= LEAST_OWN:
        cv2.addWeighted(colours, 1 - own, _warped(ball.photo, back, size), own, 0, dst=colours)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGBA2RGB), np.float32)


def _shifted(back: Floats, shift: Floats) -> Floats:
    moved = back.copy()
    moved[:, 2] += back[:, :2] @ shift
    return moved


def _warped(layer: Floats, back: Floats, size: tuple[int, int]) -> Floats:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(layer, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _shade(photo: Pixels, white: Floats, cover: Floats, disc: Mask) -> Floats:
    """Return (h, w): the photo's light as a share of the bare eyeball's, in the opening, smooth, without the iris."""
    weight = (cover > 0.5).astype(np.float32) * ~disc
    ratio = np.clip(photo.mean(2) / np.maximum(white.mean(2), 1), 0.35, 1).astype(np.float32)
    total = 1e-4 + cv2.GaussianBlur(weight, (0, 0), 1.5)
    return np.asarray((0.9e-4 + cv2.GaussianBlur(ratio * weight, (0, 0), 1.5)) / total, np.float32)


def _iris(
    photo: Pixels, seen: Mask, seen_share: Floats, distance: Floats, row: float, unseen: Floats
) -> tuple[Floats, Floats]:
    """Return (h, w, 3) the iris made whole, without highlight, and (h, w, 3) what the highlight adds where it is seen.

    What lids hide is taken from the iris's other half below or above its centre's row, else from its rings.
    """
    rings = _rings(photo, seen, distance, unseen)
    light = photo.min(2) - rings.min(2)  # of the least channel: a highlight is white
    glint = np.clip((light - GLINT[0]) / GLINT[1], 0, 1).astype(np.float32) * seen_share * (distance < 1)
    plain = photo + glint[..., None] * (rings - photo)
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]].astype(np.float32)
    places = x, 2 * np.float32(row) - y
    mirrored = cv2.remap(plain.astype(np.float32), *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mirror_seen = cv2.remap(seen_share, *places, cv2.INTER_LINEAR)[..., None]
    hidden = rings + (mirrored - rings) * mirror_seen
    whole = hidden + (plain - hidden) * seen_share[..., None]
    return np.asarray(whole, np.float32), np.asarray(photo - plain, np.float32)


def _rings(photo: Pixels, seen: Mask, distance: Floats, unseen: Floats) -> Floats:
    """Return (h, w, 3) the median colour of the seen part of the iris at each pixel's distance from its centre."""
    bins = np.minimum((distance * RINGS).astype(int), RINGS)
    colours = np.empty((RINGS + 1, 3), np.float32)
    fallback = np.median(photo[seen], 0) if seen.any() else unseen
    for ring in range(RINGS + 1):
        inside = seen & (bins == ring)
        colours[ring] = np.median(photo[inside], 0) if inside.sum() > 3 else fallback
    return np.asarray(colours[bins], np.float32)


def _white(photo: Pixels, seen: Mask, unseen: Floats) -> Floats:
    """Return (h, w, 3): the eye's white continued everywhere, from its brighter part."""
    light = photo.mean(2)
    bright = seen & (light >= np.quantile(light[seen], WHITEST)) if seen.sum() > 8 else seen
    if not bright.any():
        return np.full(photo.shape, unseen, np.float32)
    weight = bright.astype(np.float32)
    total, colour = np.zeros(weight.shape, np.float32), np.zeros(photo.shape, np.float32)
    for sigma, trust in ((1.5, 1.0), (4.0, 1e-2), (12.0, 1e-4), (40.0, 1e-6)):
        total += trust * cv2.GaussianBlur(weight, (0, 0), sigma)
        colour += trust * cv2.GaussianBlur(photo * weight[..., None], (0, 0), sigma)
    return np.asarray(colour / np.maximum(total, 1e-12)[..., None], np.float32)
