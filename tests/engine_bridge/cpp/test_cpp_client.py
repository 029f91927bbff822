"""The C++ client against a server that each test plays itself: lines, lost connections, restarts, limits, disposal."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from tests.engine_bridge.cpp.cpp_program import MEMORY, THREADS, Driven, driven
from tests.engine_bridge.cpp.cpp_server import STEP, TOKEN, ScriptedServer, frame, serving
from tests.support.ports import free_port
from tests.support.waiting import wait_for


@contextmanager
def talking(sanitizers: tuple[str, ...] = MEMORY, **options: object) -> Iterator[tuple[Driven, ScriptedServer]]:
    """A client with an open session, and its server."""
    port = free_port()
    with serving(port) as served, driven("client", sanitizers=sanitizers) as one:
        assert one.table("client", endpoint=f"tcp://127.0.0.1:{port}", **options) == {"valid": True}
        one.ask("open")
        served.welcome()
        served.opened()
        one.wait_for("opened")
        yield one, served


def jaw(one: Driven, at: float, dt: float = 1.0) -> float:
    blendshapes = one.table("evaluate", at=at, dt=dt)["blendshapes"]
    assert isinstance(blendshapes, list)
    return float(blendshapes[1])


@pytest.mark.parametrize("sanitizers", [MEMORY, THREADS], ids=["memory", "threads"])
def test_a_line_from_open_to_close(sanitizers: tuple[str, ...]) -> None:
    port = free_port()
    with driven("client", sanitizers=sanitizers) as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open", texture="rgb", character="anna.png")
        one.do("start", mouth=1.5, happy=0.5)
        one.do("push", n=4_000)
        with serving(port) as served:  # after the client has begun
            served.welcome()
            asked = served.opened()
            assert (asked.outputs, asked.fps) == (("weights", "head", "eyes", "texture"), (30, 1))
            assert (asked.texture, asked.character, asked.until) == ("rgb", "anna.png", 256)
            start = served.take(m.Start)
            assert (start.session, start.rate, start.format, start.first_sample) == (7, 16_000, "s16", None)
            assert start.mouth == 1.5 and start.emotion == {"happy": 0.5}
            served.sound(4_000)
            one.do("push", n=12_000, **{"from": 4_000})
            one.do("end")
            served.sound(16_000, 4_000)
            assert served.take(m.End).n_samples == 16_000
            served.send(m.Started(session=7, stream=1, sample=0.0), *[frame(k, k / 100) for k in range(30)])
            one.wait_for("started")
            wait_for(lambda: one.table("counts")["taken"] == 30)
            assert jaw(one, 10.5 * STEP) == pytest.approx(0.105)
            assert one.table("counts")["jawOpen"] == 1
            served.send(m.Finished(session=7, stream=1, reason="end", sample=29 * STEP, frames=30, dropped=0))
            assert one.wait_for("finished")["text"] == "end"
            assert jaw(one, 40 * STEP, 1.0) == 0
            one.ask("close")
            assert served.take(m.Close).session == 7
            assert one.wait_for("closed")["session"] == 1


def test_sound_is_split_to_what_the_server_takes() -> None:
    with talking() as (one, served):
        one.do("start")
        one.do("push", n=100_000)
        served.take(m.Start)
        served.sound(100_000)


def test_motion_goes_out_before_its_sound_and_again_over_a_new_connection() -> None:
    port = free_port()
    with driven("client") as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open")
        with serving(port) as served:
            served.welcome()
            served.opened()
            one.do("start")
            one.do("drive", n=300, step=160, jaw=25)
            one.do("push", n=4_000)
            first, second = served.take(m.Motion), served.take(m.Motion)
            assert not [message for message in served.kept if isinstance(message, m.Audio)]
            rows = np.concatenate([first.rows, second.rows]).reshape(-1, 64)
            assert (first.at_sample, second.at_sample, len(rows)) == (0, 250 * 160, 300)
            assert rows[:250, 0].tolist() == [160 * k for k in range(250)] and rows[249, 1] == 1
            assert rows[7, 26] == 0.25 and rows[7, 54] == 0.25 and rows[7, 63] == -0.125
            served.sound(4_000)
        one.wait_for("disconnected")
        with serving(port) as served:
            served.welcome()
            asked = served.take(m.Resume)
            served.send(m.Resumed(request=asked.request, session=9, stream=1, next_sample=4_000, seq=0))
            assert served.take(m.Motion).at_sample == 0


def test_credit_follows_what_is_shown() -> None:
    with talking() as (one, served):
        one.do("start")
        served.take(m.Start)
        for first in range(0, 192, 48):
            served.send(*[frame(k, 0.5) for k in range(first, first + 48)])
        wait_for(lambda: one.table("counts")["taken"] == 192)
        assert not [message for message in served.kept if isinstance(message, m.Credit)]
        one.ask("evaluate", at=100 * STEP)
        assert served.take(m.Credit).until == 192 + 256 - 92


def test_after_a_lost_connection_sound_goes_on_where_the_server_says() -> None:
    port = free_port()
    with driven("client") as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open")
        with serving(port) as served:
            served.welcome()
            served.opened()
            one.do("start")
            one.do("push", n=8_000)
            served.take(m.Start)
            served.sound(8_000)
            one.do("set", at=9_000, mouth=0.5)
            one.do("interrupt", at=50_000)
            served.take(m.Interrupt)
        one.wait_for("disconnected")
        one.do("push", n=8_000, **{"from": 8_000})
        with serving(port) as served:
            served.welcome()
            asked = served.take(m.Resume)
            assert asked.token == TOKEN
            served.send(m.Resumed(request=asked.request, session=9, stream=1, next_sample=3_000, seq=40))
            served.sound(16_000, 3_000)
            assert served.take(m.Set).mouth == 0.5  # it may have been lost, and so may the interruption
            assert served.take(m.Interrupt).at_sample == 50_000
            assert served.take(m.Credit).until == 40 + 256
            assert not [message for message in served.kept if isinstance(message, m.Start | m.Open)]
            assert one.table("counts")["connections"] == 2


@pytest.mark.parametrize("sanitizers", [MEMORY, THREADS], ids=["memory", "threads"])
def test_a_restarted_server_takes_the_line_up_at_the_playback_position(sanitizers: tuple[str, ...]) -> None:
    port = free_port()
    with driven("client", sanitizers=sanitizers) as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open")
        with serving(port) as served:
            served.welcome()
            served.opened()
            one.do("start", seed=5, mouth=0.5, brows=0.5)
            one.do("set", at=100, mouth=1.5, saccades=0.25, fade=50)
            one.do("push", n=29_000)
            assert served.take(m.Start).mouth == 0.5
            change = served.take(m.Set)
            assert (change.at_sample, change.mouth, change.saccades, change.fade_ms) == (100, 1.5, 0.25, 50)
            served.sound(29_000)
            served.send(*[frame(k, 0.25) for k in range(40)])
            wait_for(lambda: one.table("counts")["taken"] == 40)
            assert jaw(one, 20_000) == 0.25
            one.do("set", at=28_000, mouth=0.25)
            served.take(m.Set)
        one.wait_for("disconnected")
        with serving(port) as served:
            served.welcome()
            asked = served.take(m.Resume)
            served.send(m.Error(code="bad_token", message="unknown", request=asked.request))
            served.opened(session=3)
            start = served.take(m.Start)
            assert (start.session, start.stream, start.first_sample) == (3, 1, 21_600)  # 0.2 − 0.1 s ahead
            assert (start.seed, start.mouth, start.brows, start.saccades) == (5, 1.5, 0.5, 0.25)
            assert served.take(m.Set).mouth == 0.25  # later than where the line is taken up
            one.do("push", n=1_000, **{"from": 29_000})
            one.do("end")
            served.sound(30_000, 21_600)
            assert served.take(m.End).n_samples == 30_000
            served.send(*[frame(k, 0.75, session=3, seq=k - 38) for k in range(38, 44)])
            wait_for(lambda: one.table("counts")["taken"] == 44)
            assert jaw(one, 41 * STEP) == 0.75


def test_a_silent_server_is_left_and_pinged_before() -> None:
    with talking(silence=2.5) as (one, served):
        before = time.monotonic()
        while time.monotonic() - before < 1.5:  # nothing is answered
            if served.socket.poll(100):
                served.peer, *_ = served.socket.recv_multipart()
                break
        assert time.monotonic() - before > 0.8
        assert one.wait_for("disconnected")["text"] == "the server is silent"
        assert served.take(m.Hello)


def test_what_is_no_message_is_counted_and_nothing_else() -> None:
    with talking() as (one, served):
        one.do("start")
        served.take(m.Start)
        strange = b"\x82\xa4type\xa3new\xa1x\x01"
        lying = m.Texture(session=7, stream=1, index=0, sample=0.0, format="rgb", width=9, height=9, pixels=b"x")
        served.send(
            b"", b"\xc1", strange, frame(0, 0.5), strange, lying, frame(1, 0.5, session=99), frame(1, 0.5, stream=8)
        )
        wait_for(lambda: one.table("counts")["foreign"] == 1)
        counts = one.table("counts")
        assert (counts["bad"], counts["unknown"], counts["taken"], counts["textures"]) == (3, 2, 1, 0)


def test_keypoints_are_in_the_pose_once_they_have_come() -> None:
    port = free_port()
    with serving(port) as served, driven("client") as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open", keypoints=1)
        served.welcome()
        assert served.opened().outputs == ("weights", "head", "eyes", "keypoints")
        one.do("start")
        served.take(m.Start)
        assert one.table("evaluate", at=0)["keypoints"] == []
        points = np.arange(21 * 3, dtype=np.float32)
        served.send(*[replace(frame(k, 0.5), keypoints=points + k) for k in range(2)])
        wait_for(lambda: one.table("counts")["taken"] == 2)
        one.ask("evaluate", at=0.5 * STEP)
        assert one.table("evaluate", at=0.5 * STEP)["keypoints"] == pytest.approx((points + 0.5).tolist())


def test_pictures_are_shown_in_their_time() -> None:
    pixels = (np.arange(1 << 20) % 251).astype(np.uint8)[: 591 * 591 * 3]
    with talking() as (one, served):
        one.do("start")
        served.take(m.Start)
        assert one.ask("texture") is None
        for k in range(6):
            served.send(
                frame(k, 0.5),
                m.Texture(
                    session=7,
                    stream=1,
                    index=k,
                    sample=k * STEP,
                    format="rgb",
                    width=591,
                    height=591,
                    pixels=np.roll(pixels, k).tobytes() if k else pixels.tobytes(),
                ),
            )
        wait_for(lambda: one.table("counts")["textures"] == 6)
        one.ask("evaluate", at=3.5 * STEP)
        found = one.table("texture")
        assert (found["index"], found["width"], found["bytes"]) == (3, 591, pixels.size)
        assert found["sum"] == int(pixels.sum(dtype=np.int64))
        one.ask("evaluate", at=3.6 * STEP)
        assert one.table("texture")["index"] == 3


def test_every_other_call_reaches_the_server() -> None:
    with talking() as (one, served):
        one.do("idle", seed=3)
        idle = served.take(m.Idle)
        assert (idle.stream, idle.seed) == (1, 3)
        one.do("speak", asset="line.wav", head="keep")
        speak = served.take(m.Speak)
        assert (speak.stream, speak.asset, speak.head, speak.sound) == (2, "line.wav", "keep", None)
        one.do("interrupt", at=700, fade=150)
        stop = served.take(m.Interrupt)
        assert (stop.stream, stop.at_sample, stop.fade_ms) == (2, 700, 150)
        one.do("speak", bytes=1000)
        assert served.take(m.Speak).sound == b"\x09" * 1000
        one.ask("evaluate", at=400)
        one.do("interrupt")
        assert served.take(m.Interrupt).at_sample == 400  # the position evaluated last
        one.do("speak", bytes=5 << 20)  # more than a message may have
        assert one.wait_for("error")["code"] == "too_large"
        one.do("start", format="f32", channels=2, rate=48_000, first=480, pace="clip")
        start = served.take(m.Start)
        assert (start.format, start.channels, start.rate, start.first_sample) == ("f32", 2, 48_000, 480)
        assert (start.stream, start.pace) == (5, "clip")


def test_errors_are_answered_as_the_protocol_asks() -> None:
    with talking() as (one, served):
        one.do("start")
        one.do("push", n=1_000)
        served.take(m.Start)
        served.sound(1_000)
        served.send(m.Error(code="too_much_sound", message="wait", session=7, stream=1))
        served.sound(1_000)  # again
        served.send(m.Underrun(session=7, stream=1, sample=500.0, late_ms=20))
        assert one.wait_for("underrun")["sample"] == 500
        served.send(m.Notice(session=7, stream=1, message="it has 2 sound tracks"))
        assert one.wait_for("notice")["text"] == "it has 2 sound tracks"
        served.send(m.Error(code="bad_value", message="mouth is 9", session=7, stream=1))
        assert one.wait_for("error")["text"] == "mouth is 9"
        served.send(m.Error(code="unknown_stream", message="gone", session=7, stream=1))
        assert one.wait_for("finished")["text"] == "lost"
        served.send(m.Closed(session=7, reason="lease_expired"))
        assert one.wait_for("lost")["text"] == "lease_expired"
        asked = served.take(m.Open)
        served.send(m.Error(code="busy", message="full", request=asked.request))
        assert one.wait_for("error")["code"] == "busy"
        asked = served.take(m.Open)
        served.send(m.Error(code="bad_picture", message="no face", request=asked.request))
        assert one.wait_for("closed")["text"] == "bad_picture"
        assert one.ask("start") == {"status": "closed"}


def test_greets_again_when_the_server_has_forgotten() -> None:
    with talking() as (one, served):
        served.send(m.Error(code="not_greeted", message="say hello"))  # at once: a loop; it is ignored
        served.receive(3)  # the ping of a second later
        served.send(m.Error(code="not_greeted", message="say hello"))
        served.welcome()
        asked = served.take(m.Resume)
        served.send(m.Resumed(request=asked.request, session=8, stream=0, next_sample=0, seq=0))
        one.wait_for("opened")


def test_another_version_is_not_spoken() -> None:
    port = free_port()
    with serving(port) as served, driven("client") as one:
        one.ask("client", endpoint=f"tcp://127.0.0.1:{port}")
        served.take(m.Hello)
        served.send(m.Error(code="unsupported_version", message="speak version 9"))
        assert one.wait_for("error")["code"] == "unsupported_version"
        wait_for(lambda: one.table("counts")["problem"] == "speak version 9")


def test_an_interruption_without_a_server_works_too() -> None:
    with talking() as (one, served):
        one.do("start")
        served.take(m.Start)
        served.send(*[frame(k, 0.5) for k in range(60)])
        wait_for(lambda: one.table("counts")["taken"] == 60)
        assert jaw(one, 10 * STEP) == 0.5
        served.send(*[b""] * 65)  # the connection is lost
        one.wait_for("disconnected")
        one.do("interrupt", at=int(11 * STEP))
        assert one.wait_for("finished")["text"] == "interrupted"
        assert jaw(one, 12 * STEP, 0.1) < 0.5
        assert jaw(one, 20 * STEP, 0.5) == 0


def fastest_disposal(prepare: str) -> float:
    """Milliseconds, the best of three, because other processes may hold the machine."""
    return min(disposal(prepare) for _ in range(3))


def disposal(prepare: str) -> float:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listening, driven("client") as one:
        address = listening.getsockname()
        sockets = [socket.socket() for _ in range(4 if prepare == "dialling" else 0)]
        for waiting in sockets:  # a full backlog: who dials now hears nothing
            waiting.setblocking(False)
            waiting.connect_ex(address)
        if prepare == "nobody":
            listening.close()
        one.ask("client", endpoint=f"tcp://127.0.0.1:{address[1]}")
        one.ask("open")
        one.do("start")
        one.do("push", n=100_000)
        peer = listening.accept()[0] if prepare == "handshake" else None
        milliseconds = one.table("dispose")["ms"]
        for opened in (*sockets, *([peer] if peer else [])):
            opened.close()
        assert isinstance(milliseconds, float)
        return milliseconds


@pytest.mark.parametrize("state", ["nobody", "dialling", "handshake"])
def test_disposed_within_100_ms_without_a_server(state: str) -> None:
    assert fastest_disposal(state) < 100


def test_disposed_within_100_ms_and_the_session_is_closed() -> None:
    with talking() as (one, served):
        milliseconds = one.table("dispose")["ms"]
        assert isinstance(milliseconds, float) and milliseconds < 100
        assert served.take(m.Close).session == 7


@pytest.mark.parametrize(("format", "implied"), [("rgb", True), ("webp", True), ("jpeg", False)])
def test_a_format_asks_for_pictures(format: str, implied: bool) -> None:
    port = free_port()
    with serving(port) as served, driven("client") as one:
        one.table("client", endpoint=f"tcp://127.0.0.1:{port}")
        one.ask("open", format=format)
        served.welcome()
        asked = served.opened()
        assert (asked.texture, "texture" in asked.outputs) == ((format, True) if implied else (None, False))
