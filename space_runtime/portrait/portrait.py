"""A photo becomes a portrait: the upright square that is animated, its mesh, landmarks, pose and matte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from space_runtime.arguments import StrPath, instance, path_of, switch
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose, landmarks_from_mesh, normalise
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.image_file import MAX_DECODED_BYTES, open_picture, read_bytes
from space_runtime.portrait.choice import choose_face
from space_runtime.portrait.concerns import Tracked, concerns, inside_by
from space_runtime.portrait.mouth_cover import load_classifier
from space_runtime.portrait.tracking import Face, FaceTracker, region_of_mesh

SIDE: Final = 512
"""Pixels on a side of the portrait."""
FACE_SHARE: Final = 0.45
"""Height of the face, forehead to chin, in heights of the square."""
FACE_MIDDLE: Final = 0.52
"""Height of the face's middle below the square's top, in heights of the square: room for hair."""
MAX_FACE_SHARE: Final = 0.50
"""The square may shrink to this share rather than leave the photo."""
MAX_SHIFT: Final = 0.12
"""The square may move by this part of its side rather than leave the photo."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A tracked photo.

    image: (512, 512, 3) RGB, upright; where the photo ends, its edge is repeated.
    mesh: (478, 3) in the image's pixels, project axes: x right, y up (minus the row), z towards the viewer, one unit.
    landmarks: (78, 3) of the mesh. pose: of the landmarks.
    normalised: (78, 3) the landmarks without the pose; identity and the photo's expression stay.
    matte: (512, 512) the share of person in each pixel, 0…1.
    note: what the user should know, one sentence without a full stop; empty when there is nothing to say.
    """

    image: Pixels
    mesh: Floats
    landmarks: Floats
    pose: HeadPose
    normalised: Floats
    matte: Floats
    note: str


def open_tracker(bundle: Bundle | None = None) -> FaceTracker:
    """Return the face tracker of a bundle, None for the embedded one.

    Raises `BundleError` when one of its networks is missing.
    """
    opened = bundle_or_embedded(bundle)
    detector, mesh, matte = (opened.network(name) for name in ("face_detector", "face_mesh", "person_matte"))
    return FaceTracker(detector, mesh, matte, load_classifier(opened))


def open_portrait(path: StrPath, tracker: FaceTracker | None = None, force: bool = False) -> Portrait:
    """Return the portrait in a picture file. tracker: None for that of the embedded bundle, see `open_tracker`.

    force: take a face that would be refused because it is covered, cut off, turned too far, too small or doubtful.
    Raises `MediaError` when the file cannot be read or shows no usable face.
    """
    photo = path_of("the photo", path)
    if tracker is not None:
        instance("the tracker", tracker, FaceTracker, "which open_tracker() opens")
    return portrait_from_file(read_bytes(photo), tracker or open_tracker(), photo.name, switch("force", force))


def portrait_from_file(
    data: bytes, tracker: FaceTracker, name: str, force: bool = False, max_decoded: int = MAX_DECODED_BYTES
) -> Portrait:
    """Return the portrait in a picture file's bytes; see `open_portrait` and `open_picture`."""
    picture = open_picture(data, name, max_decoded)
    portrait = portrait_from_pixels(picture.pixels, tracker, name, force)
    return replace(portrait, note="; ".join(filter(None, (*picture.notes, portrait.note))))


def portrait_from_pixels(rgb: Pixels, tracker: FaceTracker, name: str, force: bool = False) -> Portrait:
    """Return the portrait of the largest human face in (h, w, 3) RGB. ``name`` is for messages; force: as above.

    Raises `MediaError` when there is no face, none that is human, or one that cannot be drawn well.
    """
    chosen = choose_face(rgb, tracker, name, force)
    rgb = np.ascontiguousarray(np.rot90(rgb, chosen.turns))
    image = frame(rgb, chosen.face.mesh)
    mesh = refine(image, tracker, _only(tracker.track(image), name).mesh)
    landmarks = landmarks_from_mesh(mesh)
    normalised, pose = normalise(landmarks)
    if not force:
        _check_pose(pose, name)
    inside = inside_by(_picture_points(chosen.face.mesh), *rgb.shape[:2])
    found = concerns(Tracked(image, _picture_points(mesh), inside, pose), tracker.cover)
    if found and found[0].refuses and not force:
        raise MediaError(
            f"{found[0].clause}, in {name}; {found[0].advice}, or take it as it is (--force, in Python force=True)"
        )
    note = "; ".join((*chosen.notes, *(concern.clause for concern in found)))
    return Portrait(image, mesh, landmarks, pose, normalised, tracker.matte(image), note)


def _picture_points(mesh: Floats) -> Floats:
    """Return columns and rows of a mesh in project axes."""
    return np.asarray(mesh[:, :2] * np.array([1, -1], np.float32), np.float32)


def refine(rgb: Pixels, tracker: FaceTracker, mesh: Floats) -> Floats:
    """Return the mean (478, 3) mesh of several slightly moved crops around a first mesh."""
    region = region_of_mesh(tracker.read(rgb, region_of_mesh(mesh)).mesh)
    views = [tracker.read(rgb, region.moved(*view)).mesh for view in VIEWS]
    mesh = np.stack(views).mean(0, dtype=np.float64)
    return mesh.astype(np.float32)


def frame(rgb: Pixels, mesh: Floats) -> Pixels:
    """Return the (512, 512, 3) square around the face of a (478, 3) mesh; see `square_around`."""
    left, top, side = square_around(mesh, rgb.shape[0], rgb.shape[1])
    height, width = rgb.shape[:2]
    inside = rgb[max(0, top) : top + side, max(0, left) : left + side]
    padded = cv2.copyMakeBorder(
        inside,
        max(0, -top),
        max(0, top + side - height),
        max(0, -left),
        max(0, left + side - width),
        cv2.BORDER_REPLICATE,
    )
    way = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return cv2.resize(padded, (SIDE, SIDE), interpolation=way).astype(np.uint8, copy=False)


def square_around(mesh: Floats, height: int, width: int) -> tuple[int, int, int]:
    """Return left, top and side of the square to animate, in pixels of a picture of that size.

    The face gets `FACE_SHARE` of the height in the middle. Where the photo is too small the square shrinks a little
    and moves a little; what still lies outside is padded by the caller.
    """
    low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
    face = float(high[1] - low[1])
    side = round(float(np.clip(min(height, width), face / MAX_FACE_SHARE, face / FACE_SHARE)))
    room = round(MAX_SHIFT * side)
    starts = []
    for middle, share, length in (((low[0] + high[0]) / 2, 0.5, width), (-(low[1] + high[1]) / 2, FACE_MIDDLE, height)):
        start = round(float(middle) + 0.5 - share * side)
        wanted = int(np.clip(start, 0, max(0, length - side))) if length >= side else (length - side) // 2
        starts.append(int(np.clip(wanted, start - room, start + room)))
    return starts[0], starts[1], side


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
