"""Laws of fewer keys: never further off than the tolerance, and no closure, turning point or rest is lost."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine_bridge.formats.clip import Values
from engine_bridge.formats.keys import FRAMES_PER_WALK, TOLERANCE, Tolerance, closures, curves_of, key_frames, minima
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.support.clips import SHAPE, random_clip, speaking_clip


def off(times: Values, values: Values, keys: NDArray[np.intp], tolerance: Tolerance) -> float:
    """The furthest that the keys' line lies outside of what the curve is within the milliseconds around a frame."""
    line = np.interp(times, times[keys], values[keys])
    fine = np.linspace(-tolerance.ms / 1000, tolerance.ms / 1000, 41)
    around = np.interp(times[:, None] + fine, times, values)
    return float(np.maximum(around.min(1) - line, line - around.max(1)).max(initial=0))


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.sampled_from((-0.3, -0.01, -0.001, 0.0, 0.0, 0.002, 0.05, 0.3)), min_size=3, max_size=80),
    weight=st.sampled_from((0.0, 0.002, 0.02)),
    ms=st.sampled_from((0.0, 4.0, 20.0, 60.0)),
    fps=st.sampled_from((24, 30, 60)),
)
def test_keys_are_never_further_off_than_the_tolerance(steps: list[float], weight: float, ms: float, fps: int) -> None:
    values = np.clip(np.cumsum([0.0, *steps]), 0, 1)
    times = np.arange(len(values)) / fps
    tolerance = Tolerance(weight, ms)
    keys = key_frames(times, values, tolerance, np.zeros(len(values), np.bool_))
    assert keys[0] == 0
    assert keys[-1] == len(values) - 1
    assert (np.diff(keys) > 0).all()
    assert off(times, values, keys, tolerance) <= weight + 1e-9
    line = np.interp(times, times[keys], values[keys])
    for rest in (0.0, 1.0):  # a shape at rest stays there exactly, and one that is not does not come there
        assert (line[values == rest] == rest).all()
    peaks = np.flatnonzero((values[1:-1] > values[:-2] + weight) & (values[1:-1] > values[2:] + weight)) + 1
    assert set(peaks) <= set(keys.tolist())


def test_a_closure_keeps_all_shapes_of_the_mouth_as_they_are() -> None:
    clip = speaking_clip()
    weights = np.asarray(clip.blendshapes, np.float64)
    closed = np.flatnonzero(closures(weights))
    gap = weights[:, SHAPE["jawOpen"]] - weights[:, SHAPE["mouthClose"]]
    deepest = np.flatnonzero((gap[1:-1] < gap[:-2]) & (gap[1:-1] < gap[2:])) + 1
    assert len(deepest) > 5
    assert set(deepest) <= set(closed.tolist())
    for curve in curves_of(clip, Tolerance(0.2, 50)):
        if curve.name.startswith(("jaw", "mouth")):
            place = ARKIT_NAMES.index(curve.name)
            assert np.array_equal(curve.at(clip.times_s[closed]), weights[closed, place]), curve.name


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        ([3, 2, 1, 2, 3], [2]),
        ([3, 1, 1, 1, 3], [1, 3]),
        ([1, 1, 1], [0, 2]),
        ([1, 2, 3], [0]),
        ([3, 2, 2, 1, 3], [3]),
        ([2, 1, 1, 0, 0, 5, 0], [3, 4, 6]),
    ],
)
def test_minima_of_a_curve(gap: list[float], expected: list[int]) -> None:
    assert np.flatnonzero(minima(np.array(gap))).tolist() == expected


def test_smooth_motion_needs_far_fewer_keys_and_a_resting_shape_two() -> None:
    clip = speaking_clip(600)
    curves = {curve.name: curve for curve in curves_of(clip, TOLERANCE)}
    assert len(curves["browDownLeft"].values) == 2
    assert len(curves["eyeBlinkLeft"].values) < 12
    assert sum(len(curve.values) for curve in curves.values()) < 0.2 * 600 * 52


def test_a_clip_longer_than_a_walk_keeps_its_laws() -> None:
    n = 2 * FRAMES_PER_WALK + 3
    times = np.arange(n) / 60
    values = np.clip(0.5 + 0.6 * np.sin(times * 3), 0, 1)
    keys = key_frames(times, values, TOLERANCE, np.zeros(n, np.bool_))
    assert (np.diff(keys) > 0).all()
    assert (keys[0], keys[-1]) == (0, n - 1)
    assert off(times, values, keys, TOLERANCE) <= TOLERANCE.weight + 1e-9


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_the_shortest_clips_keep_every_frame(n_frames: int) -> None:
    clip = random_clip(n_frames, Fraction(30))
    assert all(len(curve.values) == n_frames for curve in curves_of(clip, TOLERANCE))
