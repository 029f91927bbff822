"""Checks that placed landmarks make a face: sides not exchanged, lids and lips not crossed, corners apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from space_runtime.arrays import Doubles
from space_runtime.errors import MediaError

Points = Mapping[str, tuple[float, float]]

TOLERANCE: Final = 0.01
"""What lies above another point may lie below it by this part of the distance between the eyes: lips that meet."""
LEAST_WIDTH: Final = 0.02
"""Least width of an eye and of a mouth, in distances between the eyes."""
LEAST_HEIGHT: Final = 0.05
"""Least way down from nose to lower lip and from there to the chin, in the same."""
WITHIN_EYE: Final = 0.6
"""Farthest that a point of an iris lies from the middle between the eye's corners, in widths of the eye."""
WITHIN_FACE: Final = 3.0
"""Farthest that any point lies from the middle between the eyes, in distances between them."""
LEAST_EYES: Final = 8.0
"""Least distance between the middles of the eyes, pixels of the picture."""


class _Rule(NamedTuple):
    """One point lies above another along the face, or the face is not usable. what: for the sentence."""

    above: str
    below: str
    what: str


_LIPS: Final = "the lips are crossed"
_LIDS: Final = "the lids of the {side} eye are crossed"
_RULES: Final = (
    _Rule("upper_lip", "inner_upper_lip", _LIPS),
    _Rule("inner_upper_lip", "inner_lower_lip", _LIPS),
    _Rule("inner_lower_lip", "lower_lip", _LIPS),
    _Rule("right_inner_upper_lip", "right_inner_lower_lip", _LIPS),
    _Rule("left_inner_upper_lip", "left_inner_lower_lip", _LIPS),
    *(
        _Rule(f"{side}_eye_upper_{part}", f"{side}_eye_lower_{part}", _LIDS.format(side=side))
        for side in ("right", "left")
        for part in ("outer", "inner")
    ),
)
_HEIGHTS: Final = (
    ("nose_tip", "lower_lip", "the mouth does not lie below the nose"),
    ("lower_lip", "chin", "the chin does not lie below the lower lip"),
)
_WIDTHS: Final = (
    ("right_eye_outer_corner", "right_eye_inner_corner", "the corners of the right eye"),
    ("left_eye_inner_corner", "left_eye_outer_corner", "the corners of the left eye"),
    ("right_mouth_corner", "left_mouth_corner", "the corners of the mouth"),
)
"""Points of which the first lies on the picture's left of a frontal face, and what they are called."""


def check_order(points: Points) -> None:
    """Raise `MediaError` for points by name that no face has; eyes, nose tip, lips and chin are among them.

    Above and below are along the face, across the line through the eyes.
    """
    eyes = {side: _middle(points, side) for side in ("right", "left")}
    across = eyes["left"] - eyes["right"]
    distance = float(np.hypot(*across))
    if distance < LEAST_EYES:
        raise MediaError(
            f"the eyes lie {distance:.1f} pixels apart; at least {LEAST_EYES:g} are needed, place them anew"
        )
    right, down = across / distance, np.array([-across[1], across[0]]) / distance
    if (np.array(points["chin"]) - eyes["right"]) @ down < 0:
        raise MediaError(
            "the right and the left eye are exchanged; right is the face's own, on the left of a frontal picture"
        )
    for first, second, what in _WIDTHS:
        if _way(points, first, second) @ right < LEAST_WIDTH * distance:
            raise MediaError(f"{what} are exchanged or lie on one another; place {first} and {second} anew")
    for first, second, what in _HEIGHTS:
        if _way(points, first, second) @ down < LEAST_HEIGHT * distance:
            raise MediaError(f"{what}; place {first} and {second} anew")
    for above, below, what in _RULES:
        if above in points and below in points and _way(points, above, below) @ down < -TOLERANCE * distance:
            raise MediaError(f"{what}: {above} lies below {below}; place them anew")
    _check_near(points, eyes, distance)


def _check_near(points: Points, eyes: Mapping[str, Doubles], distance: float) -> None:
    """Raise `MediaError` for a point far from the face, or one of an iris that does not lie in its eye."""
    middle = (eyes["right"] + eyes["left"]) / 2
    for name, place in points.items():
        if np.hypot(*(np.array(place) - middle)) > WITHIN_FACE * distance:
            raise MediaError(f"{name} lies far from the face; place it anew")
    for side, eye in eyes.items():
        width = float(np.hypot(*_way(points, f"{side}_eye_outer_corner", f"{side}_eye_inner_corner")))
        for name in (name for name in points if name.startswith(f"{side}_iris")):
            if np.hypot(*(np.array(points[name]) - eye)) > WITHIN_EYE * width:
                raise MediaError(f"{name} does not lie in the {side} eye; place it anew")


def _way(points: Points, first: str, second: str) -> Doubles:
    return np.asarray(np.subtract(points[second], points[first]), np.float64)


def _middle(points: Points, side: str) -> Doubles:
    return np.asarray(np.add(points[f"{side}_eye_outer_corner"], points[f"{side}_eye_inner_corner"]) / 2, np.float64)
