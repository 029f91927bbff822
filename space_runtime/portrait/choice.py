"""The face of a photo that becomes the portrait: searched upright and turned, the largest clear human one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError, counted
from space_runtime.portrait.absence import why_no_face
from space_runtime.portrait.tracking import FINE_LEVELS, TILE_LEVELS, Face, FaceTracker
from space_runtime.portrait.validation import is_clear_human

MIN_FACE_HEIGHT: Final = 48.0
"""Least height of a usable face in the photo, pixels."""
MAX_CHECKED: Final = 8
"""Faces of one picture that are checked closely, at each level of tiles; on the smallest tiles all: most are none."""
MAX_ROLL: Final = 0.9
"""Largest roll of an upright face, radians; beyond it the photo is turned by quarters."""
PLACE_THEM: Final = "or place its landmarks (--landmarks)"
"""The advice for drawings and whatever else no face is found in."""
AS_LARGE: Final = 0.85
"""Faces of this share of the largest one's size are as large; of these the most central one is chosen."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A chosen face. turns: quarters, counter-clockwise, that set the photo upright. notes: clauses for the user."""

    face: Face
    turns: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Faces of one search, largest first. doubtful: upright ones that are no clear human faces."""

    human: list[Face]
    doubtful: list[Face]


def choose_face(rgb: Pixels, tracker: FaceTracker, name: str, force: bool) -> Choice:
    """Return the face of (h, w, 3) RGB to animate. ``name`` is for messages; force: a doubtful face will do.

    Raises `MediaError` when there is none, or none that is large enough.
    """
    doubtful: list[Face] = []
    for turns in (0, 1, 3, 2):
        seen = _search(np.ascontiguousarray(np.rot90(rgb, turns)), tracker, fine=turns == 0)
        if seen.human:
            height, width = rgb.shape[:2] if turns % 2 == 0 else rgb.shape[1::-1]
            face = _most_central(seen.human, height, width)
            return Choice(_large_enough(face, name, force), turns, _notes(len(seen.human), turns))
        doubtful += seen.doubtful if turns == 0 else []
    if doubtful and force:
        return Choice(doubtful[0], 0, ("what looks like a face may be none",))
    why = why_no_face(rgb, tracker)
    if doubtful:
        raise MediaError(
            f"what looks like a face in {name}{why} is not a whole, clear human face; use a photo that shows"
            f" a person's whole face from the front, {PLACE_THEM}"
        )
    raise MediaError(f"no face was found in {name}{why}; use a photo that shows one face from the front, {PLACE_THEM}")


def _notes(n_faces: int, turns: int) -> tuple[str, ...]:
    many = [f"{counted(n_faces, 'face')} found, the largest is used"] if n_faces > 1 else []
    return (*many, "the photo was turned upright") if turns else (*many,)


def _search(rgb: Pixels, tracker: FaceTracker, fine: bool) -> _Seen:
    """Return the faces of the first level of tiles that shows human ones; fine: look at the smallest tiles, too."""
    doubtful: list[Face] = []
    for level in (*TILE_LEVELS, *(FINE_LEVELS if fine else ())):
        found = tracker.faces_at(rgb, level)[: MAX_CHECKED if level in TILE_LEVELS else None]
        faces = [face for face in found if abs(face.region.roll) <= MAX_ROLL]
        human = [face for face in faces if is_clear_human(rgb, face, tracker)]
        if human:
            return _Seen(human, doubtful)
        doubtful += faces if level in TILE_LEVELS else []
    return _Seen([], doubtful)


def _most_central(faces: list[Face], height: int, width: int) -> Face:
    """Return the largest face; of those that are nearly as large, the one nearest to the picture's middle."""
    large = [face for face in faces if face.region.side >= AS_LARGE * faces[0].region.side]
    return min(large, key=lambda face: float(np.hypot(face.region.x - width / 2, face.region.y - height / 2)))


def _large_enough(face: Face, name: str, force: bool) -> Face:
    if not force:
        check_height(face.mesh, name)
    return face


def check_height(mesh: Floats, name: str) -> None:
    """Raise `MediaError` for a face whose (478, 3) mesh is lower than `MIN_FACE_HEIGHT`."""
    height = float(np.ptp(mesh[:, 1]))
    if height < MIN_FACE_HEIGHT:
        raise MediaError(
            f"the face in {name} is only {int(height)} pixels high; at least {MIN_FACE_HEIGHT:.0f} are"
            " needed, use a larger photo"
        )
