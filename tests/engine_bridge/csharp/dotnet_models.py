"""The reader of ``.glb`` files of the C# core: against numpy, against Blender, and on damaged files."""

from __future__ import annotations

import copy
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine_bridge.formats.glb import Glb, read_glb, write_glb
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import ROOT, as_bytes, as_floats, byte_array
from tests.engine_bridge.csharp.dotnet_loaded import Space
from tests.support.glb_reading import GlbReading
from tests.support.heads import head_glb
from tests.support.rigs import rig_glb

BLENDER = ROOT / ".tools" / "blender" / "bin" / "python"
SAMPLE_HEAD = ROOT / "unity_sample" / "Assets" / "Npc" / "npc.glb.bytes"
HEAD = head_glb()
Document = dict[str, Any]


def read(data: bytes) -> Any:
    """Return the model in a file's bytes."""
    return Space.GlbModel.Read(byte_array(data))


def whole(array: object) -> NDArray[np.int32]:
    """Return a copy of an ``int[]``."""
    return np.frombuffer(memoryview(array), np.int32).copy()  # type: ignore[arg-type]  # arrays of .NET are buffers


def places(array: object, width: int = 3) -> NDArray[np.float32]:
    """Return a copy of a ``float[]``, a row for each vertex."""
    return as_floats(array).reshape(-1, width)


def files() -> list[tuple[str, bytes]]:
    """Heads to read: the synthetic one, a plain one and that of the sample project."""
    found = [("synthetic", HEAD), ("floats", rig_glb(["jawOpen", "mouthClose"]))]
    return [*found, ("sample", SAMPLE_HEAD.read_bytes())] if SAMPLE_HEAD.exists() else found


FILES = files()
NAMES = [name for name, _ in FILES]


@pytest.mark.parametrize("data", [data for _, data in FILES], ids=NAMES)
def test_a_model_is_what_numpy_reads(data: bytes) -> None:
    model, expected = read(data), GlbReading(data)
    assert len(model.Meshes) == len(expected.document["meshes"])
    for number, mesh in enumerate(model.Meshes):
        size = np.abs(expected.attribute(number, "POSITION")).max()
        exact = {"rtol": 0, "atol": 1e-7 * size}
        np.testing.assert_allclose(places(mesh.Positions), expected.attribute(number, "POSITION"), **exact)
        about = expected.document["meshes"][number]
        for name, found, width in (("NORMAL", mesh.Normals, 3), ("TEXCOORD_0", mesh.Texcoords, 2)):
            if name in about["primitives"][0]["attributes"]:
                np.testing.assert_allclose(places(found, width), expected.attribute(number, name), atol=1e-6)
        for part, triangles in zip(mesh.Parts, expected.triangles(number), strict=True):
            np.testing.assert_array_equal(whole(part.Triangles).reshape(-1, 3), triangles)
        names = about.get("extras", {}).get("targetNames", [])
        assert [shape.Name for shape in mesh.Shapes] == names
        for place, shape in enumerate(mesh.Shapes):
            np.testing.assert_allclose(places(shape.Moves), expected.target(number, place), **exact)


def test_the_hierarchy_is_that_of_the_file() -> None:
    model = read(HEAD)
    names = [node.Name for node in model.Nodes]
    parents = {node.Name: names[node.Parent] if node.Parent >= 0 else None for node in model.Nodes}
    assert parents["Neck"] is None
    assert parents["Bust"] is None
    assert parents["Head"] == "Neck"
    assert {parents[each] for each in ("Face", "LeftEye", "RightEye", "Hair")} == {"Head"}
    face = model.Nodes[names.index("Face")]
    np.testing.assert_allclose(list(face.Scale), [0.1, 0.12, 0.1], rtol=1e-6)
    assert model.Meshes[face.Mesh].Name == "Face"
    assert [shape.Name for shape in model.Meshes[face.Mesh].Shapes] == list(ARKIT_NAMES)


def test_a_bust_is_bent_by_its_bones() -> None:
    model = read(HEAD)
    bust, skin = model.Meshes[3], model.Skins[0]
    assert [model.Nodes[bone].Name for bone in skin.Bones] == ["Neck", "Head"]
    shares = places(bust.BoneShares, 4)
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    assert set(whole(bust.Bones)) == {0, 1}
    assert list(skin.BindPoses)[12:16] == [0, -1.5, 0, 1]


def test_materials_have_their_pictures() -> None:
    model = read(HEAD)
    skin, lashes, eye, hair = model.Materials
    assert as_bytes(skin.Picture).startswith(b"\xff\xd8")
    assert as_bytes(lashes.Picture).startswith(b"\x89PNG")
    assert str(lashes.Alpha) == "Blend"
    assert (str(hair.Alpha), hair.AlphaCutoff, hair.IsDoubleSided) == ("Mask", pytest.approx(0.3), True)
    assert (str(skin.Alpha), skin.IsDoubleSided) == ("Opaque", False)
    assert eye.Roughness < skin.Roughness
    assert eye.Picture == skin.Picture


@pytest.mark.skipif(not BLENDER.exists(), reason="needs importers of clips: Blender (bpy) in .tools/blender")
@pytest.mark.parametrize("data", [data for _, data in FILES], ids=NAMES)
def test_a_model_is_what_blender_imports(data: bytes, tmp_path: Path) -> None:
    """Blender's z is up and its -y is ours to the front: (x, y, z) of glTF is (x, -z, y) there."""
    path, out = tmp_path / "head.glb", tmp_path / "head.npz"
    path.write_bytes(data)
    reader = ROOT / "tests" / "tools" / "blender_mesh.py"
    done = subprocess.run([BLENDER, reader, path, out], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with np.load(out) as found:
        for mesh in read(data).Meshes:
            triangles = np.concatenate([whole(part.Triangles).reshape(-1, 3) for part in mesh.Parts])
            ours, theirs = in_blender(mesh.Positions)[triangles], found[f"{mesh.Name}/places"]
            corners = turned_to(ours, theirs, found[f"{mesh.Name}/triangles"])
            exact = {"rtol": 0, "atol": 1e-6 * np.abs(theirs).max()}
            np.testing.assert_allclose(ours, theirs[corners], **exact)
            for shape in mesh.Shapes:
                key = f"{mesh.Name}/shape:{shape.Name}"
                np.testing.assert_allclose(
                    in_blender(shape.Moves)[triangles], found[key][corners], **exact, err_msg=key
                )


def in_blender(array: object) -> NDArray[np.float32]:
    """Return places in Blender's axes."""
    return places(array)[:, [0, 2, 1]] * np.array([1, -1, 1], np.float32)


def turned_to(ours: NDArray[np.float32], places: NDArray[np.float64], triangles: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return triangles, each begun with the corner that makes it ours; Blender keeps their order and their sense."""
    turns = np.stack([np.roll(triangles, by, 1) for by in range(3)])
    off = np.abs(places[turns] - ours).max((2, 3))
    found: NDArray[np.int_] = turns[off.argmin(0), np.arange(len(triangles))]
    return found


def refused(data: bytes) -> str | None:
    """Return why a file is refused; None if it is read. Every other end is a failure of the test."""
    try:
        read(data)
    except Space.ModelException as error:
        return str(error.Message)
    return None


def edited(edit: Callable[[Document], object]) -> bytes:
    glb = read_glb(HEAD, "head")
    document = copy.deepcopy(dict(glb.document))
    edit(document)
    return write_glb(Glb(document, glb.binary))


EDITS: list[tuple[str, Callable[[Document], object]]] = [
    ("lies outside", lambda d: d["bufferViews"][0].update(byteLength=10**9)),
    ("lies outside", lambda d: d["bufferViews"][0].update(byteLength=2)),
    ("lies outside", lambda d: d["bufferViews"][0].update(byteOffset=2**31 - 1)),
    ("a whole number", lambda d: d["bufferViews"][0].update(byteOffset=2**40)),
    ("lies outside", lambda d: d["bufferViews"][0].update(byteStride=2**31 - 1)),
    ("another file", lambda d: d["buffers"][0].update(uri="head.bin")),
    ("another file", lambda d: d["bufferViews"][0].update(buffer=1)),
    ("another count", lambda d: d["accessors"][1].update(count=3)),
    ("vertices", lambda d: d["accessors"][0].update(count=2**31 - 1)),
    ("no buffer view", lambda d: d["accessors"][0].pop("bufferView")),
    ("no component type", lambda d: d["accessors"][0].update(componentType=5124, normalized=False)),
    ("is no VEC3", lambda d: d["accessors"][0].update(type="VEC4")),
    ("is not read", lambda d: d.update(extensionsRequired=["KHR_draco_mesh_compression"])),
    ("own ancestors", lambda d: d["nodes"][2].update(children=[0])),
    ("hierarchy", lambda d: d["nodes"][0].update(children=[1, 2])),
    ("hierarchy", lambda d: d["nodes"][0].update(children=[99])),
    ("a matrix", lambda d: d["nodes"][0].update(matrix=[0] * 16)),
    ("numbers, got", lambda d: d["nodes"][0].update(translation=[1, 2])),
    ("a whole number", lambda d: d["nodes"][2].update(mesh=-1)),
    ("not there", lambda d: d["nodes"][2].update(mesh=9)),
    ("not there", lambda d: d["nodes"][2].update(skin=9)),
    ("not there", lambda d: d["skins"][0].update(joints=[0, 77])),
    ("not there", lambda d: d["meshes"][0]["primitives"][0].update(material=9)),
    ("POSITION", lambda d: d["meshes"][0]["primitives"][0].update(attributes={})),
    ("expected triangles", lambda d: d["meshes"][0]["primitives"][0].update(mode=1)),
    ("differ", lambda d: d["meshes"][0]["primitives"][0].update(targets=[])),
    ("names number 9999", lambda d: d["meshes"][0]["primitives"][0].update(indices=9999)),
    ("less than", lambda d: d["meshes"][0]["primitives"][1].update(indices=d["meshes"][0]["primitives"][0]["indices"])),
    ("changes more", lambda d: sparse_of(d).update(count=10**6)),
    ("numbers", lambda d: [each.update(targets=[{}] * 10**5) for each in d["meshes"][0]["primitives"]]),
    ("picture of type", lambda d: d["images"][0].update(mimeType="image/webp")),
    ("names number", lambda d: d["textures"][0].update(source=7)),
    ("of mode", lambda d: d["materials"][0].update(alphaMode="GLOW")),
    ("an object", lambda d: d["materials"].insert(0, 5)),
    ("a list", lambda d: d.update(meshes={"a": 1})),
    ("a text", lambda d: d["nodes"][0].update(name=7)),
]


def sparse_of(document: Document) -> Document:
    found: Document = next(each["sparse"] for each in document["accessors"] if "sparse" in each)
    return found


@pytest.mark.parametrize(("says", "edit"), EDITS, ids=[f"{n}-{says}" for n, (says, _) in enumerate(EDITS)])
def test_a_file_that_lies_is_refused_in_a_sentence(says: str, edit: Callable[[Document], object]) -> None:
    reason = refused(edited(edit))
    assert reason is not None
    assert says in reason


@pytest.mark.parametrize(
    ("says", "data"),
    [
        ("no binary glTF", b""),
        ("no binary glTF", b"\x89PNG" + bytes(40)),
        ("version 1", HEAD[:4] + b"\1" + HEAD[5:]),
        ("cut off", HEAD[:-1]),
        ("no document", HEAD[:8] + (12).to_bytes(4, "little")),
        ("damaged", HEAD[:20] + b"[" * 4000 + HEAD[4020:]),
        ("damaged", HEAD[:20] + b"\xff" + HEAD[21:]),
    ],
)
def test_what_is_no_model_is_refused_in_a_sentence(says: str, data: bytes) -> None:
    reason = refused(data)
    assert reason is not None
    assert says in reason


def test_damaged_files_are_read_or_refused_and_nothing_else() -> None:
    rng, slowest, n_refused = random.Random(8), 0.0, 0
    small = head_glb(ARKIT_NAMES[:4], n=5)
    for _ in range(1500):
        data = bytearray(small)
        for _ in range(rng.choice((1, 1, 2, 8))):
            data[rng.randrange(len(data))] = rng.choice((rng.randrange(256), 0x2D, 0x39, 0x30))
        if rng.random() < 0.2:
            del data[rng.randrange(len(data)) :]
        before = time.perf_counter()
        n_refused += refused(bytes(data)) is not None
        slowest = max(slowest, time.perf_counter() - before)
    print(f"{n_refused} of 1500 refused, slowest {slowest * 1e3:.0f} ms")
    assert n_refused > 100
