"""Values over a picture."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.head.picture_fields import blurred, sample, smoothstep, spread, weighted_blur


def test_values_between_pixels_and_beyond_the_edge() -> None:
    picture = np.array([[0, 10], [20, 30]], np.float32)
    points = np.array([[0.5, 0.5], [1, 0], [9, 9], [-3, 0]], np.float32)
    np.testing.assert_allclose(sample(picture, points), [15, 10, 30, 0], atol=0.3)
    assert sample(picture[..., None].repeat(3, 2), np.zeros((0, 2), np.float32)).shape == (0, 3)


@pytest.mark.parametrize("sigma", [2.0, 40.0])
def test_a_blur_keeps_the_shape_and_an_even_picture(sigma: float) -> None:
    for shape in [(60, 80), (60, 80, 1), (60, 80, 3)]:
        even = blurred(np.full(shape, 7, np.float32), sigma)
        assert even.shape == shape
        np.testing.assert_allclose(even, 7, rtol=1e-4)


def test_a_weighted_blur_knows_nothing_of_what_weighs_nothing() -> None:
    values = np.zeros((40, 40, 1), np.float32)
    values[:, 20:] = 100
    weights = np.zeros((40, 40), np.float32)
    weights[:, 20:] = 1
    np.testing.assert_allclose(weighted_blur(values, weights, 3.0)[:, 15:], 100, rtol=1e-3)


def test_what_is_known_stays_and_spreads() -> None:
    values = np.zeros((64, 64, 3), np.float32)
    values[20:24, 20:24] = (10, 120, 240)
    weights = (values.sum(2) > 0).astype(np.float32)
    filled = spread(values, weights, (2.0, 8.0, 30.0))
    np.testing.assert_allclose(filled, np.broadcast_to([10, 120, 240], filled.shape), rtol=1e-3)


def test_a_step_falls_where_its_low_end_is_above_its_high_end() -> None:
    x = np.array([-1, 0, 0.5, 1, 2], np.float32)
    np.testing.assert_allclose(smoothstep(x, 0, 1), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(smoothstep(x, 1, 0), [1, 1, 0.5, 0, 0])
