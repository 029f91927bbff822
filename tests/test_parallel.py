"""Units of the parallel run: files that are there; files that compile the same programs are one unit."""

from __future__ import annotations

import pytest

from tests.parallel import FIRST, TOGETHER, unit_of
from tests.small_run import ROOT


@pytest.mark.parametrize("start", [start for starts in TOGETHER.values() for start in starts])
def test_what_is_joined_is_there(start: str) -> None:
    assert (ROOT / start).exists()


def test_a_unit_is_a_file_or_what_is_joined() -> None:
    assert unit_of("tests/test_run.py::test_help[a::b]") == "tests/test_run.py"
    assert {unit_of(f"{folder}test_it.py::test_it") for folder in TOGETHER["C++"]} == {"C++"}


def test_what_begins_first_is_a_unit() -> None:
    assert all(unit in TOGETHER or (ROOT / unit).is_file() for unit in FIRST)
