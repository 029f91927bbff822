"""A law of sentences whose f-string puts a `len(…)` or an `n_…` before a noun in the plural: they use `counted`.

Counts of other names, and sentences that are joined or formatted in another way, are not seen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from space_runtime.errors import counted

ROOT: Final = Path(__file__).parents[2]
COUNT: Final = re.compile(r"len\(.*\)|(\w+\.)*n_\w+")
NOUNS: Final = re.compile(r" (?!of\b)(\w+ )?[a-z]+[^s]s\b")
A_PART_OF: Final = re.compile(r"\b(of|its|more than) $")
"""Before a number that is known to be many: ``1 of 52 shapes``, ``its 2 channels``."""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((0, "line"), "0 lines"),
        ((1, "line"), "1 line"),
        ((2, "line"), "2 lines"),
        ((2, "person", "people"), "2 people"),
    ],
)
def test_a_number_has_its_noun(words: tuple[int, str], told: str) -> None:
    assert counted(*words) == told


def plurals(tree: ast.AST) -> Iterator[str]:
    """The counts of a source that stand before a noun in the plural, whatever they are."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr):
            continue
        before = ""
        for part, after in pairwise([*node.values, ast.Constant("")]):
            if isinstance(part, ast.FormattedValue) and isinstance(after, ast.Constant) and not part.format_spec:
                noun = after.value if isinstance(after.value, str) else ""
                is_count = COUNT.fullmatch(ast.unparse(part.value)) and not A_PART_OF.search(before)
                if is_count and NOUNS.match(noun):
                    yield f"{ast.unparse(part.value)}{noun}"
            before = str(part.value) if isinstance(part, ast.Constant) else ""


def test_the_law_sees_a_count_before_a_plural() -> None:
    assert [*plurals(ast.parse("f'{len(a)} files, {b.n_rows} dubbed rows, 1 of {n_b} bars, {n_b:,} bars'"))] == [
        "len(a) files, ",
        "b.n_rows dubbed rows, 1 of ",
    ]


SOURCES: Final = [
    path
    for folder in ("space_runtime", "engine_bridge")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "blender" not in path.parts  # it stands alone, inside every script that is baked for Blender
]


def test_no_sentence_counts_one_as_many() -> None:
    found = {path.relative_to(ROOT): [*plurals(ast.parse(path.read_text("utf-8")))] for path in SOURCES}
    assert {path: told for path, told in found.items() if told} == {}
