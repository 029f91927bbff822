"""Reasons for which tests may be skipped in CI: what `.ci/run` installs is none of them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ALLOWED_SKIPS

HERE = Path(__file__).parent
IMPORTERS = "needs importers of clips"


def test_only_blender_and_godot_may_be_missing_among_importers() -> None:
    allowed = {reason for reason in ALLOWED_SKIPS if "importers" in reason}
    assert allowed == {f"{IMPORTERS}: Blender", f"{IMPORTERS}: Godot"}
    texts = [path.read_text(encoding="utf-8") for path in HERE.rglob("*.py") if path != Path(__file__)]
    named = {found for text in texts for found in re.findall(rf"{IMPORTERS}\W+\w+", text)}
    assert named == allowed


def test_ci_installs_what_web_modules_are_tested_with() -> None:
    script = (HERE.parent / ".ci" / "run").read_text(encoding="utf-8")
    assert "-m tests.tools.install_web" in script and "-m tests.tools.install_dotnet" in script
