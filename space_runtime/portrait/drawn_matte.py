"""The person of a drawing apart from its background, which the matte network, taught on photos, does not see."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.portrait.mesh_points import OVAL

TRUSTED: Final = 0.9
"""Mean of the network's matte over the face from which it is taken as it is."""
CUT_SIDE: Final = 256
"""Pixels on a side of the copy that is cut."""
EVEN: Final = 3
"""Difference of neighbouring pixels, 0…255, up to which both are of an even background."""
LEAK: Final = 0.01
"""Share of the face that a background may hold and be one."""
LEAST_GROUND: Final = 0.15
"""Least share of the picture that a background fills."""
ROUNDS: Final = 5
FACE: Final = 0.92
"""Size of the part of the face's outline that is a person for sure."""
BUST: Final = 1.75
"""Size of the outline, about the face's middle, within which a person is likely; below it so are the shoulders."""
SHOULDERS: Final = 2.4
"""Width at the lower edge of the picture within which a person is likely, in widths of the face."""
RIM: Final = 3
"""Pixels at the top and the upper sides of the picture that are background, unless they have the hair's colours."""


def with_drawn_person(matte: Floats, image: Pixels, points: Floats) -> Floats:
    """Return the (s, s) matte where it holds the face of (478, 2) points, else one cut out by colours: before an even
    background by what hangs together with the picture's edge, before another by GrabCut, the face its seed."""
    outline = points[list(OVAL)]
    if float(matte[_filled(outline, len(image))].mean()) >= TRUSTED:
        return matte
    factor = CUT_SIDE / len(image)
    small = cv2.resize(image, (CUT_SIDE, CUT_SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8)
    ground = _plain_ground(small, outline * factor)
    person = _joined(_cut(small, outline * factor) if ground is None else ~ground, outline * factor)
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 0.7)
    return np.clip(cv2.resize(soft, image.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1).astype(np.float32)


def _plain_ground(small: Pixels, outline: Floats) -> Mask | None:
    """Return the (256, 256) even background around the figure; None where it runs into the face or is no large one."""
    flooded = np.zeros((CUT_SIDE + 2, CUT_SIDE + 2), np.uint8)
    sides = [(x, y) for y in range(0, CUT_SIDE // 2, 4) for x in (0, CUT_SIDE - 1)]
    for place in [*((x, 0) for x in range(0, CUT_SIDE, 4)), *sides]:
        cv2.floodFill(small.copy(), flooded, place, (0, 0, 0), (EVEN,) * 3, (EVEN,) * 3, cv2.FLOODFILL_MASK_ONLY)
    ground = flooded[1:-1, 1:-1] > 0
    leaks = float(ground[_filled(outline, CUT_SIDE)].mean())
    return ground if leaks < LEAK and float(ground.mean()) > LEAST_GROUND else None


def _cut(small: Pixels, outline: Floats) -> Mask:
    """Return the figure in a (256, 256, 3) picture by GrabCut (Rother et al. 2004, ACM TOG 23(3))."""
    seeds = _seeds(outline)
    models = np.zeros((1, 65), np.float64), np.zeros((1, 65), np.float64)
    cv2.setRNGSeed(0)
    cv2.grabCut(small[..., ::-1].copy(), seeds, (0, 0, 0, 0), *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD))


def _seeds(outline: Floats) -> Pixels:
    """Return (256, 256) of GrabCut's classes: the face, likely bust, likely and sure background."""
    seeds = np.full((CUT_SIDE, CUT_SIDE), cv2.GC_PR_BGD, np.uint8)
    seeds[:RIM] = cv2.GC_BGD
    seeds[: CUT_SIDE // 2, :RIM] = seeds[: CUT_SIDE // 2, -RIM:] = cv2.GC_BGD
    middle = outline.mean(0)
    bust = middle + BUST * (outline - middle)
    seeds[_filled(bust, CUT_SIDE)] = cv2.GC_PR_FGD
    (left, _), (right, chin) = outline.min(0), outline.max(0)
    wide = SHOULDERS * (right - left) / 2
    shoulders = [(left, chin), (right, chin), (middle[0] + wide, CUT_SIDE), (middle[0] - wide, CUT_SIDE)]
    seeds[_filled(np.array(shoulders, np.float32), CUT_SIDE)] = cv2.GC_PR_FGD
    seeds[_filled(middle + FACE * (outline - middle), CUT_SIDE)] = cv2.GC_FGD
    return seeds


def _joined(person: Mask, outline: Floats) -> Mask:
    """Return the part of a mask that hangs together with the face, its holes filled."""
    _, labels = cv2.connectedComponents(person.astype(np.uint8))
    column, row = np.clip(np.rint(outline.mean(0)), 0, CUT_SIDE - 1).astype(int)
    whole = labels == labels[row, column]
    _, outside = cv2.connectedComponents(np.pad(~whole, 1, constant_values=True).astype(np.uint8), connectivity=4)
    return np.asarray(outside[1:-1, 1:-1] != outside[0, 0], bool)


def _filled(outline: Floats, side: int) -> Mask:
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    return mask > 0
