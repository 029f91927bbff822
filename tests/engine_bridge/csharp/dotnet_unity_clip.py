"""``SpaceClipPlayer`` and ``SpaceFace`` in scenes of the stand-in: the face on meshes, in step with the sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp import dotnet
from tests.engine_bridge.csharp.dotnet import as_floats, byte_array
from tests.engine_bridge.csharp.dotnet_unity_loaded import Object, Scene, clip_file, jaw_ramp, texts
from tests.engine_bridge.csharp.dotnet_unity_loaded import scene as scene

JAW = ARKIT_NAMES.index("jawOpen")
STEP = 1024 / 48_000


def play(scene: Object, seconds: float, sound: bool = True, rate: int = 24_000) -> Object:
    player = scene.AddPlayer(sound)
    player.Play(Scene.File(byte_array(clip_file(jaw_ramp(seconds)))), Scene.Silence(seconds, rate) if sound else None)
    return player


@pytest.mark.parametrize("full", [1.0, 100.0])
def test_the_face_shows_on_every_mesh_in_its_own_scale(scene: Object, full: float) -> None:
    scene.AddMesh("head", texts(["jawOpen", "mouthSmile_L"]), full)
    scene.AddMesh("teeth", texts(["Teeth.JawOpen"]), 1.0)
    play(scene, 1.0, sound=False)
    scene.AddFace()
    Scene.Step(0.25)
    Scene.Step(0.25)
    assert scene.Weight(0, "jawOpen") == pytest.approx(0.5 * full, rel=1e-4)
    assert scene.Weight(1, "Teeth.JawOpen") == pytest.approx(0.5, rel=1e-4)
    assert "head: 2 of 2 shapes are driven" in scene.Face.Report
    assert "without a target: eyeBlinkLeft" in scene.Face.Report


def test_a_disabled_face_goes_to_rest_and_foreign_shapes_stay(scene: Object) -> None:
    scene.AddMesh("head", texts(["jawOpen", "belly"]), 100)
    scene.Renderers[0].SetBlendShapeWeight(1, 33.0)
    play(scene, 1.0, sound=False)
    face = scene.AddFace()
    Scene.Step(0.25, 2)
    assert scene.Weight(0, "jawOpen") > 0
    face.Layers.Add(1).Set("jawOpen", 1.0)
    face.enabled = False
    assert (scene.Weight(0, "jawOpen"), scene.Weight(0, "belly")) == (0, 33)


def test_meshes_that_change_or_die_are_followed(scene: Object) -> None:
    scene.AddMesh("head", texts(["jawOpen"]), 100)
    scene.AddMesh("teeth", texts(["jawOpen"]), 100)
    play(scene, 10.0, sound=False)
    scene.AddFace()
    Scene.Step(1.0)
    Scene.Kill(scene.Renderers[1])
    scene.Renderers[0].sharedMesh = Scene.MeshOf(texts(["x", "jawOpen"]), 1.0)
    Scene.Step(1.0, 2)
    assert scene.Weight(0, "jawOpen") == pytest.approx(0.3, rel=1e-3)


@pytest.mark.parametrize("fps", [24, 60, 144])
@pytest.mark.parametrize("pitch", [1.0, 0.7, 1.3])
def test_the_face_follows_what_is_heard(scene: Object, fps: int, pitch: float) -> None:
    player = play(scene, 8.0)
    scene.Sound.pitch = pitch
    off = []
    while player.Seconds < 6.0:
        before = player.Seconds
        Scene.Step(1 / fps)
        off.append(player.Seconds - scene.HeardSeconds)
        assert player.Seconds >= before
        assert as_floats(player.Pose.Blendshapes)[JAW] == pytest.approx(player.Seconds / 8, abs=1e-5)
    p95 = float(np.percentile(np.abs(off), 95)) * 1000
    print(f"MEASURED face against sound at {fps} fps, pitch {pitch}: p95 {p95:.1f} ms")
    assert p95 < 20


def test_steps_of_the_sound_are_not_seen_in_the_face(scene: Object) -> None:
    player = play(scene, 8.0)
    Scene.Step(1 / 60, 60)
    moves = []
    for _ in range(240):
        before = player.Seconds
        Scene.Step(1 / 60)
        moves.append(player.Seconds - before)
    assert max(moves) < 1.3 / 60
    assert min(moves) > 0.7 / 60


def test_pause_seek_and_loop(scene: Object) -> None:
    player = play(scene, 4.0)
    scene.Sound.loop = True
    Scene.Step(1 / 60, 60)
    player.Pause(True)
    held = player.Seconds
    Scene.Step(1 / 60, 60)
    assert player.Seconds == held
    player.Pause(False)
    Scene.Step(1 / 60, 30)
    assert abs(player.Seconds - scene.HeardSeconds) < STEP
    scene.Seek(3.5)
    Scene.Step(1 / 60, 10)
    assert abs(player.Seconds - scene.HeardSeconds) < STEP
    Scene.Step(1 / 60, 60)
    assert 0 < scene.HeardSeconds < 1.5
    assert abs(player.Seconds - scene.HeardSeconds) < STEP
    scene.Sound.Pause()
    Scene.Step(1 / 60, 30)
    scene.Sound.UnPause()
    Scene.Step(1 / 60, 30)
    assert abs(player.Seconds - scene.HeardSeconds) < STEP
    assert player.IsSpeaking


def test_a_scheduled_sound_waits_with_its_face(scene: Object) -> None:
    player = play(scene, 4.0)
    player.PlayScheduled(Scene.DspTime + 0.5)
    Scene.Step(1 / 60, 20)
    assert player.Seconds == 0
    Scene.Step(1 / 60, 60)
    assert abs(player.Seconds - scene.HeardSeconds) < STEP
    assert player.Seconds > 0.5


def test_a_line_ends_at_rest_with_its_event(scene: Object) -> None:
    player = play(scene, 0.5)
    finished = Scene.Count(player, "finished")
    Scene.Step(1 / 60, 33)
    assert Scene.Counted(finished) == 0
    Scene.Step(1 / 60, 30)
    assert (Scene.Counted(finished), player.IsSpeaking) == (1, False)
    assert as_floats(player.Pose.Blendshapes).max() == 0


@pytest.mark.parametrize("by", ["player", "source"])
def test_a_line_that_is_stopped_goes_to_rest(scene: Object, by: str) -> None:
    player = play(scene, 2.0)
    finished = Scene.Count(player, "finished")
    Scene.Step(1 / 60, 60)
    jaw = as_floats(player.Pose.Blendshapes)[JAW]
    (player if by == "player" else scene.Sound).Stop()
    Scene.Step(1 / 60, 10)
    assert 0 < as_floats(player.Pose.Blendshapes)[JAW] < jaw
    Scene.Step(1 / 60, 12)
    assert as_floats(player.Pose.Blendshapes).max() == 0
    assert Scene.Counted(finished) == 1


def test_a_file_that_is_no_clip_is_told_and_nothing_raises(scene: Object) -> None:
    player = scene.AddPlayer(False)
    player.Play(Scene.File(byte_array(b"{}")), None)
    Scene.Step(1 / 60, 2)
    assert not player.IsSpeaking
    assert "line.json: the clip has no times" in next(iter(Scene.Warnings))


def test_a_frame_allocates_nothing(scene: Object) -> None:
    scene.AddMesh("head", texts(list(ARKIT_NAMES)), 100)
    play(scene, 60.0)
    scene.AddFace()
    bytes_a_frame = Scene.Garbage(600, 1 / 60)
    print(f"MEASURED a frame of player and face: {bytes_a_frame:.2f} B")
    assert bytes_a_frame == 0


@pytest.mark.parametrize("live", [False, True])
def test_the_menu_item_makes_an_avatar_talk_and_says_what_it_matched(scene: Object, live: bool) -> None:
    scene.AddMesh("body", texts(["Jaw_Open", "Mouth_Smile_L", "Belly"]), 100)
    scene.AddMesh("CC_Base_Head", texts([]), 100)
    report = scene.AddTalkingFaceTo(live)
    assert "body: 2 of 3 shapes are driven; not driven: Belly" in report
    assert "head CC_Base_Head, neck not found" in report
    assert scene.AddTalkingFaceTo(live) == report
    Scene.Step(1 / 60, 2)
    assert "2 of 3" in scene.Inspected()


@pytest.mark.parametrize(
    ("name", "n_tests"),
    [("Space.Unity.Tests", 4), ("Space.Unity.Editor.Tests", 3), ("Space.Unity.Timeline.Tests", 2)],
)
def test_the_tests_of_the_package_pass_on_the_stand_in(
    name: str, n_tests: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Assets").mkdir()
    monkeypatch.chdir(tmp_path)
    assembly = dotnet.compile_definition(name, ["UNITY_EDITOR"])
    outcomes = list(Scene.RunTests(str(assembly), 1 / 60, name != "Space.Unity.Tests"))
    errors = list(Scene.Errors)
    Scene.Forget()
    assert errors == []
    assert len(outcomes) == n_tests
    assert not any(":" in outcome for outcome in outcomes), outcomes


def test_a_hundred_lives_leave_nothing() -> None:
    for _ in range(100):
        scene = Scene()
        scene.AddMesh("head", texts(["jawOpen"]), 100)
        player = play(scene, 1.0)
        Scene.Repeat(player)
        scene.AddFace()
        Scene.Step(1 / 60, 3)
        scene.Character.SetActive(False)
        assert not player.IsSpeaking
        assert scene.Weight(0, "jawOpen") == 0
        scene.Character.SetActive(True)
        player.Play()
        Scene.Step(1 / 60)
        Scene.Kill(scene.Character)
        Scene.Step(1 / 60)
        assert Scene.Alive == 0
    errors = list(Scene.Errors)
    Scene.Forget()
    assert errors == []
