"""Numbers of tracked faces: openings of lips and lids, width of the mouth, where regions lie in the picture.

Meshes are (…, 478, 3) of MediaPipe's points in the picture's pixels, project axes. Unit of lengths: the distance of the
outer corners of the eyes in the same picture, if nothing else is said.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.geometry import picture_points
from space_runtime.portrait.mesh_points import OUTER_LIPS

EYE_ENDS: Final = (33, 263)
MOUTH_ENDS: Final = (61, 291)
GAPS: Final = ((13, 14), (82, 87), (312, 317))
LIDS: Final = ((159, 145), (386, 374))
# fmt: off
UPPER_LIP: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""The inner line of the lips, from the picture's left to its right."""
BOXES: Final = {
    "mouth": ((61, 291, 0, 17, 40, 270, 91, 321), 0.2, 0.2),
    "eyes": ((33, 133, 362, 263, 159, 386, 145, 374, 105, 334), 0.08, 0.05),
    "face": (tuple(range(468)), 0.03, 0.03),
}
"""Regions: their points, and the margins across and down, in widths of the points."""
GROUPS: Final = {
    "all": tuple(range(468)),
    "lips": (*UPPER_LIP, *LOWER_LIP[1:-1], 61, 291, 0, 17),
    "eyes": (33, 133, 159, 145, 362, 263, 386, 374),
    "brows": (70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
    "iris": (468, 473),
}
"""Points whose motion is compared."""
STEADY: Final = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 98, 97, 2, 326, 327, 234, 454, 93, 323)
"""Points that say who somebody is and that expressions hardly move: corners of the eyes, nose, sides of the face."""
# fmt: on
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


def eye_distance(meshes: Floats) -> Floats:
    """Return (…) the distance of the outer corners of the eyes, pixels."""
    return _distance(meshes, EYE_ENDS)


def lip_gap(meshes: Floats) -> Floats:
    """Return (…) the mean height between the inner lips."""
    return _heights(meshes, GAPS)


def lid_gap(meshes: Floats) -> Floats:
    """Return (…) the mean height between the lids."""
    return _heights(meshes, LIDS)


def mouth_width(meshes: Floats) -> Floats:
    """Return (…) the distance of the corners of the mouth."""
    return np.asarray(_distance(meshes, MOUTH_ENDS) / eye_distance(meshes))


def boxes(mesh: Floats, size: tuple[int, int]) -> dict[str, Box]:
    """Return the regions around a (478, 3) mesh within a picture of (height, width) pixels."""
    points, limits = picture_points(mesh), np.array(size[::-1])
    found = {}
    for name, (members, across, down) in BOXES.items():
        part = points[list(members)]
        margin = np.ptp(part[:, 0]) * np.array([across, down])
        left, top = np.clip(part.min(0) - margin, 0, limits - 1).astype(int)
        right, bottom = np.clip(part.max(0) + margin, 1, limits).astype(int)
        found[name] = (int(left), int(top), int(right), int(bottom))
    return found


def inner_lips(mesh: Floats) -> Floats:
    """Return the (20, 2) columns and rows of the closed line of the inner lips."""
    points = picture_points(mesh)
    return np.concatenate([points[list(UPPER_LIP)], points[list(LOWER_LIP)][-2:0:-1]])


def mouth_inside(mesh: Floats, size: tuple[int, int]) -> Mask:
    """Return (h, w) what lies between the lips, a pixel less at its rim."""
    return cv2.erode(filled(inner_lips(mesh), size).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def lips(mesh: Floats, size: tuple[int, int]) -> Mask:
    """Return (h, w) the lips without what lies between them, two pixels less at their rims."""
    outer = filled(picture_points(mesh)[list(OUTER_LIPS)], size).astype(np.uint8)
    inner = filled(inner_lips(mesh), size).astype(np.uint8)
    wide = np.ones((5, 5), np.uint8)
    return np.asarray((cv2.erode(outer, wide) > 0) & (cv2.dilate(inner, wide) == 0))


def filled(points: Floats, size: tuple[int, int]) -> Mask:
    """Return (h, w) the inside of a polygon of (n, 2) columns and rows, at sixteenths of a pixel."""
    mask: Pixels = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.rint(points * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    return mask > 0


def discs(mesh: Floats, members: tuple[int, ...], radius: int, size: tuple[int, int]) -> Mask:
    """Return (h, w) the discs of ``radius`` pixels around mesh points."""
    mask: Pixels = np.zeros(size, np.uint8)
    for x, y in picture_points(mesh)[list(members)].astype(int):
        cv2.circle(mask, (int(x), int(y)), radius, 1, -1)
    return mask > 0


def _distance(meshes: Floats, ends: tuple[int, int]) -> Floats:
    return np.asarray(np.linalg.norm(meshes[..., ends[0], :2] - meshes[..., ends[1], :2], axis=-1))


def _heights(meshes: Floats, pairs: tuple[tuple[int, int], ...]) -> Floats:
    heights = [np.abs(meshes[..., upper, 1] - meshes[..., lower, 1]) for upper, lower in pairs]
    return np.asarray(np.mean(heights, 0) / eye_distance(meshes))
