"""Folds of a smile: a ratio image, skin that smiles over skin that rests, laid over the moved photo.

A warp moves the photo's colours and cannot shade what swells or creases. The ratio was learned from portraits
(`python -m export train-folds`): the logarithm of the skin's lightness as a linear function of the smile, per place of
a face whose mesh is brought onto one layout. Shape from normals of a face model was tried and shows hardly any crease.
The ratio counts as far as a corner of the mouth has moved from where the photo has it: a smile that the photo shows is
not drawn twice, and one that is left takes its folds along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import smoothstep
from space_runtime.inference.bundle import Bundle
from space_runtime.rendering.warp.backward import Box, bounding_box
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF
from space_runtime.rendering.warp.layers import Complexes, as_complex

Parts = tuple[tuple[Box, Floats], ...]
"""Boxes of a picture, on even pixels, that share none, and the (h, w, 2) columns and rows in the photo of each."""

ENTRY: Final = "smile_folds"
STEP: Final = 2
"""Pixels of the picture per sample of the ratio."""
CORNERS: Final = ((291, 1), (61, -1))
"""The corner of the mouth on the subject's left and on the right, and which way of x leads outwards."""
DEEPEST: Final = 1.1
"""Most smile that folds are drawn for, beyond that of the photo."""
LEAST: Final = 0.02
"""Smile from which folds are drawn: a face at rest is the photo."""
NASOLABIAL: Final = (203, 205, 206, 423, 425, 426)
"""Mesh points where the folds of a smile lie."""
# fmt: off
SKIN: Final = (234, 93, 132, 58, 172, 136, 150, 149, 148, 152, 377, 378, 379, 365, 397, 288, 361, 323, 454, 340, 346,
               111, 117)
"""Mesh points around the skin that folds may change, from the lower lids to the chin."""
# fmt: on
CREASED: Final = 0.028
"""Detail of the skin there, over its lightness, from which folds are drawn in full."""
SMOOTH: Final = 0.5
"""Share of its folds that a smile has on the smoothest skin, where full ones would look like smudges."""
REDDER: Final = (-0.2, 0.05, 0.15)
"""By how much more or less red, green and blue are shaded on skin as colourful as `COLOURFUL`: shade is redder."""
COLOURFUL: Final = 0.25
"""Spread of red, green and blue of the skin, over its lightness, from which shade has its colour."""
GLARE: Final = (205.0, 245.0)
"""Lightness of the photo from which shade is less, and from which least (`IN_GLARE`): what is overexposed keeps no hue
that could be shaded."""
IN_GLARE: Final = 0.3
FAR: Final = -1e4
"""A place outside of every photo."""
TAKEN: Final = 0.5
"""Share of its folds that a smile takes along when it is left: where they lie in a face is not known exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class FoldModel:
    """The folds of a mean smile.

    log_ratio: (h, w) of the subject's left half of the face, the face's middle in its first column; the right half
    mirrors it. places: (478, 2) columns, from the middle to the subject's left, and rows of the mesh points in it.
    motion: (2,) by which a full smile moves the left corner of the mouth, to the left and up, normalised units.
    """

    log_ratio: Floats
    places: Floats
    motion: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """The folds of a portrait.

    box: of the photo. log_ratios: (2, h, w) of the subject's left and right half, at every `STEP`th pixel of the box.
    direction: (2, 2) per side, by whose product with the motion of a corner a smile is measured. tint: (3,) by which
    the logarithms count for red, green and blue.
    """

    box: Box
    tint: Floats
    log_ratios: Floats
    direction: Floats


def load_folds(bundle: Bundle) -> FoldModel | None:
    """Return the model of a bundle, None for one that has none."""
    if not any(entry.name == ENTRY for entry in bundle.manifest.entries):
        return None
    arrays = bundle.arrays(ENTRY)
    return FoldModel(*(arrays[name].astype(np.float32) for name in ("log_ratio", "places", "motion")))


def prepare_folds(model: FoldModel, photo: Pixels, points: Floats, triangles: NDArray[np.int32]) -> Folds:
    """Return the folds of a face with (478, 2) mesh points in the photo's pixels; triangles: (T, 3) of the mesh."""
    box = bounding_box(points[list(SKIN)], 4, len(photo))
    depth, tint = _skin(photo[box.slices], points - (box.x0, box.y0))
    places = layout_places(model.places, points, triangles, box)
    across = places[..., 0]
    ratios = cv2.remap(
        model.log_ratio, np.abs(across), places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    ratios = depth * ratios * _shadeable(photo, box)
    left = np.clip(across / 4 + 0.5, 0, 1)  # both sides fade into one another across the middle
    direction = model.motion / (model.motion @ model.motion)
    return Folds(
        box=box,
        tint=tint,
        log_ratios=np.stack([ratios * left, ratios * (1 - left)]).astype(np.float32),
        direction=np.stack([direction * (way, 1) for _, way in CORNERS]).astype(np.float32),
    )


def _shadeable(photo: Pixels, box: Box) -> Floats:
    """Return (h, w) shares `IN_GLARE`…1 of the shade that the samples of a box take."""
    light = cv2.GaussianBlur(photo[box.slices].mean(2, dtype=np.float32)[::STEP, ::STEP], (0, 0), 3)
    return np.asarray(1 - (1 - IN_GLARE) * smoothstep(light, *GLARE), np.float32)


def _skin(photo: Pixels, points: Floats) -> tuple[np.float32, Floats]:
    """Return how deep the folds of a face are, `SMOOTH`…1, and the (3,) tint of their shade.

    photo: its part that holds the skin; points: (478, 2) in it.
    """
    mask = np.zeros(photo.shape[:2], np.uint8)
    radius = max(2, round(0.03 * float(np.ptp(points[:, 1]))))
    for x, y in np.rint(points[list(NASOLABIAL)]).astype(int).tolist():
        cv2.circle(mask, (x, y), radius, 255, -1)
    skin = photo[mask > 0].mean(0) / max(1.0, float(photo[mask > 0].mean()))
    light = photo.mean(2, dtype=np.float32)
    fine = cv2.GaussianBlur(light, (0, 0), 1.5) - cv2.GaussianBlur(light, (0, 0), 5)
    detail = np.abs(fine[mask > 0]).mean() / max(1.0, float(light[mask > 0].mean()))
    colour = min(1.0, float(np.ptp(skin)) / COLOURFUL)
    tint = 1 + colour * np.array(REDDER, np.float32)
    return np.float32(np.clip(detail / CREASED, SMOOTH, 1)), tint.astype(np.float32)


def layout_places(places: Floats, points: Floats, triangles: NDArray[np.int32], box: Box) -> Floats:
    """Return (h, w, 2) where in the layout the samples of a box lie; off the face far outside of it.

    places: (478, 2) of the mesh points in the layout; points: (478, 2) in the picture.
    """
    h, w = (box.y1 - box.y0) // STEP, (box.x1 - box.x0) // STEP
    samples = (points - (box.x0, box.y0) - (STEP - 1) / 2) / STEP
    ids = np.full((h, w), len(triangles), np.int32)
    for number, corners in enumerate(np.rint(samples[triangles] * 16).astype(np.int32)):
        cv2.fillConvexPoly(ids, corners, number, cv2.LINE_8, 4)
    corners = np.concatenate([samples[triangles], np.ones((len(triangles), 3, 1))], 2)
    maps = np.linalg.pinv(corners) @ places[triangles]
    maps = np.concatenate([maps, [[[0, 0], [0, 0], [FAR, FAR]]]])[ids]
    rows, columns = np.mgrid[:h, :w].astype(np.float64)
    return np.asarray(columns[..., None] * maps[..., 0, :] + rows[..., None] * maps[..., 1, :] + maps[..., 2, :], "f4")


def smiles(folds: Folds, expression: Floats) -> Floats:
    """Return (2,) the smile of the left and the right corner beyond the photo's, from (160, 3) motions of keypoints."""
    beyond = (expression[_CORNERS, :2] * folds.direction).sum(1)
    smile = np.where(beyond < 0, TAKEN * beyond, beyond)
    return np.asarray(np.minimum(np.maximum(smile, -TAKEN), DEEPEST), np.float32)


def draw_folds(picture: Pixels, folds: Folds, parts: Parts, points: Floats, expression: Floats) -> None:
    """Lay the folds of a frame over its picture, in place.

    parts: where the picture's colours come from. points: (478, 2) of the moved face. expression: see `smiles`.
    """
    amounts = smiles(folds, expression)
    if np.abs(amounts).max() < LEAST:
        return
    logs = cv2.addWeighted(folds.log_ratios[0], float(amounts[0]), folds.log_ratios[1], float(amounts[1]), 0)
    box = bounding_box(points[_SKIN], 4, len(picture))
    places = _places(parts, box)
    places -= np.complex64(complex(folds.box.x0, folds.box.y0))
    places *= np.float32(1 / STEP)
    pairs = places.view(np.float32).reshape(*places.shape, 2)
    moved = cv2.remap(logs, pairs, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)  # type: ignore[call-overload]  # one table is allowed
    ratio = cv2.exp(cv2.merge([moved * share for share in folds.tint]))
    whole = cv2.resize(ratio, (box.x1 - box.x0, box.y1 - box.y0), interpolation=cv2.INTER_LINEAR)
    area = picture[box.slices]
    cv2.multiply(area, whole, area, dtype=cv2.CV_8U)


def _places(parts: Parts, box: Box) -> Complexes:
    """Return (h, w) columns + i · rows in the photo of every `STEP`th pixel of a box, far away where no part is."""
    places = np.full(((box.y1 - box.y0) // STEP, (box.x1 - box.x0) // STEP), complex(FAR, FAR), np.complex64)
    for part, pairs in parts:
        held = as_complex(pairs)
        low_x, low_y = max(part.x0, box.x0), max(part.y0, box.y0)
        high_x, high_y = min(part.x1, box.x1), min(part.y1, box.y1)
        if low_x < high_x and low_y < high_y:
            inside = held[low_y - part.y0 : high_y - part.y0 : STEP, low_x - part.x0 : high_x - part.x0 : STEP]
            row, column = (low_y - box.y0) // STEP, (low_x - box.x0) // STEP
            places[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return places


_SKIN: Final = np.array(SKIN)
_CORNERS: Final = np.array([KEYPOINT_OF[point] for point, _ in CORNERS])
"""The keypoints at `CORNERS`."""
