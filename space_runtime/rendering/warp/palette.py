"""The colours that a photo has: what is drawn into it takes its tint and its light.

A photo of one tint (black and white, sepia, a duotone) has one colour for each lightness; what is drawn gets that of
its own. A faded or hazy photo has no black: what is drawn lies under the same veil. In coloured or little light
everything is multiplied by the light. It is read from the skin, as far as that lies beyond what skin has in good white
light, and as far as the whites of the eyes agree: else the skin itself is of that colour, as under face paint. In an
ordinary photo nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import picture_points
from space_runtime.rendering.warp.backward import Box, polygon_mask
from space_runtime.rendering.warp.mesh import EYES, IRISES, OVAL

LUMA: Final[Floats] = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of red, green and blue in lightness (ITU-R BT.601)."""
ONE_TINT: Final = 0.018
"""Scatter of the colours about their lightness, as a share of it, up to which a photo has one tint."""
MANY_TINTS: Final = 0.030
"""Scatter from which a photo is one of many colours. 95 of 100 ordinary portraits lie above 0.035."""
FLOOR: Final = 10.0
"""Lightness, 0…255, that is added where a share of it is taken: dark photos are noisy."""
SKIN_PLACES: Final = (50, 280, 205, 425, 151, 9, 5)
SKIN: Final = ((0.334, -0.136), (0.089, 0.100))
"""Mean and spread of skin's log(red / green) and log(blue / green) on 214 portraits in white light."""
WHITES: Final = ((0.255, -0.078), (0.100, 0.084))
"""The same of the whites of the eyes."""
ORDINARY: Final = 3.5
"""Spreads from the mean that count as white light."""
WHITEST: Final = 0.6
"""Quantile of lightness from which an eye's opening without the iris counts as white."""
DIM: Final = (100.0, 85.0)
"""Lightness of skin and of the whites of the eyes below which, both, there is little light; of 214 portraits none."""
LEAST_LIGHT: Final = 0.05
VEILED: Final = 30.0
"""Lightness of a photo's darkest pixels above which they lie under a veil of fading or haze. Of 214 portraits none."""
DARKEST: Final = 0.002
"""Quantile of lightness up to which pixels are the darkest."""
LIGHTEST: Final = 0.998
"""Quantile of the face's lightness that nothing drawn exceeds."""


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """The colours of a photo.

    light: (3,) factors of red, green and blue, 1 in good white light. tint: (2, 3) coefficients of red and blue above
    the lightness, in powers of the lightness 0…1; one_tint: 0 for a photo of many colours … 1 for one of one tint.
    tones: least and greatest lightness in the photo. veil: (3,) colour 0…255 that lies over everything, black in an
    ordinary photo. lightest: lightness 0…255, under the veil, that nothing drawn exceeds.
    """

    light: Floats
    tint: Floats
    tones: tuple[float, float]
    one_tint: float
    veil: Floats
    lightest: float

    def in_white_light(self, colours: Floats) -> Floats:
        """Return (…, 3) colours of the photo, 0…1, as they would be in good white light."""
        seen = _unveiled(colours * 255, self.veil) / 255 if self.veil.any() else colours
        return np.asarray(np.clip(seen / self.light, 0, 1), np.float32)

    def lit(self, colours: Floats) -> Floats:
        """Return (…, 3) colours 0…255 meant for good white light in the photo's light, none lighter than the photo."""
        lit = colours if (self.light == 1).all() else colours * self.light
        lightness = lit @ LUMA
        over = lightness > self.lightest
        if over.any():
            lit = lit * np.where(over, self.lightest / np.maximum(lightness, 1), 1)[..., None]
        return np.asarray(lit + self.veil * (1 - lit / 255) if self.veil.any() else lit, np.float32)

    def dimmed(self, colours: Floats, factor: Floats) -> Floats:
        """Return (…, 3) colours 0…255 of the photo in so much less light, under the veil."""
        veil = self.veil
        return np.asarray(veil + (colours - veil) * factor if veil.any() else colours * factor, np.float32)

    def toned(self, colours: Floats) -> Floats:
        """Return (…, 3) colours 0…255 in the photo's tint."""
        if self.one_tint == 0:
            return colours
        tinted = _tinted(np.asarray(colours @ LUMA, np.float32), self.tint, self.tones)
        return np.asarray(colours + (tinted - colours) * np.float32(self.one_tint), np.float32)


def photo_palette(photo: Pixels, points: Floats) -> Palette:
    """Return the palette of a photo with (≥ 478, 3) mesh points in its pixels."""
    outline = picture_points(points)
    face = polygon_mask(outline[list(OVAL)], Box(0, 0, photo.shape[1], photo.shape[0])) > 0.5
    veil = _veil(photo)
    clear = np.rint(_unveiled(photo, veil)).astype(np.uint8) if veil.any() else photo
    soft = cv2.blur(clear, (9, 9)).astype(np.float32)
    seen = cv2.blur(photo, (9, 9)).astype(np.float32)[face]
    one_tint = float(np.clip((MANY_TINTS - _tint(soft[face])[1]) / (MANY_TINTS - ONE_TINT), 0, 1))
    lightest = float(np.quantile(clear[face] @ LUMA, LIGHTEST))
    tones = float((seen @ LUMA).min()), float((seen @ LUMA).max())
    return Palette(_light(clear, soft, outline), _tint(seen)[0], tones, one_tint, veil, lightest)


def _veil(photo: Pixels) -> Floats:
    """Return the (3,) colour 0…255 of a photo's darkest pixels, black as far as they are dark enough."""
    lightness = photo @ LUMA
    colour = photo[lightness <= np.quantile(lightness, DARKEST)].mean(0)
    return np.asarray(colour * np.clip(float(colour @ LUMA) / VEILED - 1, 0, 1), np.float32)


def _unveiled(colours: Floats | Pixels, veil: Floats) -> Floats:
    """Return (…, 3) colours 0…255 without the veil over them."""
    return np.asarray(np.clip((colours - veil) / (1 - veil / 255).clip(1 / 255), 0, 255), np.float32)


def _tint(colours: Floats) -> tuple[Floats, float]:
    """Return the tint's coefficients, see `Palette`, and how far (n, 3) colours scatter about it."""
    lightness = colours @ LUMA
    powers = _powers(lightness)
    offsets = colours[:, [0, 2]] - lightness[:, None]
    coefficients = np.linalg.lstsq(powers.astype(np.float64), offsets.astype(np.float64), rcond=None)[0]
    rest = offsets - powers @ coefficients
    scatter = float(np.sqrt((rest**2).sum(1).mean())) / (float(lightness.mean()) + FLOOR)
    return coefficients.T.astype(np.float32), scatter


def _powers(lightness: Floats) -> Floats:
    share = lightness / np.float32(255)
    return np.stack([np.ones_like(share), share, share * share], -1)


def _tinted(lightness: Floats, tint: Floats, tones: tuple[float, float]) -> Floats:
    """Return (…, 3) the tint's colours of a lightness 0…255; below the photo's own tones the darkest fades to black."""
    known = np.clip(lightness, *tones)
    offsets = _powers(known) @ tint.T * np.minimum(lightness / np.maximum(known, 1), 1)[..., None]
    red, blue = (np.clip(lightness + offsets[..., channel], 0, 255) for channel in (0, 1))
    green = np.clip((lightness - LUMA[0] * red - LUMA[2] * blue) / LUMA[1], 0, 255)
    return np.stack([red, green, blue], -1).astype(np.float32)


def _light(photo: Pixels, soft: Floats, outline: Floats) -> Floats:
    """Return the (3,) factors of the light: what skin and the whites of the eyes have beyond white light, alike."""
    columns, rows = np.clip(np.rint(outline[list(SKIN_PLACES)]), 0, len(photo) - 1).astype(int).T
    skin = np.median(soft[rows, columns], 0)
    whites = np.median(_eye_whites(photo, outline), 0)
    tints = _beyond(skin, *SKIN), _beyond(whites, *WHITES)
    alike = np.where(tints[0] * tints[1] > 0, np.sign(tints[0]) * np.abs(tints).min(0), 0)
    colour = np.exp([alike[0], 0.0, alike[1]])
    level = max(float(part @ LUMA) / dim for part, dim in zip((skin, whites), DIM, strict=True))
    return np.asarray(colour / (colour @ LUMA) * np.clip(level, LEAST_LIGHT, 1), np.float32)


def _beyond(colour: Floats, mean: tuple[float, float], spread: tuple[float, float]) -> Doubles:
    """Return by how much log(red / green) and log(blue / green) of a colour lie beyond `ORDINARY` spreads."""
    red, green, blue = (float(value) + 2 for value in colour)
    away = (np.log([red / green, blue / green]) - mean) / spread
    distance = float(np.hypot(*away))
    return np.asarray(away * spread * max(0.0, 1 - (ORDINARY / max(distance, 1e-9)) ** 2))


def _eye_whites(photo: Pixels, outline: Floats) -> Pixels:
    """Return (n, 3) the lighter pixels of both eyes' openings beside the iris."""
    seen: Mask = np.zeros(photo.shape[:2], bool)
    for (upper, lower), iris in zip(EYES, IRISES, strict=True):
        opening = np.concatenate([outline[list(upper)], outline[list(lower)][::-1]])
        rim = outline[list(iris[1:])]
        centre, radius = rim.mean(0), float(np.linalg.norm(rim - rim.mean(0), axis=1).mean())
        disc = np.zeros(seen.shape, np.uint8)
        cv2.circle(disc, (round(float(centre[0])), round(float(centre[1]))), round(1.1 * radius + 1), 1, -1)
        seen |= (polygon_mask(opening, Box(0, 0, photo.shape[1], photo.shape[0])) > 0.5) & (disc == 0)
    pixels = photo[seen] if seen.any() else photo.reshape(-1, 3)
    lightness = pixels @ LUMA
    return np.asarray(pixels[lightness >= np.quantile(lightness, WHITEST)], np.uint8)
