"""Laws of a driver's presence: he comes and goes without a jump, and what is known later changes nothing before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.animation.drive_runs import FALL, HELD, RISE, DriveRuns
from space_runtime.arrays import Doubles
from space_runtime.capture.drive_rows import DriveEnd, DriveRows
from space_runtime.timebase import SAMPLE_RATE
from tests.support.drives import FPS, driver

STEP = SAMPLE_RATE / FPS


def runs_of(rows: DriveRows, end: DriveEnd = DriveEnd.REST) -> DriveRuns:
    return DriveRuns.of(rows, end)


def without(rows: DriveRows, *absent: slice) -> DriveRows:
    confidence = rows.confidence.copy()
    for part in absent:
        confidence[part] = 0
    return replace(rows, confidence=confidence)


def times(seconds: float, rate: int = 60) -> Doubles:
    return np.arange(round(seconds * rate)) * SAMPLE_RATE / rate


def shown(runs: DriveRuns, at: Doubles) -> Doubles:
    """Values as they show over a face at rest."""
    share, values = runs.at(at)
    return share[:, None] * values


def test_a_driver_goes_within_four_tenths_of_a_second_and_comes_as_fast() -> None:
    runs = runs_of(without(driver(4), slice(30, 60)))
    share = runs.at(times(4))[0]
    last = 29 * STEP / SAMPLE_RATE
    assert (share[: round(60 * (last + 0.1))] == 1).all()
    assert (share[round(60 * (last + 0.4)) + 1 : 120] == 0).all()
    assert (share[round(60 * 2.4) + 1 : 230] == 1).all()
    assert (np.diff(share[90:120]) <= 0).all() and (np.diff(share[120:146]) >= 0).all()


def test_a_gap_of_a_tenth_of_a_second_is_none() -> None:
    rows = driver(2)
    bridged = runs_of(without(rows, slice(20, 22), slice(40, 41)))
    assert (bridged.at(times(1.9))[0] == 1).all() and len(bridged.first) == 1
    assert len(runs_of(without(rows, slice(20, 23))).first) == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=60, max_size=60), st.sampled_from(list(DriveEnd)))
def test_nothing_jumps_however_the_driver_comes_and_goes(seen: list[bool], end: DriveEnd) -> None:
    """However rows go missing, no value moves faster than a blend of 0.4 s over the whole range and the driver do."""
    rows = replace(driver(2), confidence=np.array(seen, np.float32))
    at = times(3, 240)[1:]
    fastest = np.abs(np.diff(np.concatenate([rows.blendshapes, rows.head], 1), axis=0)).max() * FPS / 240
    steps = np.abs(np.diff(shown(runs_of(rows, end), at)[:, :58], axis=0)).max()
    most_of_ease = 1.875  # the greatest slope of minimum jerk
    assert steps <= 4 * fastest + most_of_ease * 2 * (SAMPLE_RATE / 240) / FALL


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 59), st.lists(st.booleans(), min_size=60, max_size=60))
def test_rows_that_come_later_change_nothing_up_to_the_last_one_before(n_known: int, seen: list[bool]) -> None:
    rows = replace(driver(2), confidence=np.array(seen, np.float32))
    known = DriveRows(*(getattr(rows, f)[:n_known] for f in rows.__slots__))
    at = times(2)
    at = at[at <= rows.samples[n_known - 1]]
    if not any(seen[:n_known]):
        assert not runs_of(rows).at(at)[0].any()
        return
    last_seen = rows.samples[np.flatnonzero(rows.confidence[:n_known])[-1]]
    exact = at[(at <= last_seen) | (at > last_seen + HELD)]
    if exact.size:
        (share, values), (wanted, others) = runs_of(known).at(exact), runs_of(rows).at(exact)
        assert np.array_equal(share, wanted) and np.array_equal(values, others)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=60, max_size=60), st.integers(1, 119), st.sampled_from(list(DriveEnd)))
def test_no_bit_depends_on_which_times_are_asked_for_together(seen: list[bool], cut: int, end: DriveEnd) -> None:
    runs, at = runs_of(replace(driver(2), confidence=np.array(seen, np.float32)), end), times(3)[:120]
    together, apart = runs.at(at), [runs.at(piece) for piece in (at[:cut], at[cut:])]
    assert np.array_equal(together[0], np.concatenate([piece[0] for piece in apart]))
    assert np.array_equal(together[1], np.concatenate([piece[1] for piece in apart]))


def test_ends() -> None:
    rows = driver(1)
    after = np.array([2.0, 2.5]) * SAMPLE_RATE
    assert not runs_of(rows, DriveEnd.REST).at(after)[0].any()
    share, values = runs_of(rows, DriveEnd.HOLD).at(after)
    assert (share == 1).all() and np.abs(values[:, :52] - rows.blendshapes[-1]).max() < 1e-6
    loop, period = runs_of(rows, DriveEnd.LOOP), rows.samples[-1]
    inside = np.array([RISE + 100, period - 1])
    assert (loop.at(after)[0] == 1).all()
    assert np.abs(loop.at(inside)[1] - loop.at(inside + 3 * period)[1]).max() < 1e-5


def test_a_driver_who_is_there_from_the_beginning_does_not_rise() -> None:
    rows = driver(1)
    assert runs_of(rows).at(np.zeros(1))[0] == 1
    late = replace(rows, samples=rows.samples + 1000)
    assert runs_of(late).at(np.zeros(1))[0] == 0 and runs_of(late).at(np.array([1000 + RISE]))[0] == 1
    assert runs_of(late.begun_at(0)).at(np.zeros(1))[0] == 1


def test_a_cut_of_the_picture_is_blended() -> None:
    rows = driver(2)
    head = rows.head.copy()
    head[30:, 0] += 0.8
    runs = runs_of(replace(rows, head=head))
    assert len(runs.first) == 2
    assert np.abs(np.diff(shown(runs, times(1.9))[:, 52], axis=0)).max() < 0.1


@pytest.mark.parametrize("end", list(DriveEnd))
def test_one_row_and_none_at_all(end: DriveEnd) -> None:
    rows = driver(1)
    one = DriveRows(*(getattr(rows, field)[:1] for field in rows.__slots__))
    assert runs_of(one, end).at(np.zeros(1))[0] == 1
    assert not runs_of(replace(rows, confidence=0 * rows.confidence), end).at(times(1))[0].any()
