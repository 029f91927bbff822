"""Golden features, landmarks, weights, head and eyes: the shipped bundle makes of the bundled line what it did."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.arrays import Floats
from tests.tools import golden_animation

TOLERANCE = {"posed": 0.1}
"""Pixels of a face of 120; all other values: 1e-3 of their unit."""

GOLDEN = golden_animation.read()


def gap(name: str) -> float:
    made: Floats = golden_animation.VALUES[name]()
    assert made.shape == GOLDEN[name].shape
    return float(np.abs(made - GOLDEN[name]).max())


def test_all_golden_values_are_known() -> None:
    assert set(GOLDEN) == set(golden_animation.VALUES)
    assert golden_animation.FILE.stat().st_size < 100_000


@pytest.mark.parametrize("name", GOLDEN)
def test_the_animation_is_what_it_was(name: str) -> None:
    assert gap(name) <= TOLERANCE.get(name, 1e-3), (
        "write tests/tools/golden_animation.py's values anew if this is on purpose"
    )


def test_the_golden_clip_moves() -> None:
    """A face that stands still would fix nothing."""
    assert np.ptp(GOLDEN["blendshapes"], axis=0).max() > 0.3
    assert np.ptp(GOLDEN["head_rotation_rad"], axis=0).min() > 0.003
    assert np.ptp(GOLDEN["eye_rotation_rad"], axis=0).min() > 0.01
    assert np.ptp(GOLDEN["features"]) > 3
