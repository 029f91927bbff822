"""The packaged server of this checkout, made once for as long as its sources stay the same."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

from space_runtime.packaging.contents import PROGRAM, program_file
from tests.support.real_server import ROOT, child_environment

FOLDER: Final = ROOT / ".tools" / "packages"
SOURCES: Final = ("space_runtime", "engine_bridge")
KEPT: Final = 3
"""Packages of former sources that stay; each takes over 100 MB."""


def packaged_server() -> Path:
    """Return the program of the package, made if there is none of these sources; skip where that cannot be."""
    pytest.importorskip("PyInstaller", reason="needs PyInstaller (extra 'package')")
    folder = FOLDER / _digest() / PROGRAM
    FOLDER.mkdir(parents=True, exist_ok=True)
    with FileLock(FOLDER / ".lock"):  # one of several test processes makes it
        if not folder.exists():
            _make(folder)
    return folder / program_file()


def _make(folder: Path) -> None:
    words = [sys.executable, "-m", "space_runtime", "package", "--out", str(folder)]
    subprocess.run(words, env=child_environment(), check=True)
    packages = sorted((path for path in FOLDER.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in packages[: -KEPT - 1]:
        shutil.rmtree(old, ignore_errors=True)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(path for name in SOURCES for path in (ROOT / name).rglob("*")):
        if path.suffix in (".py", ".spec", ".txt", ".json", ".toml", ".onnx"):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
