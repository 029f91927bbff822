"""Node.js for tests of modules that browsers run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.tools.install_web import MODULES
from tests.tools.node_js import find_node, npm_words

HOW: Final = "(python -m tests.tools.install_web)"
needs_node: Final = pytest.mark.skipif(find_node() is None, reason=f"needs Node.js {HOW}")
needs_npm: Final = pytest.mark.skipif(npm_words() is None, reason=f"needs npm {HOW}")
needs_web_engines: Final = pytest.mark.skipif(
    find_node() is None or not (MODULES / "three").is_dir(),
    reason=f"needs three.js, Babylon.js and the validator of glTF {HOW}",
)


def run_node(script: Path, *words: str | Path, folder: Path | None = None) -> object:
    """Return what a script prints in its last line, as JSON. folder: where it runs."""
    node = find_node()
    assert node
    command = [str(node), str(script), *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    found: object = json.loads(done.stdout.splitlines()[-1])
    return found
