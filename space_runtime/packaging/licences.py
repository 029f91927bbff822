"""The folder ``licenses`` of a package: a list of all components, and the texts of their licences."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from space_runtime.packaging.owners import Component

FOLDER: Final = "licenses"
LIST: Final = "LICENCES.md"
TABLE: Final = "components.json"
_HEAD: Final = """# Licences of what is in this folder

Each component with the licence that it states itself; the texts are in the folders of the same names. `components.json`
says which file belongs to which. Libraries under the LGPL are files of their own: own builds may take their places.

| component | version | licence | holds |
|---|---|---|---|
"""


def write_licences(package: Path, files: Mapping[str, Component], parts: frozenset[Component]) -> None:
    """Write the list and the texts. files: the component of every file. parts: those inside the program's own file."""
    target = package / FOLDER
    components = sorted({*files.values(), *parts}, key=lambda component: component.name.lower())
    rows = []
    for component in components:
        texts = _copy_texts(target / component.name, component)
        own = sorted(name for name, owner in files.items() if owner == component)
        stated = {"name": component.name, "version": component.version, "licence": component.licence}
        rows.append({**stated, "holds": component.holds, "texts": texts, "files": own})
    (target / TABLE).write_text(json.dumps(rows, indent=1), encoding="utf-8")
    lines = [f"| {c.name} | {c.version} | {c.licence} | {c.holds} |\n" for c in components]
    (target / LIST).write_text(_HEAD + "".join(lines), encoding="utf-8")


def _copy_texts(folder: Path, component: Component) -> list[str]:
    """Copy a component's texts, those of one name under several; return their places in the package."""
    folder.mkdir(parents=True)
    copied = []
    for text in component.texts:
        place = folder / text.name
        for n in range(2, len(component.texts) + 2):
            if not place.exists():
                break
            place = folder / f"{n}-{text.name}"
        shutil.copyfile(text, place)
        copied.append(f"{FOLDER}/{component.name}/{place.name}")
    return copied
