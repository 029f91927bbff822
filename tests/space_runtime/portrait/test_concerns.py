"""Laws of the gate: what cannot be drawn well is said or refused in one sentence, force takes it, all else passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError
from space_runtime.portrait.portrait import portrait_from_pixels
from tests.support import pictures

Draw = Callable[[Pixels, Floats], None]


@cache
def points() -> Floats:
    """The face's points in NASA's portrait."""
    return np.asarray(pictures.tracker().faces(pictures.astronaut())[0].mesh[:, :2] * (1, -1), np.float32)


def drawn(draw: Draw) -> Pixels:
    picture = pictures.scaled(pictures.astronaut(), 2)
    draw(picture, points() * 2)
    return picture


def polygon(picture: Pixels, corners: Floats | list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
    cv2.fillPoly(picture, [np.rint(np.array(corners) * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def mask(picture: Pixels, face: Floats) -> None:
    polygon(picture, face[[234, 4, 454, 397, 152, 172]], (150, 200, 230))


def dark_scarf(picture: Pixels, face: Floats) -> None:
    polygon(picture, [(0, face[2, 1]), (1023, face[2, 1] + 20), (1023, 1023), (0, 1023)], (40, 30, 35))


def cup(picture: Pixels, face: Floats) -> None:
    (x, _), top = face[13], face[2, 1] + 6
    polygon(picture, [(x - 45, top), (x + 45, top), (x + 36, top + 110), (x - 36, top + 110)], (235, 235, 230))


def microphone(picture: Pixels, face: Floats) -> None:
    x, y = np.rint(face[14]).astype(int)
    cv2.circle(picture, (int(x), int(y)), 40, (30, 30, 32), -1, cv2.LINE_AA)
    cv2.line(picture, (int(x), int(y)), (int(x) + 60, int(y) + 250), (45, 45, 45), 30, cv2.LINE_AA)


def fingers(picture: Pixels, face: Floats) -> None:
    for k in range(4):
        y, colour = int(face[164, 1]) + 18 * k, (214 - 8 * k, 168 - 8 * k, 140 - 8 * k)
        x = int(face[13, 0])
        cv2.line(picture, (x - 130, y), (x + 80, y), colour, 17, cv2.LINE_AA)


def beard_over_the_lips(picture: Pixels, face: Floats) -> None:
    jaw = [132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 327, 2, 98]
    polygon(picture, face[jaw], (50, 35, 25))


def low_microphone(picture: Pixels, face: Floats) -> None:
    x, y = np.rint(face[17]).astype(int)
    cv2.circle(picture, (int(x), int(y) + 45), 26, (30, 30, 32), -1, cv2.LINE_AA)


def lipstick(picture: Pixels, face: Floats) -> None:
    lips = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
    area = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(area, [np.rint(face[lips]).astype(np.int32)], 255)
    picture[area > 0] = (picture[area > 0] * (0.9, 0.35, 0.4)).astype(np.uint8)


def glasses(picture: Pixels, face: Floats) -> None:
    for x, y in np.rint(face[[468, 473]]).astype(int):
        cv2.circle(picture, (int(x), int(y)), 38, (20, 20, 20), 5, cv2.LINE_AA)


def shut_eyes(picture: Pixels, face: Floats) -> None:
    for corners, lids in (((33, 133), (27, 23)), ((362, 263), (257, 253))):
        left, right = (int(x) for x in sorted(face[list(corners), 0]))
        top, bottom = (int(face[point, 1]) for point in lids)
        skin = picture[top - 14 : top, left - 6 : right + 6]
        picture[top:bottom, left - 6 : right + 6] = cv2.resize(skin, (right - left + 12, bottom - top))
        cv2.line(picture, (left - 6, bottom - 6), (right + 6, bottom - 6), (70, 45, 40), 4)


def said(picture: Pixels, force: bool = False) -> str:
    return portrait_from_pixels(np.ascontiguousarray(picture), pictures.tracker(), "photo.x", force).note


def cut(below: float) -> Pixels:
    """The photo up to a share of the face's height below its top."""
    top, height = points()[:, 1].min(), np.ptp(points()[:, 1])
    return pictures.scaled(pictures.astronaut(), 2)[: int(2 * (top + below * height))]


@pytest.mark.parametrize("draw", [mask, dark_scarf, cup, microphone, fingers, beard_over_the_lips])
def test_a_covered_mouth_is_refused_and_forced(draw: Draw) -> None:
    with pytest.raises(MediaError, match=r"^something covers the mouth, in photo\.x; .*--force") as caught:
        said(drawn(draw))
    assert "\n" not in str(caught.value)
    assert said(drawn(draw), force=True) == "something covers the mouth"


@pytest.mark.parametrize("draw", [low_microphone, lipstick, glasses])
def test_what_leaves_the_lips_free_passes(draw: Draw) -> None:
    assert said(drawn(draw)) == ""


@pytest.mark.parametrize("below", [0.55, 0.75, 0.9])
def test_a_face_cut_by_the_edge_is_refused(below: float) -> None:
    with pytest.raises(MediaError, match=r"photo\.x"):
        said(cut(below))


def test_a_cut_chin_is_named_and_forced() -> None:
    with pytest.raises(MediaError, match=r"^the chin is cut off by the edge of the photo, in photo\.x"):
        said(cut(0.93))
    assert "the chin is cut off" in said(cut(0.93), force=True)


def test_a_photo_that_ends_below_the_chin_passes() -> None:
    assert said(cut(1.05)) == ""


def test_shut_eyes_are_said() -> None:
    assert said(drawn(shut_eyes)) == "the eyes are closed and will not open"


def test_a_blurred_face_is_said() -> None:
    blurred = cv2.GaussianBlur(pictures.astronaut(), (0, 0), 1.6).astype(np.uint8)
    assert said(blurred) == "the face is blurred or very small and will look soft"


def test_a_tiny_face_is_taken_by_force() -> None:
    assert "very small" in said(pictures.scaled(pictures.astronaut(), 0.3), force=True)


def test_a_cat_is_taken_by_force() -> None:
    assert said(pictures.cat(), force=True).startswith("what looks like a face may be none")


@pytest.mark.parametrize("place", [(500, 3500), (600, 1900), (40, 20)])
def test_a_small_face_in_a_panorama_is_found(place: tuple[int, int]) -> None:
    face = pictures.scaled(pictures.astronaut()[:400], 0.6)
    assert said(pictures.on_canvas(1024, 4096, (face, *place))) in (
        "",
        "the face is blurred or very small and will look soft",
    )


def test_of_faces_as_large_the_most_central_is_chosen() -> None:
    face = pictures.astronaut()[:300, 80:380]
    dark = (pictures.scaled(face, 0.97) * 0.6).astype(np.uint8)
    row = pictures.on_canvas(320, 960, (face, 10, 10), (dark, 10, 330), (face, 10, 650))
    portrait = portrait_from_pixels(row, pictures.tracker(), "group")
    assert portrait.note == "3 faces found, the largest is used"
    assert portrait.image[200:300, 200:300].mean() < 0.75 * face[100:150, 100:150].mean()


@pytest.mark.parametrize(
    ("reason", "picture"),
    {
        "one colour only": np.full((300, 400, 3), 90, np.uint8),
        "a negative": 255 - pictures.astronaut(),
        "too dark": (pictures.bundled("coffee.png") * 0.1).astype(np.uint8),
        "too bright": (255 - pictures.bundled("coffee.png") * 0.08).astype(np.uint8),
    }.items(),
)
def test_the_reason_is_told_why_there_is_no_face(reason: str, picture: Pixels) -> None:
    with pytest.raises(MediaError, match=rf"face .*in photo\.x \(.*{reason}.*\).*; use"):
        said(picture)
