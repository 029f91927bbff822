"""The Timeline track on the stand-in: blending, one clock with the sound, and a preview that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import numpy as np
import pytest

from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import as_floats, byte_array
from tests.engine_bridge.csharp.dotnet_unity_loaded import Bones, LiveScene, Object, Scene, clip_file, jaw_ramp, texts
from tests.engine_bridge.csharp.dotnet_unity_loaded import scene as scene

TimelineScene = import_module("SpaceTests").TimelineScene


def line(jaw: float, seconds: float = 2.0, name: str = "line") -> Object:
    """A line that holds the jaw at a weight."""
    rows = [[*[0.0] * ARKIT_NAMES.index("jawOpen"), jaw]] * (round(seconds * 30) + 1)
    return TimelineScene.Clip(byte_array(clip_file(rows)), name)


def ramp(seconds: float, name: str = "ramp") -> Object:
    """A line whose jaw rises from 0 to 1."""
    return TimelineScene.Clip(byte_array(clip_file(jaw_ramp(seconds))), name)


@pytest.fixture
def avatar(scene: Object) -> Object:
    """A character with a face and a mesh."""
    scene.AddMesh("head", texts(["jawOpen", "belly"]), 100.0)
    scene.AddFace()
    return scene


@pytest.fixture
def editing() -> Iterator[None]:
    """Edit mode."""
    TimelineScene.EditMode(True)
    TimelineScene.ForgetDirty()
    yield
    TimelineScene.EditMode(False)


def test_the_face_follows_the_timeline(avatar: Object) -> None:
    cutscene = TimelineScene(avatar.Face)
    cutscene.Track.AddLine(ramp(4.0), None, 1.0)
    cutscene.Director.Play()
    for frame in range(1, 270):
        Scene.Step(1 / 60)
        expected = min(max(frame / 60 - 1.0, 0.0) / 4.0, 1.0)
        assert avatar.Weight(0, "jawOpen") == pytest.approx(100 * expected, abs=0.01)


def test_cut_and_speed_of_a_clip_hold(avatar: Object) -> None:
    cutscene = TimelineScene(avatar.Face)
    clip = cutscene.Track.AddLine(ramp(4.0), None, 1.0)
    clip.clipIn, clip.timeScale = 1.0, 2.0
    cutscene.Director.time = 2.0
    cutscene.Director.Evaluate()
    Scene.Step(0.0)
    assert avatar.Weight(0, "jawOpen") == pytest.approx(75, abs=0.01)


def test_two_lines_that_overlap_are_blended_in_weights_and_head(avatar: Object) -> None:
    bones = Bones(avatar.Character)
    rest = list(bones.InCharacter(bones.Neck))
    bones.Turner.NeckShare = 1.0
    cutscene = TimelineScene(avatar.Face)
    cutscene.Track.AddLine(line(0.2), None, 0.0)
    cutscene.Track.AddLine(line(0.8), None, 1.0)
    for time, jaw in ((0.5, 20), (1.25, 35), (1.5, 50), (1.75, 65), (2.5, 80)):
        cutscene.Director.time = time
        cutscene.Director.Evaluate()
        Scene.Step(0.0)
        assert avatar.Weight(0, "jawOpen") == pytest.approx(jaw, abs=0.01)
        turned = np.array(list(bones.Turned(bones.Neck, rest)))
        assert turned[3] < 0.999  # both lines turn the head alike, so does any mixture of them


def test_below_full_weight_what_is_under_the_timeline_is_seen(avatar: Object) -> None:
    player = avatar.AddPlayer(False)
    avatar.Face.Source = player
    player.Play(TimelineScene.Clip(byte_array(clip_file(jaw_ramp(100.0))), "below"), None)
    cutscene = TimelineScene(avatar.Face)
    clip = cutscene.Track.AddLine(line(0.8), None, 0.0)
    clip.easeInDuration = 1.0
    Scene.Step(50.0)
    for time, expected in ((0.0, 0.5), (0.5, 0.65), (1.0, 0.8)):
        cutscene.Director.time = time
        cutscene.Director.Evaluate()
        Scene.Step(0.0)
        assert avatar.Weight(0, "jawOpen") == pytest.approx(100 * expected, abs=0.1)


@pytest.mark.parametrize("by", ["Pause", "Stop", "the end", "destroy"])
def test_a_cutscene_that_ends_gives_the_face_back(avatar: Object, by: str) -> None:
    cutscene = TimelineScene(avatar.Face)
    cutscene.Track.AddLine(line(0.8, 1.0), None, 0.0)
    cutscene.Director.Play()
    Scene.Step(0.5)
    Scene.Step(0.25)
    assert avatar.Weight(0, "jawOpen") == pytest.approx(80, abs=0.01)
    if by == "destroy":
        Scene.Kill(cutscene.Director.gameObject)
    elif by != "the end":
        getattr(cutscene.Director, by)()
    shown = []
    for _ in range(60):
        Scene.Step(1 / 60)
        shown.append(avatar.Weight(0, "jawOpen"))
    assert shown[-1] == 0
    assert max(-step for step in np.diff([80.0, *shown])) < 30  # no jump


def test_a_line_and_its_sound_begin_together(avatar: Object) -> None:
    cutscene = TimelineScene(avatar.Face)
    cutscene.Track.AddLine(line(0.5, 2.0, "one"), LiveScene.Tone(2.0, 24_000, 1), 1.0)
    cutscene.Track.AddLine(line(0.5, 2.0, "two"), LiveScene.Tone(1.5, 24_000, 1), 4.0)
    assert list(cutscene.Sounds) == ["Guard (sound): tone 1 2", "Guard (sound): tone 4 1.5"]


def test_a_line_that_is_dropped_on_the_track_brings_its_sound(avatar: Object) -> None:
    cutscene = TimelineScene(avatar.Face)
    clip = cutscene.Drop(ramp(2.0, "hello"), LiveScene.Tone(1.7, 24_000, 1), 3.0)
    assert (clip.displayName, clip.duration) == ("hello", pytest.approx(2.0))
    assert list(cutscene.Sounds) == ["Guard (sound): tone 3 1.7"]
    error, tooltip, bars = TimelineScene.Drawn(clip)
    assert (error, tooltip, bars) == ("", "hello: 2.0 s, 30 frames a second", "50")
    clip.asset.Clip = None
    assert "choose a .spaceclip" in TimelineScene.Drawn(clip)[0]


@pytest.mark.parametrize("graph_first", [True, False])
@pytest.mark.usefixtures("editing")
def test_a_preview_in_edit_mode_leaves_nothing_behind(avatar: Object, graph_first: bool) -> None:
    TimelineScene.EditMode(False)
    bones = Bones(avatar.Character)
    avatar.Renderers[0].SetBlendShapeWeight(0, 7.0)
    avatar.Renderers[0].SetBlendShapeWeight(1, 33.0)
    rest = list(bones.InCharacter(bones.Head))
    TimelineScene.EditMode(True)
    cutscene = TimelineScene(avatar.Face)
    cutscene.Track.AddLine(ramp(4.0), None, 0.0)
    for time, jaw in ((1.0, 25), (3.0, 75), (2.0, 50), (9.0, 0)):  # forth and back, and beyond
        cutscene.Scrub(time)
        assert avatar.Weight(0, "jawOpen") == pytest.approx(jaw, abs=0.01)
        assert avatar.Weight(0, "belly") == 33
    cutscene.Scrub(1.0)
    assert list(bones.InCharacter(bones.Head)) != rest
    cutscene.EndPreview(graph_first)
    assert list(TimelineScene.Dirty) == []
    assert (avatar.Weight(0, "jawOpen"), avatar.Weight(0, "belly")) == (7, 33)
    assert list(bones.InCharacter(bones.Head)) == rest
    cutscene.Scrub(2.0)  # and again
    cutscene.EndPreview(graph_first)
    assert avatar.Weight(0, "jawOpen") == 7


def test_a_track_without_a_face_does_nothing(scene: Object) -> None:
    cutscene = TimelineScene(None)
    cutscene.Track.AddLine(ramp(2.0), None, 0.0)
    cutscene.Director.Play()
    Scene.Step(0.5, 3)


def test_the_clip_has_the_length_of_its_line(avatar: Object) -> None:
    cutscene = TimelineScene(avatar.Face)
    assert cutscene.Track.AddLine(ramp(2.5), None, 0.0).asset.duration == pytest.approx(2.5)


def test_a_frame_of_the_mixer_allocates_nothing(avatar: Object) -> None:
    Bones(avatar.Character)
    cutscene = TimelineScene(avatar.Face)
    cutscene.Track.AddLine(ramp(60.0), None, 0.0)
    cutscene.Track.AddLine(line(0.8, 60.0), None, 5.0)
    cutscene.Director.Play()
    bytes_a_frame = Scene.Garbage(600, 1 / 60)
    print(f"MEASURED a frame of timeline, face and head: {bytes_a_frame:.2f} B")
    assert bytes_a_frame == 0
    assert as_floats(avatar.Face.Layers.Compose()).max() > 0
