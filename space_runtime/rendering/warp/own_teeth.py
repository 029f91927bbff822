"""The teeth that a photo shows: where they are, their colour, and where the lips around them really end.

A pixel counts as tooth by how much less red and how much lighter than the lips it is, a dark one as cavity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import picture_points
from space_runtime.rendering.warp.backward import Box, bounding_box, polygon_mask
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP
from space_runtime.rendering.warp.mouth_colours import CHEEKS, mean_colour

RED_LIPS: Final = (11, 72, 302, 16, 85, 315)
"""Points in the middle of the lips."""
LESS_RED: Final = 0.27
"""By how much the logarithm of red / green of teeth is below that of lips on average; counts for `BY_TINT`."""
LIGHTER: Final = 0.22
"""By how much the logarithm of their light is above."""
BY_TINT: Final = 0.75
DARK: Final = 0.45
"""Light, a share of the cheeks', below which a pixel is neither lip nor tooth."""
LEAST_SCORE: Final = 0.33
"""Score of the inside's best fifth from which there are teeth in it."""
OF_BEST: Final = 0.5
"""Share of that score from which a pixel is a tooth."""
LEAST_SHARE: Final = 0.12
"""Share of the opening that teeth fill where there are some."""
NOISE: Final = 8.0
"""Added to colours 0…255 before a logarithm is taken."""
MARGIN: Final = 0.2
"""Margin around the opening that is read, a share of its width."""
SOFT: Final = 0.7
"""Blur in pixels before anything is read."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnTeeth:
    """Teeth in a photo. colour: (3,) 0…255. mask: (s, s) cover 0…1 of what is shown from the upper lip to their
    lower edge. edge: (2,) column and row of the middle of that edge."""

    colour: Floats
    mask: Floats
    edge: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Kinds of the pixels around a mouth: (h, w) in a box of the photo. tooth: teeth. inside: teeth, or dark."""

    box: Box
    tooth: Mask
    inside: Mask


def classes(photo: Pixels, points: Floats) -> Classes | None:
    """Return which pixels around the mouth are teeth or dark, None if none are teeth. points: (≥ 478, 3) in pixels."""
    opening = _opening(points)
    box = bounding_box(opening, MARGIN * float(np.ptp(opening[:, 0])), len(photo))
    soft = cv2.GaussianBlur(photo[box.slices], (0, 0), SOFT).astype(np.float32)
    blurred = cv2.blur(photo, (5, 5)).astype(np.float32)
    cheeks, lips = (mean_colour(blurred, points, places) for places in (CHEEKS, RED_LIPS))
    light = soft.mean(2)
    score = BY_TINT * (_redness(lips) - _redness(soft)) / LESS_RED
    score = score + (1 - BY_TINT) * np.clip(np.log((light + NOISE) / (lips.mean() + NOISE)) / LIGHTER, -0.5, 1.5)
    dark = light < DARK * cheeks.mean()
    inside = cv2.erode(polygon_mask(opening, box), np.ones((3, 3), np.uint8)) > 0.5
    if not inside.any():
        return None
    best = float(np.quantile(np.where(dark, 0, score)[inside], 0.8))
    tooth = ~dark & (score > OF_BEST * best)
    if best < LEAST_SCORE or (tooth & inside).sum() < LEAST_SHARE * inside.sum():
        return None
    closed = cv2.morphologyEx((tooth | dark).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
    return Classes(box, tooth, closed)


def _redness(colours: Floats) -> Floats:
    return np.asarray(np.log((colours[..., 0] + NOISE) / (colours[..., 1] + NOISE)), np.float32)


def _opening(points: Floats) -> Floats:
    return picture_points(np.concatenate([points[list(UPPER_LIP)], points[list(LOWER_LIP)][::-1]]))


def own_teeth(photo: Pixels, points: Floats, found: Classes) -> OwnTeeth:
    """Return the teeth of a photo whose lips are (≥ 478, 3) refitted points in pixels."""
    box = found.box
    inside = polygon_mask(_opening(points), box)
    tooth = found.tooth & (inside > 0.5)
    edge = _lower_edge(tooth, points, box)
    rows = np.arange(box.y0, box.y1, dtype=np.float32)[:, None]
    above = np.clip(edge[None, :] - rows + 1.0, 0, 1)
    shown = cv2.GaussianBlur(inside * above, (0, 0), 0.8) * cv2.erode(inside, np.ones((3, 3), np.uint8))
    mask = np.zeros(photo.shape[:2], np.float32)
    mask[box.slices] = shown
    light = photo[box.slices].mean(2)
    bright = tooth & (light >= np.quantile(light[tooth], 0.4))
    middle = round(float(picture_points(points[[13, 14]]).mean(0)[0]))
    column = int(np.clip(middle - box.x0, 0, len(edge) - 1))
    return OwnTeeth(
        np.median(photo[box.slices][bright], 0).astype(np.float32), mask, np.array([middle, edge[column]], np.float32)
    )


def _lower_edge(tooth: Mask, points: Floats, box: Box) -> Floats:
    """Return (w,) the row of the teeth's lower edge at each column of the box: a parabola through the lowest teeth."""
    columns = np.flatnonzero(tooth.any(0))
    lowest = tooth.shape[0] - 1 - np.argmax(tooth[::-1], axis=0)[columns]
    weights = np.ones(len(columns))
    for _ in range(4):
        shape = np.polyfit(columns, lowest, 2 if len(columns) > 8 else 0, w=weights)
        weights = 1 / np.maximum(1, np.abs(np.polyval(shape, columns) - lowest) / 1.5)
    edge = np.polyval(shape, np.clip(np.arange(tooth.shape[1]), columns[0], columns[-1]))
    return np.asarray(edge + box.y0 + 0.5, np.float32)
