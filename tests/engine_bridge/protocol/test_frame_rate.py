"""Frame rates: one rule for the runtime, the command line and the clients."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_bridge.client.session_api import opening
from engine_bridge.protocol.errors import BridgeError
from engine_bridge.protocol.frame_rate import FrameRate, exact_fps
from space_runtime.errors import UsageError
from space_runtime.timebase import checked_fps

NTSC = Fraction(30_000, 1_001)


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (30, Fraction(30)),
        ("30", Fraction(30)),
        (" 25 ", Fraction(25)),
        (np.int64(24), Fraction(24)),
        (29.97, NTSC),
        ("29.97", NTSC),
        (30_000 / 1_001, NTSC),
        (np.float32(29.97), NTSC),
        ("30000/1001", NTSC),
        (NTSC, NTSC),
        (23.976, Fraction(24_000, 1_001)),
        (23.98, Fraction(24_000, 1_001)),
        (60_000 / 1_001, Fraction(60_000, 1_001)),
        (12.5, Fraction(25, 2)),
        (29.9, Fraction(299, 10)),
        ("29.123457", Fraction(29_123_457, 1_000_000)),
    ],
)
def test_one_rule_for_all(fps: FrameRate, exact: Fraction) -> None:
    assert exact_fps(fps) == checked_fps(fps) == exact
    assert opening(("head",), fps, 0, None, None, None, None).fps == (exact.numerator, exact.denominator)


@pytest.mark.parametrize(
    ("fps", "says"),
    [
        (0, "frame rate 0 is outside"),
        (-30.0, "outside"),
        (241, "outside"),
        pytest.param(10**5_000, "frame rate int is outside", id="huge"),
        (float("nan"), "not a number"),
        (float("inf"), "not a number"),
        ("1e9999999", "not a number"),
        ("30/0", "not a number"),
        ("", "not a number"),
        (Fraction(29_123_456_789, 10**9), "finer than"),
        (None, "not a number"),
        (True, "not a number"),
        (30j, "not a number"),
        ([30], "not a number"),
        (b"30", "not a number"),
    ],
)
def test_what_is_no_frame_rate(fps: FrameRate, says: str) -> None:
    with pytest.raises(BridgeError, match=says) as of_clients:
        opening(("head",), fps, 0, None, None, None, None)
    with pytest.raises(UsageError) as of_runtime:
        checked_fps(fps)
    assert str(of_clients.value) == str(of_runtime.value) and len(str(of_runtime.value)) < 200


@given(st.floats(1, 240))
def test_a_float_means_a_rate_close_by_that_clocks_of_files_can_carry(fps: float) -> None:
    exact = checked_fps(fps)
    assert abs(exact - Fraction(fps)) < Fraction(1, 1_000) and exact.denominator <= 1_001


@pytest.mark.parametrize(
    ("text", "whole"),
    [("29.970", 30), ("29.970000", 30), ("29.97003", 30), ("29.97002997002997", 30), ("23.98", 24), ("23.976", 24),
     ("47.95", 48), ("47.952", 48), ("119.88", 120), ("119.8801", 120), ("14.985", 15), ("239.76", 240)],
)  # fmt: skip
def test_decimals_of_a_broadcast_rate_are_its_fraction_however_many_there_are(text: str, whole: int) -> None:
    assert exact_fps(text) == Fraction(1000 * whole, 1001)
    assert exact_fps(float(text)) == Fraction(1000 * whole, 1001)


@pytest.mark.parametrize("text", ["12.5", "29.9", "29.98", "29.96", "59.9", "30.00", "23.97", "24.5", "29.9701", "100"])
def test_other_decimals_are_themselves(text: str) -> None:
    assert exact_fps(text) == Fraction(text)
