"""The small run leaves out what it says, and nothing that is not there."""

from __future__ import annotations

import pytest

from tests.small_run import LEFT_OUT, ROOT, reason_of

STARTS = [start for starts in LEFT_OUT.values() for start in starts]


@pytest.mark.parametrize("start", STARTS)
def test_what_is_left_out_is_there(start: str) -> None:
    file, _, test = start.partition("::")
    assert (ROOT / file).exists()
    assert not test or f"def {test}" in (ROOT / file).read_text(encoding="utf-8")


def test_a_name_is_left_out_by_its_start() -> None:
    assert reason_of("tests/export/test_training.py::test_one") == "training and evaluation (PyTorch)"
    assert reason_of("tests/space_runtime/commands/test_cli.py::test_curves_need_no_portrait") is None
