"""What is generated from the rows of controls and outputs is what lies there."""

from __future__ import annotations

import pytest

from tests.tools import generate_protocol as generator

SOURCES = dict(generator.sources())


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_a_generated_file_is_up_to_date(path: str) -> None:
    found = (generator.ROOT / path).read_text(encoding="utf-8")
    assert found == SOURCES[path], "run python -m tests.tools.generate_protocol"


def test_the_tables_of_the_specification_are_up_to_date() -> None:
    text = (generator.ROOT / generator.DOCUMENT).read_text(encoding="utf-8")
    assert text == generator.document(text), "run python -m tests.tools.generate_protocol"
