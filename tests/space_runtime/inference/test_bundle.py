"""The bundle: hashes, missing files, hostile manifests, and what the shipped one says about itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from space_runtime import BundleError, load_bundle
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.inference.manifest import read_manifest, sha256_of, write_manifest
from tests.support.command_line import Call

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
    described = {entry.file for entry in bundle.manifest.entries}
    described |= {"manifest.json", "MODEL_CARD.md", "speech2landmarks.eval.json"}
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
    entry["inputs"].append({"name": "no_such_tensor", "shape": [1], "dtype": "float32"})
    (copy / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BundleError, match="no_such_tensor"):
        load_bundle(copy).network("speech2landmarks")


def change_entry(folder: Path, name: str, **changes: object) -> None:
    """Change an entry of the manifest and make the hashes right again: a bundle that lies consistently."""
    path = folder / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    entry = next(e for e in document["entries"] if e["name"] == name)
    file = folder / entry["file"]
    entry.update(changes, sha256=sha256_of(file), bytes=file.stat().st_size)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_an_entry_without_a_tensor_that_the_runtime_needs_is_refused(copy: Path) -> None:
    outputs = [{"name": "landmarks", "shape": ["batch", 78, 3], "dtype": "float32"}]
    change_entry(copy, "speech2landmarks", outputs=outputs)
    with pytest.raises(BundleError, match="closure"):
        load_bundle(copy).network("speech2landmarks")
    change_entry(copy, "warp", outputs=[])
    with pytest.raises(BundleError, match="mesh_from_keypoints"):
        load_bundle(copy).arrays("warp")


def test_a_tensor_of_another_shape_is_refused(copy: Path) -> None:
    tensors = [("features", 95), ("neutral", 78), ("emotion", 8), ("state_in", 512)]
    inputs = [{"name": name, "shape": ["batch", size], "dtype": "float32"} for name, size in tensors]
    change_entry(copy, "speech2landmarks", inputs=inputs)
    with pytest.raises(BundleError, match="features"):
        load_bundle(copy).network("speech2landmarks")


def test_arrays_cut_short_are_refused_even_with_a_right_hash(copy: Path) -> None:
    victim = copy / "rig.npz"
    victim.write_bytes(victim.read_bytes()[:1000])
    change_entry(copy, "rig")
    with pytest.raises(BundleError, match=r"rig\.npz"):
        load_bundle(copy).arrays("rig")


@pytest.mark.parametrize("look_ahead", [-5000, 0, 10**9, True, "1600", 1.5, None])
def test_an_absurd_look_ahead_is_refused(copy: Path, look_ahead: object) -> None:
    change_entry(copy, "speech2landmarks", settings={"look_ahead_samples": look_ahead})
    with pytest.raises(BundleError, match="look_ahead_samples"):
        load_bundle(copy).look_ahead()


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


WRITTEN = json.loads((EMBEDDED / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "the file is [], expected an object"),
        ("manifest", "the file is 'manifest', expected an object"),
        ({}, "the file lacks 'format'"),
        ({"format": "space-clip"}, "'format' of the file is 'space-clip', expected a whole number"),
        ({"format": 2}, "the format is 2, expected 1"),
        (WRITTEN | {"hop": True}, "'hop' of the file is True, expected a whole number"),
        (WRITTEN | {"hop": 160}, "the hop is 160, expected 320"),
        (WRITTEN | {"entries": {}}, "'entries' of the file is {}, expected a list"),
        (WRITTEN | {"features": {}}, "'features' of the file lacks 'frame'"),
        (WRITTEN | {"features": WRITTEN["features"] | {"n_mels": "x"}}, "is 'x', expected a number"),
        (WRITTEN | {"features": WRITTEN["features"] | {"loudness": 1}}, "unknown feature 'loudness'"),
    ],
)
def test_other_json_is_told_by_what_it_lacks(tmp_path: Path, document: object, said: str) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BundleError, match=re.escape(said)) as told:
        load_bundle(tmp_path)
    assert "name another folder" in str(told.value) and "Error" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sources": [1]}, "an item of 'sources' of item 1 of 'entries' of the file is 1, expected text"),
        ({"inputs": [["features", [1]]]}, "item 1 of 'inputs' of item 1 of 'entries' of the file is ['features', [1]]"),
        ({"inputs": [{"name": "a", "shape": 3, "dtype": "float32"}]}, "is 3, expected a list"),
        ({"inputs": [{"name": "a", "shape": [1.5], "dtype": "float32"}]}, "is [1.5], expected whole numbers and names"),
        ({"states": [["one"]]}, "a state is ['one'], expected the names of two tensors"),
        ({"settings": {"revision": [1]}}, "the setting 'revision' is [1], expected a number or text"),
        ({"bytes": "many"}, "is 'many', expected a whole number"),
        ({"file": "../secret.onnx"}, "'../secret.onnx' leaves the bundle's folder"),
    ],
)
def test_an_entry_of_wrong_kinds_is_told_by_its_place(tmp_path: Path, changes: Document, said: str) -> None:
    document = WRITTEN | {"entries": [WRITTEN["entries"][0] | changes, *WRITTEN["entries"][1:]]}
    (tmp_path / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BundleError, match=re.escape(said)):
        load_bundle(tmp_path)


def test_a_manifest_that_is_no_json_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{\n"format": 1,\n}')
    with pytest.raises(BundleError, match=r"is no JSON \(line 3\); reinstall"):
        load_bundle(tmp_path)


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[]", DEEP, b'{"a": ' + DEEP, b" " * (9 << 20), b"1" * 5000]
)
def test_garbage_in_place_of_the_manifest_is_refused(copy: Path, content: bytes) -> None:
    (copy / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError):
        load_bundle(copy)


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows there are no pipes and devices as files")
@pytest.mark.parametrize("name", ["manifest.json", "rig.npz"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_might_never_end_is_not_read(copy: Path, name: str, kind: str) -> None:
    (copy / name).unlink()
    if kind == "pipe":
        os.mkfifo(copy / name)
    elif kind == "device":
        (copy / name).symlink_to("/dev/zero")
    else:
        (copy / name).mkdir()
    with pytest.raises(BundleError, match=name):
        load_bundle(copy)


def test_a_file_that_grew_is_not_read(copy: Path) -> None:
    with (copy / "rig.npz").open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(BundleError, match=r"rig\.npz has 1,099,511,627,776 bytes"):
        load_bundle(copy)


def test_inspect_writes_no_control_characters_of_a_bundle(copy: Path, call: Call) -> None:
    change_entry(copy, "rig", purpose="\x1b[2J\nspace-runtime: all well")
    done = call("inspect", "--bundle", copy)
    assert done.code == 0
    assert "\x1b" not in done.out and "\\x1b[2J\\nspace-runtime" in done.out


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json"):
        load_bundle(tmp_path)
