"""Sessions of the C# client: life, sound, credit, lost links and restarted servers, against a fake server."""

from __future__ import annotations

import contextlib
import random
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol import wire
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import as_floats, byte_array
from tests.engine_bridge.csharp.dotnet_loaded import Probe, Protocol, Space, System, allocated, collections
from tests.engine_bridge.csharp.dotnet_peers import TcpPeer, frame, shake, until_closed
from tests.engine_bridge.csharp.dotnet_wire import mutated
from tests.support.fake_server import FakeServer, ServedFake
from tests.support.ports import free_port
from tests.support.waiting import eventually, shortest

LIMITS = {"message_bytes": 1 << 20, "audio_ms": 10_000, "queue_frames": 256}

Client = Any
Session = Any
"""Objects of .NET, which have no types here."""


def fake_server(
    port: int = 0, audio_ms: int = 10_000, look_ahead_s: float = 0.0, speak_s: float = 1.0, texture_side: int = 0
) -> ServedFake:
    """Return a fake server whose frames need no sound after their own time."""
    limits = {**LIMITS, "audio_ms": audio_ms}
    return ServedFake(FakeServer(100, look_ahead_s, speak_s, texture_side, limits), port)


@contextlib.contextmanager
def client_of(port: int, **options: object) -> Iterator[Client]:
    made = Space.ClientOptions()
    made.Address = f"tcp://127.0.0.1:{port}"
    for name, value in options.items():
        setattr(made, name, value)
    client = Space.SpaceClient(made)
    try:
        yield client
    finally:
        client.Dispose()


def line(rate: int = 16_000, **options: object) -> object:
    made = Space.StreamOptions()
    made.Rate = rate
    for name, value in options.items():
        setattr(made, name, value)
    return made


def is_open(session: Session) -> bool:
    return str(session.State) == "Open"


def opened(session: Session) -> Callable[[], bool]:
    return lambda: is_open(session)


def has_taken(session: Session, n_frames: int) -> Callable[[], bool]:
    return lambda: session.Counters.FramesTaken >= n_frames


def has_heard(server: ServedFake, n_samples: int) -> Callable[[], bool]:
    return lambda: server.fake.only_session().next_sample == n_samples


def stands(client: Client, state: str) -> Callable[[], bool]:
    return lambda: str(client.State) == state


def events(session: Session) -> list[Any]:
    return list(Probe.Events(session))


def kinds(session: Session) -> list[str]:
    return [str(event.Kind) for event in events(session)]


def shorts(n: int) -> object:
    return System.Array.CreateInstance(System.Int16, n)


def sound_of(server: ServedFake) -> bytes:
    return b"".join(bytes(audio.pcm) for audio in server.fake.of_type(m.Audio))


def pose_at(session: Session, position: float, dt: float = 1.0) -> Any:
    pose = Space.FacePose()
    session.Evaluate(float(position), dt, pose)
    return pose


def jaw(session: Session, position: float) -> float:
    pose_at(session, position)
    return float(as_floats(pose_at(session, position, 0.0).Blendshapes)[0])  # in the same instant


def motion(*samples: float, jaw_open: float = 0.25) -> object:
    """Rows of motion at these times."""
    weights = System.Array.CreateInstance(System.Single, 52)
    weights[ARKIT_NAMES.index("jawOpen")] = jaw_open
    head = System.Array.CreateInstance(System.Single, 6)
    head[0] = 0.5
    rows = System.Array.CreateInstance(Space.MotionRow, len(samples))
    for place, sample in enumerate(samples):
        rows[place] = Space.MotionRow(float(sample), weights, head, None, 1.0)
    return rows


def test_motion_goes_out_before_its_sound_and_again_over_a_new_connection() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open()
        eventually(opened(session))
        session.Start(line())
        assert session.Drive(motion(*range(0, 300 * 160, 160)))
        session.Push(shorts(4_000))
        eventually(has_heard(server, 4_000))
        kinds_heard = [type(message) for message in server.fake.heard]
        assert kinds_heard.index(m.Motion) < kinds_heard.index(m.Audio)
        first, second = server.fake.of_type(m.Motion)
        rows = np.concatenate([first.rows, second.rows]).reshape(-1, 64)
        assert (first.at_sample, second.at_sample, len(rows)) == (0, 250 * 160, 300)
        assert rows[:250, 0].tolist() == [160 * k for k in range(250)] and rows[299, 1] == 1
        assert rows[7, 2 + ARKIT_NAMES.index("jawOpen")] == 0.25 and rows[7, 54] == 0.5
        server.cut()
        eventually(lambda: len(server.fake.of_type(m.Motion)) > 2)
        assert server.fake.of_type(m.Motion)[2].at_sample == 0


@pytest.mark.parametrize("rows", [motion(160), motion(0), motion(800, jaw_open=2.0), motion(float("nan"))])
def test_rows_that_no_server_takes_are_refused_at_the_call(rows: object) -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open()
        session.Start(line())
        session.Drive(motion(160))
        with pytest.raises(System.ArgumentException):
            session.Drive(rows)


def test_a_line_from_open_to_close() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        assert eventually(lambda: is_open(session))
        assert list(client.Server.Blendshapes) == list(ARKIT_NAMES)
        assert client.Server.Limit("audio_ms", 0) == 10_000
        stream = session.Start(line())
        assert session.Push(shorts(16_000)) == 16_000
        session.End()
        assert eventually(lambda: session.Counters.FramesTaken == 30)
        assert jaw(session, 0) == 0
        assert jaw(session, 533.3333333333334 * 4.5) == pytest.approx(0.0045, abs=1e-6)
        assert eventually(lambda: not session.IsStreaming)
        assert str(pose_at(session, 16_001).State) == "Resting"
        assert kinds(session) == ["Opened", "Started", "Finished"]
        session.Close()
        assert eventually(lambda: server.fake.of_type(m.Close) and not server.fake.sessions)
        assert kinds(session) == ["Closed"]
        order = [type(message).__name__ for message in server.fake.heard]
        assert order[:3] == ["Hello", "Open", "Start"]
        assert stream == 1


def test_what_is_asked_for_before_there_is_a_server_happens_later() -> None:
    port = free_port()
    with client_of(port) as client:
        session = client.Open(None)
        session.Start(line())
        assert session.Push(shorts(3_200)) == 3_200
        session.End()
        assert str(session.State) == "Opening"
        with fake_server(port):
            assert eventually(lambda: "Finished" in kinds(session))
            assert session.Counters.FramesTaken == 6


@pytest.mark.parametrize("form", ["S16", "F32"])
def test_sound_travels_in_the_form_that_was_chosen(form: str) -> None:
    values = [0.0, 0.5, -1.0, 2.0, float("nan")]
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line(Format=getattr(Space.SoundFormat, form), Channels=1))
        session.Push(System.Array[System.Single](values))
        session.Push(System.Array[System.Int16]([16_384, -32_768]))
        assert eventually(
            lambda: sum(len(bytes(a.pcm)) for a in server.fake.of_type(m.Audio)) == 7 * (2 if form == "S16" else 4)
        )
        sound = b"".join(bytes(a.pcm) for a in server.fake.of_type(m.Audio))
        if form == "S16":
            assert struct.unpack("<7h", sound) == (0, 16_384, -32_768, 32_767, 0, 16_384, -32_768)
        else:
            assert struct.unpack("<7f", sound) == (0.0, 0.5, -1.0, 1.0, 0.0, 0.5, -1.0)
        assert server.fake.of_type(m.Start)[0].format == form.lower()


def test_options_and_controls_arrive() -> None:
    with fake_server() as server, client_of(server.port) as client:
        wanted = Space.SessionOptions()
        wanted.Outputs = Space.Outputs.Blendshapes | Space.Outputs.Landmarks | Space.Outputs.Texture
        wanted.FpsNumerator, wanted.FpsDenominator, wanted.PlayoutMs = 30_000, 1001, 333
        wanted.Portrait = byte_array(b"picture")
        session = client.Open(wanted)
        controls = Protocol.Controls()
        controls.MouthStrength, controls.BrowStrength, controls.Seed = 1.5, 0.25, 7
        controls.Emotion = System.Array[Protocol.NamedValue]([Protocol.NamedValue("happy", 0.5)])
        session.Speak("lines/a.wav", 48_000, Space.Pace.Clip, controls)
        session.Set(Protocol.Controls(), 100.0)
        session.Idle(controls)
        assert eventually(lambda: server.fake.of_type(m.Idle))
        opened, spoken = server.fake.of_type(m.Open)[0], server.fake.of_type(m.Speak)
        assert opened.outputs == ("weights", "landmarks", "texture")
        assert (opened.fps, opened.playout_ms, opened.portrait) == ((30_000, 1001), 333, b"picture")
        assert opened.until == 256
        if spoken:  # a session that was not open yet sends its newest stream alone
            assert (spoken[0].asset, spoken[0].pace, spoken[0].mouth) == ("lines/a.wav", "clip", 1.5)
        idle = server.fake.of_type(m.Idle)[0]
        assert (idle.seed, idle.mouth, idle.brows, idle.emotion) == (7, 1.5, 0.25, {"happy": 0.5})


def test_streams_follow_one_another() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        assert eventually(lambda: is_open(session))
        assert [session.Idle(None), session.Start(line()), session.Speak("a.wav", 16_000)] == [1, 2, 3]
        assert eventually(lambda: not session.IsStreaming)
        found = [(str(e.Kind), e.Stream, e.Code) for e in events(session) if str(e.Kind) == "Finished"]
        assert found == [("Finished", 1, "replaced"), ("Finished", 2, "replaced"), ("Finished", 3, "end")]
        assert session.Counters.FramesTaken >= 30


def test_a_late_set_reaches_the_stream() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        controls = Protocol.Controls()
        controls.BlinksPerMinute, controls.SaccadeStrength = 3.0, 0.5
        session.Set(controls, 8_000.0, 150)
        assert eventually(lambda: server.fake.of_type(m.Set))
        said = server.fake.of_type(m.Set)[0]
        assert (said.at_sample, said.fade_ms, said.blinks, said.saccades, said.mouth) == (8_000, 150, 3.0, 0.5, None)


def test_an_interrupt_blends_to_rest_at_once_and_tells_the_server() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(16_000))
        assert eventually(lambda: session.Counters.FramesTaken == 30)
        assert str(pose_at(session, 4_000).State) == "Playing"
        session.Interrupt(4_000.0)
        assert str(pose_at(session, 4_100, 0.01).State) == "Releasing"
        assert eventually(lambda: "Finished" in kinds(session))
        assert server.fake.of_type(m.Interrupt)[0].at_sample == 4_000
        assert session.Push(shorts(100)) == 0


def test_calls_on_a_closed_session_raise() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Close()
        calls: list[Callable[[], object]] = [
            lambda: session.Start(line()),
            lambda: session.Speak("a.wav"),
            lambda: session.Idle(None),
            lambda: session.Push(shorts(10)),
            lambda: session.End(),
            lambda: session.Set(Protocol.Controls()),
            lambda: session.Interrupt(),
        ]
        for call in calls:
            with pytest.raises(System.ObjectDisposedException, match="the session is closed; open another one"):
                call()
        assert str(pose_at(session, 0).State) == "Waiting"
        session.Close()


def test_a_session_that_the_server_refused_says_why() -> None:
    with fake_server() as server, client_of(server.port) as client:
        server.fake.refuse = m.Error(code=m.ErrorCode.NO_ASSET, message="there is no such file")
        session = client.Open(None)
        assert eventually(lambda: str(session.State) == "Closed")
        with pytest.raises(System.ObjectDisposedException, match=r"the session is closed \(.+\); open another one"):
            session.Start(line())


def test_calls_that_no_stream_takes_raise_and_a_finished_one_returns_nothing() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        for call in (lambda: session.Push(shorts(1)), session.End, session.Interrupt):
            with pytest.raises(System.InvalidOperationException, match="call Start, Speak or Idle first"):
                call()
        session.Idle(None)
        with pytest.raises(System.InvalidOperationException, match="Push needs a stream begun with Start"):
            session.Push(shorts(1))
        with pytest.raises(System.InvalidOperationException, match="end others with Interrupt"):
            session.End()
        session.Start(line())
        session.Push(shorts(1_600))
        session.End()
        session.End()
        assert eventually(lambda: not session.IsStreaming)
        assert (session.Push(shorts(10)), session.Set(Protocol.Controls()), session.Interrupt()) == (0, False, False)
        session.Start(None)
        session.End()
        with pytest.raises(System.InvalidOperationException, match="Push after End"):
            while session.IsStreaming:
                session.Push(shorts(1))
            raise System.InvalidOperationException("Push after End: it has finished before")


BOUNDS: dict[str, tuple[str, object, str]] = {
    "a rate of 0": ("StreamOptions", {"Rate": 0}, "Rate is 0; expected 1 … 768000"),
    "nine channels": ("StreamOptions", {"Channels": 9}, "Channels is 9; expected 1 … 8"),
    "a sample below 0": ("StreamOptions", {"FirstSample": -1}, "FirstSample is -1; expected 0 … "),
    "no frames": ("SessionOptions", {"FpsNumerator": 0}, "FpsNumerator is 0; expected 1 … "),
    "a long playout": ("SessionOptions", {"PlayoutMs": 60_001}, "PlayoutMs is 60001; expected 0 … 60000"),
    "a fade below 0": ("Set", None, "fadeMs is -1; expected 0 … 600000"),
    "a fast file": ("Speak", None, "rate is 768001; expected 0 … 768000"),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_value_outside_its_bounds_is_named_with_them(name: str) -> None:
    kind, values, message = BOUNDS[name]
    with client_of(free_port()) as client:
        session = client.Open(None)
        session.Start(line())
        with pytest.raises(System.ArgumentOutOfRangeException) as raised:
            if kind == "Set":
                session.Set(Protocol.Controls(), 0.0, -1)
            elif kind == "Speak":
                session.Speak("a.wav", 768_001)
            else:
                made = getattr(Space, kind)()
                for field, value in values.items():  # type: ignore[attr-defined]
                    setattr(made, field, value)
                (session.Start if kind == "StreamOptions" else client.Open)(made)
        assert message in str(raised.value.Message)
        assert raised.value.ParamName == message.split()[0]


def test_the_rate_of_a_file_is_learnt_from_its_frames() -> None:
    with fake_server() as server, client_of(server.port) as client:
        server.fake._animate = lambda session: None  # type: ignore[method-assign]  # the test plays by hand
        session = client.Open(None)
        session.Speak("a.wav")
        assert eventually(lambda: server.fake.of_type(m.Speak))
        held = server.fake.only_session()
        for k in range(4):
            server.say(m.Frame(session=held.number, stream=1, seq=k, index=k, sample=k * 1600.0, speech=0.0))
        assert eventually(has_taken(session, 4))
        assert str(pose_at(session, 4_800.0 + 4_000).State) == "Holding"  # 83 ms at 48 kHz, 250 ms at 16 kHz


def test_a_change_without_a_time_holds_from_the_position_evaluated_last() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(16_000))
        assert eventually(lambda: session.Counters.FramesTaken == 30)
        pose_at(session, 4_000)
        assert session.Set(Protocol.Controls())
        assert session.Interrupt()
        assert eventually(lambda: server.fake.of_type(m.Interrupt))
        assert [said.at_sample for said in server.fake.of_type(m.Set)] == [4_000]
        assert [said.at_sample for said in server.fake.of_type(m.Interrupt)] == [4_000]


def test_keypoints_are_in_the_pose_once_they_have_come() -> None:
    with fake_server() as server, client_of(server.port) as client:
        wanted = Space.SessionOptions()
        wanted.Outputs = Space.Outputs.Blendshapes | Space.Outputs.Keypoints
        session = client.Open(wanted)
        session.Start(line())
        assert eventually(lambda: server.fake.of_type(m.Start))
        assert server.fake.of_type(m.Open)[0].outputs == ("weights", "keypoints")
        assert len(pose_at(session, 0).Keypoints) == 0
        points = np.arange(21 * 3, dtype=np.float32)
        for k in range(2):
            one = m.Frame(
                session=server.fake.only_session().number, stream=1, seq=k, index=k, sample=k * 1000.0, speech=0.0
            )
            server.say(replace(one, keypoints=points + k))
        assert eventually(has_taken(session, 2))
        pose_at(session, 500)
        np.testing.assert_allclose(as_floats(pose_at(session, 500).Keypoints), points + 0.5)


def test_credit_follows_playback() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line(Pace=Space.Pace.Clip))
        for _ in range(40):
            session.Push(shorts(8_000))  # 20 s, 600 frames
        session.End()
        assert eventually(lambda: session.Counters.FramesTaken == 256)
        assert not eventually(lambda: session.Counters.FramesTaken > 256, 0.2)
        for second in range(21):
            pose_at(session, second * 16_000)
            assert eventually(has_taken(session, min(600, 150 + 30 * second)))
        assert eventually(lambda: not session.IsStreaming)
        assert session.Counters.FramesTaken == 600
        untils = [credit.until for credit in server.fake.of_type(m.Credit)]
        assert untils == sorted(untils)
        assert all(b - a >= 64 for a, b in zip([256, *untils], untils, strict=False))


def test_sound_is_held_back_where_the_server_would_refuse_it() -> None:
    with fake_server(audio_ms=1_000) as server, client_of(server.port) as client:
        session = client.Open(None)
        assert eventually(lambda: is_open(session))
        server.do(lambda: setattr(server.fake, "look_ahead_s", 100.0))  # nothing is animated
        session.Start(line())
        assert session.Push(shorts(16_000 * 40)) == 16_000 * 40
        assert eventually(lambda: server.fake.only_session().next_sample == 14_400)
        assert not eventually(lambda: server.fake.only_session().next_sample > 14_400, 0.1)
        pushed = session.Push(shorts(16_000 * 40))
        assert pushed == 16_000 * 20 + 14_400, "60 s are kept at most; what was sent and is older than 30 s may go"


def test_sound_that_was_not_taken_is_pushed_again() -> None:
    with fake_server(look_ahead_s=100.0) as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(3_200))
        assert eventually(lambda: server.fake.of_type(m.Audio))
        error = m.Error(code="too_much_sound", message="later", session=server.fake.only_session().number, stream=1)
        n_before = len(server.fake.of_type(m.Audio))
        server.say(error)
        assert eventually(lambda: len(server.fake.of_type(m.Audio)) > n_before)
        assert server.fake.of_type(m.Audio)[-1].first_sample == 0


def test_a_lost_link_is_resumed_and_sound_goes_on_where_the_server_says() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(8_000))
        assert eventually(lambda: session.Counters.FramesTaken == 15)
        server.cut()
        session.Push(shorts(8_000))
        session.End()
        assert eventually(lambda: "Finished" in kinds(session))
        assert session.Counters.FramesTaken == 30
        assert session.Counters.FramesLost == 0
        assert len(server.fake.of_type(m.Resume)) == 1
        assert len(server.fake.of_type(m.Start)) == 1
        chunks = [(a.first_sample, len(bytes(a.pcm)) // 2) for a in server.fake.of_type(m.Audio)]
        assert sum(n for _, n in chunks) == 16_000


def test_a_restarted_server_takes_the_line_up_where_its_playback_is() -> None:
    with contextlib.ExitStack() as servers, client_of(port := free_port()) as client:
        first = servers.enter_context(fake_server(port))
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(16_000))
        assert eventually(lambda: session.Counters.FramesTaken == 30)
        assert jaw(session, 10_000.5) > 0
        first.close()
        servers.pop_all()
        assert eventually(lambda: str(session.State) == "Lost")
        session.Push(shorts(8_000))
        second = servers.enter_context(fake_server(port))
        assert eventually(lambda: is_open(session))
        session.End()
        assert eventually(lambda: not session.IsStreaming)
        (start,) = second.fake.of_type(m.Start)
        assert (start.first_sample, start.stream) == (13_200, 1)
        sound = sum(len(bytes(a.pcm)) // 2 for a in second.fake.of_type(m.Audio))
        assert sound == 10_800
        assert second.fake.of_type(m.End)[0].n_samples == 24_000
        assert session.Counters.FramesReplaced > 0
        assert jaw(session, 533.3333333333334 * 44) == pytest.approx(0.044, abs=1e-6)
        assert kinds(session) == ["Opened", "Started", "LinkLost", "Reopened", "Started", "Finished"]


def blinking(a_minute: float) -> Any:
    controls = Protocol.Controls()
    controls.BlinksPerMinute = a_minute
    return controls


def test_a_line_that_is_taken_up_has_the_controls_that_hold_there() -> None:
    with contextlib.ExitStack() as servers, client_of(port := free_port()) as client:
        first = servers.enter_context(fake_server(port))
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(32_000))
        session.Set(blinking(3.0), 8_000.0)
        session.Set(blinking(5.0), 30_000.0)
        assert eventually(lambda: len(first.fake.of_type(m.Set)) == 2)
        pose_at(session, 10_000)
        first.close()
        servers.pop_all()
        second = servers.enter_context(fake_server(port))
        assert eventually(lambda: second.fake.of_type(m.Set))
        assert second.fake.of_type(m.Start)[0].blinks == 3.0
        assert [(change.at_sample, change.blinks) for change in second.fake.of_type(m.Set)] == [(30_000, 5.0)]


def test_a_line_that_ended_while_the_link_was_lost_is_over() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(16_000))
        assert eventually(lambda: session.Counters.FramesTaken == 30)
        server.fake.only_session().finished = True
        server.cut()
        assert eventually(lambda: not session.IsStreaming)
        assert kinds(session) == ["Opened", "Started", "LinkLost", "Resumed", "Finished"]


def test_frames_of_a_clip_that_were_lost_are_made_again() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line(Pace=Space.Pace.Clip))
        session.Push(shorts(8_000))
        assert eventually(lambda: session.Counters.FramesTaken == 15)
        server.do(lambda: setattr(server.fake.only_session(), "seq", 20))  # five were sent into the void
        server.cut()
        assert eventually(lambda: "Reopened" in kinds(session))
        session.End()
        assert eventually(lambda: not session.IsStreaming)
        assert len(server.fake.of_type(m.Open)) == 2
        assert len(server.fake.sessions) == 1


def test_a_stream_that_ended_with_its_session_is_taken_up() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(1_600))
        assert eventually(lambda: session.Counters.FramesTaken == 3)
        held = server.fake.only_session()
        server.do(server.fake.sessions.clear)
        server.say(m.Finished(session=held.number, stream=1, reason="closed", sample=0.0, frames=3, dropped=0), held)
        server.say(m.Closed(session=held.number, reason="stopping"), held)
        assert eventually(lambda: len(server.fake.of_type(m.Start)) == 2)
        assert session.IsStreaming


def test_a_notice_is_an_event() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(1_600))
        assert eventually(lambda: session.Counters.FramesTaken == 3)
        held = server.fake.only_session()
        server.say(m.Notice(session=held.number, stream=1, message="no speech"), held)
        found: list[tuple[str, int, str]] = []

        def has_come() -> bool:
            found.extend((str(event.Kind), event.Stream, event.Text) for event in events(session))
            return ("Notice", 1, "no speech") in found

        assert eventually(has_come)


def test_the_sound_of_thirty_seconds_is_kept() -> None:
    with contextlib.ExitStack() as servers, client_of(port := free_port()) as client:
        first = servers.enter_context(fake_server(port))
        session = client.Open(None)
        assert eventually(lambda: is_open(session))
        session.Start(line())
        for second in range(100):
            session.Push(shorts(16_000))
            pose_at(session, second * 16_000)
            assert eventually(has_heard(first, (second + 1) * 16_000))
        first.close()
        servers.pop_all()
        second_server = servers.enter_context(fake_server(port))
        assert eventually(lambda: second_server.fake.of_type(m.Audio))
        assert second_server.fake.of_type(m.Start)[0].first_sample == 99 * 16_000 + 3_200


def test_a_file_is_spoken_again_and_an_idle_goes_on_after_a_restart() -> None:
    for kind in ("Speak", "Idle"):
        with contextlib.ExitStack() as servers, client_of(port := free_port()) as client:
            first = servers.enter_context(fake_server(port, look_ahead_s=0.5, speak_s=20.0))
            session = client.Open(None)
            assert eventually(opened(session))
            if kind == "Speak":
                session.Speak("a.wav", 16_000)
                assert eventually(partial(first.fake.of_type, m.Speak))
            else:
                session.Idle(None)
                assert eventually(has_taken(session, 10))
            pose_at(session, 5_000.0)
            first.close()
            servers.pop_all()
            second = servers.enter_context(fake_server(port))
            again = m.Speak if kind == "Speak" else m.Idle
            assert eventually(partial(second.fake.of_type, again))
            assert eventually(has_taken(session, 20))
            assert str(pose_at(session, 10_000.0).State) == "Playing"


def test_a_greeting_that_was_forgotten_is_said_again() -> None:
    with fake_server() as server, client_of(server.port, PingMs=30) as client:
        session = client.Open(None)
        assert eventually(lambda: is_open(session))
        server.do(server.fake.greeted.clear)
        assert eventually(lambda: len(server.fake.of_type(m.Hello)) == 2)
        assert eventually(lambda: "Resumed" in kinds(session))


def test_pings_go_out_and_a_silent_server_is_given_up() -> None:
    with fake_server() as server, client_of(server.port, PingMs=50, SilenceMs=400) as client:
        session = client.Open(None)
        assert eventually(lambda: is_open(session))
        assert eventually(lambda: len(server.fake.of_type(m.Ping)) >= 5)
        server.fake.mute = True
        assert eventually(lambda: client.Counters.Reconnects > 0)
        assert "LinkLost" in kinds(session)
        server.fake.mute = False
        assert eventually(lambda: is_open(session))


def test_a_ping_of_the_server_is_answered() -> None:
    with fake_server() as server, client_of(server.port) as client:
        assert eventually(lambda: server.fake.heard)
        session = client.Open(None)
        assert eventually(lambda: is_open(session))
        server.say(m.Ping(nonce=77))
        assert eventually(lambda: [p.nonce for p in server.fake.of_type(m.Pong)] == [77])


def test_refusals_end_the_session_or_are_tried_again() -> None:
    with fake_server() as server, client_of(server.port) as client:
        server.fake.refuse = m.Error(code="no_asset", message="no")
        session = client.Open(None)
        assert eventually(lambda: str(session.State) == "Closed")
        assert [(str(e.Kind), e.Code) for e in events(session)] == [("Error", "no_asset"), ("Closed", "no_asset")]
        server.fake.refuse = m.Error(code="busy", message="no")
        session = client.Open(None)
        assert eventually(lambda: len(server.fake.of_type(m.Open)) >= 3)
        server.fake.refuse = None
        assert eventually(lambda: is_open(session))


def test_another_version_is_told() -> None:
    with fake_server() as server:
        server.fake.version = 2
        with client_of(server.port) as client:
            assert eventually(lambda: str(client.State) == "Refused")
            assert client.LastError == "this server speaks version 2"


def test_a_session_that_the_server_closed_is_opened_anew() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(1_600))
        assert eventually(lambda: session.Counters.FramesTaken == 3)
        held = server.fake.only_session()
        server.do(server.fake.sessions.clear)
        server.say(m.Closed(session=held.number, reason="lease_expired"), held)
        assert eventually(lambda: len(server.fake.of_type(m.Open)) == 2)
        assert eventually(lambda: is_open(session) and len(server.fake.of_type(m.Start)) == 2)
        session.Close()
        assert eventually(lambda: not server.fake.sessions)


def test_a_session_closed_while_it_was_being_opened_leaves_nothing() -> None:
    with fake_server() as server, client_of(server.port) as client:
        for _ in range(20):
            client.Open(None).Close()
        last = client.Open(None)
        assert eventually(lambda: is_open(last) and len(server.fake.sessions) == 1)


def test_nonsense_from_the_server_is_counted_and_ignored() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        assert eventually(lambda: is_open(session))
        number = server.fake.only_session().number
        unknown = b"\x82\xa4type\xa5dance\xa7session\x07"
        size = 4000
        small = m.Texture(
            session=number, stream=1, index=0, sample=0.0, format="rgb", width=size, height=size, pixels=b"x"
        )
        bad = wire.encode(small)
        stray = wire.encode(m.Frame(session=9999, stream=1, seq=0, index=0, sample=0.0, speech=0.0))
        server.send(server.fake.only_session(), b"", b"\xc1", unknown, bad, stray, b"x" * 100)
        assert eventually(lambda: client.BadMessages == 4)
        assert client.UnknownMessages == 1
        session.Push(shorts(1_600))
        assert eventually(lambda: session.Counters.FramesTaken == 3)


def test_thousands_of_mutated_messages_leave_the_client_alive() -> None:
    rng = random.Random(9)
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        assert eventually(lambda: is_open(session))
        held = server.fake.only_session()
        numbers = {"session": held.number, "stream": 1}
        good: list[m.Message] = [
            m.Frame(session=held.number, stream=1, seq=3, index=3, sample=1600.0, speech=0.5),
            m.Finished(**numbers, reason="end", sample=3.0, frames=1, dropped=0),
            m.Started(**numbers, sample=0.0),
            m.Underrun(**numbers, sample=0.0, late_ms=3),
            m.Notice(**numbers, message="it has 2 sound tracks"),
            m.Error(**numbers, code="too_much_sound", message="x", request=1),
            m.Closed(session=numbers["session"], reason="internal"),
            m.Resumed(request=1, session=numbers["session"], stream=1, next_sample=5, seq=2),
            m.Opened(request=1, session=numbers["session"], token=b"t", look_ahead_s=0.0, lease_ms=1),
            m.Bye(reason=""),
        ]
        originals = list(map(wire.encode, good))
        for _ in range(80):
            server.send(held, *(mutated(rng, rng.choice(originals)) for _ in range(50)))
            pose_at(session, rng.uniform(0, 1e6))
        assert eventually(lambda: client.BadMessages > 2_000)
        assert "Exception" not in client.LastError
        other = client.Open(None)
        other.Start(line())
        other.Push(shorts(1_600))
        assert eventually(lambda: other.Counters.FramesTaken == 3)


def test_two_sessions_share_a_connection() -> None:
    with fake_server() as server:
        options = Space.ClientOptions()
        options.Address = f"tcp://127.0.0.1:{server.port}"
        one, two = Space.SharedClients.Rent(options), Space.SharedClients.Rent(options)
        sessions = [one.Open(None), two.Open(None)]
        for i, session in enumerate(sessions):
            session.Start(line())
            session.Push(shorts(1_600 * (i + 1)))
        assert eventually(lambda: [s.Counters.FramesTaken for s in sessions] == [3, 6])
        assert len(server.fake.of_type(m.Hello)) == 1
        Space.SharedClients.Return(one)
        assert str(two.State) == "Ready"
        Space.SharedClients.Return(two)
        assert str(two.State) == "Disposed"
        assert Space.SharedClients.Rent(options).Equals(two) is False
        Space.SharedClients.Clear()


def test_a_client_is_disposed_within_a_tenth_of_a_second_in_every_state() -> None:
    def silent(peer: Any) -> None:
        shake(peer)
        until_closed(peer)

    def seconds_to_dispose(port: int, wanted: str) -> float:
        with client_of(port) as client:
            session = client.Open(None)
            assert eventually(stands(client, wanted))
            began = time.perf_counter()
            client.Dispose()
            took_s = time.perf_counter() - began
            assert str(session.State) == "Closed"
            return took_s

    with fake_server() as server, TcpPeer(silent) as mute:
        ports = {"Ready": server.port, "Greeting": mute.port, "Connecting": free_port()}
        times = {state: shortest(partial(seconds_to_dispose, port, state), 0.1) for state, port in ports.items()}
    print("MEASURED dispose of a client: " + ", ".join(f"{state} {1000 * s:.1f} ms" for state, s in times.items()))
    assert max(times.values()) < 0.1


def test_textures_come_with_their_time_in_pooled_buffers() -> None:
    side = 590  # 1,044,300 bytes
    with fake_server(texture_side=side) as server, client_of(server.port) as client:
        wanted = Space.SessionOptions()
        wanted.Outputs = Space.Outputs.Blendshapes | Space.Outputs.Texture
        wanted.FpsNumerator = 60
        session = client.Open(wanted)
        session.Start(line())
        assert eventually(lambda: is_open(session))
        chunk = shorts(320)

        def push(seconds: float) -> None:
            began, pushed = time.perf_counter(), 0
            while (now := time.perf_counter() - began) < seconds:
                while pushed < (now + (0.6 if now < 0.5 else 0.3)) * 16_000:  # at first more, so that the pool is warm
                    pushed += session.Push(chunk)
                time.sleep(1 / 60)

        pusher = threading.Thread(target=push, args=(3.2,))
        pusher.start()
        assert eventually(lambda: session.Counters.TexturesTaken > 3)
        Probe.Play(session, 0.0, 0.7, 16_000.0)
        before, gen2 = allocated(), collections()
        playing, n_textures, wrong, _ = Probe.Play(session, 0.7, 2.0, 16_000.0)
        grown, gen2 = allocated() - before, collections() - gen2
        pusher.join()
        print(
            f"MEASURED session with 1 MB textures: {n_textures:.0f} shown in 2 s, {grown / 1000:.0f} kB, gen-2 {gen2}"
        )
        assert wrong == 0
        assert playing > 60
        assert n_textures > 40
        assert gen2 <= 1
        assert grown < 6_000_000
        session.Close()
        assert eventually(lambda: client.BuffersInUse == 0)


def test_pushing_and_sampling_make_no_garbage() -> None:
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        assert eventually(lambda: is_open(session))
        per_push = Probe.PushCost(session, 1_000)
        print(f"MEASURED push of 20 ms and sample: {per_push:.1f} B on the caller's thread")
        assert per_push < 5
        assert np.isfinite(jaw(session, 1e9))


def test_frames_from_a_session_before_are_not_shown() -> None:
    """After a greeting anew, numbers of the old link mean nothing."""
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(None)
        session.Start(line())
        session.Push(shorts(1_600))
        assert eventually(lambda: session.Counters.FramesTaken == 3)
        number = server.fake.only_session().number
        session.Close()
        stray = m.Frame(session=number, stream=1, seq=99, index=9, sample=0.0, speech=0.0)
        assert eventually(lambda: not server.fake.sessions)
        other = client.Open(None)
        assert eventually(lambda: is_open(other))
        server.say(stray)
        assert not eventually(lambda: other.Counters.FramesForeign > 1, 0.05)
        assert frame(b"") == b"\0\0"


@pytest.mark.parametrize(("form", "flag", "implied"), [("rgb", False, True), ("jpeg", False, False), ("", True, True)])
def test_a_format_asks_for_pictures(form: str, flag: bool, implied: bool) -> None:
    wanted = Space.SessionOptions()
    wanted.TextureFormat = form
    wanted.Outputs = Space.Outputs.Head | Space.Outputs.Texture if flag else Space.Outputs.Head
    with fake_server() as server, client_of(server.port) as client:
        session = client.Open(wanted)
        assert eventually(lambda: is_open(session))
        asked = server.fake.only_session().opened
        assert (asked.texture, "texture" in asked.outputs) == ((form or "jpeg", True) if implied else (None, False))


def test_a_format_that_there_is_not_is_refused_in_a_sentence() -> None:
    wanted = Space.SessionOptions()
    wanted.TextureFormat = "bmp"
    with client_of(free_port()) as client, pytest.raises(System.ArgumentException, match="'bmp'; expected jpeg"):
        client.Open(wanted)
