"""The part of a photo that shows hair: by its place around the head, and by its colours against the skin's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask
from space_runtime.extras import cv2
from space_runtime.geometry import picture_points
from space_runtime.head.picture_fields import blurred, dilated, eroded
from space_runtime.head.sight import Sight
from space_runtime.portrait.mesh_points import OVAL

N_COLOURS: Final = 5
"""Colours that stand for hair, and for skin."""
LIGHTNESS: Final = 0.6
"""Weight of lightness beside the two colour axes of Lab: light falls unevenly."""
LEAST_DIFFERENCE: Final = 20.0
"""Distance of colours, in Lab, below which what is seen above the forehead is skin."""
LEAST_OUTSIDE: Final = 0.03
"""Area of what stands out around the head, in areas of the face, from which it is hair whatever its colour."""
LOWEST: Final = -1.5
"""Height down to which hair is followed, in face heights from the forehead's top."""
BROWS: Final = -0.25
"""Height of the brows in the same measure."""
MOUTH: Final = -0.7
"""Height of the mouth."""
LEAST_HANGING: Final = 0.3
"""Share of the rows from brows to mouth beside which long hair hangs."""
FOREHEAD, CHIN = 10, 152
CHEEKS: Final = (50, 280, 205, 425, 118, 347)
CORE: Final = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 61, 291, 17, 152, 205, 425)
"""Points whose hull never is hair: brows, cheeks, mouth."""


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Regions of a photo. height: (h, w) above the forehead's top, in face heights; the others are masks (h, w).

    head: the fitted head without hair. core: the middle of the face. oval: the face. person: from the matte.
    """

    height: Floats
    head: Mask
    core: Mask
    oval: Mask
    person: Mask
    face_height: float


def hair_mask(sight: Sight, mesh: Floats) -> Floats | None:
    """Return the share of hair (h, w), 0…1, in a photo with a tracked (478, 3) mesh; None for a bald head."""
    places = _places(sight, mesh)
    lab = _lab(blurred(sight.photo, 1.2))
    outside = _outside(places, sight.centimetre)
    crown = (eroded(places.person.astype(np.uint8), 0.05 * places.face_height) > 0) & (places.height > 0.10)
    points = picture_points(mesh)
    cheek = np.median(lab[tuple(np.rint(points[list(CHEEKS)]).astype(int).T[::-1])], axis=0)
    seeds = outside | crown
    if seeds.sum() < 50:
        return None
    stands_out = float(outside.sum()) > LEAST_OUTSIDE * float(places.oval.sum())
    if not stands_out and float(np.linalg.norm(np.median(lab[seeds], axis=0) - cheek)) < LEAST_DIFFERENCE:
        return None
    if stands_out:
        seeds = outside | (crown & ~places.head)
    mask = _cut(sight.photo, lab, places, seeds)
    mask = _without_beard(mask, places, points, sight.centimetre)
    mask = _large_parts(_without_clothes(mask, places), places)
    if not mask.any():
        return None
    return np.minimum(blurred(mask.astype(np.float32), 1.2), np.maximum(sight.matte, 0))


def _places(sight: Sight, mesh: Floats) -> _Places:
    """Return the regions of the photo."""
    size = sight.matte.shape
    points = picture_points(mesh)
    top, chin = points[FOREHEAD], points[CHIN]
    face_height = float(np.linalg.norm(top - chin))
    up = (top - chin) / face_height
    rows, columns = np.mgrid[: size[0], : size[1]]
    height = ((columns - top[0]) * up[0] + (rows - top[1]) * up[1]) / face_height
    shown = sight.raster.triangle
    lowest = sight.model.neutral[sight.triangles, 1].min(1)
    head = (shown >= 0) & (lowest[np.maximum(shown, 0)] > -9.0)
    return _Places(
        height.astype(np.float32),
        dilated(head.astype(np.uint8), 0.5 * sight.centimetre) > 0,
        _polygon(cv2.convexHull(np.rint(points[list(CORE)]).astype(np.int32)), size),
        _polygon(np.rint(points[list(OVAL)]).astype(np.int32), size),
        sight.matte > 0.5,
        face_height,
    )


def _polygon(corners: np.ndarray, size: tuple[int, ...]) -> Mask:
    """Return the mask of a polygon of whole picture points."""
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [corners], 1)
    filled: Mask = mask > 0
    return filled


def _lab(rgb: Floats) -> Floats:
    """Return (…, 3) Lab of RGB 0…255, as OpenCV scales it to bytes, lightness by its weight."""
    lab = cv2.cvtColor(np.clip(rgb, 0, 255).astype(np.uint8), cv2.COLOR_RGB2LAB).astype(np.float32)
    return np.asarray(lab * np.array([LIGHTNESS, 1, 1], np.float32), np.float32)


def _outside(places: _Places, centimetre: float) -> Mask:
    """Return what of the person stands out around the head above the mouth: that is hair."""
    out = places.person & ~places.head & (places.height > -0.72)
    return eroded(out.astype(np.uint8), 0.3 * centimetre) > 0


def _centres(colours: Floats) -> Floats:
    """Return the (N_COLOURS, 3) colours that stand for (n, 3)."""
    chosen = colours[np.random.default_rng(0).permutation(len(colours))[:3000]]
    cv2.setRNGSeed(0)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 20, 0.5)
    return np.asarray(
        cv2.kmeans(chosen, N_COLOURS, np.zeros((len(chosen), 1), np.int32), ends, 2, cv2.KMEANS_PP_CENTERS)[2],
        np.float32,
    )


def _distance(lab: Floats, centres: Floats) -> Floats:
    """Return (h, w) distances to the nearest of the colours."""
    return np.asarray(np.min([np.linalg.norm(lab - centre, axis=2) for centre in centres], axis=0), np.float32)


def _cut(photo: Floats, lab: Floats, places: _Places, seeds: Mask) -> Mask:
    """Return the hair by a graph cut (Rother et al. 2004, GrabCut) that starts from the seeds' colours."""
    inner = eroded(places.oval.astype(np.uint8), 0.1 * places.face_height) > 0
    skin = _centres(lab[inner & (places.height < -0.20)])
    skin = skin[skin[:, 0] >= 0.45 * np.median(skin[:, 0])]  # brows and nostrils do not speak for skin
    nearer = _distance(lab, _centres(lab[seeds])) < _distance(lab, skin)
    like = blurred((nearer | seeds).astype(np.float32), 2.5) > 0.45
    labels = np.full(photo.shape[:2], cv2.GC_BGD, np.uint8)
    possible = places.person & (places.height > -1.6)
    labels[possible] = np.where(like[possible], cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    labels[places.oval & (places.height < -0.35) & ~like] = cv2.GC_BGD
    labels[seeds] = cv2.GC_FGD
    labels[places.core] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    smooth = np.clip(blurred(photo, 1.0), 0, 255).astype(np.uint8)
    cv2.grabCut(smooth, labels, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    cut = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    cut &= like | ~places.head
    found: Mask = cut
    return found


def _without_beard(mask: Mask, places: _Places, points: Floats, centimetre: float) -> Mask:
    """Return the mask without what lies below the brows on a side where no hair hangs beside the cheek."""
    middle = float(points[[FOREHEAD, CHIN], 0].mean())
    beside = mask & ~places.head
    columns = np.arange(mask.shape[1])[None] > middle
    low = places.height < BROWS
    cheek = (low & (places.height > MOUTH)).any(1)
    kept = mask.copy()
    for side in (columns, ~columns):
        hanging = (beside & side).sum(1) > 0.25 * centimetre
        if hanging[cheek].mean() < LEAST_HANGING:
            kept &= ~(low & side)
    return kept


def _without_clothes(mask: Mask, places: _Places) -> Mask:
    """Return the mask without what, below the chin, lies further out than the hair above the chin."""
    above = np.flatnonzero((mask & (places.height > -0.95) & (places.height < -0.6)).any(0))
    low = places.height <= -0.95
    if len(above) == 0:
        above_chin: Mask = mask & ~low
        return above_chin
    room = 0.12 * places.face_height
    columns = np.arange(mask.shape[1])[None]
    near = (columns > above[0] - room) & (columns < above[-1] + room)
    kept: Mask = mask & (~low | (near & (places.height > LOWEST)))
    return kept


def _large_parts(mask: Mask, places: _Places) -> Mask:
    """Return the mask's parts that reach up to the mouth, without specks and without small holes."""
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11)))
    _, labels, sizes, _ = cv2.connectedComponentsWithStats(solid)
    areas = sizes[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    high = np.bincount(labels[places.height > MOUTH], minlength=len(areas)) > 0
    large: Mask = ((areas >= areas.max() / 12) & high)[labels] & (solid > 0)
    _, labels, sizes, _ = cv2.connectedComponentsWithStats((~large).astype(np.uint8))
    hole = sizes[:, cv2.CC_STAT_AREA] < 0.02 * places.face_height**2
    whole: Mask = large | hole[labels]
    return whole
