"""The person whose face is followed when a picture shows several: by size or by place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from space_runtime.errors import UsageError
from space_runtime.portrait.tracking import Face


class Place(StrEnum):
    """Rules by which one of several faces is chosen."""

    LARGEST = "largest"
    LEFT = "left"
    RIGHT = "right"
    CENTER = "center"
    """The one nearest to the middle of the picture."""


_POINT: Final = re.compile(r"\s*([01]?\.?\d+)\s*,\s*([01]?\.?\d+)\s*")


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a picture.

    place: the rule. point: instead of it, the face nearest to a point: shares of the picture's width and height, 0…1,
    from the upper left.
    """

    place: Place = Place.LARGEST
    point: tuple[float, float] | None = None

    @classmethod
    def of(cls, text: str) -> Person:
        """Return the person that a text means: a rule's name, or ``X,Y``. Raises `UsageError`."""
        if text in set(Place):
            return cls(Place(text))
        match = _POINT.fullmatch(text)
        if match and max(float(match[1]), float(match[2])) <= 1:
            return cls(point=(float(match[1]), float(match[2])))
        raise UsageError(
            f"the person is {text!r:.40}; expected one of {', '.join(Place)}, or a point X,Y in shares of the picture"
            " from its upper left, as 0.25,0.5"
        )

    def chosen(self, faces: Sequence[Face], size: tuple[int, int]) -> Face | None:
        """Return the face that is meant among those of a picture of size (width, height), largest first."""
        if not faces:
            return None
        middles = np.array([middle_of(face) for face in faces]) / size
        if self.point is not None:
            return faces[_nearest(middles, self.point)]
        return faces[
            {
                Place.LARGEST: 0,
                Place.LEFT: int(middles[:, 0].argmin()),
                Place.RIGHT: int(middles[:, 0].argmax()),
                Place.CENTER: _nearest(middles, (0.5, 0.5)),
            }[self.place]
        ]


def middle_of(face: Face) -> tuple[float, float]:
    """Return column and row of the middle of a face, pixels."""
    x, y = face.mesh[:, :2].mean(0)
    return float(x), float(-y)


def _nearest(places: np.ndarray, wanted: tuple[float, float]) -> int:
    return int(np.linalg.norm(places - wanted, axis=1).argmin())
