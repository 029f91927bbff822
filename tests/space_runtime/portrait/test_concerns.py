"""Laws of the gate: what cannot be drawn well is said or refused in one sentence, force takes it, all else passes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError
from space_runtime.geometry import HeadPose
from space_runtime.portrait.concerns import Tracked, concerns
from space_runtime.portrait.portrait import portrait_from_pixels
from tests.support import pictures
from tests.support.covered_faces import (
    Draw,
    beard_over_the_lips,
    cup,
    dark_glasses,
    dark_scarf,
    drawn,
    fingers,
    glasses,
    lipstick,
    low_microphone,
    mask,
    microphone,
    points,
    shut_eyes,
)


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


def test_dark_glasses_are_said() -> None:
    assert said(drawn(dark_glasses)) == "dark glasses hide the eyes, which will not be seen to blink or look"


def test_a_blurred_face_is_said() -> None:
    blurred = cv2.GaussianBlur(pictures.astronaut(), (0, 0), 1.6).astype(np.uint8)
    assert said(blurred) == "the face is blurred or very small and will look soft"


@pytest.mark.parametrize(
    ("yaw", "pitch", "words"),
    [(27, 0, "27° to a side"), (-31, 0, "31° to a side"), (0, 28, "28° down"), (0, -28, "28° up"), (24, -24, "")],
)
def test_a_face_turned_far_is_said(yaw: float, pitch: float, words: str) -> None:
    portrait = pictures.portrait()
    points = np.asarray(portrait.mesh[:, :2] * (1, -1), np.float32)
    pose = HeadPose(np.radians(np.array([yaw, pitch, 0], np.float32)), portrait.pose.translation, portrait.pose.scale)
    found = concerns(Tracked(portrait.image, points, np.ones(478, np.float32), pose), None)
    assert [concern.refuses for concern in found] == ([False] if words else [])
    assert all(concern.clause == f"the face is turned {words} and will tear when it turns back" for concern in found)


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
