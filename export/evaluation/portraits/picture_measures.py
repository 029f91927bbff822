"""Numbers of pictures: likeness, light inside the mouth, its rim, folds of the cheeks, colour of lids, flicker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from export.evaluation.portraits.mesh_measures import Box, boxes, discs, inner_lips, mouth_inside
from space_runtime.arrays import Doubles, Floats, Mask, Pixels

WINDOW: Final = (11, 11)
SIGMA: Final = 1.5
"""Of the Gaussian window of SSIM."""
STABLE: Final = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""C₁ and C₂ (Wang et al. 2004, IEEE TIP 13(4))."""
CHEEKS: Final = (50, 280, 205, 425)
FOLDS: Final = (205, 425, 206, 426, 203, 423)
"""Points along the nasolabial folds."""
DARK, LIGHT, PALE = 0.35, 0.75, 0.45
"""Inside of a mouth: darker than this share of the cheeks is dark; lighter and no more saturated are teeth."""
RIM: Final = 6
"""Radius in pixels of the discs in which stripes are looked for."""
LEAST_INSIDE: Final = 60
"""Pixels of a mouth's inside that is worth being measured."""
CORNER: Final = (0, 0, 60, 60)
"""A part of the background."""
LID_POINTS: Final = (
    ((160, 159, 158), (144, 145, 153), (29, 27, 28), (230, 229, 228)),
    ((385, 386, 387), (380, 374, 373), (258, 257, 259), (450, 449, 448)),
)
"""Of each eye: upper lid, lower lid, crease above, skin below."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Of two pictures in a region: PSNR in RGB, dB, and mean SSIM of grey."""

    psnr_db: float
    ssim: float


@dataclass(frozen=True, slots=True)
class Inside:
    """Of a mouth's inside, cheeks = 1: mean luminance; shares of dark pixels and of teeth. rim: mean Sobel length along
    the inner line of the lips."""

    luminance: float
    dark: float
    teeth: float
    rim: float


@dataclass(frozen=True, slots=True)
class LidColour:
    """Of shut lids, mean of both eyes: Lab distances to the skin below the eye and to the crease; difference of L to
    the skin."""

    to_skin: float
    to_crease: float
    lightness: float


def grey(rgb: Pixels) -> Pixels:
    """Return (h, w) the luma of a picture."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def ssim_map(first: Pixels, second: Pixels) -> Doubles:
    """Return (h, w) SSIM of two (h, w) grey pictures: Gaussian window, population covariance."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    mean_a, mean_b = _windowed(a), _windowed(b)
    covariance = _windowed(a * b) - mean_a * mean_b
    variances = _windowed(a * a) - mean_a**2 + _windowed(b * b) - mean_b**2
    c1, c2 = STABLE
    light = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return np.asarray(light * (2 * covariance + c2) / (variances + c2))


def _windowed(values: Doubles) -> Doubles:
    return np.asarray(cv2.GaussianBlur(values, WINDOW, SIGMA, borderType=cv2.BORDER_REFLECT))


def likenesses(true: Pixels, drawn: Pixels, regions: dict[str, Box]) -> dict[str, Likeness]:
    """Return how like a drawn picture is to the true one, in each region."""
    around = _around(list(regions.values()), true.shape[:2])
    similar = np.zeros(true.shape[:2])
    similar[around] = ssim_map(grey(true[around]), grey(drawn[around]))
    found = {}
    for name, (left, top, right, bottom) in regions.items():
        part = slice(top, bottom), slice(left, right)
        error = float(((true[part].astype(np.float32) - drawn[part]) ** 2).mean())
        found[name] = Likeness(float(10 * np.log10(255**2 / max(error, 1e-3))), float(similar[part].mean()))
    return found


def _around(regions: Sequence[Box], size: tuple[int, int]) -> tuple[slice, slice]:
    """Return rows and columns of all regions with the window's margin: what lies beyond counts for none of them."""
    left, top = (max(0, min(region[k] for region in regions) - WINDOW[0] // 2) for k in (0, 1))
    right, bottom = (min(size[3 - k], max(region[k] for region in regions) + WINDOW[0] // 2) for k in (2, 3))
    return slice(top, bottom), slice(left, right)


def inside_of_mouth(picture: Pixels, mesh: Floats) -> Inside | None:
    """Return the numbers of the inside of an open mouth, None where it is too small."""
    size = picture.shape[:2]
    inside = mouth_inside(mesh, size)
    if inside.sum() <= LEAST_INSIDE:
        return None
    colour = picture[inside].astype(float)
    skin = float(picture[discs(mesh, CHEEKS, 6, size)].mean())
    light = colour.mean(1)
    saturation = np.ptp(colour, axis=1) / np.maximum(colour.max(1), 1)
    teeth = (light > LIGHT * skin) & (saturation < PALE)
    rim = _rim_gradient(picture, inner_lips(mesh))
    return Inside(float(light.mean()) / skin, float((light < DARK * skin).mean()), float(teeth.mean()), rim)


def _rim_gradient(picture: Pixels, line: Floats) -> float:
    """Return the mean Sobel length along a closed line of (n, 2) points, three pixels wide."""
    light = grey(picture).astype(np.float32)
    steep = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    along: Pixels = np.zeros(picture.shape[:2], np.uint8)
    cv2.polylines(along, [np.rint(line).astype(np.int32).reshape(-1, 1, 2)], True, 255, 3)
    return float(steep[along > 0].mean())


def fold_detail(picture: Pixels, mesh: Floats) -> float:
    """Return how rich in detail the nasolabial folds are: mean of \\|G(1.5) − G(5)\\| of grey."""
    light = grey(picture).astype(np.float32)
    band = np.abs(cv2.GaussianBlur(light, (0, 0), 1.5) - cv2.GaussianBlur(light, (0, 0), 5))
    return float(band[discs(mesh, FOLDS, 8, picture.shape[:2])].mean())


def stripes(picture: Pixels, mesh: Floats, points: tuple[int, ...]) -> float:
    """Return how striped skin is around mesh points: median change down over that across; 1 for skin, more where a
    turn draws single pixels out."""
    light = grey(picture).astype(np.float32)
    where = discs(mesh, points, RIM, picture.shape[:2])
    across, down = (float(np.median(np.abs(cv2.Sobel(light, cv2.CV_32F, *way)[where]))) for way in ((1, 0), (0, 1)))
    return down / max(across, 1.0)


def lid_colour(photo: Pixels, shut: Pixels, mesh: Floats) -> LidColour:
    """Return how the lids of a picture with shut eyes look beside the photo's skin; mesh: of the photo."""
    size, rows = photo.shape[:2], []
    for upper, lower, crease, below in LID_POINTS:
        lid: Pixels = np.zeros(size, np.uint8)
        outline = np.rint(mesh[[*upper, *reversed(lower)], :2] * [1, -1]).astype(np.int32)
        cv2.fillPoly(lid, [outline], 1)
        colour, skin = lab_mean(shut, lid > 0), lab_mean(photo, discs(mesh, below, 4, size))
        ridge = lab_mean(photo, discs(mesh, crease, 3, size))
        rows.append((np.linalg.norm(colour - skin), np.linalg.norm(colour - ridge), colour[0] - skin[0]))
    to_skin, to_crease, lightness = np.mean(rows, 0)
    return LidColour(float(to_skin), float(to_crease), float(lightness))


def lab_mean(rgb: Pixels, where: Mask) -> Floats:
    """Return the (3,) mean CIE L*a*b* of a part of a picture."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab[where].mean(0), np.float32)


def chroma(rgb: Pixels, where: Mask) -> float:
    """Return the mean chroma, √(a² + b²), of a part of a picture."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(np.hypot(lab[where][:, 1], lab[where][:, 2]).mean())


def flicker(pictures: Sequence[Pixels], mesh: Floats) -> dict[str, float]:
    """Return the mean absolute second difference in time of grey: on face, mouth and in a corner of the background.

    mesh: (478, 3) mean of the film.
    """
    seen = np.stack([grey(picture) for picture in pictures]).astype(np.float32)
    change = np.abs(seen[2:] - 2 * seen[1:-1] + seen[:-2])
    regions = boxes(mesh, pictures[0].shape[:2])
    places = {"face": regions["face"], "mouth": regions["mouth"], "background": CORNER}
    return {
        name: float(change[:, top:bottom, left:right].mean()) for name, (left, top, right, bottom) in places.items()
    }
