"""Whose each file of the package is: a Python distribution's, Python's, this project's or the system's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distributions
from pathlib import Path
from typing import Final

from space_runtime.errors import OutputError
from space_runtime.packaging.contents import SITE
from space_runtime.version import VERSION

NOTICES: Final = Path(__file__).parent / "notices"
"""Licence texts that components lack, by the name of the component."""
HOLDS: Final = {
    "numpy": "OpenBLAS (BSD-3-Clause); libgfortran, libquadmath (GPL-3.0-or-later with GCC's runtime exception, LGPL)",
    "soundfile": "libsndfile, mpg123, LAME (LGPL); FLAC, Ogg, Vorbis, Opus (BSD-3-Clause)",
    "soxr": "libsoxr (LGPL-2.1-or-later), PFFFT (BSD-like)",
    "pyzmq": "libzmq (MPL-2.0), libsodium (ISC)",
    "PyNaCl": "libsodium (ISC)",
    "onnxruntime": "protobuf, Eigen, MLAS and others (ThirdPartyNotices.txt)",
    "opencv-python-headless": "FFmpeg (LGPL-2.1-or-later), OpenBLAS, libvpx, libaom and others (LICENSE-3RD-PARTY.txt)",
    "pillow": "libjpeg-turbo, libtiff, libwebp, libavif and others",
    "space-runtime": "models: ICT-FaceKit (MIT), MediaPipe (Apache-2.0)",
}
"""Libraries inside the files of a distribution."""
STATED: Final = {"pyinstaller": "GPL-2.0-or-later with an exception for the programs it makes (COPYING.txt)"}
"""Licences that metadata tell in part."""
OF_THE_SYSTEM: Final = {
    "libexpat": "MIT",
    "libffi": "MIT",
    "libpython": "PSF-2.0",
    "zlib": "Zlib",
    "libgcc": "GPL-3.0-or-later with GCC's runtime exception",
    "libstdc++": "GPL-3.0-or-later with GCC's runtime exception",
}
"""Licences of system packages whose names begin so; of others their text alone says it."""
_LONG: Final = 80
"""Characters of a licence's whole text rather than its name."""
_TEXT: Final = re.compile(r"(licen[cs]e|copying|notice|authors|third.?party)", re.IGNORECASE)
_COMMON: Final = re.compile(r"/usr/share/common-licenses/([\w.-]*\w)")
_MICROSOFT: Final = re.compile(r"(vcruntime|msvcp|concrt|ucrtbase|api-ms-win)[\w.-]*\.dll", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Component:
    """Something with one licence. texts: files that state it. holds: what else is inside."""

    name: str
    version: str
    licence: str
    texts: tuple[Path, ...]
    holds: str = ""


class Owners:
    """Tells the component of a source file. Raises `OutputError` for a file whose licence is not known."""

    def __init__(self) -> None:
        self._of_file: dict[str, Distribution] = {}
        for distribution in distributions():
            for path in distribution.files or ():
                self._of_file[os.path.realpath(str(distribution.locate_file(path)))] = distribution

    def of(self, source: Path) -> Component:
        """Return the component that a file belongs to."""
        real = os.path.realpath(source)
        if Path(real).is_relative_to(SITE / "space_runtime") or Path(real).is_relative_to(SITE / "engine_bridge"):
            return own()
        if distribution := self._of_file.get(real):
            return of_distribution(distribution.metadata["Name"])
        if _is_pythons(Path(real)):
            return python()
        return of_system(source)


@cache
def of_distribution(name: str) -> Component:
    """Return an installed distribution as a component."""
    found = Distribution.from_name(name)
    texts = [Path(str(found.locate_file(path))) for path in found.files or () if _is_text(Path(str(path)))]
    if not texts and not _notice(name):
        raise OutputError(f"the package {name} brings no text of its licence; add one to {NOTICES}")
    known = HOLDS.get(name, HOLDS.get(name.removesuffix("-gpu"), ""))
    return Component(name, found.version, _licence(found), (*texts, *_notice(name)), known)


@cache
def own() -> Component:
    """Return this project as a component."""
    names = ("LICENSE", "THIRD_PARTY.md")
    texts = [SITE / name for name in names if (SITE / name).is_file()]
    if len(texts) < len(names):
        try:
            files = Distribution.from_name("space-runtime").files or ()
        except PackageNotFoundError:
            files = ()
        texts = [Path(str(path.locate())) for path in files if path.name in names]
    name = "space-runtime"
    return Component(name, VERSION, "Apache-2.0", (*texts, *_notice(name)), HOLDS[name])


@cache
def python() -> Component:
    """Return Python itself: interpreter, standard library, and what its installer puts beside them."""
    places = (Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix))
    texts = [place / "LICENSE.txt" for place in places if (place / "LICENSE.txt").is_file()][:1]
    texts = texts or list(_copyright_of_system(Path(sysconfig.get_path("stdlib")) / "os.py")[1])
    version = ".".join(map(str, sys.version_info[:3]))
    return Component("Python", version, "PSF-2.0", (*texts, *_notice("Python")))


def of_system(source: Path) -> Component:
    """Return the package of the system that a library came with. Raises `OutputError` where that is not known."""
    if _MICROSOFT.fullmatch(source.name):
        return python()  # its installer brings them, under Microsoft's terms, which its licence text repeats
    name, texts = _copyright_of_system(source)
    if not texts:
        raise OutputError(
            f"the licence of {source} is not known: it belongs to no Python package, and dpkg does not tell; "
            "package on Debian or Ubuntu, or with a Python that brings its own libraries"
        )
    licence = next((stated for begin, stated in OF_THE_SYSTEM.items() if name.startswith(begin)), "see the text")
    return Component(name, "", licence, texts)


@cache
def _copyright_of_system(source: Path) -> tuple[str, tuple[Path, ...]]:
    """Return a Debian package's name, its copyright file and the common licences that this one names."""
    for path in _names(source):
        try:
            said = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True)
        except OSError:
            return "", ()
        if said.returncode == 0:
            name = said.stdout.split(":")[0].split(",")[0]
            text = Path("/usr/share/doc") / name / "copyright"
            common = sorted(set(_COMMON.findall(text.read_text(encoding="utf-8", errors="replace"))))
            return name, (text, *(Path("/usr/share/common-licenses") / one for one in common))
    return "", ()


def _names(source: Path) -> Iterable[str]:
    """Yield the names by which a system may know a file: it may have moved from /lib to /usr/lib."""
    for path in dict.fromkeys((str(source), os.path.realpath(source))):
        yield path
        yield path.removeprefix("/usr") if path.startswith("/usr/lib") else f"/usr{path}"


def _is_pythons(path: Path) -> bool:
    """Return whether a file came with Python, and not with the system into whose folders Python was installed."""
    stdlib = Path(os.path.realpath(sysconfig.get_path("stdlib")))
    if path.is_relative_to(stdlib):
        return True
    prefix = Path(os.path.realpath(sys.base_prefix))
    return path.is_relative_to(prefix) and prefix not in (Path("/usr"), Path("/"))


def _is_text(path: Path) -> bool:
    is_code = path.suffix in (".py", ".pyc", ".pyi", ".so", ".dll", ".pyd")
    return not is_code and bool(_TEXT.match(path.name) or "licenses" in path.parts)


def _notice(name: str) -> tuple[Path, ...]:
    path = NOTICES / f"{name}.txt"
    return (path,) if path.is_file() else ()


def _licence(distribution: Distribution) -> str:
    """Return the licence that a distribution states, as an expression, a class or a sentence."""
    metadata, name = distribution.metadata, distribution.metadata["Name"]
    for key in ("License-Expression", "License"):
        if name not in STATED and key in metadata and len(metadata[key]) < _LONG:
            return metadata[key]
    named = [text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier") or () if "License ::" in text]
    return STATED.get(name) or "; ".join(named) or "see the text"
