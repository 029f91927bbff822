"""The manifest of a model bundle: what every file is, which tensors it has, where it came from and under which licence.

`export.packing.pack` writes it with these classes, the runtime reads it with them: one contract, one implementation.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Final, cast

from space_runtime.arguments import shown
from space_runtime.errors import BundleError
from space_runtime.inference.feature_settings import FEATURES, FeatureSettings
from space_runtime.inference.json_object import JsonObject
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
        document: object = json.loads(_read(path))
    except (FileNotFoundError, NotADirectoryError):
        raise BundleError(f"no bundle in {folder}: {MANIFEST_NAME} is missing; name a bundle's folder") from None
    except json.JSONDecodeError as error:
        raise BundleError(f"{path} is no JSON (line {error.lineno}); reinstall the bundle") from None
    except UnicodeDecodeError:
        raise BundleError(f"{path} is no text in UTF-8; reinstall the bundle") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror or error}); check its rights") from None
    except ValueError as error:
        raise BundleError(f"{path} cannot be read ({error}); reinstall the bundle") from None
    except RecursionError:
        raise BundleError(f"{path} is nested too deeply for a manifest; reinstall the bundle") from None
    try:
        return _manifest(JsonObject.of("the file", document))
    except ValueError as error:
        raise BundleError(
            f"{path} is no bundle's manifest of format {FORMAT}: {error}; name another folder, or rebuild the bundle"
        ) from None


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


def _manifest(document: JsonObject) -> Manifest:
    for name, expected in (("format", FORMAT), ("sample_rate", SAMPLE_RATE), ("hop", HOP)):
        if document.whole(name) != expected:
            raise ValueError(f"the {name} is {shown(document.whole(name))}, expected {expected}")
    entries = tuple(map(_entry, document.objects("entries")))
    features = _features(document.inner("features"))
    return Manifest(document.text("name"), document.text("version"), entries, features=features)


def _features(values: JsonObject) -> FeatureSettings:
    names = [known.name for known in fields(FeatureSettings)]
    if unknown := sorted(values.values.keys() - set(names)):
        raise ValueError(f"{values.place} has an unknown feature {unknown[0]!r:.40}")
    return FeatureSettings(**{name: values.number(name) for name in names})  # type: ignore[arg-type]  # some are whole numbers


def _entry(entry: JsonObject) -> Entry:
    return Entry(
        name=entry.text("name"),
        file=_plain_file_name(entry.text("file")),
        sha256=entry.text("sha256"),
        n_bytes=entry.whole("bytes"),
        purpose=entry.text("purpose"),
        licence=entry.text("licence"),
        sources=entry.texts("sources"),
        inputs=tuple(map(_tensor, entry.objects("inputs"))),
        outputs=tuple(map(_tensor, entry.objects("outputs"))),
        states=tuple(map(_state, entry.items("states"))),
        settings={name: _setting(name, value) for name, value in entry.inner("settings").values.items()},
    )


def _tensor(tensor: JsonObject) -> Tensor:
    shape = tensor.items("shape")
    if not all(type(size) in (int, str) for size in shape):
        raise ValueError(f"'shape' of {tensor.place} is {shown(shape)}, expected whole numbers and names")
    return Tensor(tensor.text("name"), cast(tuple[int | str, ...], tuple(shape)), tensor.text("dtype"))


def _state(pair: object) -> tuple[str, str]:
    match pair:
        case [str(taken), str(given)]:
            return taken, given
    raise ValueError(f"a state is {shown(pair)}, expected the names of two tensors")


def _setting(name: str, value: object) -> Setting:
    if not isinstance(value, float | int | str):
        raise ValueError(f"the setting {name!r:.40} is {shown(value)}, expected a number or text")
    return value


def _plain_file_name(name: str) -> str:
    """Return ``name`` if it stays inside the bundle's folder; a manifest may come from a stranger."""
    if Path(name).name != name or name in {"", ".", ".."}:
        raise ValueError(f"the file name {name!r:.80} leaves the bundle's folder")
    return name
