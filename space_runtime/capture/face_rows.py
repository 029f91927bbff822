"""Rows of a face that is followed through a video: landmarks, confidence and stretches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.capture.face_following import FaceFollower, Followed
from space_runtime.capture.head_pose import STILL
from space_runtime.errors import MediaError, counted
from space_runtime.geometry import N_LANDMARKS, landmarks_from_mesh
from space_runtime.media.video_reader import VideoPicture, VideoReader

Watch = Callable[[VideoPicture, Followed, int], None]
"""Takes each picture with its face and its number, while a video is tracked."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceRows:
    """A followed face, T rows, one a picture.

    times_s: (T,) rising. landmarks: (T, 78, 3) in pixels, project axes; without a face those of the row before, before
    the first face its own. still: (T, n, 3) the points `head_pose.STILL` of the mesh, likewise. confidence: (T,) 0
    without a face. begins: rows at which a stretch begins, the first is 0. size: (width, height) of the pictures.
    n_people: most faces seen together. n_cuts: cuts of the film.
    """

    times_s: Doubles
    landmarks: Floats
    still: Floats
    confidence: Floats
    begins: Longs
    size: tuple[int, int]
    n_people: int
    n_cuts: int

    @property
    def n_without(self) -> int:
        """The number of rows without a face."""
        return int((self.confidence == 0).sum())

    def stretches(self) -> Iterator[slice]:
        """Yield the rows of each stretch of unbroken motion; rows without a face are in none."""
        for begin, end in pairwise([*self.begins.tolist(), len(self.times_s)]):
            n_seen = int((self.confidence[begin:end] > 0).sum())
            if n_seen:
                yield slice(begin, begin + n_seen)


def follow_video(video: VideoReader, follower: FaceFollower, watch: Watch | None = None) -> FaceRows:
    """Return the rows of the face that ``follower`` follows through a video, in bounded memory but for these.

    Raises `MediaError` when no picture shows a face.
    """
    times: list[float] = []
    meshes: list[Floats] = []
    confidence: list[float] = []
    begins = [0]
    for number, picture in enumerate(video.pictures()):
        followed = follower.follow(picture.rgb)
        face = followed.face
        if followed.begins or (face is None and confidence and confidence[-1] > 0):
            begins.append(number)
        times.append(float(picture.time))
        confidence.append(0.0 if face is None else face.confidence)
        meshes.append(kept(face.mesh) if face else meshes[-1] if meshes else _NOBODY)
        if watch:
            watch(picture, followed, number)
    seen = np.asarray(confidence, np.float32)
    if not seen.any():
        pictures = counted(len(times), "picture")
        raise MediaError(
            f"no face was found in the {pictures} of {video.path}; give a video that shows a person's face"
        )
    points = np.asarray(meshes, np.float32)
    points[: int(seen.argmax())] = points[int(seen.argmax())]
    rows = np.unique(np.asarray(begins, np.int64))
    faces, still = points[:, :N_LANDMARKS], points[:, N_LANDMARKS:]
    return FaceRows(np.array(times), faces, still, seen, rows, video.size, follower.n_people, follower.n_cuts)


def kept(mesh: Floats) -> Floats:
    """Return (78 + n, 3): the landmarks of a mesh, then its still points."""
    return np.concatenate([landmarks_from_mesh(mesh), mesh[STILL]])


_NOBODY: Final = np.zeros((N_LANDMARKS + len(STILL), 3), np.float32)
