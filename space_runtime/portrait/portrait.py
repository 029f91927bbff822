"""A photo becomes a portrait: its face found, tracked or placed, judged, and framed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.arguments import StrPath, instance, path_of, switch
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError
from space_runtime.geometry import HeadPose, landmarks_from_mesh, normalise, picture_points, remove_pose
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.image_file import MAX_DECODED_BYTES, open_picture, read_bytes
from space_runtime.portrait.choice import check_height, choose_face
from space_runtime.portrait.concerns import Tracked, concerns, concerns_of_placed, inside_by
from space_runtime.portrait.drawn_matte import with_drawn_person
from space_runtime.portrait.fitted_mesh import fitted_mesh
from space_runtime.portrait.framed import Portrait as Portrait
from space_runtime.portrait.framed import framed
from space_runtime.portrait.framing import FACE, SIDE, Crop, Framing, Square, frame, square_around
from space_runtime.portrait.landmark_file import PlacedLandmarks, read_landmarks
from space_runtime.portrait.mouth_cover import load_classifier
from space_runtime.portrait.stand_in import stand_in
from space_runtime.portrait.tracking import Face, FaceTracker, region_of_mesh

MAX_YAW_DEG: Final = 50.0
MAX_PITCH_DEG: Final = 45.0

VIEWS: Final = (
    (0.0, 0.0, 1.0),
    (0.011, 0.007, 1.03),
    (-0.009, 0.012, 0.97),
    (0.006, -0.011, 1.05),
    (-0.008, -0.008, 0.95),
)
"""Shifts, in sides, and scales of the crops whose meshes are averaged, against the network's static jitter."""


def open_tracker(bundle: Bundle | None = None) -> FaceTracker:
    """Return the face tracker of a bundle, None for the embedded one.

    Raises `BundleError` when one of its networks is missing.
    """
    opened = bundle_or_embedded(bundle)
    detector, mesh, matte = (opened.network(name) for name in ("face_detector", "face_mesh", "person_matte"))
    return FaceTracker(detector, mesh, matte, load_classifier(opened))


def open_portrait(
    path: StrPath,
    tracker: FaceTracker | None = None,
    force: bool = False,
    *,
    landmarks: StrPath | None = None,
    crop: Crop | str = Crop.FACE,
    size: int | None = None,
    transparent: bool = False,
) -> Portrait:
    """Return the portrait in a picture file. tracker: None for that of the embedded bundle, see `open_tracker`.

    force: take a face that would be refused because it is covered, cut off, turned too far, too small or doubtful.
    landmarks: a file of landmarks that a person placed, see `space_runtime.portrait.landmark_file`: for drawings and
    whatever else no face is found in; nothing is tracked then. crop, size, transparent: of its pictures, see `Framing`.
    Raises `MediaError` when a file cannot be read, shows no usable face or places none, `UsageError`.
    """
    photo, framing = path_of("the photo", path), Framing(crop, size, transparent)
    if tracker is not None:
        instance("the tracker", tracker, FaceTracker, "which open_tracker() opens")
    placed = None if landmarks is None else path_of("landmarks", landmarks)
    return open_framed(photo, tracker or open_tracker(), switch("force", force), framing, placed)


def open_framed(
    photo: Path, tracker: FaceTracker, force: bool, framing: Framing, landmarks: Path | None = None
) -> Portrait:
    """Return the portrait in a picture file; see `open_portrait`."""
    data, placed = read_bytes(photo), None if landmarks is None else read_landmarks(landmarks)
    return portrait_from_file(data, tracker, photo.name, force, framing=framing, placed=placed)


def portrait_from_file(
    data: bytes,
    tracker: FaceTracker,
    name: str,
    force: bool = False,
    max_decoded: int = MAX_DECODED_BYTES,
    framing: Framing = FACE,
    placed: PlacedLandmarks | None = None,
) -> Portrait:
    """Return the portrait in a picture file's bytes; see `open_portrait` and `open_picture`."""
    picture = open_picture(data, name, max_decoded)
    portrait = portrait_from_pixels(picture.pixels, tracker, name, force, framing, placed)
    return replace(portrait, note="; ".join(filter(None, (*picture.notes, portrait.note))))


def portrait_from_pixels(
    rgb: Pixels,
    tracker: FaceTracker,
    name: str,
    force: bool = False,
    framing: Framing = FACE,
    placed: PlacedLandmarks | None = None,
) -> Portrait:
    """Return the portrait of the largest human face in (h, w, 3) RGB. ``name`` is for messages; force: as above.

    placed: landmarks of the face, which then is taken for one whatever it looks like.
    Raises `MediaError` when there is no face, none that is human, or one that cannot be drawn well.
    """
    face = _tracked(rgb, tracker, name, force) if placed is None else _fitted(rgb, placed, name, force)
    landmarks = landmarks_from_mesh(face.mesh)
    normalised, pose = normalise(landmarks)
    if not force:
        _check_pose(pose, name)
    seen = Tracked(face.image, picture_points(face.mesh), face.inside, pose)
    found = concerns(seen, tracker.cover) if placed is None else concerns_of_placed(seen)
    if found and found[0].refuses and not force:
        raise MediaError(
            f"{found[0].clause}, in {name}; {found[0].advice}, or take it as it is (--force, in Python force=True)"
        )
    note = "; ".join((*face.notes, *(concern.clause for concern in found)))
    matte = tracker.matte(face.image)
    matte = matte if placed is None else with_drawn_person(matte, face.image, seen.points)
    acted = None if placed is None else stand_in(remove_pose(face.mesh, pose))
    normalised = normalised if acted is None else landmarks_from_mesh(acted)
    tracked = Portrait(face.image, face.mesh, landmarks, pose, normalised, matte, note, stand_in=acted)
    return framed(tracked, face.photo, face.square, framing, tracker)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A face in its square. photo: (h, w, 3) upright. square: of the photo. image: (512, 512, 3) what it shows.

    mesh: (478, 3) in the image. inside: see `Tracked`. notes: clauses for the user.
    """

    photo: Pixels
    square: Square
    image: Pixels
    mesh: Floats
    inside: Floats
    notes: tuple[str, ...]


def _tracked(rgb: Pixels, tracker: FaceTracker, name: str, force: bool) -> _Found:
    chosen = choose_face(rgb, tracker, name, force)
    photo = np.ascontiguousarray(np.rot90(rgb, chosen.turns))
    image = frame(photo, chosen.face.mesh)
    mesh = refine(image, tracker, _only(tracker.track(image), name).mesh)
    inside = inside_by(picture_points(chosen.face.mesh), *photo.shape[:2])
    return _Found(photo, square_around(chosen.face.mesh, *photo.shape[:2]), image, mesh, inside, chosen.notes)


def _fitted(rgb: Pixels, landmarks: PlacedLandmarks, name: str, force: bool) -> _Found:
    upright = landmarks.on(rgb.shape[0], rgb.shape[1], name).upright()
    photo = np.ascontiguousarray(np.rot90(rgb, upright.turns))
    mesh = fitted_mesh(upright.points * (1, -1), upright.at)
    if not force:
        check_height(mesh, name)
    square = square_around(mesh, *photo.shape[:2])
    scale = SIDE / square.side
    corner = np.array([square.left - 0.5, 0.5 - square.top, 0])
    in_square = (scale * (mesh - corner) - (0.5, -0.5, 0)).astype(np.float32)
    notes = ("the picture was turned upright",) if upright.turns else ()
    inside = inside_by(picture_points(mesh), *photo.shape[:2])
    return _Found(photo, square, frame(photo, mesh), in_square, inside, notes)


def refine(rgb: Pixels, tracker: FaceTracker, mesh: Floats) -> Floats:
    """Return the mean (478, 3) mesh of several slightly moved crops around a first mesh."""
    region = region_of_mesh(tracker.read(rgb, region_of_mesh(mesh)).mesh)
    views = [tracker.read(rgb, region.moved(*view)).mesh for view in VIEWS]
    mesh = np.stack(views).mean(0, dtype=np.float64)
    return mesh.astype(np.float32)


def _only(face: Face | None, name: str) -> Face:
    if face is None:
        raise MediaError(f"the face in {name} cannot be followed closely; use a sharper photo from the front")
    return face


def _check_pose(pose: HeadPose, name: str) -> None:
    yaw, pitch, _ = (abs(float(angle)) for angle in np.degrees(pose.rotation_rad))
    if yaw > MAX_YAW_DEG or pitch > MAX_PITCH_DEG:
        raise MediaError(
            f"the face in {name} is turned {yaw:.0f}° to a side and {pitch:.0f}° up or down; at most"
            f" {MAX_YAW_DEG:.0f}° and {MAX_PITCH_DEG:.0f}° can be animated, use a photo from the front"
        )
