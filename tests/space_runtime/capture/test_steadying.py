"""Smoothing has no lag, takes noise away, and leaves blinks and plosives their depth, at any frame rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from space_runtime.capture.steadying import local_parabolas, noise_of, steadied

WIDTH_S = 0.035
NOISE = 0.01


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_a_blink_keeps_its_depth_and_its_time(fps: int) -> None:
    times = np.arange(4 * fps) / fps
    blink = np.exp(-0.5 * ((times - times[2 * fps]) / 0.05) ** 2)
    noisy = blink + NOISE * np.random.default_rng(1).normal(size=times.size)
    steady = steadied(times, noisy[:, None], WIDTH_S)[:, 0]
    assert steady.max() > 0.95 and int(steady.argmax()) == 2 * fps


@pytest.mark.parametrize("fps", [30, 60])
def test_noise_at_rest_becomes_less(fps: int) -> None:
    times = np.arange(10 * fps) / fps
    noisy = NOISE * np.random.default_rng(2).normal(size=(times.size, 3))
    steady = steadied(times, noisy, 0.06, group=3)
    assert steady.std() < 0.6 * NOISE
    assert 0.8 * NOISE < noise_of(noisy).mean() < 1.2 * NOISE


@given(st.integers(0, 2**32 - 1))
@example(167)  # rows that lie just as far away as the neighbourhood reaches
@example(2995)
def test_time_has_no_direction(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.choice([0.016, 0.033, 0.04, 0.2], 60))
    values = rng.normal(size=(60, 2)).cumsum(0)
    forward = steadied(times, values, WIDTH_S)
    assert np.allclose(steadied(-times[::-1], values[::-1], WIDTH_S)[::-1], forward, atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_parabolas_stay_what_they_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.choice([0.016, 0.033, 0.04], 40))
    a, b, c = rng.normal(size=3)
    curve = (a + b * times + c * times**2)[:, None]
    assert np.allclose(local_parabolas(times, curve, WIDTH_S), curve, atol=1e-4)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4])
def test_few_rows_are_taken(n_rows: int) -> None:
    values = np.arange(n_rows, dtype=float)[:, None]
    assert np.allclose(steadied(np.arange(n_rows) / 30, values, WIDTH_S), values, atol=1e-3)
