"""Laws of spectacles: drawn ones are found where they were drawn, a face without has none."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import picture_points
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from space_runtime.portrait.spectacles import find_spectacles, strongest_path
from tests.support import pictures
from tests.support.covered_faces import RIM, Draw, dark_glasses, drawn, glasses

OUTER_CORNERS = 121.3
"""Distance of the outer corners of the eyes in the picture that is drawn on, pixels."""


@cache
def worn(draw: Draw) -> Portrait:
    """NASA's portrait with spectacles."""
    return portrait_from_pixels(drawn(draw), pictures.tracker(), "photo.x", force=True)


def turned(picture: Pixels, points: Floats, degrees: float) -> tuple[Pixels, Floats]:
    """A picture and points in it turned about its middle."""
    turn = cv2.getRotationMatrix2D((256, 256), degrees, 1.0)
    shown = cv2.warpAffine(picture, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.uint8), (points @ turn[:, :2].T + turn[:, 2]).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 20])
def test_drawn_rims_are_found_where_they_were_drawn(degrees: float) -> None:
    portrait = worn(glasses)
    picture, points = turned(portrait.image, picture_points(portrait.mesh), degrees)
    found = find_spectacles(picture, points)
    assert found is not None and not found.dark
    unit = np.linalg.norm(points[33] - points[263])
    across = (points[263] - points[33]) / unit
    for lens, iris in zip(found.lenses, points[[468, 473]], strict=True):
        away = np.stack([(lens - iris) @ across, (lens - iris) @ (-across[1], across[0])], 1)
        radii = np.hypot(*(away / (np.array(RIM) * unit / OUTER_CORNERS)).T)
        assert np.median(radii) == pytest.approx(1, abs=0.08) and np.quantile(np.abs(radii - 1), 0.8) < 0.15


def test_dark_glass_is_told() -> None:
    portrait = worn(dark_glasses)
    found = find_spectacles(portrait.image, picture_points(portrait.mesh))
    assert found is not None and found.dark


@pytest.mark.parametrize("light", [0.4, 1.0])
def test_a_face_without_has_none(light: float) -> None:
    portrait = pictures.portrait()
    image = np.rint(portrait.image * light).astype(np.uint8)
    assert find_spectacles(image, picture_points(portrait.mesh)) is None


def test_the_strongest_path_is_that_of_the_line() -> None:
    rows = np.rint(20 + 8 * np.sin(np.linspace(0, 3, 60))).astype(int)
    strengths = np.random.default_rng(1).uniform(0, 0.6, (40, 60)).astype(np.float32)
    strengths[rows, np.arange(60)] = 1.0
    assert np.abs(strongest_path(strengths, 2, 0.05) - rows).max() <= 1
