"""ARCHITECTURE.md tells the truth: every file it names is there, every room is in its table."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.docs.pages import ROOT

TEXT: Final = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED: Final = sorted(set(re.findall(r"`([\w/.]*(?:\w\.(?:py|md|json|toml)|/))`", TEXT)))
"""Names of files and folders in code marks."""


def is_there(name: str) -> bool:
    """Return whether some path of the project ends with the name."""
    return any((folder / name).exists() for folder in (ROOT, *(ROOT / "space_runtime").glob("**/"), ROOT / "tests"))


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_is_there(name: str) -> None:
    assert is_there(name)


def test_every_room_is_in_the_table() -> None:
    for package in ("space_runtime", "engine_bridge"):
        for door in (ROOT / package).glob("*/__init__.py"):
            room = door.parent.name
            assert f"`{room}/`" in TEXT or f"`{package}/{room}/`" in TEXT, room
