"""Makes the package: PyInstaller gathers, licences are written, and all of it gets its final name at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from space_runtime.errors import OutputError, UsageError
from space_runtime.extras import require
from space_runtime.media.atomic_files import prepare_folder, writing
from space_runtime.packaging.contents import ENTRY, PROGRAM, SITE, program_file
from space_runtime.packaging.licences import FOLDER, LIST, write_licences
from space_runtime.packaging.owners import Component, Owners, of_distribution, python

RECIPE: Final = Path(__file__).with_name("server.spec")
BUILDER: Final = "pyinstaller"
_INSIDE: Final = "_internal"
_LAST_LINES: Final = 12


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package. program: its path. n_bytes: of all its files."""

    program: Path
    n_bytes: int


def build_package(out: Path, with_pictures: bool = False) -> Package:
    """Write the packaged server into the folder ``out``, new or one of an earlier package, and return it.

    with_pictures: with OpenCV, so that portraits and textures work. Raises `UsageError`, `OutputError`.
    """
    require("PyInstaller")
    if with_pictures:
        require("cv2")
        require("PIL.Image")
    out = Path(os.path.abspath(out))
    if out.exists() and not _may_be_replaced(out):
        raise UsageError(f"{out} exists and is no package of an earlier time; name another folder, or remove it")
    prepare_folder(out.parent)
    with writing(out), TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as work:
        made = _gather(Path(work), with_pictures)
        _replace(made, out)
    return Package(out / program_file(), sum(path.stat().st_size for path in out.rglob("*") if path.is_file()))


def _may_be_replaced(out: Path) -> bool:
    return out.is_dir() and ((out / FOLDER / LIST).is_file() or not any(out.iterdir()))


def _replace(made: Path, out: Path) -> None:
    former = made.parent / "former"
    if out.exists():
        os.replace(out, former)
    os.replace(made, out)


def _gather(work: Path, with_pictures: bool) -> Path:
    """Run the recipe in a folder and return the package inside it."""
    listed = work / "listed.json"
    words = ["--noconfirm", "--log-level", "ERROR", "--distpath", str(work / "dist"), "--workpath", str(work / "work")]
    words += [str(RECIPE), "--", str(listed), *(["pictures"] if with_pictures else [])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SITE), os.environ.get("PYTHONPATH", "")])}
    environment["PYINSTALLER_CONFIG_DIR"] = str(work / "cache")
    done = subprocess.run(
        [sys.executable, "-m", "PyInstaller", *words], capture_output=True, text=True, errors="replace", env=environment
    )
    made = work / "dist" / PROGRAM
    if done.returncode or not listed.is_file():
        last = " ".join(done.stderr.split("\n")[-_LAST_LINES:])
        raise OutputError(f"PyInstaller did not make the package; it said: {last}")
    _strip_pythons(made)
    _drop_links(made)
    _license(made, listed)
    return made


def _strip_pythons(made: Path) -> None:
    """Take debugging symbols from Python's own libraries, where it was built with some; those of wheels have none."""
    strip = shutil.which("strip")
    if strip and sys.platform == "linux":
        for library in (*(made / _INSIDE).glob("libpython*.so*"), *(made / _INSIDE).glob("python*/lib-dynload/*.so")):
            subprocess.run([strip, "--strip-debug", str(library)], capture_output=True)


def _drop_links(made: Path) -> None:
    """Remove symbolic links, which engines and archives copy as files; what needs a library finds it without."""
    for path in made.rglob("*"):
        if path.is_symlink():
            path.unlink()


def _license(made: Path, listed: Path) -> None:
    """Write the licences of all files. Raises `OutputError` when one of them has none."""
    owners = Owners()
    taken = json.loads(listed.read_text(encoding="utf-8"))
    sources = {place: Path(source) for place, source in taken["files"]}
    files: dict[str, Component] = {}
    for path in sorted(path for path in made.rglob("*") if path.is_file()):
        place = path.relative_to(made / _INSIDE).as_posix() if path.is_relative_to(made / _INSIDE) else path.name
        files[path.relative_to(made).as_posix()] = _owner(owners, place, sources)
    inside = {owners.of(Path(source)) for _, source in taken["modules"] if source and Path(source).is_file()}
    write_licences(made, files, frozenset({*inside, owners.of(ENTRY), of_distribution(BUILDER)}))


def _owner(owners: Owners, place: str, sources: dict[str, Path]) -> Component:
    if place == program_file():
        return of_distribution(BUILDER)  # its starter, to which our modules are appended
    if place == "base_library.zip":
        return python()
    return owners.of(sources.get(place) or sources[str(Path(place))])
