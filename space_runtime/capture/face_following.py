"""One face followed from picture to picture: found, kept, lost and found again, across cuts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.capture.person import Person, middle_of
from space_runtime.extras import cv2
from space_runtime.portrait.tracking import MIN_CONFIDENCE, TILE_LEVELS, Face, FaceTracker, region_of_mesh

THUMBNAIL: Final = (32, 18)
"""Columns and rows of the small grey copies that are compared."""
SAMPLED: Final = 128
"""Rows and columns of which these are averages."""
CUT_LEVELS: Final = 28.0
"""Mean difference of two pictures, of 255 grey levels, from which a cut is looked for; motion stays below 15."""
CUT_RATIO: Final = 3.0
"""A cut differs so many times more than pictures before it did: where everything moves, everything differs."""
JUMP: Final = 0.35
"""Way of a face from one picture to the next, in sides of its region, from which it is another one."""
RESIZED: Final = 1.35
"""Likewise, change of its size."""
SEARCH_EVERY: Final = 10
"""Pictures without a face between two searches on tiles; between these the whole picture alone is searched."""
HELD: Final = 60
"""Pictures for which the place of a lost face is remembered: the face that comes back near to it is the same person."""
NEAR: Final = 1.0
"""Distance of such a face from there, in sides of its region."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """The face in a picture, None where it is not seen. begins: nothing before this picture belongs to its motion."""

    face: Face | None
    begins: bool


@dataclass(slots=True, eq=False)
class FaceFollower:
    """Follows one person through pictures that follow one another.

    n_people: most faces seen together. n_cuts: cuts so far. Both are known from searches alone.
    """

    tracker: FaceTracker
    person: Person = field(default_factory=Person)
    n_people: int = 0
    n_cuts: int = 0
    _last: Face | None = None
    _n_lost: int = 0
    _before: Floats | None = None
    _usual: float = 0.0

    def follow(self, rgb: Pixels) -> Followed:
        """Return the person's face in the next (h, w, 3) picture."""
        if self._is_cut(rgb):
            self.n_cuts += 1
            self._last, self._n_lost = None, 0
        kept = self._kept(rgb)
        if kept is not None:
            begins = self._n_lost > 0
            self._last, self._n_lost = kept, 0
            return Followed(kept, begins)
        found = self._found(rgb)
        if found is None:
            self._n_lost += 1
            if self._n_lost > HELD:
                self._last = None
            return Followed(None, False)
        self._last, self._n_lost = found, 0
        return Followed(found, True)

    def _kept(self, rgb: Pixels) -> Face | None:
        """Return the face where the last one was, if it is the same one."""
        if self._last is None or self._n_lost > 0:
            return None
        face = self.tracker.read(rgb, region_of_mesh(self._last.mesh))
        return face if face.confidence >= MIN_CONFIDENCE and _is_same(self._last, face) else None

    def _found(self, rgb: Pixels) -> Face | None:
        """Return the person's face as a search finds it: near to where it was lost, else by the rule."""
        everywhere = self._n_lost % SEARCH_EVERY == 0
        faces = self.tracker.faces(rgb) if everywhere else self.tracker.faces_at(rgb, TILE_LEVELS[0])
        self.n_people = max(self.n_people, len(faces))
        last = self._last
        if last is None:
            return self.person.chosen(faces, (rgb.shape[1], rgb.shape[0]))
        near = [face for face in faces if _distance(last, face) < NEAR * last.region.side]
        return min(near, key=lambda face: _distance(last, face), default=None)

    def _is_cut(self, rgb: Pixels) -> bool:
        """Return whether this picture has nothing to do with the one before."""
        some = rgb[:: max(1, rgb.shape[0] // SAMPLED), :: max(1, rgb.shape[1] // SAMPLED)]
        now, before = cv2.resize(some.mean(2, dtype=np.float32), THUMBNAIL, interpolation=cv2.INTER_AREA), self._before
        self._before = np.asarray(now, np.float32)
        if before is None:
            return False
        differs = float(np.abs(now - before).mean())
        is_cut = differs > max(CUT_LEVELS, CUT_RATIO * self._usual)
        if not is_cut:
            self._usual += 0.1 * (differs - self._usual)
        return is_cut


def _is_same(before: Face, face: Face) -> bool:
    grown = face.region.side / before.region.side
    return _distance(before, face) < JUMP * before.region.side and 1 / RESIZED < grown < RESIZED


def _distance(before: Face, face: Face) -> float:
    return float(np.hypot(*np.subtract(middle_of(face), middle_of(before))))
