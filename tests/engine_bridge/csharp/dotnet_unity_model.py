"""``SpaceHeadModel`` on the stand-in: what it builds of a ``.glb``, in Unity's axes; it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import byte_array
from tests.engine_bridge.csharp.dotnet_models import FILES, NAMES, whole
from tests.engine_bridge.csharp.dotnet_unity_loaded import ModelScene, Object, Scene
from tests.support.glb_reading import GlbReading
from tests.support.heads import head_glb

HEAD = head_glb()
HEADS = [data for name, data in FILES if name != "floats"]
HEAD_NAMES = [name for name in NAMES if name != "floats"]
MIRROR = np.array([-1.0, 1.0, 1.0])
"""Ours to Unity's axes."""
Numbers = NDArray[np.float64]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """Errors of components fail the test, and so does everything that it leaves behind."""
    Scene.Forget()
    before = ModelScene.ObjectsAlive, ModelScene.ResourcesAlive
    yield
    errors = list(Scene.Errors)
    Scene.Forget()
    ModelScene.EditMode(False)
    assert errors == []
    assert (ModelScene.ObjectsAlive, ModelScene.ResourcesAlive) == before


def scene_of(data: bytes | None = HEAD, components: bool = True) -> Object:
    return ModelScene(None if data is None else byte_array(data), components)


def rows(values: Object, width: int = 3) -> Numbers:
    """Return a copy of a ``double[]``, so many numbers a row."""
    return np.frombuffer(memoryview(values), np.float64).reshape(-1, width).copy()


def composed(local: Numbers) -> Numbers:
    """Return the matrix of a translation, a rotation x y z w and a scale."""
    x, y, z, w = local[3:7]
    turned = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turned * local[7:], local[:3]
    return matrix


def world_in_file(document: dict[str, list[dict[str, object]]], name: str) -> Numbers:
    nodes = document["nodes"]
    at = next(place for place, node in enumerate(nodes) if node["name"] == name)
    default = {"translation": [0, 0, 0], "rotation": [0, 0, 0, 1], "scale": [1, 1, 1]}
    local = np.concatenate([np.array(nodes[at].get(key, value), float) for key, value in default.items()])
    above = [place for place, node in enumerate(nodes) if at in node.get("children", [])]  # type: ignore[operator]
    matrix = composed(local)
    return world_in_file(document, str(nodes[above[0]]["name"])) @ matrix if above else matrix


def world_in_unity(node: Object, root: Object) -> Numbers:
    matrix = composed(np.array(list(ModelScene.Local(node))))
    return world_in_unity(node.parent, root) @ matrix if node.parent != root else matrix


def mirrored(matrix: Numbers) -> Numbers:
    """Return a matrix of ours in Unity's axes."""
    flip = np.diag([-1.0, 1, 1, 1])
    return flip @ matrix @ flip


@pytest.mark.parametrize("data", HEADS, ids=HEAD_NAMES)
def test_meshes_are_those_of_the_file_in_unitys_axes(data: bytes) -> None:
    scene, file = scene_of(data), GlbReading(data)
    for node in file.document["nodes"]:
        if "mesh" not in node:
            continue
        number, made = node["mesh"], scene.Renderer(node["name"]).sharedMesh
        size = np.abs(file.attribute(number, "POSITION")).max()
        exact = {"rtol": 0, "atol": 1e-6 * size}
        places = file.attribute(number, "POSITION")
        np.testing.assert_allclose(rows(ModelScene.Flat(made.vertices)), places * MIRROR, **exact)
        np.testing.assert_allclose(
            rows(ModelScene.Flat(made.normals)), file.attribute(number, "NORMAL") * MIRROR, atol=1e-6
        )
        uv = rows(ModelScene.Flat(made.uv))[:, :2]
        np.testing.assert_allclose(uv, file.attribute(number, "TEXCOORD_0") * [1, -1] + [0, 1], atol=1e-6)
        for part, triangles in enumerate(file.triangles(number)):
            np.testing.assert_array_equal(whole(ModelScene.Part(made, part)).reshape(-1, 3), triangles[:, [0, 2, 1]])
        for shape in range(made.blendShapeCount):
            np.testing.assert_allclose(
                rows(ModelScene.Moves(made, shape)), file.target(number, shape) * MIRROR, **exact
            )
        assert inside(made, places * MIRROR, size)


def inside(made: Object, places: Numbers, size: float) -> bool:
    """Say if a mesh's box holds the places, and what each shape makes of them."""
    low, high = rows(ModelScene.Box(made))
    moved = [places, *(places + rows(ModelScene.Moves(made, shape)) for shape in range(made.blendShapeCount))]
    every = np.concatenate(moved)
    return bool((every >= low - 1e-6 * size).all() and (every <= high + 1e-6 * size).all())


@pytest.mark.parametrize("data", HEADS, ids=HEAD_NAMES)
def test_the_hierarchy_stands_where_the_file_says(data: bytes) -> None:
    scene, file = scene_of(data), GlbReading(data)
    for node in file.document["nodes"]:
        found = world_in_unity(scene.Node(node["name"]), scene.Model.Built.transform)
        np.testing.assert_allclose(found, mirrored(world_in_file(file.document, node["name"])), atol=1e-6)
    left = world_in_unity(scene.Node("LeftEye"), scene.Model.Built.transform)[0, 3]
    right = world_in_unity(scene.Node("RightEye"), scene.Model.Built.transform)[0, 3]
    assert left < right  # the character looks along z, its left is -x


def test_a_bust_is_bent_in_unitys_axes() -> None:
    scene, file = scene_of(), GlbReading(HEAD)
    bust = scene.Renderer("Bust")
    assert [bone.name for bone in bust.bones] == ["Neck", "Head"]
    expected = file.array(file.document["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    for bone, matrix in enumerate(expected):
        found = np.array(list(ModelScene.BindPose(bust.sharedMesh, bone))).reshape(4, 4)
        np.testing.assert_allclose(found, mirrored(matrix), atol=1e-6)
    weights = bust.sharedMesh.boneWeights[0]
    assert weights.weight0 + weights.weight1 + weights.weight2 + weights.weight3 == pytest.approx(1)


@pytest.mark.parametrize("data", HEADS, ids=HEAD_NAMES)
def test_face_and_head_take_it_over(data: bytes) -> None:
    scene = scene_of(data)
    assert "Face: 52 of 52 shapes are driven\n" in scene.Face.Report
    assert "without a target" not in scene.Face.Report
    head = scene.Head
    assert [bone.name for bone in (head.Head, head.Neck, head.LeftEye, head.RightEye)] == [
        "Head",
        "Neck",
        "LeftEye",
        "RightEye",
    ]


def test_materials_come_from_those_of_the_project() -> None:
    scene = scene_of()
    skin, lashes = scene.Renderer("Face").sharedMaterials
    (hair,) = scene.Renderer("Hair").sharedMaterials
    assert (skin.name, lashes.name, hair.name) == ("Skin", "Lashes", "Hair")
    assert ModelScene.Value(skin, "_Smoothness") == pytest.approx(0.3)
    assert ModelScene.Value(skin, "_Cutoff") is None
    assert ModelScene.Value(hair, "_Cutoff") == pytest.approx(0.3)
    assert ModelScene.Value(lashes, "_Cull") == 0
    assert (skin.mainTexture is None, lashes.mainTexture is None) == (False, False)
    assert scene.Renderer("LeftEye").sharedMaterials[0].mainTexture == skin.mainTexture


def test_nothing_is_saved_but_a_copy() -> None:
    scene = scene_of()
    assert list(ModelScene.FlagsOf(scene.Model.Built)) == ["DontSave"]
    copy = scene.Model.BuildCopy()
    assert list(ModelScene.FlagsOf(copy)) == ["None"]
    ModelScene.DestroyCopy(copy)


def test_it_is_saved_as_a_prefab_with_what_it_is_made_of() -> None:
    ModelScene.EditMode(True)
    scene = scene_of()
    saved = list(scene.SavedAsPrefab())
    assert saved == ["Assets/npc.glb.prefab", "Assets/npc.glb.asset", "9 beside"]  # 4 meshes, 4 materials, 2 pictures
    assert ModelScene(None, True).SavedAsPrefab()[0] == "0 beside"


@pytest.mark.parametrize("editing", [False, True])
def test_disabled_destroyed_or_changed_it_leaves_nothing(editing: bool) -> None:
    ModelScene.EditMode(editing)
    before = ModelScene.ObjectsAlive, ModelScene.ResourcesAlive
    scene = scene_of()
    full = ModelScene.ObjectsAlive, ModelScene.ResourcesAlive
    for _ in range(3):
        scene.Model.enabled = False
        scene.Model.enabled = True
        if not editing:
            assert scene.Head.Head == scene.Node("Head")
            assert "52 of 52" in scene.Face.Report
    go_on(editing)
    assert (ModelScene.ObjectsAlive, ModelScene.ResourcesAlive) == full
    scene.Character.SetActive(False)
    go_on(editing)
    assert ModelScene.ObjectsAlive == before[0] + 1
    scene.Character.SetActive(True)
    scene.Model.Model = ModelScene.File(byte_array(head_glb(ARKIT_NAMES[:3])))
    go_on(editing)
    assert scene.Renderer("Face").sharedMesh.blendShapeCount == 3
    scene.Model.Model = None
    go_on(editing)
    assert (ModelScene.ObjectsAlive, ModelScene.ResourcesAlive) == (before[0] + 1, before[1])


def go_on(editing: bool) -> None:
    """Let a frame pass, and a tick of the editor."""
    Scene.Step(1 / 60)
    if editing:
        ModelScene.EditorTick()


def test_without_a_file_there_is_nothing_and_no_word() -> None:
    scene = scene_of(None)
    assert scene.Model.Built is None
    assert (scene.Model.Error, list(Scene.Warnings)) == ("", [])
    assert scene.Model.BuildCopy() is None


def test_a_damaged_file_is_told_in_a_sentence() -> None:
    scene = scene_of(HEAD[:-9])
    assert scene.Model.Error == "npc.glb: the .glb is cut off; copy or export it anew"
    assert [f"SPACE: {scene.Model.Error}"] == list(Scene.Warnings)
    assert scene.Model.Built is None


def test_a_frame_costs_nothing() -> None:
    scene_of()
    assert Scene.Garbage(50, 1 / 60) == 0
