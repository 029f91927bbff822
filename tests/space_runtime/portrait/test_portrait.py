"""Laws of portraits: what a photo shows decides the landmarks, not how it is stored; what cannot be used says so."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from space_runtime.errors import MediaError
from space_runtime.geometry import apply_pose, landmarks_from_mesh
from space_runtime.media.image_file import WORKING_SIDE, read_picture
from space_runtime.portrait.framing import SIDE, square_around
from space_runtime.portrait.portrait import Portrait, open_portrait, portrait_from_pixels
from space_runtime.portrait.tracking import FaceTracker
from tests.support import pictures


@pytest.fixture(scope="module")
def tracker() -> FaceTracker:
    return pictures.tracker()


@pytest.fixture(scope="module")
def astronaut(tracker: FaceTracker) -> Portrait:
    return portrait_from_pixels(pictures.astronaut(), tracker, "astronaut.png")


def distance(a: Portrait, b: Portrait) -> float:
    """Mean distance of normalised landmarks, in outer-eye-corner distances."""
    return float(np.linalg.norm(a.normalised - b.normalised, axis=1).mean())


def refused(path: Path, tracker: FaceTracker) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(MediaError) as caught:
        open_portrait(path, tracker)
    message = str(caught.value)
    assert "\n" not in message and path.name in message
    return message


def test_portrait_is_complete(astronaut: Portrait) -> None:
    assert astronaut.image.shape == (SIDE, SIDE, 3) and astronaut.image.dtype == np.uint8
    assert astronaut.mesh.shape == (478, 3) and astronaut.mesh.dtype == np.float32
    assert astronaut.matte.shape == (SIDE, SIDE)
    assert astronaut.note == ""
    assert np.array_equal(astronaut.landmarks, landmarks_from_mesh(astronaut.mesh))


def test_face_fills_its_share_of_the_square(astronaut: Portrait) -> None:
    low, high = astronaut.mesh[:, :2].min(0), astronaut.mesh[:, :2].max(0)
    assert 0.4 <= (high[1] - low[1]) / SIDE <= 0.5
    assert abs((low[0] + high[0]) / 2 - SIDE / 2) < 0.1 * SIDE


def test_axes_point_right_up_and_to_the_viewer(astronaut: Portrait) -> None:
    right_eye, left_eye, nose_tip, chin = (astronaut.landmarks[i] for i in (36, 45, 30, 8))
    assert right_eye[0] < nose_tip[0] < left_eye[0]
    assert chin[1] < nose_tip[1] < right_eye[1] < 0
    assert nose_tip[2] > max(right_eye[2], left_eye[2])


def test_matte_separates_the_person_from_the_background(astronaut: Portrait) -> None:
    x, row = astronaut.landmarks[30, 0], -astronaut.landmarks[30, 1]
    assert astronaut.matte[int(row), int(x)] > 0.95
    assert astronaut.matte[:60, :60].max() < 0.05
    assert astronaut.matte.min() >= 0 and astronaut.matte.max() <= 1


def test_pose_puts_normalised_landmarks_back(astronaut: Portrait) -> None:
    back = apply_pose(astronaut.normalised, astronaut.pose)
    assert np.abs(back - astronaut.landmarks).max() < 0.01


def test_same_photo_gives_same_bits(astronaut: Portrait, tracker: FaceTracker) -> None:
    again = portrait_from_pixels(pictures.astronaut(), tracker, "again")
    assert np.array_equal(again.mesh, astronaut.mesh) and np.array_equal(again.image, astronaut.image)


@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_orientation_does_not_change_the_landmarks(
    orientation: int, astronaut: Portrait, tracker: FaceTracker, tmp_path: Path
) -> None:
    path = pictures.save(tmp_path / "a.jpg", pictures.stored_as(pictures.astronaut(), orientation))
    path.write_bytes(pictures.with_orientation(path.read_bytes(), orientation))
    assert distance(open_portrait(path, tracker), astronaut) < 0.02


@pytest.mark.parametrize("kind", ["alpha", "16 bit", "16 bit alpha", "jpg", "webp", "tiff", "bmp"])
def test_storage_does_not_change_the_landmarks(
    kind: str, astronaut: Portrait, tracker: FaceTracker, tmp_path: Path
) -> None:
    rgb = pictures.astronaut()
    opaque = np.concatenate([rgb, np.full((*rgb.shape[:2], 1), 255, np.uint8)], 2)
    values = {"alpha": opaque, "16 bit": rgb.astype(np.uint16) * 257, "16 bit alpha": opaque.astype(np.uint16) * 257}
    suffix = kind if kind in ("jpg", "webp", "tiff", "bmp") else "png"
    portrait = open_portrait(pictures.save(tmp_path / f"a.{suffix}", values.get(kind, rgb)), tracker)
    assert distance(portrait, astronaut) < (0.02 if suffix in ("jpg", "webp") else 1e-6)


def test_grey_photo_gives_nearly_the_same_landmarks(astronaut: Portrait, tracker: FaceTracker, tmp_path: Path) -> None:
    grey = np.asarray(cv2.cvtColor(pictures.astronaut(), cv2.COLOR_RGB2GRAY), np.uint8)
    portrait = open_portrait(pictures.save(tmp_path / "a.png", grey), tracker)
    assert np.ptp(portrait.image, axis=2).max() == 0
    assert distance(portrait, astronaut) < 0.05


@pytest.mark.parametrize("factor", [0.5, 2.0, 5.0])
def test_picture_scale_does_not_change_the_landmarks(factor: float, astronaut: Portrait, tracker: FaceTracker) -> None:
    portrait = portrait_from_pixels(pictures.scaled(pictures.astronaut(), factor), tracker, "scaled")
    assert distance(portrait, astronaut) < 0.03


@pytest.mark.parametrize("angle_rad", [-0.5, 0.3, 0.6])
def test_turned_picture_turns_the_roll_alone(angle_rad: float, astronaut: Portrait, tracker: FaceTracker) -> None:
    portrait = portrait_from_pixels(pictures.turned(pictures.astronaut(), angle_rad), tracker, "turned")
    turn = portrait.pose.rotation_rad - astronaut.pose.rotation_rad
    assert abs(turn[2] - angle_rad) < 0.05
    assert distance(portrait, astronaut) < 0.04


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_photo_on_its_side_is_turned_upright(quarters: int, astronaut: Portrait, tracker: FaceTracker) -> None:
    on_side = np.ascontiguousarray(np.rot90(pictures.astronaut(), quarters))
    portrait = portrait_from_pixels(on_side, tracker, "on its side")
    assert "upright" in portrait.note
    assert distance(portrait, astronaut) < 0.02


def test_mirrored_photo_mirrors_the_pose(astronaut: Portrait, tracker: FaceTracker) -> None:
    mirrored = portrait_from_pixels(np.ascontiguousarray(pictures.astronaut()[:, ::-1]), tracker, "mirrored")
    expected = astronaut.pose.rotation_rad * np.array([-1, 1, -1])
    assert np.abs(mirrored.pose.rotation_rad - expected).max() < 0.03


def test_largest_of_several_faces_is_used(astronaut: Portrait, tracker: FaceTracker) -> None:
    face = pictures.astronaut()[:300, 80:380]
    small = pictures.scaled(face, 0.8)
    group = pictures.on_canvas(320, 560, (small, 40, 5), (face, 10, 255))
    portrait = portrait_from_pixels(group, tracker, "group")
    assert portrait.note.startswith("2 faces found")
    assert distance(portrait, astronaut) < 0.03


def test_small_face_in_a_large_picture_is_found(astronaut: Portrait, tracker: FaceTracker) -> None:
    large = pictures.on_canvas(1800, 2400, (pictures.astronaut()[:400], 1200, 1700))
    portrait = portrait_from_pixels(large, tracker, "large")
    assert distance(portrait, astronaut) < 0.03


def test_huge_photo_is_read_at_working_size(astronaut: Portrait, tracker: FaceTracker, tmp_path: Path) -> None:
    huge = pictures.on_canvas(6000, 8400, (pictures.scaled(pictures.astronaut(), 8), 1000, 2000))
    path = pictures.save(tmp_path / "huge.jpg", huge)
    assert max(read_picture(path).shape) == WORKING_SIDE
    assert distance(open_portrait(path, tracker), astronaut) < 0.03


def test_tiny_face_is_refused_with_the_least_size(tracker: FaceTracker, tmp_path: Path) -> None:
    path = pictures.save(tmp_path / "tiny.png", pictures.scaled(pictures.astronaut(), 0.25))
    assert "48" in refused(path, tracker)


def test_single_pixel_is_refused(tracker: FaceTracker, tmp_path: Path) -> None:
    assert "no face" in refused(pictures.save(tmp_path / "dot.png", np.zeros((1, 1, 3), np.uint8)), tracker)


@pytest.mark.parametrize("name", pictures.faceless())
def test_picture_without_a_face_is_refused(name: str, tracker: FaceTracker, tmp_path: Path) -> None:
    assert "no face" in refused(pictures.save(tmp_path / f"{name}.png", pictures.faceless()[name]), tracker)


def test_cat_is_refused_although_the_networks_like_it(tracker: FaceTracker, tmp_path: Path) -> None:
    assert tracker.faces(pictures.cat())
    assert "human" in refused(pictures.save(tmp_path / "cat.png", pictures.cat()), tracker)


def test_cut_off_face_is_refused(tracker: FaceTracker, tmp_path: Path) -> None:
    half = np.ascontiguousarray(pictures.astronaut()[:, 226:])
    refused(pictures.save(tmp_path / "half.png", half), tracker)


def test_person_beside_a_cat_is_used(astronaut: Portrait, tracker: FaceTracker) -> None:
    both = pictures.on_canvas(520, 1000, (pictures.cat(), 20, 10), (pictures.astronaut(), 4, 480))
    assert distance(portrait_from_pixels(both, tracker, "both"), astronaut) < 0.03


def test_damaged_files_are_refused(tracker: FaceTracker, tmp_path: Path) -> None:
    whole = pictures.save(tmp_path / "whole.png", pictures.astronaut()).read_bytes()
    for name, content in (
        ("empty.png", b""),
        ("text.jpg", b"no picture at all"),
        ("cut.png", whole[: len(whole) // 2]),
        ("header.png", whole[:20]),
        ("garbage.png", whole[:33] + bytes(range(256)) * 40),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        refused(path, tracker)


def test_missing_file_and_folder_are_refused(tracker: FaceTracker, tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "missing.png", tracker)
    assert "cannot be read" in refused(tmp_path, tracker)


def test_claimed_size_is_refused_before_decoding(tracker: FaceTracker, tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(pictures.png_claiming(60_000, 60_000))
    assert "60000×60000" in refused(path, tracker)


def test_square_stays_inside_a_photo_that_is_large_enough(tracker: FaceTracker) -> None:
    mesh = tracker.faces(pictures.astronaut())[0].mesh
    left, top, side = square_around(mesh, 512, 512)
    assert left >= 0 and top >= 0 and left + side <= 512 and top + side <= 512


@pytest.mark.parametrize("share", [0.46, 0.6, 0.79])
def test_square_shrinks_rather_than_leave_a_photo(share: float, tracker: FaceTracker) -> None:
    mesh = tracker.faces(pictures.astronaut())[0].mesh
    low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
    side = int((high[1] - low[1]) / share)
    corner = np.round([(low[0] + high[0]) / 2 - side / 2, (low[1] + high[1]) / 2 + side / 2, 0]).astype(np.float32)
    assert square_around(mesh - corner, side, side) == (0, 0, side)


def test_photo_that_ends_near_the_face_is_padded(astronaut: Portrait, tracker: FaceTracker) -> None:
    tight = np.ascontiguousarray(pictures.astronaut()[50:200, 140:300])
    portrait = portrait_from_pixels(tight, tracker, "tight")
    assert portrait.image.shape == (SIDE, SIDE, 3)
    assert distance(portrait, astronaut) < 0.05
