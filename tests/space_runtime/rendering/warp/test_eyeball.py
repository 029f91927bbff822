"""Laws of the eyeball's layers: at rest they are the photo, the iris moves whole and leaves nothing, lids stay out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.rendering.warp.eyeball import Disc, draw_eyeball, prepare_eyeball

SIZE = (120, 60)
CENTRE, RADIUS = np.array([60, 30], np.float32), 12.0
WHITE, IRIS, GLINT, LID = (200, 190, 185), (70, 90, 120), (250, 250, 250), (160, 110, 90)
AHEAD = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
UNSEEN = np.array([WHITE, IRIS], np.float32)


def photo() -> tuple[Pixels, Floats]:
    """An eye (60, 120, 3) with a highlight on its iris between plain lids, and the outline of its opening."""
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    opening = (CENTRE + np.stack([50 * np.cos(angle), 16 * np.sin(angle)], 1)).astype(np.float32)
    picture = np.full((SIZE[1], SIZE[0], 3), LID, np.uint8)
    cv2.fillPoly(picture, [np.rint(opening).astype(np.int32)], WHITE)
    cv2.circle(picture, (60, 30), round(RADIUS), IRIS, -1)
    cv2.circle(picture, (57, 27), 2, GLINT, -1)
    return picture, opening


def drawn(shift: float, own: float = 0.0) -> Floats:
    """The eyeball with its iris ``shift`` pixels further right."""
    ball = prepare_eyeball(*photo(), Disc(CENTRE, RADIUS), 1.0, UNSEEN)
    return draw_eyeball(ball, AHEAD, np.array([-shift, 0], np.float32), own, SIZE)


def like(picture: Floats, colour: tuple[int, int, int]) -> Mask:
    return np.asarray(np.linalg.norm(picture - colour, axis=2) < 40)


def test_the_photo_itself_is_drawn_where_it_is_asked_for() -> None:
    assert np.abs(drawn(0, own=1.0) - photo()[0]).max() < 1e-3


@pytest.mark.parametrize("shift", [-22, -9, 9, 22])
def test_the_iris_moves_whole_and_leaves_only_white(shift: int) -> None:
    rest, moved = like(drawn(0), IRIS), like(drawn(shift), IRIS)
    assert moved.sum() == pytest.approx(rest.sum(), rel=0.05)
    assert np.nonzero(moved)[1].mean() - np.nonzero(rest)[1].mean() == pytest.approx(shift, abs=0.6)
    assert np.linalg.norm(drawn(shift)[30, 60 - int(np.sign(shift)) * 8] - WHITE) < 40


@pytest.mark.parametrize("shift", [-22, 22])
def test_the_highlight_stays_a_point_on_the_iris(shift: int) -> None:
    rest, moved = like(drawn(0), GLINT), like(drawn(shift), GLINT)
    assert 0 < moved.sum() <= rest.sum() + 2
    rows, columns = np.nonzero(moved)
    assert np.hypot(columns - CENTRE[0] - shift, rows - CENTRE[1]).max() < RADIUS


def test_lids_are_not_part_of_the_eyeball() -> None:
    assert not like(drawn(30), LID).any()
