"""Weights as offsets from a driver's rest."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from space_runtime.capture.drive_rows import GREATEST_REST, DriveRows, offsets
from space_runtime.errors import UsageError


@pytest.mark.parametrize("rest", [0.0, 0.3, GREATEST_REST, 0.94, 1.0])
def test_a_driver_at_rest_moves_nothing_and_small_motion_stays_small(rest: float) -> None:
    """Also who rests with a smile, as people on photos do."""
    at_rest = np.full((1, 52), rest, np.float32)
    assert not offsets(at_rest, at_rest[0]).any()
    moved = offsets(np.clip(at_rest + np.float32(0.02), 0, 1), at_rest[0])
    assert (np.abs(moved) <= 0.02 / (1 - GREATEST_REST) + 1e-6).all()


@pytest.mark.parametrize("rest", [0.0, 0.3, GREATEST_REST])
def test_a_full_weight_stays_one(rest: float) -> None:
    full = offsets(np.ones((1, 52), np.float32), np.full(52, rest, np.float32))
    assert np.allclose(full, 1, atol=1e-6)


def test_a_beginning_after_the_end_is_told_whatever_kind_of_number_it_is() -> None:
    nothing = (np.zeros((1, *shape), np.float32) for shape in ((52,), (6,), (2, 2), ()))
    rows = DriveRows(np.zeros(1), *nothing)
    with pytest.raises(UsageError, match="no row after 5 s"):
        rows.begun_at(Fraction(5))  # type: ignore[arg-type]  # callers give what they have
