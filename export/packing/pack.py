"""Writes the manifest of the embedded bundle from the model files and ``export/bundle.toml`` (provenance, licences)."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.evaluation.acceptance import check_recorded
from export.evaluation.results import path_beside
from export.packing.model_card import JUDGED, write_card
from space_runtime.errors import BundleError
from space_runtime.inference.manifest import Entry, Manifest, Tensor, sha256_of, write_manifest
from space_runtime.media.atomic_files import written_whole

PROVENANCE = Path(__file__).parents[1] / "bundle.toml"
LIMIT_BYTES = 25_000_000
RESERVED = "bundle"


def pack(folder: Path, provenance: Path = PROVENANCE, force: bool = False) -> Manifest:
    """Write ``manifest.json`` and the model card into ``folder`` for the files that ``provenance`` names.

    Raises `BundleError` when a file is missing, a file has no provenance, the bundle outgrows 25 MB, or the record of
    Speech2Landmarks' evaluation is missing, of another file or beyond a limit; ``force`` packs it even then.
    """
    table = tomllib.loads(provenance.read_text(encoding="utf-8"))
    head = table.pop(RESERVED)
    manifest = manifest_of(folder, head["name"], head["version"], table)
    if not force and JUDGED in table:
        check_recorded(folder / manifest.entry(JUDGED).file, _look_ahead(table))
    write_manifest(manifest, folder)
    if JUDGED in table:
        write_card(manifest, folder)
    return manifest


def manifest_of(folder: Path, name: str, version: str, table: Mapping[str, Mapping[str, object]]) -> Manifest:
    """Return the manifest of the files in ``folder``; table: by entry its file, purpose, licence, sources, settings.

    Raises `BundleError` when a file is missing, a file has no provenance, or the bundle outgrows 25 MB.
    """
    entries = tuple(_entry(folder, entry, facts) for entry, facts in sorted(table.items()))
    _check_folder(folder, entries)
    return Manifest(name, version, entries)


def look_ahead() -> int:
    """Return the look-ahead in samples that the bundle's provenance states."""
    return _look_ahead(tomllib.loads(PROVENANCE.read_text(encoding="utf-8")))


def adopt(network: Path, folder: Path) -> None:
    """Copy an accepted Speech2Landmarks and the record of its evaluation into a bundle's folder, to be packed there.

    Raises `BundleError` like `check_recorded`, before anything is copied.
    """
    check_recorded(network, look_ahead())
    for source in (network, path_beside(network)):
        with written_whole(folder / source.name) as path:
            shutil.copyfile(source, path)


def _look_ahead(table: dict[str, Any]) -> int:
    return int(table[JUDGED]["settings"]["look_ahead_samples"])


def _check_folder(folder: Path, entries: tuple[Entry, ...]) -> None:
    known = {entry.file for entry in entries}
    strangers = sorted(p.name for p in folder.iterdir() if p.suffix in {".onnx", ".npz"} and p.name not in known)
    if strangers:
        raise BundleError(f"{strangers[0]} has no provenance; describe it in {PROVENANCE.name} or remove it")
    total = sum(entry.n_bytes for entry in entries)
    if total > LIMIT_BYTES:
        raise BundleError(f"the bundle has {total} bytes, more than {LIMIT_BYTES}; shrink a network")


def _entry(folder: Path, name: str, facts: Mapping[str, object]) -> Entry:
    path = folder / str(facts["file"])
    if not path.is_file():
        raise BundleError(f"{path} is missing; run the export of {name!r} first")
    inputs, outputs = _tensors(path)
    sources, states, settings = facts["sources"], facts.get("states", []), facts.get("settings", {})
    assert isinstance(sources, list) and isinstance(states, list) and isinstance(settings, dict)
    return Entry(
        name=name,
        file=path.name,
        sha256=sha256_of(path),
        n_bytes=path.stat().st_size,
        purpose=str(facts["purpose"]),
        licence=str(facts["licence"]),
        sources=tuple(sources),
        inputs=inputs,
        outputs=outputs,
        states=tuple((a, b) for a, b in states),
        settings=settings,
    )


def _tensors(path: Path) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            return (), tuple(Tensor(key, archive[key].shape, str(archive[key].dtype)) for key in archive.files)
    graph = onnx.load(path, load_external_data=False).graph
    return tuple(_tensor(value) for value in graph.input), tuple(_tensor(value) for value in graph.output)


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    kind = value.type.tensor_type
    shape = tuple(d.dim_param if d.HasField("dim_param") else d.dim_value for d in kind.shape.dim)
    return Tensor(value.name, shape, str(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)))
