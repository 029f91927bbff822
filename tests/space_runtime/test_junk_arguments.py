"""Every parameter of every public callable is given what it is not made for.

A call may then work or raise a `SpaceError` of one sentence, and nothing else.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import space_runtime
from space_runtime import Controls, SpaceError
from tests.support.public_calls import PUBLIC
from tests.support.session_frames import BUNDLE

pytestmark = pytest.mark.usefixtures("own_folder")


class StrangePath:
    """A path that says bytes."""

    def __fspath__(self) -> bytes:
        return b"x"


class Unspeakable:
    """Something without a text."""

    def __repr__(self) -> str:
        raise ValueError


PLAIN: Final = {
    "SpaceError",
    "UsageError",
    "BundleError",
    "MediaError",
    "OutputError",
    "Emotion",
    "DriveEnd",
    "DriveReference",
    "DubLength",
    "HeadMode",
    "Style",
}
"""Exported errors and closed sets."""
MADE: Final = {"BakeResult", "Bundle", "Drive", "DubCounts", "DubReport", "Frame", "Portrait", "MotionSource"}
"""Exported types of values that the runtime makes, or that callers write."""

JUNK: Final[tuple[object, ...]] = (
    *(None, True, False, -1, 0, 1.5, 10**400, 10**5_000, -(10**400), float("nan"), float("inf"), 1e300, 3j),
    *("", "\0", "junk", "a\nb", "\ud800", "no/such/place.png", ".", "x" * 5_000, b"", b"x", bytearray(b"xy")),
    *([], [None], [[1], [2, 3]], [0.5, "x"], (), set()),
    *({}, {"glad": 1}, {"happy": float("nan")}, {"happy": None}, {1: 2}),
    *(object, object(), int, len, Unspeakable(), StrangePath(), SimpleNamespace(), Decimal(3), Fraction(1, 10**9)),
    *(np.zeros(0), np.zeros((2, 3, 4)), np.array(0.5), np.zeros(8, complex)),
    *(np.full(8, np.nan), np.full((2, 6), np.inf)),
    *(np.array([None]), np.array(["a"]), np.zeros(8, "M8[s]"), np.zeros(8, bool), np.float32("nan"), np.int8(-3)),
    *(np.zeros((2, 1_000)), np.full(8, 1e300), np.arange(5), Path("."), Path("no/such/file"), Controls(), BUNDLE),
)

NUMBERS = st.integers() | st.floats() | st.complex_numbers() | st.booleans() | st.none() | st.fractions()
TEXTS = st.text(max_size=20) | st.binary(max_size=20)
SIMPLE = NUMBERS | TEXTS
RANDOM: Final = (
    SIMPLE
    | st.lists(SIMPLE, max_size=9)
    | st.dictionaries(TEXTS | NUMBERS, SIMPLE, max_size=3)
    | st.lists(st.floats(-2, 2), min_size=8, max_size=8)
    | st.sampled_from(JUNK)
)


def expect_one_sentence_at_most(name: str, parameter: str, junk: object) -> None:
    """Call something, and accept success or one sentence of our own; it may name a path in full."""
    if parameter in ("progress", "on_progress", "on_result") and callable(junk):
        return  # it is called, and its errors are the caller's
    public = PUBLIC[name]
    try:
        public.call(**(public.right() | {parameter: junk}))
    except SpaceError as error:
        text = str(error).replace(str(junk), "…") if isinstance(junk, str) and junk else str(error)
        assert text and "\n" not in text and "\0" not in text and len(text) < 500, text


PLACES: Final = [(name, parameter) for name, public in PUBLIC.items() for parameter in public.right()]


def test_every_public_name_is_tried() -> None:
    tried = {name.split(".")[0] for name in PUBLIC} | PLAIN | MADE
    assert {name for name in space_runtime.__all__ if callable(getattr(space_runtime, name))} <= tried


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "StreamBatch.head"])
def test_the_arguments_that_are_changed_are_right_before(name: str) -> None:
    public = PUBLIC[name]
    try:
        public.call(**public.right())
    except SpaceError as error:
        assert "no." in str(error)  # the files that are not there


@pytest.mark.parametrize(("name", "parameter"), PLACES)
@pytest.mark.filterwarnings("ignore")
def test_junk_is_taken_or_refused_in_one_sentence(name: str, parameter: str) -> None:
    for junk in JUNK:
        expect_one_sentence_at_most(name, parameter, junk)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), RANDOM)
def test_random_junk_is_taken_or_refused_in_one_sentence(place: tuple[str, str], junk: object) -> None:
    assume(place != ("bake", "folder") or not isinstance(junk, str))  # it might be written to
    expect_one_sentence_at_most(*place, junk)
