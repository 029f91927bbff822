"""The file of a head: small, found by our own rig reader, without a complaint by the Khronos validator."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.glb import read_glb, write_glb
from engine_bridge.formats.gltf import animated
from engine_bridge.formats.rig_file import items, read_rig
from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.head.accessors import Accessors, normalised_8, normalised_16
from space_runtime.head.model import FaceModel
from space_runtime.head.npc_glb import head_glb
from space_runtime.head.portrait_head import PortraitHead
from tests.docs.pages import ROOT
from tests.support.clips import random_clip
from tests.support.node import needs_web_engines, run_node
from tests.tools.install_web import FOLDER

SCRIPT = ROOT / "tests" / "tools" / "gltf_readers.mjs"


@pytest.fixture(scope="module")
def file(made: PortraitHead, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("npc") / "npc.glb"
    path.write_bytes(made.glb)
    return path


def test_every_shape_and_bone_is_found(file: Path) -> None:
    rig = read_rig(file)
    assert rig.face.shapes == ARKIT_NAMES
    assert rig.report() == ("npc.glb: 52 of 52 shapes drive Face; head: Head; left eye: LeftEye; right eye: RightEye")
    assert rig.nodes[:3] == ("Npc", "Neck", "Head")


def test_it_is_small_and_the_same_each_time(model: FaceModel, made: PortraitHead) -> None:
    assert len(made.glb) < 3_000_000
    assert head_glb(model, made.fitted, made.texture) == made.glb


def test_it_is_in_metres_stands_upright_and_looks_to_z(file: Path) -> None:
    document = read_glb(file.read_bytes(), "npc").document
    places = {str(node["name"]): np.array(node.get("translation", (0, 0, 0))) for node in items(document["nodes"])}
    left, right = places["LeftEye"], places["RightEye"]
    assert left[0] > 0 > right[0] and 0.05 < left[0] - right[0] < 0.08
    assert left[1] > 0 and left[2] > 0 and places["Head"][1] > 0 > places["Neck"][1]


def test_it_says_whose_model_it_is(file: Path) -> None:
    assert "ICT-FaceKit" in str(read_glb(file.read_bytes(), "npc").document["asset"])


def test_every_position_comes_back(model: FaceModel, made: PortraitHead, file: Path) -> None:
    glb = read_glb(file.read_bytes(), "npc")
    document = glb.document
    node = next(node for node in items(document["nodes"]) if node["name"] == "Face")
    (primitive, *_) = items(items(document["meshes"])[0]["primitives"])
    attributes = primitive["attributes"]
    assert isinstance(attributes, dict)
    accessor = items(document["accessors"])[attributes["POSITION"]]
    view = items(document["bufferViews"])[int(str(accessor["bufferView"]))]
    count, stride, start = (int(str(value)) for value in (accessor["count"], view["byteStride"], view["byteOffset"]))
    rows = [struct.unpack_from("<3h", glb.binary, start + stride * row) for row in range(count)]
    places = np.array(rows) / 32_767 * np.array(node["scale"]) + np.array(node["translation"])
    head = next(node for node in items(document["nodes"]) if node["name"] == "Head")
    neck = next(node for node in items(document["nodes"]) if node["name"] == "Neck")
    places += np.array(head["translation"]) + np.array(neck["translation"])
    wanted = made.fitted.rest[: model.n_skin] / 100
    assert np.abs(places.min(0) - wanted.min(0)).max() < 1e-5 and np.abs(places.max(0) - wanted.max(0)).max() < 1e-5


def test_rows_are_padded_to_four_bytes() -> None:
    data = Accessors()
    data.attribute(normalised_16(np.ones((2, 3))), normalised=True, bounded=True)
    data.attribute(normalised_8(-np.ones((2, 3))), normalised=True)
    assert [view["byteStride"] for view in data.views] == [8, 4]
    assert data.accessors[0]["max"] == [32_767] * 3
    data.sparse(5, np.zeros(0, np.int64), np.zeros((0, 3), np.int16))
    assert data.accessors[-1]["count"] == 5 and len(data.binary) % 2 == 0


@needs_web_engines
def test_validator_and_web_engines_read_the_head_with_a_clip_on_it(file: Path, tmp_path: Path) -> None:
    clip = random_clip(31)
    spoken = tmp_path / "spoken.glb"
    spoken.write_bytes(write_glb(animated(read_glb(file.read_bytes(), "npc"), clip)))
    times = [f"{time:.9f}" for time in clip.times_s[:30]]
    told = run_node(SCRIPT, spoken, *times, folder=FOLDER)
    assert isinstance(told, dict)
    assert (told["numErrors"], told["numWarnings"]) == (0, 0), told["messages"]
    assert clip.blendshapes is not None
    for reader in ("three", "babylon"):
        assert np.abs(np.array(told[reader]) - clip.blendshapes[:30]).max() < 1e-4, reader
