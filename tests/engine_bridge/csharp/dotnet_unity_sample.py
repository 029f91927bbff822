"""The scene of the sample project on the stand-in: its objects are made as the file says, and it is played."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp import dotnet
from tests.engine_bridge.csharp.dotnet import as_floats, byte_array
from tests.engine_bridge.csharp.dotnet_loaded import System
from tests.engine_bridge.csharp.dotnet_server import START_S, serving
from tests.engine_bridge.csharp.dotnet_server_process import WORDS
from tests.engine_bridge.csharp.dotnet_unity_live import FRAME_S, until
from tests.engine_bridge.csharp.dotnet_unity_loaded import LiveScene, ModelScene, Object, Scene, read_clip, texts
from tests.support.ports import free_port
from tests.support.unity_project import Part, guids, read_parts
from tests.tools import dotnet_metas as metas

SCENE = metas.SAMPLE / "Scenes" / "TalkingNpc.unity"
SCRIPTS = sorted(metas.SAMPLE.rglob("*.cs"))
import_module("clr").AddReference(str(dotnet.compile_game("Assembly-CSharp", SCRIPTS)))
LoadedScene = import_module("SpaceTests").LoadedScene

NATIVE = {82: "UnityEngine.AudioSource"}
HEADS = {"m_ObjectHideFlags", "m_CorrespondingSourceObject", "m_PrefabInstance", "m_PrefabAsset", "m_GameObject"}
HEADS |= {"m_Enabled", "m_EditorHideFlags", "m_Script", "m_Name", "m_EditorClassIdentifier"}
JAW = ARKIT_NAMES.index("jawOpen")
KEYS = {"1": 49, "2": 50, "space": 32, "right": 275, "left": 276}


class Loaded:
    """The objects of a scene's file; those of other kinds than ours and the stand-in's are left out."""

    def __init__(self, path: Path) -> None:
        self.parts, self.assets = read_parts(path), guids(list(metas.NAMES))
        self.objects = {at: LoadedScene.Add(part.fields["m_Name"]) for at, part in self.of("GameObject")}
        self.components: dict[int, Any] = {}
        for at, part in self.parts.items():
            if kind := self._class_of(part):
                owner = self.objects[part.fields["m_GameObject"]["fileID"]]
                self.components[at] = LoadedScene.AddComponent(owner, kind)
                self.components[at].enabled = bool(part.fields["m_Enabled"])
        for at, part in self.of("Transform"):
            self.components[at] = self._placed(part)
        for at, part in self.of("MonoBehaviour"):
            for name, value in part.fields.items():
                if name not in HEADS:
                    self._put(self.components[at], name, value)

    def of(self, kind: str) -> list[tuple[int, Part]]:
        """Return the parts of a kind."""
        return [(at, part) for at, part in self.parts.items() if part.kind == kind]

    def component(self, kind: str) -> Object:
        """Return the component of a class."""
        return next(each for each in self.components.values() if each.GetType().Name == kind)

    def play(self) -> None:
        """Make all objects active, parents last, so that everything wakes up together."""
        for each in reversed(self.objects.values()):
            each.SetActive(True)

    def _class_of(self, part: Part) -> str | None:
        if part.kind != "MonoBehaviour":
            return NATIVE.get(part.number)
        script = self.assets[part.fields["m_Script"]["guid"]]
        return f"SpaceRuntime.{'Samples.' if metas.SAMPLE in script.parents else ''}{script.stem}"

    def _placed(self, part: Part) -> Object:
        own = self.objects[part.fields["m_GameObject"]["fileID"]]
        father = self.parts.get(part.fields["m_Father"]["fileID"])
        parent = self.objects[father.fields["m_GameObject"]["fileID"]] if father else None
        LoadedScene.Place(own, parent, *(float(part.fields["m_LocalPosition"][axis]) for axis in "xyz"))
        return own.transform

    def _put(self, owner: Object, name: str, value: object) -> None:
        assert LoadedScene.IsSerialized(owner, name), f"{owner.GetType().Name} has no serialized field {name}"
        if isinstance(value, Mapping) and "fileID" in value:
            LoadedScene.Put(owner, name, self._resolved(value))
        elif isinstance(value, Mapping):
            for key, inner in value.items() if "m_PersistentCalls" not in value else ():
                self._put(LoadedScene.Get(owner, name), key, inner)
        elif isinstance(value, list):
            self._fill(LoadedScene.Grow(owner, name, len(value)), value)
        elif isinstance(value, (int, float)):
            LoadedScene.PutNumber(owner, name, float(value))
        else:
            LoadedScene.PutText(owner, name, value or "")

    def _fill(self, places: Object, values: list[Any]) -> None:
        for n, value in enumerate(values):
            if "fileID" in value:
                places.SetValue(self._resolved(value), n)
            else:
                for key, inner in value.items():
                    self._put(places.GetValue(n), key, inner)

    def _resolved(self, reference: Mapping[str, Any]) -> Object:
        if "guid" not in reference:
            return self.components.get(reference["fileID"]) or self.objects.get(reference["fileID"])
        path = self.assets[reference["guid"]]
        if path.suffix == ".wav":
            sound, rate = soundfile.read(path, dtype="float32")
            return LiveScene.ClipOf(System.Array[System.Single](sound.tolist()), rate)
        if path.suffix == ".bytes":
            return ModelScene.File(byte_array(path.read_bytes()))
        (material,) = read_parts(path).values()
        saved = material.fields["m_SavedProperties"]
        return LoadedScene.MaterialOf(
            texts([name for kind in ("m_Floats", "m_Colors") for each in saved[kind] for name in each])
        )


@pytest.fixture
def loaded() -> Iterator[Loaded]:
    """The scene as the file has it, not playing yet; afterwards nothing may be left."""
    Scene.Forget()
    before = ModelScene.ResourcesAlive
    made = Loaded(SCENE)
    yield made
    errors = list(Scene.Errors)
    Scene.Forget()
    assert errors == []
    assert ModelScene.ResourcesAlive - before <= 2  # the materials of the project
    assert ModelScene.ObjectsAlive == 0


def play(loaded: Loaded, port: int) -> Object:
    """Play the scene with a server's port, and return the NPC."""
    loaded.component("SpaceConnection").Address = f"tcp://127.0.0.1:{port}"
    loaded.play()
    return loaded.component("TalkingNpc")


def test_a_server_in_streaming_assets_is_started(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "space-server").write_text(f"#!/bin/sh\nexec {sys.executable} {WORDS}\n")
    (tmp_path / "space-server").chmod(0o755)
    connection = loaded.component("SpaceConnection")
    connection.ServerFolder = str(tmp_path)
    npc = play(loaded, free_port())
    LoadedScene.PutNumber(npc, "patience", START_S * 10)  # frames of `until` run faster than time
    assert until(lambda: npc.IsLive and loaded.component("SpaceSpeaker").IsSpeaking, START_S), connection.LastError
    assert connection.Server is not None


def clip_of(line: str, emotion: str) -> Object:
    return read_clip((metas.SAMPLE / "Lines" / f"{line}_{emotion}.spaceclip.bytes").read_bytes())


def jaw_on_mesh(loaded: Loaded) -> float:
    """``jawOpen`` of the head in the scene, 0…1."""
    built = loaded.component("SpaceHeadModel").Built
    renderers = [each for each in built.GetComponentsInChildren[import_module("UnityEngine").SkinnedMeshRenderer](True)]
    face = next(each for each in renderers if each.sharedMesh.blendShapeCount)
    return float(LiveScene.Weights(face)[JAW]) / 100


def test_the_scene_has_every_field_of_its_components(loaded: Loaded) -> None:
    for at, part in loaded.of("MonoBehaviour"):
        component = loaded.components[at]
        assert set(LoadedScene.SerializedFields(component)) == set(part.fields) - HEADS, component.GetType().Name


def test_without_a_server_it_speaks_from_its_clips(loaded: Loaded) -> None:
    npc, player = play(loaded, free_port()), loaded.component("SpaceClipPlayer")
    assert "52 of 52 shapes are driven" in loaded.component("SpaceFace").Report
    assert loaded.component("SpaceHead").LeftEye.name == "LeftEye"
    Scene.Step(FRAME_S, 60)
    assert not player.IsSpeaking  # it waits for a server
    Scene.Step(FRAME_S, 70)
    assert player.IsSpeaking
    assert not npc.IsLive
    baked, pose, opened = clip_of("gates", "neutral"), import_module("SpaceRuntime").FacePose(), 0.0
    for _ in range(120):
        Scene.Step(FRAME_S)
        baked.Sample(player.Seconds, pose, 1.0)
        assert jaw_on_mesh(loaded) == pytest.approx(float(as_floats(pose.Blendshapes)[JAW]), abs=1e-4)
        opened = max(opened, jaw_on_mesh(loaded))
    assert opened > 0.1
    Scene.Step(FRAME_S, 60 * 8)
    assert not player.IsSpeaking


def test_keys_choose_emotion_and_line(loaded: Loaded) -> None:
    npc, player = play(loaded, free_port()), loaded.component("SpaceClipPlayer")
    Scene.Step(FRAME_S, 140)
    labels = list(LoadedScene.Gui(npc, 0))
    assert "space-runtime serve" in labels[0]
    LoadedScene.Gui(npc, KEYS["2"])
    Scene.Step(FRAME_S, 60)
    happy, pose = clip_of("gates", "happy"), import_module("SpaceRuntime").FacePose()
    happy.Sample(player.Seconds, pose, 1.0)
    np.testing.assert_allclose(as_floats(player.Pose.Blendshapes), as_floats(pose.Blendshapes), atol=1e-5)
    LoadedScene.Gui(npc, KEYS["right"])
    assert (npc.Emotion, npc.LineNumber) == (1, 1)
    LoadedScene.Gui(npc, KEYS["left"])
    LoadedScene.Gui(npc, KEYS["left"])
    assert npc.LineNumber == 1
    Scene.Step(FRAME_S, 30)
    LoadedScene.Gui(npc, KEYS["space"])
    assert player.Seconds == 0
    assert player.IsSpeaking


def test_with_a_server_it_speaks_live(loaded: Loaded, tmp_path: Path) -> None:
    port = free_port()
    with serving(port, tmp_path / "log"):
        npc, speaker = play(loaded, port), loaded.component("SpaceSpeaker")
        assert until(lambda: loaded.component("SpaceConnection").IsReady, START_S)
        LoadedScene.Gui(npc, KEYS["space"])
        assert until(lambda: npc.IsLive and speaker.IsSpeaking, 20)
        opened = 0.0
        for n in range(150):
            Scene.Step(FRAME_S)
            time.sleep(FRAME_S)
            opened = max(opened, jaw_on_mesh(loaded))
            if n == 60:
                LoadedScene.Gui(npc, KEYS["2"])
        labels = list(LoadedScene.Gui(npc, 0))
        assert "live from" in labels[0]
        assert (npc.Emotion, speaker.Style.Emotion) == (1, "happy")
        assert speaker.IsSpeaking  # another emotion does not begin the line anew
        assert opened > 0.1
    assert list(Scene.Warnings) == []
