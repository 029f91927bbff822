"""The scripts that draw pictures of the documents: what they import is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("script", sorted(path.stem for path in DOCS.glob("*.py")))
def test_a_script_finds_what_it_imports(script: str) -> None:
    pytest.importorskip("torch", reason="scripts draw with export, the trainer")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = ['docs', '.']; import {script}"],
        cwd=DOCS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
