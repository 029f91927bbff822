"""Laws of placed landmarks: the mesh meets them, whatever the picture shows; a wrong file is told in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.protocol.landmark_names import LANDMARK_NAMES
from space_runtime.arrays import Floats, Index
from space_runtime.errors import MediaError
from space_runtime.geometry import estimate_pose, landmarks_from_mesh, normalise, rotation_matrix
from space_runtime.portrait.fitted_mesh import fitted_mesh, mean_mesh
from space_runtime.portrait.framing import Framing
from space_runtime.portrait.landmark_file import (
    PLACED,
    REQUIRED,
    PlacedLandmarks,
    landmarks_beside,
    landmarks_json,
    parse_landmarks,
)
from space_runtime.portrait.mesh_points import LOWER_LIP, UPPER_LIP
from space_runtime.portrait.portrait import portrait_from_pixels
from tests.support import pictures
from tests.support.drawn_faces import DrawnFace, anime, cartoon

DRAWN = {"anime": anime, "cartoon": cartoon}


def at_of(names: tuple[str, ...]) -> Index:
    return PlacedLandmarks(1, 1, names, np.zeros((len(names), 2))).at


def fitted_to(mesh: Floats, names: tuple[str, ...]) -> Floats:
    """The mesh that is fitted to some landmarks of another one."""
    return fitted_mesh(mesh[at_of(names), :2], at_of(names))


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
@pytest.mark.parametrize("names", [REQUIRED, PLACED], ids=["required", "page"])
def test_the_mesh_meets_every_landmark(draw: Callable[[], DrawnFace], names: tuple[str, ...]) -> None:
    places = np.array([draw().points[name] for name in names]) * (1, -1)
    mesh = fitted_mesh(places, at_of(names))
    np.testing.assert_allclose(mesh[at_of(names), :2], places, atol=0.05)
    assert (mesh[list(UPPER_LIP), 1] - mesh[list(LOWER_LIP), 1] > -0.5).all()


@pytest.mark.parametrize("names", [REQUIRED, PLACED, LANDMARK_NAMES[:68], LANDMARK_NAMES])
def test_the_mesh_of_a_photo_comes_out_of_its_landmarks(names: tuple[str, ...]) -> None:
    mesh = pictures.portrait().mesh
    off = np.linalg.norm((fitted_to(mesh, names) - mesh)[:, :2], axis=1)
    assert off.mean() < 0.05 * estimate_pose(landmarks_from_mesh(mesh)).scale


@pytest.mark.parametrize("yaw", [-25.0, -10.0, 0.0, 18.0])
def test_the_turn_of_a_face_is_seen(yaw: float) -> None:
    turn = rotation_matrix(np.radians(np.array([yaw, 0, 0], np.float32)))
    turned = (mean_mesh().mesh @ turn.T) * np.float32(200)
    _, pose = normalise(landmarks_from_mesh(fitted_to(turned, PLACED)))
    assert abs(np.degrees(pose.rotation_rad[0]) - yaw) < 6


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_on_its_side_gives_the_same_portrait(turns: int) -> None:
    face = cartoon()
    upright = portrait_from_pixels(face.picture, pictures.tracker(), "x", placed=face.landmarks)
    picture = np.ascontiguousarray(np.rot90(face.picture, turns))
    turned = portrait_from_pixels(picture, pictures.tracker(), "x", placed=face.landmarks.turned(turns))
    np.testing.assert_allclose(turned.mesh, upright.mesh, atol=1e-3)
    assert turned.note == "the picture was turned upright" and (turned.image == upright.image).all()


def test_the_landmarks_of_a_picture_lie_beside_it_under_its_name(tmp_path: Path) -> None:
    beside = tmp_path / "anna.v2.landmarks.json"
    (tmp_path / "folder.landmarks.json").mkdir()
    beside.write_text("", "utf-8")
    assert landmarks_beside(tmp_path / "anna.v2.png") == beside == landmarks_beside(tmp_path / "anna.v2.jpg")
    for name in ("anna.png", "folder.png", f"{'a' * 250}.png", "anna\0.png"):
        assert landmarks_beside(tmp_path / name) is None
    for nameless in (".", "/"):
        assert landmarks_beside(Path(nameless)) is None


def test_landmarks_count_in_the_size_on_which_they_were_placed() -> None:
    face = anime()
    smaller = face.landmarks.on(400, 400, "x")
    small, large = (
        portrait_from_pixels(face.picture, pictures.tracker(), "x", placed=placed).mesh
        for placed in (smaller, face.landmarks)
    )
    np.testing.assert_allclose(small, large, atol=0.01)
    with pytest.raises(MediaError, match=r"placed on a picture of 400×400 pixels, x has 800×600"):
        smaller.on(600, 800, "x")


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_drawing_is_refused_without_landmarks_and_taken_with_them(draw: Callable[[], DrawnFace]) -> None:
    face = draw()
    with pytest.raises(MediaError, match="clear human face"):
        portrait_from_pixels(face.picture, pictures.tracker(), "x")
    portrait = portrait_from_pixels(face.picture, pictures.tracker(), "x", placed=face.landmarks)
    assert portrait.note == "" and portrait.stand_in is not None
    assert portrait.matte[8, 8] < 0.1 and portrait.matte[300, 256] > 0.9


def test_the_whole_picture_of_a_drawing_keeps_its_body() -> None:
    face = cartoon()
    bust = np.full((1700, 1300, 3), face.picture[0, 0], np.uint8)
    bust[120:920, 250:1050] = face.picture
    bust[918:, 350:950] = (180, 60, 60)
    placed = PlacedLandmarks(1300, 1700, tuple(face.points), np.add(face.landmarks.points, (250, 120)))
    portrait = portrait_from_pixels(
        bust, pictures.tracker(), "x", framing=Framing("full", transparent=True), placed=placed
    )
    assert portrait.whole is not None
    matte = portrait.matte[:1700, :1300]
    assert matte[940:, 370:930].min() > 0.9, "the body"
    assert matte[:, :200].max() < 0.1 and matte[:, -200:].max() < 0.1, "the background"


def told(**changes: object) -> bytes:
    """A landmarks file, some of its parts or points changed."""
    whole = json.loads(landmarks_json(anime().landmarks))
    for name, value in changes.items():
        (whole if name in whole else whole["points"])[name] = value
    return json.dumps(whole).encode()


def without(name: str) -> bytes:
    whole = json.loads(told())
    del whole["points"][name]
    return json.dumps(whole).encode()


def test_a_file_is_read_back() -> None:
    placed = anime().landmarks
    again = parse_landmarks(landmarks_json(placed).encode(), "a.json")
    assert (again.width, again.height, set(again.names)) == (placed.width, placed.height, set(placed.names))
    for name, point in zip(again.names, again.points, strict=True):
        np.testing.assert_allclose(point, placed.points[placed.names.index(name)], atol=0.01)


def test_a_list_of_68_is_taken() -> None:
    points = (landmarks_from_mesh(pictures.portrait().mesh)[:68, :2] * (1, -1)).tolist()
    data = told(points=points, picture={"width": 512, "height": 512})
    assert parse_landmarks(data, "a.json").names == LANDMARK_NAMES[:68]


CORNERS = [f"{side}_eye_{part}_corner" for side in ("left", "right") for part in ("outer", "inner")]
WRONG: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "it is no JSON"),
    "bytes": (b"\xff\x00\x9c", "it is no JSON"),
    "a deep list": (b"[" * 100_000, "it is no JSON"),
    "a number": (b"5", "expected an object"),
    "empty": (b"", "it is empty or cannot be read"),
    "long": (b" " * (2 << 20), "more than 1 MiB"),
    "twice": (b'{"version": 1, "version": 1}', "twice"),
    "version": (told(version=2), "version 1"),
    "format": (told(format="x"), "its format is"),
    "no picture": (told(picture=None), "its picture is"),
    "no size": (told(picture={"width": -5, "height": 5}), "its picture is"),
    "missing": (without("chin"), "the point chin is missing; place it"),
    "unknown": (told(beak=[1, 2]), "which is no landmark"),
    "a count": (told(points=[[1, 2]] * 67), "67 points; expected 68 or 78"),
    "no points": (told(points="all"), "its points are"),
    "NaN": (told(chin=[float("nan"), 5]), "two finite numbers"),
    "infinite": (told(chin=[5, 1e999]), "two finite numbers"),
    "text": (told(chin=["5", 5]), "two finite numbers"),
    "one number": (told(chin=[5]), "two finite numbers"),
    "outside": (told(chin=[400, 800]), "outside the picture of 800×800"),
    "lips": (told(inner_upper_lip=[400, 590]), "the lips are crossed"),
    "lids": (told(left_eye_upper_outer=[510, 500]), "the lids of the left eye are crossed"),
    "mirrored": (told(right_mouth_corner=[450, 572]), "the corners of the mouth are exchanged"),
    "chin on the lip": (
        told(chin=json.loads(told())["points"]["lower_lip"]),
        "the chin does not lie below the lower lip",
    ),
    "iris": (told(right_iris_centre=[400, 600]), "right_iris_centre does not lie in the right eye"),
    "far away": (told(left_brow_3=[799, 799]), "left_brow_3 lies far from the face"),
    "upside down": (told(chin=[400, 100]), "the right and the left eye are exchanged"),
    "one eye": (told(**{corner: [400, 400] for corner in CORNERS}), "pixels apart"),
}


@pytest.mark.parametrize(("data", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_told_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(MediaError) as caught:
        parse_landmarks(data, "face.json")
    assert str(caught.value).startswith("the landmarks face.json: ") and sentence in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
