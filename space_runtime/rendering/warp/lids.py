"""The skin of a shut lid, which an open eye's photo hardly shows.

What it shows of the lid, between lashes and crease, lies in the brow's shadow or under make-up; stretched over the eye
it would be a dark patch. So the lid gets the colour of the skin below the eye, which faces the same light, drawn
towards that of the crease as far as the two are alike, and the grain of the photo.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.rendering.warp.backward import Box, polygon_mask
from space_runtime.rendering.warp.mesh import CREASES, EYES

BELOW: Final = ((31, 228, 229, 230, 231, 232), (452, 451, 450, 449, 448, 261))
"""The row of mesh points on the skin below each eye's bag, from the picture's left to its right."""
UNDER: Final = ((110, 24, 23, 22), (252, 253, 254, 339))
"""The row just below each lower lid's lashes, the same way."""
EVEN: Final = 20.0
"""Difference of lightness L (CIE Lab) from the skin below at which the crease no longer tints the lid."""
CREASE_SHARE: Final = 0.5
"""Share of the crease's low frequencies in the lid where they are alike."""
REACH: Final = 0.22
"""Spread of colours along the lid, as a share of the eye's width."""
GRAIN: Final = 1.6
"""Pixels below which detail counts as grain; GRAIN_WIDTH: of the noise that stands for it."""
GRAIN_WIDTH: Final = 0.7


def lid_skin(patch: Pixels, points: Floats, eye: int) -> Floats:
    """Return (h, w, 3) the skin of the subject's right (0) or left (1) shut lid, everywhere in the eye's patch.

    patch: (h, w, 3) of the photo. points: (≥ 478, 2) picture points in it.
    """
    upper, lower = (points[list(row)] for row in EYES[eye])
    width = float(np.linalg.norm(upper[-1] - upper[0]))
    below = np.concatenate([points[list(UNDER[eye])], points[list(BELOW[eye])][::-1]])
    crease = points[list(CREASES[eye])]
    seen = _cover(patch, below)
    skin = _along(patch, seen, REACH * width)
    ridge = _along(patch, _line(patch, crease, 0.05 * width), REACH * width)
    alike = np.clip(1 - np.abs(_lightness(ridge) - _lightness(skin)) / EVEN, 0, 1)
    share = CREASE_SHARE * alike * _height(patch, crease, lower[1:-1])
    colour = skin + share[..., None] * (ridge - skin) + _grain(patch, seen > 0.5)[..., None]
    return np.asarray(np.clip(colour, 0, 255), np.float32)


def drawn_lid(patch: Pixels, points: Floats, eye: int) -> Floats:
    """Return (h, w, 3) a drawn eye's shut lid in one colour, that of the skin below; see `lid_skin`."""
    below = np.concatenate([points[list(UNDER[eye])], points[list(BELOW[eye])][::-1]])
    seen = patch[_cover(patch, below) > 0.5]
    colour = np.median(seen if len(seen) else patch.reshape(-1, 3), 0)
    return np.asarray(np.broadcast_to(colour, patch.shape), np.float32)


def _height(patch: Pixels, crease: Floats, lower: Floats) -> Floats:
    """Return (h, w) 1 at the crease and above … 0 at the lower lid and below, by columns."""
    h, w = patch.shape[:2]
    columns = np.arange(w, dtype=np.float32)
    top, bottom = (np.interp(columns, row[:, 0], row[:, 1]) for row in (crease, lower))
    rows = np.arange(h, dtype=np.float32)[:, None]
    return np.asarray(np.clip((bottom - rows) / np.maximum(bottom - top, 1), 0, 1), np.float32)


def _cover(patch: Pixels, outline: Floats) -> Floats:
    h, w = patch.shape[:2]
    return polygon_mask(outline, Box(0, 0, w, h))


def _line(patch: Pixels, row: Floats, thickness: float) -> Floats:
    mask = np.zeros(patch.shape[:2], np.uint8)
    cv2.polylines(mask, [np.rint(row).astype(np.int32)], False, 255, max(1, round(thickness)))
    return mask.astype(np.float32) / np.float32(255)


def _along(patch: Pixels, weight: Floats, reach: float) -> Floats:
    """Return (h, w, 3) the mean colours that each column's neighbourhood has where ``weight`` (h, w) is."""
    total = weight.sum(0)
    colours = (patch * weight[..., None]).sum(0)
    x = np.arange(len(total), dtype=np.float32)
    near = np.exp(-0.5 * ((x[:, None] - x) / reach) ** 2) + 1e-4
    row = near @ colours / np.maximum(near @ total, 1e-6)[:, None]
    return np.asarray(np.broadcast_to(row[None], patch.shape), np.float32)


def _lightness(colours: Floats) -> Floats:
    return np.asarray(cv2.cvtColor(colours / np.float32(255), cv2.COLOR_RGB2LAB)[..., 0], np.float32)


def _grain(patch: Pixels, seen: Mask) -> Floats:
    """Return (h, w) noise as strong as the fine detail of what is seen, the same for the same patch."""
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), GRAIN)
    strength = float(np.median(np.abs(fine[seen]))) if seen.any() else 0.0
    noise = np.random.default_rng(0).standard_normal(patch.shape[:2]).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), GRAIN_WIDTH)
    return np.asarray(soft * (strength / max(float(soft.std()), 1e-6)), np.float32)
