"""Inspectors on the stand-in of the editor: a preview that leaves nothing behind, live curves, states, rig maps."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import byte_array
from tests.engine_bridge.csharp.dotnet_unity_loaded import Bones, LiveScene, Object, Scene, clip_file, jaw_ramp, texts
from tests.engine_bridge.csharp.dotnet_unity_loaded import scene as scene

InspectorScene = import_module("SpaceTests").InspectorScene
TimelineScene = import_module("SpaceTests").TimelineScene


def ramp(seconds: float) -> Object:
    return TimelineScene.Clip(byte_array(clip_file(jaw_ramp(seconds))), "line")


@pytest.fixture
def avatar(scene: Object) -> Iterator[Object]:
    """A character with a face, a mesh and a head, seen in edit mode."""
    scene.AddMesh("head", texts(["jawOpen", "belly"]), 100.0)
    scene.AddFace()
    scene.Renderers[0].SetBlendShapeWeight(0, 7.0)
    TimelineScene.EditMode(True)
    TimelineScene.ForgetDirty()
    yield scene
    assert list(TimelineScene.Dirty) == []
    assert not InspectorScene.IsPreviewing
    TimelineScene.EditMode(False)


@pytest.mark.parametrize("heard", [True, False])
def test_a_line_is_previewed_with_its_sound(avatar: Object, heard: bool) -> None:
    line = ramp(4.0)
    InspectorScene.Import(line, LiveScene.Tone(4.0, 24_000, 1) if heard else None)
    shown = InspectorScene.OfFace(avatar.Face)
    shown.Draw("Play", line)
    assert InspectorScene.IsHeard == heard
    for _ in range(60):
        InspectorScene.Tick(1 / 30)
    assert avatar.Weight(0, "jawOpen") == pytest.approx(50, abs=1.0)
    assert "2.0 s 0.5" in shown.Draw("nothing", line)
    shown.Draw("Stop", line)
    assert (avatar.Weight(0, "jawOpen"), InspectorScene.IsHeard, InspectorScene.IsPolled) == (7, False, False)


@pytest.mark.parametrize("by", ["close", "play", "end"])
def test_a_preview_ends_with_its_inspector_before_play_and_with_its_line(avatar: Object, by: str) -> None:
    TimelineScene.EditMode(False)
    bones = Bones(avatar.Character)
    rest = list(bones.InCharacter(bones.Head))
    TimelineScene.EditMode(True)
    line = ramp(2.0)
    InspectorScene.Import(line, None)
    shown = InspectorScene.OfFace(avatar.Face)
    shown.Draw("Play", line)
    InspectorScene.Tick(1.0)
    assert avatar.Weight(0, "jawOpen") == pytest.approx(50, abs=0.1)
    assert list(bones.InCharacter(bones.Head)) != rest
    if by == "close":
        shown.Close()
    elif by == "play":
        InspectorScene.EnterPlay()
    else:
        InspectorScene.Tick(2.0)
    assert avatar.Weight(0, "jawOpen") == 7
    assert list(bones.InCharacter(bones.Head)) == rest
    assert not InspectorScene.IsPolled


def test_two_previews_at_once_are_refused(avatar: Object) -> None:
    line = ramp(2.0)
    first, second = InspectorScene.OfFace(avatar.Face), InspectorScene.OfFace(avatar.Face)
    first.Draw("Play", line)
    second.Draw("Play", line)
    assert "another preview runs" in second.Draw("nothing", line)
    first.Close()


def test_matching_anew_in_a_preview_puts_the_shapes_back(avatar: Object) -> None:
    line = ramp(2.0)
    shown = InspectorScene.OfFace(avatar.Face)
    shown.Draw("Play", line)
    InspectorScene.Tick(1.0)
    shown.Draw("Match the shapes now", line)
    assert avatar.Weight(0, "jawOpen") == 7
    InspectorScene.Tick(0.1)
    assert avatar.Weight(0, "jawOpen") == pytest.approx(55, abs=0.1)
    shown.Close()
    assert avatar.Weight(0, "jawOpen") == 7


def test_in_play_mode_the_shapes_that_move_most_are_drawn(scene: Object) -> None:
    scene.AddMesh("head", texts(list(ARKIT_NAMES)), 100.0)
    face = scene.AddFace()
    gesture = face.Layers.Add(1)
    for shape, weight in (("browInnerUp", 0.2), ("jawOpen", 0.9), ("tongueOut", 0.0)):
        gesture.Set(shape, weight)
    shown = InspectorScene.OfFace(face)
    for _ in range(10):
        Scene.Step(1 / 60)
        text = shown.Draw("nothing", None)
    assert text.endswith("jawOpen 0.90\nbrowInnerUp 0.20\n")
    assert InspectorScene.RectsDrawn == 2 * 10


def test_the_state_of_speaker_and_connection_is_told() -> None:
    live = LiveScene("tcp://127.0.0.1:9", False, 0.1, False)
    Scene.Step(1 / 60, 2)
    assert "does `space-runtime serve` run at tcp://127.0.0.1:9?" in InspectorScene.OfConnection(live.Connection).Draw(
        "", None
    )
    assert "silent; face Waiting" in InspectorScene.OfSpeaker(live.Speaker).Draw("", None)
    live.Connection.enabled = False
    Scene.Step(1 / 60)
    assert "not connected" in InspectorScene.OfConnection(live.Connection).Draw("", None)
    assert "no session" in InspectorScene.OfSpeaker(live.Speaker).Draw("", None)
    Scene.Forget()


def test_a_rig_map_says_what_it_drives_and_matches_an_avatar(scene: Object) -> None:
    scene.AddMesh("head", texts(["viseme_aa", "viseme_O", "viseme_U", "belly"]), 100.0)
    made = InspectorScene.Map()
    shown = InspectorScene.OfMap(made)
    assert "3 of 4 shapes are driven; not driven: belly" in shown.Draw("What does it drive?", scene.Character)
    before = InspectorScene.Dirtied
    shown.Draw("Match: write out the rows that fit the avatar", scene.Character)
    assert {row.Target for row in made.Rows} >= {"viseme_aa", "viseme_O"}
    assert InspectorScene.Dirtied == before + 1
