"""The person whose mouth is dubbed: a first reading of the video follows the face and keeps what drawing needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.capture.face_following import FaceFollower
from space_runtime.dubbing.drawn_inside import drawn_insides
from space_runtime.dubbing.mesh_store import MeshStore
from space_runtime.dubbing.mouth_inside import GAPS, Inside, gap_of, view_of
from space_runtime.dubbing.planes import Planes, upright_planes
from space_runtime.errors import MediaError
from space_runtime.geometry import HeadPose, apply_pose, estimate_pose, landmarks_from_mesh, normalise, remove_pose
from space_runtime.media.video_reader import VideoReader
from space_runtime.portrait.framing import SIDE, frame, square_around
from space_runtime.portrait.portrait import Portrait
from space_runtime.portrait.tracking import FaceTracker

Progress = Callable[[str, int, int | None], None]
"""Called with "following" or "drawing", the pictures done and those in all, None where that is not known."""
REST_SHARE: Final = 0.25
"""Share of the pictures, those with the lips closest together, whose mean face is the person's rest."""
MOST_LOOKED_AT: Final = 2000
"""Pictures, spread over the video, that the rest is taken from."""
MORE_THAN_SHUT: Final = 0.02
"""By how much more than at rest the lips of a view are apart, normalised; below it shows lips alone."""
LEAST_OPEN: Final = 0.05
"""Gap of the widest view of the mouth, normalised, up to which the video does not show its inside."""


@dataclass(frozen=True, slots=True, eq=False)
class DubbedPerson:
    """rest: (478, 3) normalised, lips together. portrait: of this face, for speech. insides: of the mouth, by gap."""

    rest: Floats
    portrait: Portrait
    insides: list[Inside]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The picture that shows the face best from the front. turn: how far it is off, radians."""

    picture: Planes
    rgb: Pixels
    mesh: Floats
    turn: float


def follow_person(reader: VideoReader, follower: FaceFollower, store: MeshStore, tell: Progress) -> DubbedPerson:
    """Return the person that is followed through the video; store: takes the meshes.

    Raises `MediaError` when the face is nowhere seen, and what `VideoReader.pictures` raises.
    """
    collector = PersonCollector()
    for k, picture in enumerate(reader.pictures()):
        found = follower.follow(picture.rgb)
        store.append(found.face.mesh if found.face else None, continues=not found.begins)
        if found.face is None or found.begins:
            collector.lost()
        if found.face is not None:
            collector.see(partial(upright_planes, picture.frame, reader.size), picture.rgb, found.face.mesh)
        tell("following", k + 1, reader.n_pictures)
    if not store.faces():
        raise MediaError(f"no face was found in {reader.path}; give a video that shows a person's face")
    return collector.person(follower.tracker, store)


class PersonCollector:
    """Takes the pictures of one face, one after the other, and keeps a few."""

    def __init__(self) -> None:
        """Begin without a picture."""
        self._best: _Seen | None = None
        self._insides: dict[int, tuple[float, Inside]] = {}
        self._gap: float | None = None

    def lost(self) -> None:
        """Say that the next picture does not follow the last one."""
        self._gap = None

    def see(self, picture: Callable[[], Planes], rgb: Pixels, mesh: Floats) -> None:
        """Take a picture with the (478, 3) mesh of its face."""
        pose = estimate_pose(landmarks_from_mesh(mesh))
        own = remove_pose(mesh, pose)
        turn = float(np.abs(pose.rotation_rad[:2]).sum())
        if self._best is None or turn < 0.8 * self._best.turn:
            self._best = _Seen(picture(), rgb, mesh, turn)
        gap = gap_of(own)
        if self._gap is not None and GAPS[0] <= gap < GAPS[-1]:
            self._offer(picture, mesh, own, pose, gap, turn + 10 * abs(gap - self._gap))
        self._gap = gap

    def _offer(
        self, picture: Callable[[], Planes], mesh: Floats, own: Floats, pose: HeadPose, gap: float, unrest: float
    ) -> None:
        """Keep the view if it is calmer, and seen more from the front, than that of the same width so far."""
        place = int(np.searchsorted(GAPS, gap, side="right"))
        if place not in self._insides or unrest < 0.9 * self._insides[place][0]:
            self._insides[place] = unrest, view_of(picture(), mesh, own, pose)

    def person(self, tracker: FaceTracker, store: MeshStore) -> DubbedPerson:
        """Return the person. At least one picture was seen."""
        assert self._best is not None
        rest = _rest(store)
        portrait = _portrait(self._best, rest, tracker)
        least = gap_of(rest) + MORE_THAN_SHUT
        insides = [inside for _, (_, inside) in sorted(self._insides.items()) if inside.gap > least]
        if not insides or insides[-1].gap < LEAST_OPEN:
            insides = drawn_insides(portrait, rest, self._best.picture, self._best.mesh)
        return DubbedPerson(rest, portrait, insides)


def _rest(store: MeshStore) -> Floats:
    """Return the person's (478, 3) normalised rest: the median of the faces whose lips are closest together."""
    numbers = store.faces()
    meshes = [store.mesh(k) for k in numbers[:: -(-len(numbers) // MOST_LOOKED_AT)]]
    faces = np.stack([remove_pose(mesh, estimate_pose(landmarks_from_mesh(mesh))) for mesh in meshes])
    gaps: Doubles = np.array([gap_of(face) for face in faces])
    return np.median(faces[gaps <= np.quantile(gaps, REST_SHARE)], axis=0).astype(np.float32)


def _portrait(seen: _Seen, rest: Floats, tracker: FaceTracker) -> Portrait:
    """Return the portrait of the face at rest, in the pose of the picture; the photo itself is not drawn."""
    left, top, side = square_around(seen.mesh, *seen.rgb.shape[:2])
    image, scale = frame(seen.rgb, seen.mesh), SIDE / side
    pose = estimate_pose(landmarks_from_mesh(seen.mesh))
    place = (pose.translation - np.array([left - 0.5, -(top - 0.5), 0])) * scale + np.array([-0.5, 0.5, 0])
    mesh = apply_pose(rest, replace(pose, translation=place.astype(np.float32), scale=pose.scale * scale))
    landmarks = landmarks_from_mesh(mesh)
    normalised, own = normalise(landmarks)
    return Portrait(image, mesh, landmarks, own, normalised, tracker.matte(image), "")
