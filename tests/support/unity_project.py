"""The text files of a Unity project: documents of scenes and materials, and which asset a GUID is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

HEADER: Final = "%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:\n"
_DOCUMENT: Final = re.compile(r"^--- !u!(\d+) &(-?\d+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """An object of a file: the number of its native class, its name (MonoBehaviour, Transform …) and its fields."""

    number: int
    kind: str
    fields: Mapping[str, Any]


def read_parts(path: Path) -> dict[int, Part]:
    """Return the objects of a scene, material or setting by their anchors."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(HEADER), path
    pieces = _DOCUMENT.split(text[len(HEADER) :])
    found: dict[int, Part] = {}
    for number, anchor, body in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        assert int(anchor) not in found, f"{anchor} stands twice in {path}"
        ((kind, fields),) = yaml.safe_load(body).items()
        found[int(anchor)] = Part(int(number), kind, fields)
    return found


def guids(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the assets of folders by their GUIDs, which must be unique."""
    found: dict[str, Path] = {}
    for folder in folders:
        for meta in sorted(folder.rglob("*.meta")):
            (guid,) = re.findall(r"^guid: ([0-9a-f]{32})$", meta.read_text(encoding="utf-8"), re.MULTILINE)
            assert guid not in found, f"{meta} has the GUID of {found[guid]}"
            found[guid] = meta.with_suffix("")
    return found


def references(value: object) -> list[Mapping[str, Any]]:
    """Return every reference to an object within a value."""
    if isinstance(value, Mapping):
        inner = [each for part in value.values() for each in references(part)]
        return [value, *inner] if "fileID" in value else inner
    if isinstance(value, list):
        return [each for part in value for each in references(part)]
    return []
