"""A tracked photo, and the same as its pictures are wanted: the square at any size, or the whole photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose, picture_points
from space_runtime.portrait.drawn_matte import with_drawn_person
from space_runtime.portrait.framing import (
    SIDE,
    Crop,
    Framing,
    Square,
    WholePhoto,
    closer,
    fineness,
    moving_square,
    own_square,
    scaled_square,
    whole_square,
)
from space_runtime.portrait.tracking import FaceTracker

SOFT_BELOW: Final = 0.75
"""A square of fewer pixels in the photo than this share of a picture's size is worth a word."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A tracked photo.

    image: (s, s, 3) RGB, upright, s being 512 unless a `Framing` says otherwise; where the photo ends, its colours are
    continued softly.
    mesh: (478, 3) in the image's pixels, project axes: x right, y up (minus the row), z towards the viewer, one unit.
    landmarks: (78, 3) of the mesh. pose: of the landmarks.
    normalised: (78, 3) the landmarks without the pose; identity and the photo's expression stay. Of the stand-in, if
        there is one.
    matte: (s, s) the share of person in each pixel, 0…1.
    note: what the user should know, one sentence without a full stop; empty when there is nothing to say.
    fine: see `fineness`. transparent: pictures of it have no background. whole: the photo around the image, None for
    pictures of the image alone.
    stand_in: (478, 3) normalised mesh of the human face that is animated in the place of a drawn one, whose landmarks
        a person placed; None for a tracked face.
    """

    image: Pixels
    mesh: Floats
    landmarks: Floats
    pose: HeadPose
    normalised: Floats
    matte: Floats
    note: str
    fine: int = 1
    transparent: bool = False
    whole: WholePhoto | None = None
    stand_in: Floats | None = None


def framed(tracked: Portrait, rgb: Pixels, face: Square, framing: Framing, tracker: FaceTracker) -> Portrait:
    """Return a tracked portrait as its pictures are wanted. face: the square of the photo that it shows."""
    transparent = framing.transparent
    if framing.crop is Crop.FULL:
        return replace(_whole(tracked, rgb, face, transparent, tracker), transparent=transparent)
    if framing.size == SIDE:
        return replace(tracked, transparent=transparent)
    size, scale = framing.size, framing.size / SIDE
    image = scaled_square(rgb, face, size)
    matte = np.clip(cv2.resize(tracked.matte, (size, size), interpolation=cv2.INTER_CUBIC), 0, 1).astype(np.float32)
    placed = replace(
        _placed(tracked, scale, 0, 0), image=image, matte=matte, fine=fineness(size), transparent=transparent
    )
    if face.side >= SOFT_BELOW * size:
        return placed
    soft = f"the face's square is {face.side} pixels wide in the photo, so pictures of {size} look soft"
    return replace(placed, note="; ".join(filter(None, (tracked.note, soft))))


def _whole(tracked: Portrait, rgb: Pixels, face: Square, transparent: bool, tracker: FaceTracker) -> Portrait:
    """Return the portrait on the pixels of its photo; on all of them where none but the person shall be seen."""
    height, width = rgb.shape[:2]
    fine, scale = fineness(face.side), face.side / SIDE
    in_photo = _placed(tracked, scale, face.left, face.top)
    moving = moving_square(in_photo.mesh, height, width, fine)
    square = whole_square(height, width, fine) if transparent else moving
    image = own_square(rgb, square, fine)
    matte = _matte(tracked, image, _within(face, square), tracker)
    if square != moving:
        close = _matte(tracked, own_square(rgb, moving, fine), _within(face, moving), tracker)
        matte = closer(matte, close, _within(moving, square))
    return replace(
        _placed(tracked, scale, face.left - square.left, face.top - square.top),
        image=image,
        matte=closer(matte, tracked.matte, _within(face, square)),
        fine=fine,
        whole=WholePhoto(rgb, square, face),
    )


def _matte(tracked: Portrait, image: Pixels, face: Square, tracker: FaceTracker) -> Floats:
    """Return the matte of a picture of more than the face's square, which lies there in it."""
    matte = tracker.matte(image)
    if tracked.stand_in is None:
        return matte
    return with_drawn_person(matte, image, picture_points(_placed(tracked, face.side / SIDE, face.left, face.top).mesh))


def _within(inner: Square, outer: Square) -> Square:
    """Return a square in the pixels of another one."""
    return Square(inner.left - outer.left, inner.top - outer.top, inner.side)


def _placed(portrait: Portrait, scale: float, left: int, top: int) -> Portrait:
    """Return a portrait whose points lie in a picture that is ``scale`` times larger, with its corner at a pixel."""
    middle = 0.5 * scale - 0.5  # of the first pixel
    shift = np.array([middle + left, -middle - top, 0], np.float32)

    def moved(points: Floats) -> Floats:
        return np.asarray(points * np.float32(scale) + shift, np.float32)

    pose = HeadPose(portrait.pose.rotation_rad, moved(portrait.pose.translation), portrait.pose.scale * scale)
    return replace(portrait, mesh=moved(portrait.mesh), landmarks=moved(portrait.landmarks), pose=pose)
