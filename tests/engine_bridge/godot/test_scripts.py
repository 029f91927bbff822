"""The scripts of the Godot add-on parse as Godot 4's language, and are laid out as its formatter wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from tests.support.godot import ADD_ON, PROJECT

SCRIPTS = sorted([*ADD_ON.rglob("*.gd"), *PROJECT.rglob("*.gd")])


def test_the_add_on_has_a_plugin() -> None:
    folder = ADD_ON / "addons" / "space_runtime"
    assert 'script="plugin.gd"' in (folder / "plugin.cfg").read_text()
    assert (folder / "plugin.gd").exists() and (folder / "space_face.gd").exists()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_parse_and_are_formatted(path: Path) -> None:
    parser = pytest.importorskip("gdtoolkit.parser", reason="needs gdtoolkit (extra 'test')").parser
    formatter = pytest.importorskip("gdtoolkit.formatter", reason="needs gdtoolkit (extra 'test')")
    text = path.read_text(encoding="utf-8")
    parser.parse(text)
    assert formatter.format_code(text, max_line_length=120) == text
    assert len(text.splitlines()) <= 300


def test_the_script_of_the_page_is_one() -> None:
    parser = pytest.importorskip("gdtoolkit.parser", reason="needs gdtoolkit (extra 'test')").parser
    (script,) = (block.text for block in blocks(ROOT / "docs" / "godot.md") if block.language == "gdscript")
    parser.parse(script)
    face = (ADD_ON / "addons" / "space_runtime" / "space_face.gd").read_text(encoding="utf-8")
    assert all(name in face for name in ("var clip ", "signal finished", "func report("))
