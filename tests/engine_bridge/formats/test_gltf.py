"""A clip on a rig as GLB: weights, head and eyes as the rig has them, and what independent importers say."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.formats.axes import inverse, product, quaternions
from engine_bridge.formats.clip import Clip, ClipError, Values
from engine_bridge.formats.glb import Glb, read_glb, write_glb
from engine_bridge.formats.gltf import animated, write_gltf
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_file import items, read_rig
from tests.support.clips import SHAPE, random_clip
from tests.support.rigs import rig_glb

SHAPES = ["mouthSmile_L", "other", "JawOpen"]
TILTED = [0.5, 0.5, -0.5, 0.5]


def made(clip: Clip, shapes: Sequence[str] = SHAPES, head_rest: Sequence[float] = (0, 0, 0, 1)) -> Glb:
    return read_glb(write_glb(animated(read_glb(rig_glb(shapes, head_rest), "rig"), clip)), "clip")


def values(glb: Glb, number: object) -> Values:
    """The float32 of an accessor, (count, width)."""
    accessor = items(glb.document["accessors"])[int(str(number))]
    view = items(glb.document["bufferViews"])[int(str(accessor["bufferView"]))]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[str(accessor["type"])]
    count = int(str(accessor["count"])) * width
    return np.frombuffer(glb.binary, "<f4", count, int(str(view["byteOffset"]))).reshape(-1, width)


def tracks(glb: Glb) -> dict[tuple[str, str], tuple[Values, Values]]:
    """Times and values of the last animation by node and path."""
    animation = items(glb.document["animations"])[-1]
    nodes, samplers = items(glb.document["nodes"]), items(animation["samplers"])
    found = {}
    for channel in items(animation["channels"]):
        target = channel["target"]
        assert isinstance(target, dict)
        sampler = samplers[int(str(channel["sampler"]))]
        name = str(nodes[target["node"]]["name"])
        found[name, str(target["path"])] = (values(glb, sampler["input"]), values(glb, sampler["output"]))
    return found


def test_weights_go_to_their_targets_and_others_rest() -> None:
    clip = random_clip(9)
    times, weights = tracks(made(clip))["Face", "weights"]
    assert clip.blendshapes is not None
    assert np.allclose(times[:, 0], clip.times_s, atol=1e-6)
    rows = weights.reshape(9, 3)
    assert np.array_equal(rows[:, 0], clip.blendshapes[:, SHAPE["mouthSmileLeft"]])
    assert np.array_equal(rows[:, 2], clip.blendshapes[:, SHAPE["jawOpen"]])
    assert not rows[:, 1].any()


@pytest.mark.parametrize("rest", [[0, 0, 0, 1], TILTED])
def test_head_and_eyes_turn_in_the_models_axes_whatever_the_bones_rest_is(rest: Sequence[float]) -> None:
    clip = random_clip(4)
    found = tracks(made(clip, head_rest=rest))
    assert clip.head_rotation_rad is not None and clip.eye_rotation_rad is not None
    bone = np.array(rest, np.float64)
    head = quaternions(*clip.head_rotation_rad.T)
    assert np.allclose(found["Head", "rotation"][1], product(head, bone), atol=1e-6)
    yaw, pitch = clip.eye_rotation_rad[:, 0].T
    eye = quaternions(yaw, pitch, 0 * yaw)
    assert np.allclose(found["LeftEye", "rotation"][1], product(product(inverse(bone), eye), bone), atol=1e-6)


def test_the_rig_stays_as_it_is() -> None:
    before, after = read_glb(rig_glb(SHAPES), "rig"), made(random_clip(3))
    for key in ("nodes", "meshes", "scenes", "asset"):
        assert after.document[key] == before.document[key]
    assert after.binary[: len(before.binary)] == before.binary
    assert "animations" not in before.document


def test_a_rig_that_nothing_can_move_is_refused() -> None:
    glb = read_glb(rig_glb(["other"]), "rig")
    with pytest.raises(ClipError, match="no mesh or node"):
        animated(glb, random_clip(0))
    apart = Glb({**glb.document, "buffers": [{"uri": "a.bin", "byteLength": 3}]}, b"")
    with pytest.raises(ClipError, match="one \\.glb"):
        animated(apart, random_clip(3))


def test_the_writer_takes_the_rig_of_the_options(tmp_path: Path) -> None:
    (tmp_path / "rig.glb").write_bytes(rig_glb(SHAPES))
    file = io.BytesIO()
    write_gltf(random_clip(3), FormatOptions(rig=read_rig(tmp_path / "rig.glb")), file)
    assert ("Face", "weights") in tracks(read_glb(file.getvalue(), "clip"))
    with pytest.raises(ClipError, match="--rig"):
        write_gltf(random_clip(3), FormatOptions(), file)


def test_the_container_is_padded_and_its_length_is_right() -> None:
    data = write_glb(made(random_clip(3)))
    assert struct.unpack_from("<4sII", data) == (b"glTF", 2, len(data))
    assert len(data) % 4 == 0


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_rig_ends_in_a_clip_error_or_a_glb(data: st.DataObject) -> None:
    whole = bytearray(rig_glb(SHAPES))
    for place in data.draw(st.lists(st.integers(0, 2_000), max_size=4)):
        whole[place] = data.draw(st.sampled_from(b'0-9"[]{}:,nte. \xff'))
    try:
        again = write_glb(animated(read_glb(bytes(whole), "rig"), random_clip(2)))
    except ClipError:
        return
    assert read_glb(again, "clip").document["animations"]


@pytest.mark.parametrize(
    "change",
    [{"nodes": [{"mesh": 0, "rotation": ["x", 0, 0, 1], "name": "Head"}]}, {"nodes": 3}, {"bufferViews": [1]}],
)
def test_a_rig_that_says_something_impossible_is_one_sentence(change: dict[str, object]) -> None:
    glb = read_glb(rig_glb(SHAPES), "rig")
    with pytest.raises(ClipError, match="export the rig anew"):
        animated(Glb({**glb.document, **change}, glb.binary), random_clip(2))


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([{"name": "Head", "mesh": 0, "children": [0]}], "nodes of the rig .* lie below themselves"),
        ([{"mesh": 0}, {"children": [2]}, {"children": [1]}], "lie below themselves"),
        ([{"mesh": 0, "children": [1, 2]}, {"children": [2]}, {}], "child 2 that is none or another's"),
        ([{"mesh": 0, "children": [7]}], "child 7 that is none"),
        ([{"mesh": 0, "children": ["q"]}], "children that are no list of numbers"),
        ([{"name": "Head", "mesh": 0, "rotation": ["x"]}], "a rotation that is not 4 numbers"),
        ([{"mesh": 0, "matrix": [1, 2]}], "a matrix that is not 16 numbers"),
    ],
)
def test_nodes_that_no_engine_could_walk_are_refused(tmp_path: Path, nodes: list[object], words: str) -> None:
    rig = read_glb(rig_glb(SHAPES), "rig.glb")
    path = tmp_path / "rig.glb"
    path.write_bytes(write_glb(Glb({**rig.document, "nodes": nodes}, rig.binary)))
    with pytest.raises(ClipError, match=words):
        read_rig(path)
