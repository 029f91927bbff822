"""The manifest of a model bundle: what every file is, which tensors it has, where it came from and under which licence.

`export.packing.pack` writes it with these classes, the runtime reads it with them: one contract, one implementation.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Final

from space_runtime.errors import BundleError
from space_runtime.inference.feature_settings import FEATURES, FeatureSettings
from space_runtime.timebase import HOP, SAMPLE_RATE

FORMAT: Final = 1
MANIFEST_NAME: Final = "manifest.json"
MAX_BYTES: Final = 8 << 20
"""Of a manifest; the embedded one has 20 KB."""

Setting = float | int | str


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a network or an array of an npz file; a free dimension is a name, a fixed one a number."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the bundle.

    states: pairs (input, output) of tensors that carry a stream's state from step to step.
    settings: plain numbers and words that the runtime needs beside the weights (look-ahead, patch size, …).
    sources: one line per data set or upstream file with its licence and what it was used for.
    """

    name: str
    file: str
    sha256: str
    n_bytes: int
    purpose: str
    licence: str
    sources: tuple[str, ...]
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    settings: dict[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a bundle says about itself. sample_rate in Hz, hop in samples; features: what its networks are fed."""

    name: str
    version: str
    entries: tuple[Entry, ...]
    sample_rate: int = SAMPLE_RATE
    hop: int = HOP
    features: FeatureSettings = FEATURES

    def entry(self, name: str) -> Entry:
        """Return the entry of that name; raises `BundleError` if the bundle lacks it."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entries)
        raise BundleError(f"the bundle has no {name!r:.40}, only {known}; use a bundle made for this version")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write ``manifest.json`` into ``folder``."""
    document = {
        "format": FORMAT,
        "name": manifest.name,
        "version": manifest.version,
        "sample_rate": manifest.sample_rate,
        "hop": manifest.hop,
        "features": asdict(manifest.features),
        "entries": [_entry_to_json(entry) for entry in manifest.entries],
    }
    (folder / MANIFEST_NAME).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in ``folder``. Raises `BundleError` when it is missing, unreadable or of another format."""
    path = folder / MANIFEST_NAME
    try:
        document = json.loads(_read(path))
    except (FileNotFoundError, NotADirectoryError):
        raise BundleError(f"no bundle in {folder}: {MANIFEST_NAME} is missing; name a bundle's folder") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read ({error}); reinstall the bundle") from None
    except RecursionError:
        raise BundleError(f"{path} is nested too deeply for a manifest; reinstall the bundle") from None
    try:
        return _manifest_from_json(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BundleError(f"{path} is not a manifest of format {FORMAT} ({error!r}); rebuild the bundle") from None


def _read(path: Path) -> str:
    """Return a text file of at most `MAX_BYTES`. Raises `OSError`, `ValueError`."""
    if path.exists() and not path.is_file():  # a pipe or a device might never end
        raise ValueError("it is no file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES >> 20} MiB")
    return data.decode("utf-8")


def _entry_to_json(entry: Entry) -> dict[str, object]:
    def tensors(values: tuple[Tensor, ...]) -> list[dict[str, object]]:
        return [{"name": t.name, "shape": list(t.shape), "dtype": t.dtype} for t in values]

    return {
        "name": entry.name,
        "file": entry.file,
        "sha256": entry.sha256,
        "bytes": entry.n_bytes,
        "purpose": entry.purpose,
        "licence": entry.licence,
        "sources": list(entry.sources),
        "inputs": tensors(entry.inputs),
        "outputs": tensors(entry.outputs),
        "states": [list(pair) for pair in entry.states],
        "settings": entry.settings,
    }


def _manifest_from_json(document: dict[str, object]) -> Manifest:
    if document["format"] != FORMAT:
        raise ValueError(f"format {document['format']!r} instead of {FORMAT}")
    sample_rate, hop = document["sample_rate"], document["hop"]
    if (sample_rate, hop) != (SAMPLE_RATE, HOP):
        raise ValueError(f"{sample_rate} Hz and hop {hop} instead of {SAMPLE_RATE} Hz and {HOP}")
    entries = document["entries"]
    if not isinstance(entries, list):
        raise TypeError("entries is not a list")
    parsed = tuple(_entry_from_json(entry) for entry in entries)
    features = _features_from_json(document["features"])
    return Manifest(str(document["name"]), str(document["version"]), parsed, features=features)


def _features_from_json(values: object) -> FeatureSettings:
    if not isinstance(values, dict):
        raise TypeError("features is not a map")
    names = {known.name for known in fields(FeatureSettings)}
    if wrong := sorted(names.symmetric_difference(values)):
        raise ValueError(f"features lacks {wrong[0]!r}" if wrong[0] in names else f"unknown feature {wrong[0]!r}")
    for name, value in values.items():
        if type(value) not in (int, float):
            raise TypeError(f"{name} of features is {value!r}, not a number")
    return FeatureSettings(**values)


def _entry_from_json(entry: dict[str, object]) -> Entry:
    def tensors(key: str) -> tuple[Tensor, ...]:
        values = _list(entry, key)
        return tuple(Tensor(str(t["name"]), tuple(t["shape"]), str(t["dtype"])) for t in values if isinstance(t, dict))

    settings = entry["settings"]
    if not isinstance(settings, dict):
        raise TypeError("settings is not a map")
    return Entry(
        name=str(entry["name"]),
        file=_plain_file_name(str(entry["file"])),
        sha256=str(entry["sha256"]),
        n_bytes=int(str(entry["bytes"])),
        purpose=str(entry["purpose"]),
        licence=str(entry["licence"]),
        sources=tuple(str(source) for source in _list(entry, "sources")),
        inputs=tensors("inputs"),
        outputs=tensors("outputs"),
        states=tuple((str(a), str(b)) for a, b in _pairs(_list(entry, "states"))),
        settings=settings,
    )


def _list(entry: dict[str, object], key: str) -> list[object]:
    values = entry[key]
    if not isinstance(values, list):
        raise TypeError(f"{key} is not a list")
    return values


def _pairs(values: list[object]) -> list[tuple[object, object]]:
    return [(pair[0], pair[1]) for pair in values if isinstance(pair, list)]


def _plain_file_name(name: str) -> str:
    """Return ``name`` if it stays inside the bundle's folder; a manifest may come from a stranger."""
    if Path(name).name != name or name in {"", ".", ".."}:
        raise ValueError(f"file name {name!r} leaves the bundle's folder")
    return name
