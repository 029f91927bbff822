"""A photo becomes a portrait: the upright square that is animated, its mesh, landmarks, pose and matte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arguments import StrPath, instance, path_of
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose, landmarks_from_mesh, normalise
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.image_file import read_picture
from space_runtime.portrait.tracking import TILE_LEVELS, Face, FaceTracker, region_of_mesh
from space_runtime.portrait.validation import is_clear_human

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
MIN_FACE_HEIGHT: Final = 48.0
"""Least height of a usable face in the photo, pixels."""
MAX_CHECKED: Final = 8
"""Faces of one picture that are looked at closely."""
MAX_ROLL: Final = 0.9
"""Largest roll of an upright face, radians; beyond it the photo is turned by quarters."""
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
    return FaceTracker(*(opened.network(name) for name in ("face_detector", "face_mesh", "person_matte")))


def open_portrait(path: StrPath, tracker: FaceTracker | None = None) -> Portrait:
    """Return the portrait in a picture file. tracker: None for that of the embedded bundle, see `open_tracker`.

    Raises `MediaError` when the file cannot be read or shows no usable face.
    """
    photo = path_of("the photo", path)
    if tracker is not None:
        instance("the tracker", tracker, FaceTracker, "which open_tracker() opens")
    return portrait_from_pixels(read_picture(photo), tracker or open_tracker(), photo.name)


def portrait_from_pixels(rgb: Pixels, tracker: FaceTracker, name: str) -> Portrait:
    """Return the portrait of the largest human face in (h, w, 3) RGB. ``name`` is for messages.

    Raises `MediaError` when there is no face, none that is human, or it is too small or turned too far away.
    """
    face, turns, notes = _choose(rgb, tracker, name)
    rgb = np.ascontiguousarray(np.rot90(rgb, turns))
    image = frame(rgb, face.mesh)
    mesh = refine(image, tracker, _only(tracker.track(image), name).mesh)
    landmarks = landmarks_from_mesh(mesh)
    normalised, pose = normalise(landmarks)
    _check_pose(pose, name)
    return Portrait(image, mesh, landmarks, pose, normalised, tracker.matte(image), "; ".join(notes))


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


def _choose(rgb: Pixels, tracker: FaceTracker, name: str) -> tuple[Face, int, list[str]]:
    """Return the largest clear human face, the quarter turns (counter-clockwise) that set it upright, and notes."""
    n_doubtful = 0
    for turns in (0, 1, 3, 2):
        human, n_seen = _clear_faces(np.ascontiguousarray(np.rot90(rgb, turns)), tracker)
        if human:
            _check_height(human[0], name)
            many = [f"{len(human)} faces found, the largest is used"] if len(human) > 1 else []
            return human[0], turns, [*many, "the photo was turned upright"] if turns else many
        n_doubtful += n_seen if turns == 0 else 0
    if n_doubtful:
        raise MediaError(
            f"what looks like a face in {name} is not a whole, clear human face; use a photo that shows"
            " a person's whole face from the front"
        )
    raise MediaError(f"no face was found in {name}; use a photo that shows one face from the front")


def _clear_faces(rgb: Pixels, tracker: FaceTracker) -> tuple[list[Face], int]:
    """Return the upright clear human faces, largest first, and how many faces were doubtful.

    Tiles are searched only when the whole picture shows none.
    """
    n_doubtful = 0
    for level in TILE_LEVELS:
        faces = tracker.faces_at(rgb, level)[:MAX_CHECKED]
        human = [face for face in faces if abs(face.region.roll) <= MAX_ROLL and is_clear_human(rgb, face, tracker)]
        if human:
            return human, n_doubtful
        n_doubtful += len(faces)
    return [], n_doubtful


def _check_height(face: Face, name: str) -> None:
    height = float(np.ptp(face.mesh[:, 1]))
    if height < MIN_FACE_HEIGHT:
        raise MediaError(
            f"the face in {name} is only {int(height)} pixels high; at least {MIN_FACE_HEIGHT:.0f} are"
            " needed, use a larger photo"
        )


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
