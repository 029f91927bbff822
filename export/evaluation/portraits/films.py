"""Films whose first picture becomes the portrait and whose later ones are what the generator shall draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from space_runtime.animation.stages import features as speech
from space_runtime.arrays import Floats, Pixels
from space_runtime.capture.steadying import steadied
from space_runtime.capture.video_take import FACE_WIDTH_S
from space_runtime.errors import MediaError
from space_runtime.geometry import estimate_pose, landmarks_from_mesh, normalise
from space_runtime.media.audio_file import open_sound
from space_runtime.media.video_reader import open_video
from space_runtime.portrait.choice import choose_face
from space_runtime.portrait.framing import SIDE, square_around
from space_runtime.portrait.portrait import Portrait, refine
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.timebase import HOP, SAMPLE_RATE

LONGEST: Final = 160
"""Pictures of a film that are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """A film as it was read. pictures: T of (h, w, 3). fps: of them. sound: (n,) at 16 kHz, empty for none."""

    name: str
    pictures: tuple[Pixels, ...]
    fps: Fraction
    sound: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A film to be acted again. pictures: T of (512, 512, 3), the first one is the portrait's.

    meshes: (T, 478, 3) tracked in them. steady: the same without the tracker's noise, as a take has it. turns_deg:
    (T, 3) yaw, pitch, roll against the first. heard: (T, 96) the features of the sound at each picture.
    """

    name: str
    portrait: Portrait
    pictures: tuple[Pixels, ...]
    meshes: Floats
    steady: Floats
    turns_deg: Floats
    heard: Floats


def read_film(path: Path, longest: int = LONGEST) -> Moving:
    """Return a video file's first pictures with all of its sound. Raises `MediaError`."""
    video = open_video(path)
    pictures = tuple(picture.rgb for picture, _ in zip(video.pictures(), range(longest), strict=False))
    blocks = list(open_sound(path).speech_blocks()) if video.has_sound else []
    sound = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    return Moving(path.stem, pictures, video.fps, sound)


def as_film(moving: Moving, tracker: FaceTracker) -> Film:
    """Return a film to be acted again: cut to one square, tracked. Raises `MediaError` where a face is missing."""
    chosen = choose_face(moving.pictures[0], tracker, moving.name, force=True)
    if chosen.turns:
        raise MediaError(f"the film {moving.name} lies on its side; turn it upright first")
    square = square_around(chosen.face.mesh, *moving.pictures[0].shape[:2])
    pictures = tuple(cut(picture, *square) for picture in moving.pictures)
    portrait = portrait_of(pictures[0], tracker, moving.name)
    meshes = follow(pictures, tracker, portrait.mesh)
    turns = np.degrees([estimate_pose(landmarks_from_mesh(mesh)).rotation_rad for mesh in meshes])
    own = np.degrees(portrait.pose.rotation_rad)
    steady = _steady(meshes, moving.fps)
    return Film(moving.name, portrait, pictures, meshes, steady, (turns - own).astype(np.float32), _heard(moving))


def cut(rgb: Pixels, left: int, top: int, side: int) -> Pixels:
    """Return a square of a picture at the portrait's size; what lies outside repeats the edge."""
    height, width = rgb.shape[:2]
    inside = rgb[max(0, top) : top + side, max(0, left) : left + side]
    margins = max(0, -top), max(0, top + side - height), max(0, -left), max(0, left + side - width)
    whole = cv2.copyMakeBorder(inside, *margins, cv2.BORDER_REPLICATE)
    way = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return cv2.resize(whole, (SIDE, SIDE), interpolation=way).astype(np.uint8, copy=False)


def portrait_of(square: Pixels, tracker: FaceTracker, name: str) -> Portrait:
    """Return the portrait of a picture that is cut already. Raises `MediaError` when no face is seen."""
    found = tracker.track(square)
    if found is None:
        raise MediaError(f"the first picture of {name} shows no face; begin the film with one from the front")
    mesh = refine(square, tracker, found.mesh)
    landmarks = landmarks_from_mesh(mesh)
    normalised, pose = normalise(landmarks)
    return Portrait(square, mesh, landmarks, pose, normalised, tracker.matte(square), "")


def follow(pictures: Sequence[Pixels], tracker: FaceTracker, near: Floats) -> Floats:
    """Return (T, 478, 3) meshes of a moving face, each looked for around the one before; where it is lost, that one."""
    return np.stack(list(_followed(pictures, tracker, near)))


def _followed(pictures: Sequence[Pixels], tracker: FaceTracker, near: Floats) -> Iterator[Floats]:
    for picture in pictures:
        face = tracker.track(picture, near)
        near = near if face is None else face.mesh
        yield near


def _steady(meshes: Floats, fps: Fraction) -> Floats:
    """Return (T, 478, 3) meshes steadied as `take_of_video` steadies faces."""
    times_s = np.arange(len(meshes)) / float(fps)
    return (
        steadied(times_s, meshes.reshape(len(meshes), -1), FACE_WIDTH_S, group=3)
        .reshape(meshes.shape)
        .astype(np.float32)
    )


def _heard(moving: Moving) -> Floats:
    """Return (T, 96) features of the hop in which each picture lies; of silence where there is no sound."""
    n_hops = len(moving.sound) // HOP
    if not n_hops:
        return np.tile(speech.silence(), (len(moving.pictures), 1))
    sound = moving.sound[None, : n_hops * HOP]
    _, features = speech.step(speech.initial_state(), sound)
    hops = (np.arange(len(moving.pictures)) / float(moving.fps) * SAMPLE_RATE / HOP).astype(int)
    return np.asarray(features[0][np.minimum(hops, n_hops - 1)], np.float32)
