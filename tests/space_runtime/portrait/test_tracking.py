"""Laws of face tracking: places agree between picture, region and mesh; tiles cover; clear faces do not drift."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from space_runtime.portrait.portrait import refine
from space_runtime.portrait.tracking import MESH_SIDE, FaceTracker, Region, cut_region, region_of_mesh, tiles
from space_runtime.portrait.validation import MAX_DRIFT, drift
from tests.support import pictures


@pytest.fixture(scope="module")
def tracker() -> FaceTracker:
    return pictures.tracker()


def test_drift_of_a_person_is_well_below_the_limit(tracker: FaceTracker) -> None:
    rgb = pictures.astronaut()
    assert drift(rgb, tracker.faces(rgb)[0], tracker) < MAX_DRIFT / 2


def test_tracking_follows_a_moving_face(tracker: FaceTracker) -> None:
    rgb = pictures.astronaut()
    first = tracker.track(rgb)
    assert first is not None
    moved = np.roll(rgb, (9, -14), (0, 1))
    second = tracker.track(moved, first.mesh)
    assert second is not None
    shift = (second.mesh - first.mesh)[:, :2].mean(0)
    assert np.abs(shift - (-14, -9)).max() < 1.0


def test_lost_face_is_found_again_or_given_up(tracker: FaceTracker) -> None:
    rgb = pictures.astronaut()
    far = np.full((478, 3), 60.0, np.float32)
    far[:, 1] *= -1
    far[:, :2] += np.random.default_rng(0).uniform(-20, 20, (478, 2))
    found, home = tracker.track(rgb, far), tracker.faces(rgb)[0]
    assert found is not None and np.abs(found.mesh - home.mesh).max() < 1e-3
    assert tracker.track(pictures.faceless()["plain"], home.mesh) is None


def test_refinement_steadies_the_mesh(tracker: FaceTracker) -> None:
    """Sub-pixel shifts of the picture move the refined mesh by the shift, more exactly than a single look does."""
    rgb = pictures.astronaut()
    home = tracker.faces(rgb)[0].mesh
    single, averaged = [], []
    for shift in np.linspace(0, 1.5, 7):
        matrix = np.array([[1, 0, shift], [0, 1, shift / 2]])
        moved = np.asarray(cv2.warpAffine(rgb, matrix, (512, 512), flags=cv2.INTER_CUBIC), np.uint8)
        back = np.array([shift, -shift / 2, 0], np.float32)
        single.append(tracker.faces(moved)[0].mesh - back)
        averaged.append(refine(moved, tracker, home) - back)
    assert np.stack(averaged).std(0).mean() < 0.8 * np.stack(single).std(0).mean()


def test_region_cut_and_mesh_agree_on_places() -> None:
    """A region cut from a large picture by way of a shrunk copy shows the same as one cut from a smooth picture."""
    rows, columns = np.mgrid[0:2000, 0:1600]
    smooth = np.stack([rows / 8, columns / 8, (rows + columns) / 16], 2).astype(np.uint8)
    region = Region(801.3, 1010.7, 1000.0, 0.4)
    crop = cut_region(smooth, region, MESH_SIDE).astype(float)
    scale = region.side / MESH_SIDE
    across, down = np.meshgrid(*[(np.arange(MESH_SIDE) - MESH_SIDE / 2) * scale] * 2)
    x = region.x + np.cos(region.roll) * across - np.sin(region.roll) * down
    y = region.y + np.sin(region.roll) * across + np.cos(region.roll) * down
    assert np.abs(crop[..., 0] - y / 8).mean() < 0.7 and np.abs(crop[..., 1] - x / 8).mean() < 0.7


def test_region_of_a_mesh_turns_with_it(tracker: FaceTracker) -> None:
    mesh = tracker.faces(pictures.astronaut())[0].mesh
    cosine, sine = np.cos(0.4), np.sin(0.4)
    rotated = (mesh @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])).astype(np.float32)
    before, after = region_of_mesh(mesh), region_of_mesh(rotated)
    assert after.side == pytest.approx(before.side, rel=1e-4)
    assert after.roll == pytest.approx(before.roll - 0.4, abs=1e-4)


@pytest.mark.parametrize(("height", "width"), [(100, 1000), (777, 512), (1024, 1024), (5, 5)])
@pytest.mark.parametrize("level", [1, 2, 4])
def test_tiles_cover_the_picture_and_stay_inside(height: int, width: int, level: int) -> None:
    covered = np.zeros((height, width), bool)
    for left, top, right, bottom in tiles(height, width, level):
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        covered[top:bottom, left:right] = True
    assert covered.all()
