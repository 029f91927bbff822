"""The generated files are those that the rows of controls and outputs give."""

from __future__ import annotations

import pytest

from engine_bridge.adapters.sink import SinkError
from engine_bridge.protocol.errors import BridgeError, RefusedError
from engine_bridge.protocol.field_table import CONTROLS, ControlRow
from engine_bridge.protocol.field_types import FieldType
from space_runtime.errors import SpaceError, UsageError
from space_runtime.values import Controls
from tests.tools import generate_protocol as generator

SOURCES = dict(generator.sources())


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_a_generated_file_is_up_to_date(path: str) -> None:
    found = (generator.ROOT / path).read_text(encoding="utf-8")
    assert found == SOURCES[path], "run python -m tests.tools.generate_protocol"


def test_the_tables_of_the_specification_are_up_to_date() -> None:
    text = (generator.ROOT / generator.DOCUMENT).read_text(encoding="utf-8")
    assert text == generator.document(text), "run python -m tests.tools.generate_protocol"


@pytest.mark.parametrize("row", [row for row in CONTROLS if row.kind is FieldType.F32], ids=lambda row: row.name)
def test_the_runtime_has_the_ranges_and_defaults_of_the_rows(row: ControlRow) -> None:
    assert row.low is not None and row.high is not None
    assert getattr(Controls(), row.name) == float(row.default)
    for inside in (row.low, row.high):
        Controls(**{row.name: inside})  # type: ignore[arg-type]  # every row of this kind is a number
    for outside in (row.low - 0.01, row.high + 0.01):
        with pytest.raises(UsageError, match=row.name):
            Controls(**{row.name: outside})  # type: ignore[arg-type]


def test_one_except_catches_the_errors_of_the_runtime_and_of_its_clients() -> None:
    for error in (UsageError, BridgeError, SinkError, RefusedError):
        assert issubclass(error, SpaceError)
