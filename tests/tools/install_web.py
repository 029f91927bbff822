"""Installs what tests read clips and web modules with: the Khronos validator of glTF, three.js, Babylon.js; from npm.

``python -m tests.tools.install_web`` puts them into ``.tools/gltf`` of the checkout (ignored by git, 130 MB, 10 s) and
does nothing when they are there. Versions and hashes: ``tests/tools/web_modules/package-lock.json``. Node.js comes from
PyPI where the machine has none.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.tools.node_js import TOOLS, find_node, installed_npm

FOLDER: Final = TOOLS / "gltf"
MODULES: Final = FOLDER / "node_modules"
WANTED: Final = Path(__file__).parent / "web_modules"


def installed() -> bool:
    """Return whether everything is there, in the versions of the lock file."""
    lock = FOLDER / "package-lock.json"
    wanted = (WANTED / lock.name).read_bytes()
    return find_node() is not None and MODULES.is_dir() and lock.exists() and lock.read_bytes() == wanted


def install() -> None:
    """Install everything anew. Raises `subprocess.CalledProcessError` or `OSError` where that fails."""
    TOOLS.mkdir(exist_ok=True)
    npm = installed_npm()
    with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
        made = Path(scratch) / "gltf"
        shutil.copytree(WANTED, made)
        subprocess.run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=made, check=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
        made.rename(FOLDER)


def main() -> None:
    """Install, unless that has been done."""
    if not installed():
        install()
    print(f"the web modules of the tests are in {FOLDER}")


if __name__ == "__main__":
    main()
