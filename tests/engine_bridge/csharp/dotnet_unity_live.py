"""``SpaceConnection``, ``SpaceSpeaker`` and ``SpacePortrait`` against a fake server, in scenes of the stand-in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from space_runtime.values import Controls
from tests.engine_bridge.csharp.dotnet import as_bytes, as_floats
from tests.engine_bridge.csharp.dotnet_loaded import Space, System
from tests.engine_bridge.csharp.dotnet_session import fake_server
from tests.engine_bridge.csharp.dotnet_unity_loaded import LiveScene, Object, Scene
from tests.support.fake_server import ServedFake
from tests.support.ports import free_port

FRAME_S = 1 / 60


@pytest.fixture
def server() -> Iterator[ServedFake]:
    with fake_server(texture_side=8) as served:
        yield served


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    errors = list(Scene.Errors)
    Scene.Forget()
    Space.SharedClients.Clear()
    Space.SharedServers.Clear()
    assert errors == []


def until(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Run frames in real time until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        Scene.Step(FRAME_S)
        time.sleep(0.002)
    return True


def live(address: str, idle: bool = False, patience: float = 5.0, pictures: bool = False) -> Object:
    return LiveScene(address, idle, patience, pictures)


def shown_seconds(scene: Object) -> float:
    """The media time of the face: the fake server's frame k has the weight k / 1000."""
    return float(as_floats(scene.Speaker.Pose.Blendshapes)[0]) * 1000 / 30


@pytest.mark.parametrize(("rate", "n_channels"), [(48_000, 1), (22_050, 2)])
def test_the_face_of_a_clip_follows_what_is_heard(server: ServedFake, rate: int, n_channels: int) -> None:
    scene = live(server.address)
    finished = Scene.Count(scene.Speaker, "finished")
    scene.Speaker.Speak(LiveScene.Tone(3.0, rate, n_channels))
    assert until(lambda: scene.Sound.isPlaying)
    off = []
    while scene.HeardSeconds < 2.8 and scene.Sound.isPlaying:
        Scene.Step(FRAME_S)
        time.sleep(0.001)
        if scene.HeardSeconds > 0.2:
            off.append(shown_seconds(scene) - scene.HeardSeconds)
    p95 = float(np.percentile(np.abs(off), 95)) * 1000
    print(f"MEASURED live face against sound: p95 {p95:.1f} ms")
    assert p95 < 20
    assert until(lambda: Scene.Counted(finished) == 1, 3)
    assert as_floats(scene.Speaker.Pose.Blendshapes).max() < 0.01
    (ended,) = server.fake.of_type(m.End)
    assert ended.n_samples == 3 * rate


def test_a_sound_is_heard_without_a_server_and_the_face_joins() -> None:
    port = free_port()
    scene = live(f"tcp://127.0.0.1:{port}", patience=0.3)
    scene.Speaker.Speak(LiveScene.Tone(20.0, 16_000, 1))
    assert until(lambda: scene.Sound.isPlaying, 3)
    assert not scene.Connection.IsReady
    with fake_server(port):
        assert until(lambda: shown_seconds(scene) > 0.5)
        assert until(lambda: abs(shown_seconds(scene) - scene.HeardSeconds) < 0.04, 3)


def test_style_emotion_and_gaze_reach_the_server(server: ServedFake) -> None:
    scene = live(server.address)
    target = Scene.Target(-1.0, 0.0, 1.0)
    scene.Speaker.GazeTarget = target
    scene.Speaker.Style.Emotion = "happy"
    scene.Speaker.Style.Mouth = 1.25
    scene.Speaker.Speak(LiveScene.Tone(30.0, 16_000, 1))
    assert until(lambda: scene.Sound.isPlaying)
    (start,) = server.fake.of_type(m.Start)
    assert dict(start.emotion or {}) == {"happy": pytest.approx(0.7)}
    assert start.mouth == 1.25

    def gazes() -> list[list[float]]:
        return [list(each.gaze) for each in server.fake.of_type(m.Set) if each.gaze is not None]

    assert until(lambda: len(gazes()) == 1)
    np.testing.assert_allclose(gazes()[0], [0.610865, 0.0], atol=1e-5)
    scene.Speaker.SetEmotion("sad", 0.5)
    until(lambda: False, 0.5)
    assert len(gazes()) == 1
    assert any(each.emotion for each in server.fake.of_type(m.Set))
    scene.Speaker.GazeTarget = None
    assert until(lambda: len(gazes()) == 2)
    assert gazes()[1] == []


def test_a_pose_of_the_head_reaches_the_server_and_goes_again(server: ServedFake) -> None:
    scene = live(server.address)
    scene.Speaker.SetHeadOffset(25.0, -15.0, 20.0)  # before anything is spoken: for the lines that come
    scene.Speaker.Speak(LiveScene.Tone(30.0, 16_000, 1))
    assert until(lambda: scene.Sound.isPlaying)
    (start,) = server.fake.of_type(m.Start)
    taken = Controls(head_offset=start.head_offset).head_offset
    np.testing.assert_allclose(taken, np.radians([25, -15, 20]), atol=1e-6)

    def told() -> list[list[float]]:
        return [list(each.head_offset) for each in server.fake.of_type(m.Set) if each.head_offset is not None]

    scene.Speaker.SetHeadOffset(-90.0, 5.0, 0.0)
    assert until(lambda: len(told()) == 1)
    np.testing.assert_allclose(told()[0], np.radians([-25, 5, 0]), atol=1e-6)
    scene.Speaker.SetHeadOffset(0.0, 0.0, 0.0)
    assert until(lambda: len(told()) == 2)
    assert told()[1] == []
    style = scene.Speaker.Style
    style.HeadYaw, style.HeadPitch, style.HeadRoll = 90.0, float("nan"), -90.0  # as a script may write them
    scene.Speaker.ApplyStyle()
    assert until(lambda: len(told()) == 3)
    np.testing.assert_allclose(Controls(head_offset=told()[2]).head_offset, np.radians([25, 0, -20]), atol=1e-6)
    scene.Speaker.SetHeadOffset(float("nan"), 0.0, 0.0)
    assert until(lambda: len(told()) == 4)
    assert told()[3] == []


def test_a_look_that_the_head_follows_and_blinks_reach_the_server(server: ServedFake) -> None:
    scene = live(server.address)
    scene.Speaker.GazeTarget = Scene.Target(-0.9, 0.0, 1.8)
    scene.Speaker.HeadFollowsGaze = True
    scene.Speaker.Blink()  # before anything is spoken: nothing happens
    scene.Speaker.Speak(LiveScene.Tone(30.0, 16_000, 1))
    assert until(lambda: scene.Sound.isPlaying)

    def told(name: str) -> list[object]:
        return [value for each in server.fake.of_type(m.Set) if (value := getattr(each, name)) is not None]

    assert until(lambda: len(told("look_at")) == 1)
    np.testing.assert_allclose(np.asarray(told("look_at")[0], np.float64), [10, 0, 20], atol=1e-4)
    assert told("look_space") == ["character"] and not told("gaze") and not told("blink")
    scene.Speaker.Blink(0.6, 2.0)
    assert until(lambda: len(told("blink")) == 1)
    np.testing.assert_allclose(np.asarray(told("blink")[0], np.float64), [0.6, 2.0], atol=1e-6)


def test_a_stopped_line_is_interrupted_and_the_next_one_begins(server: ServedFake) -> None:
    scene = live(server.address)
    started, finished = Scene.Count(scene.Speaker, "started"), Scene.Count(scene.Speaker, "finished")
    for n in (1, 2):
        scene.Speaker.Speak(LiveScene.Tone(10.0, 16_000, 1))
        assert until(lambda: scene.Sound.isPlaying and shown_seconds(scene) > 0.2)
        scene.Speaker.Stop()
        assert not scene.Sound.isPlaying
        assert until(lambda n=n: Scene.Counted(finished) == n, 3)  # type: ignore[misc]
    assert Scene.Counted(started) == 2
    assert len(server.fake.of_type(m.Interrupt)) == 2


def test_idling_between_lines(server: ServedFake) -> None:
    scene = live(server.address, idle=True)
    assert until(lambda: server.fake.of_type(m.Idle))
    assert not scene.Speaker.IsSpeaking
    scene.Speaker.Speak(LiveScene.Tone(0.5, 16_000, 1))
    assert until(lambda: scene.Speaker.IsSpeaking and scene.Sound.isPlaying)
    assert until(lambda: len(server.fake.of_type(m.Idle)) == 2)


def test_a_microphone_is_followed_by_the_playout_delay(server: ServedFake) -> None:
    scene = live(server.address)
    LiveScene.Record(0)
    scene.Speaker.SpeakMicrophone()
    for n in range(150):
        LiveScene.Record(n * 320)
        Scene.Step(0.02)
        time.sleep(0.002)
    assert shown_seconds(scene) == pytest.approx(3.0 - 0.25, abs=0.08)
    scene.Speaker.Stop()
    assert not LiveScene.Recording


def test_a_stream_that_stalls_keeps_its_face_in_step(server: ServedFake) -> None:
    """Pieces of a synthesised voice come, stop for half a second, and come again: the face waits with the sound."""
    scene = live(server.address)
    finished = Scene.Count(scene.Speaker, "finished")
    scene.Speaker.BeginStream(16_000, 1)
    piece = System.Array[System.Single]([0.25] * 8_000)
    scene.Speaker.PushStream(piece, 8_000)
    scene.Speaker.PushStream(piece, 8_000)
    assert until(lambda: scene.Sound.isPlaying)
    off = []
    for n in range(150):
        if n in (90, 95):
            scene.Speaker.PushStream(piece, 8_000)
        Scene.Step(FRAME_S)
        time.sleep(0.004)
        off.append(shown_seconds(scene) - scene.Speaker.Seconds)
    assert np.percentile(np.abs(off[10:60]), 95) < 0.02
    read_ahead_s = 4096 / 16_000  # by the stand-in's player: a gap lasts so much longer
    assert scene.Speaker.Seconds == pytest.approx(scene.HeardSeconds - 0.5 - read_ahead_s, abs=0.07)
    scene.Speaker.EndStream()
    assert until(lambda: Scene.Counted(finished) == 1)
    heard = np.array(list(scene.Played))
    assert (heard == 0.25).sum() == 32_000
    (ended,) = server.fake.of_type(m.End)
    assert ended.n_samples == 32_000
    assert not scene.Sound.isPlaying


def test_a_sound_that_cannot_be_read_is_told(server: ServedFake) -> None:
    scene = live(server.address)
    assert until(lambda: scene.Connection.IsReady)
    scene.Speaker.Speak(LiveScene.Streaming(1.0, 16_000))
    Scene.Step(FRAME_S, 5)
    assert ["Decompress On Load" in text for text in Scene.Warnings] == [True]


def test_a_scheduled_line_begins_when_it_was_told_to(server: ServedFake) -> None:
    scene = live(server.address)
    assert until(lambda: scene.Connection.IsReady)
    scene.Speaker.SpeakScheduled(LiveScene.Tone(5.0, 16_000, 1), Scene.DspTime + 1.0)
    Scene.Step(FRAME_S, 50)
    assert (scene.HeardSeconds, scene.Speaker.Seconds) == (0, 0)
    assert until(lambda: scene.HeardSeconds > 1)
    assert abs(shown_seconds(scene) - scene.HeardSeconds) < 0.03


def test_a_speaker_that_is_disabled_leaves_no_face(server: ServedFake) -> None:
    scene = live(server.address)
    for behaviour in (scene.Speaker, scene.Connection):
        scene.Speaker.Speak(LiveScene.Tone(5.0, 16_000, 1))
        assert until(lambda: shown_seconds(scene) > 0.2)
        behaviour.enabled = False
        Scene.Step(FRAME_S, 2)
        assert shown_seconds(scene) == 0
        behaviour.enabled = True


def test_a_server_that_dies_and_comes_back() -> None:
    port = free_port()
    with fake_server(port) as first:
        scene = live(first.address)
        scene.Speaker.Speak(LiveScene.Tone(30.0, 16_000, 1))
        assert until(lambda: scene.Sound.isPlaying and shown_seconds(scene) > 0.3)
    assert until(lambda: not scene.Connection.IsReady)
    with fake_server(port):
        assert until(lambda: scene.Connection.IsReady)
        assert until(lambda: abs(shown_seconds(scene) - scene.HeardSeconds) < 0.04)


def test_pictures_are_shown_upright_and_freed(server: ServedFake) -> None:
    before = LiveScene.TexturesAlive
    scene = live(server.address, pictures=True)
    portrait = scene.AddPortrait(None)
    scene.Speaker.Speak(LiveScene.Tone(2.0, 16_000, 1))
    assert until(lambda: portrait.Shown > 10)
    (opened,) = server.fake.of_type(m.Open)
    assert (opened.texture, opened.character) == ("rgb", "someone.png")
    pixels = np.frombuffer(as_bytes(LiveScene.PixelsOf(portrait.Texture)), np.uint8).reshape(8, 8, 3)
    assert pixels[0, 7, 2] > 0  # the last byte of the last row; a texture begins with its lowest row
    assert pixels.sum() == pixels[0, 7, 2]
    assert LiveScene.TexturesAlive == before + 1
    Scene.Kill(scene.Character)
    Scene.Step(FRAME_S)
    assert LiveScene.TexturesAlive == before


def test_a_frame_allocates_nothing_while_speaking(server: ServedFake) -> None:
    scene = live(server.address)
    scene.Speaker.Speak(LiveScene.Tone(60.0, 16_000, 1))
    assert until(lambda: scene.Sound.isPlaying and shown_seconds(scene) > 0.2)
    until(lambda: len(server.fake.of_type(m.End)) == 1)
    bytes_a_frame = Scene.Garbage(300, FRAME_S)
    print(f"MEASURED a frame of a live speaker: {bytes_a_frame:.2f} B")
    assert bytes_a_frame < 1


def test_a_refused_session_is_told_once(server: ServedFake) -> None:
    server.fake.refuse = m.Error(code="no_such_character", message="there is no such picture")
    scene = live(server.address)
    scene.Speaker.Speak(LiveScene.Tone(0.5, 16_000, 1))
    assert until(lambda: any("no such picture" in text for text in Scene.Warnings))
    until(lambda: False, 0.5)
    assert len(server.fake.of_type(m.Open)) == 1
    assert scene.Sound.isPlaying or not scene.Speaker.IsSpeaking


def test_an_address_that_cannot_be_used_is_told() -> None:
    scene = live("http://nowhere")
    Scene.Step(FRAME_S, 3)
    assert scene.Connection.LastError
    assert any("http://nowhere" in text for text in Scene.Warnings)
