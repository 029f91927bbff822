"""The bundle: hashes, missing files, hostile manifests, and what the shipped one says about itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from space_runtime import BundleError, load_bundle
from space_runtime.bundle import EMBEDDED
from space_runtime.manifest import read_manifest, write_manifest

Document = dict[str, object]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))


def test_manifest_survives_writing_and_reading(copy: Path) -> None:
    manifest = read_manifest(copy)
    write_manifest(manifest, copy)
    assert read_manifest(copy) == manifest


def test_every_file_of_the_shipped_bundle_is_described_and_small() -> None:
    bundle = load_bundle()
    described = {entry.file for entry in bundle.manifest.entries} | {"manifest.json"}
    assert {path.name for path in EMBEDDED.iterdir()} == described
    assert sum(path.stat().st_size for path in EMBEDDED.iterdir()) < 25_000_000
    for entry in bundle.manifest.entries:
        assert entry.licence and entry.sources and entry.purpose


def test_every_state_pair_exists_and_agrees_in_shape() -> None:
    for entry in load_bundle().manifest.entries:
        inputs = {tensor.name: tensor.shape[1:] for tensor in entry.inputs}
        outputs = {tensor.name: tensor.shape[1:] for tensor in entry.outputs}
        for taken, given in entry.states:
            assert inputs[taken] == outputs[given]


def test_a_changed_byte_is_found(copy: Path) -> None:
    victim = next(copy.glob("*.onnx"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(bytes(data))
    with pytest.raises(BundleError, match=victim.name):
        load_bundle(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "rig.npz").unlink()
    with pytest.raises(BundleError, match=r"rig\.npz"):
        load_bundle(copy)


def test_a_missing_tensor_is_named(copy: Path) -> None:
    document = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    entry = next(e for e in document["entries"] if e["name"] == "speech2landmarks")
    entry["inputs"][0]["name"] = "no_such_tensor"
    (copy / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BundleError, match="no_such_tensor"):
        load_bundle(copy).network("speech2landmarks")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(format=99),
        lambda d: d.update(sample_rate=8000),
        lambda d: d.pop("entries"),
        lambda d: d.update(entries=[{}]),
        lambda d: d["entries"][0].update(file="../secret.onnx"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_in_one_sentence(copy: Path, spoil: Callable[[Document], None]) -> None:
    document = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    spoil(document)
    (copy / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BundleError, match="manifest"):
        load_bundle(copy)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]"])
def test_garbage_in_place_of_the_manifest_is_refused(copy: Path, content: bytes) -> None:
    (copy / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError):
        load_bundle(copy)


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json"):
        load_bundle(tmp_path)
