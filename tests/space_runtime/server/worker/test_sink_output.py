"""`serve --to`: frames of every session on sinks, in step with its playback, each line with one rest at its end."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import connect

from engine_bridge.adapters import SinkError
from engine_bridge.adapters.playout import Part
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.inference.bundle import load_bundle
from space_runtime.server.limits import Folders
from space_runtime.server.server import Server, Settings
from tests.support.command_line import Call
from tests.support.inline_server import InlineServer
from tests.support.ports import free_port
from tests.support.quick_batch import quick
from tests.support.real_server import serving
from tests.support.sounds import speech_pcm
from tests.support.udp_receiver import JAW, Seen, UdpReceiver
from tests.support.waiting import PATIENCE_S, wait_for
from tests.support.wire_client import WireClient, connect_client

PLAYOUT_S = 0.2
FOLDERS = Folders()


# When frames are due, under a clock that tests turn


class Prompter:
    """Writes down what a playout is told. told: (what, name, due, frame's index)."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, float, int]] = []
        self.names = 0

    def enter(self, character: str) -> Part:
        self.names += 1
        return Part(f"{character or 'Face'} {self.names}")

    def frame(self, due: float, part: Part, frame: m.Frame, rate: float) -> None:
        self.told.append(("frame", part.name, due, frame.index))

    def rest(self, due: float, part: Part) -> None:
        self.told.append(("rest", part.name, due, 0))

    def cut(self, part: Part) -> None:
        self.told.append(("cut", part.name, 0.0, 0))

    def dues(self, what: str, name: str = "Face 1") -> list[float]:
        return [due for kind, who, due, _ in self.told if (kind, who) == (what, name)]


@pytest.fixture
def prompted() -> Iterator[tuple[InlineServer, Prompter, WireClient, int]]:
    """A server with an output to sinks, and a session in it with 0.3 s of playout delay."""
    with quick():
        prompter = Prompter()
        server = InlineServer(playout=prompter)  # type: ignore[arg-type]  # it does what a playout does
        client = server.client()
        yield server, prompter, client, client.open(playout_ms=300)


def push(client: WireClient, session: int, stream: int, n_samples: int, end: bool = True) -> None:
    client.say(m.Audio(session=session, stream=stream, first_sample=0, pcm=bytes(2 * n_samples)))
    if end:
        client.say(m.End(session=session, stream=stream, n_samples=n_samples))


def start(client: WireClient, session: int, stream: int, pace: str = "live", rate: int = 16_000) -> None:
    client.say(m.Start(session=session, stream=stream, rate=rate, format="s16", pace=pace))


def test_a_frame_is_due_when_its_client_plays_its_sound(
    prompted: tuple[InlineServer, Prompter, WireClient, int],
) -> None:
    server, prompter, client, session = prompted
    start(client, session, 1)
    server.wait(0.5)
    began = server.now
    push(client, session, 1, 32_000)
    server.wait(3.0)
    assert prompter.dues("frame") == pytest.approx([began + 0.3 + index / 30 for index in range(60)])
    assert prompter.dues("rest") == pytest.approx([began + 0.3 + 2.0])


def test_a_microphones_frames_are_due_at_the_same_times(
    prompted: tuple[InlineServer, Prompter, WireClient, int],
) -> None:
    server, prompter, client, session = prompted
    start(client, session, 1, rate=8_000)
    began = server.now
    for chunk in range(50):
        client.say(m.Audio(session=session, stream=1, first_sample=chunk * 160, pcm=bytes(320)))
        server.wait(0.02)
    client.say(m.End(session=session, stream=1, n_samples=8_000))
    assert prompter.dues("frame") == pytest.approx([began + 0.3 + index / 30 for index in range(30)])
    assert prompter.dues("rest") == pytest.approx([began + 1.3])


def test_a_batch_of_which_every_frame_is_late_shows_none(
    prompted: tuple[InlineServer, Prompter, WireClient, int],
) -> None:
    server, prompter, client, session = prompted
    start(client, session, 1)
    push(client, session, 1, 4_800, end=False)
    server.wait(0.5)
    server.port.stalled = True
    client.say(m.Audio(session=session, stream=1, first_sample=4_800, pcm=bytes(2 * 27_200)))
    client.say(m.End(session=session, stream=1, n_samples=32_000))
    server.wait(2.0)
    server.port.stalled = False
    server.wait(2.0)
    finished = client.last(m.Finished)
    assert finished.reason == "end" and finished.dropped > 30
    assert finished.frames == len(prompter.dues("frame"))


def test_clips_are_not_shown(prompted: tuple[InlineServer, Prompter, WireClient, int]) -> None:
    _, prompter, client, session = prompted
    start(client, session, 1, pace="clip")
    push(client, session, 1, 16_000)
    assert client.last(m.Finished).frames == 30
    client.say(m.Close(session=session))
    assert not prompter.told


@pytest.mark.parametrize("how", ["replaced", "closed", "idle"])
def test_a_line_that_is_cut_off_rests_at_once(
    prompted: tuple[InlineServer, Prompter, WireClient, int], how: str
) -> None:
    _, prompter, client, session = prompted
    start(client, session, 1)
    push(client, session, 1, 16_000, end=False)
    assert prompter.dues("frame")
    if how == "replaced":
        start(client, session, 2)
    elif how == "idle":
        client.say(m.Idle(session=session, stream=2))
    else:
        client.say(m.Close(session=session))
    assert next(told for told in prompter.told if told[0] != "frame") == ("cut", "Face 1", 0.0, 0)
    assert not prompter.dues("rest")


def test_a_line_right_after_another_takes_its_place(prompted: tuple[InlineServer, Prompter, WireClient, int]) -> None:
    _, prompter, client, session = prompted
    start(client, session, 1)
    push(client, session, 1, 4_000)
    assert client.take(m.Finished) and prompter.dues("rest")
    start(client, session, 2)
    push(client, session, 2, 4_000)
    kinds = [kind for kind, *_ in prompter.told]
    assert kinds == ["frame"] * 8 + ["rest", "cut"] + ["frame"] * 8 + ["rest"]
    assert {who for kind, who, *_ in prompter.told[9:10]} == {"Face 1"}
    client.say(m.Close(session=session))
    assert prompter.told[-1] == ("cut", "Face 2", 0.0, 0)


# Real servers, sockets and receivers


def showing(*urls: str, folders: Folders = FOLDERS) -> AbstractContextManager[Server]:
    return serving(sinks=urls, folders=folders)


def speak(client: WireClient, seconds: float, character: str | None = None) -> tuple[float, dict[int, m.Frame]]:
    """Speak a line whose sound is there at once; return when it was said, and its frames by index."""
    session = client.open(playout_ms=round(PLAYOUT_S * 1e3), character=character)
    client.start(session, pace="live")
    said_at = time.monotonic()
    pcm = speech_pcm(seconds)
    client.push(session, 1, pcm)
    client.say(m.End(session=session, stream=1, n_samples=len(pcm) // 2))
    client.wait(m.Finished)
    return said_at, {frame.index: frame for frame in client.heard if isinstance(frame, m.Frame)}


def check_line(seen: list[Seen], said_at: float, frames: dict[int, m.Frame]) -> None:
    """Check that a subject shows the client's frames, none before its time, and one rest at the end."""
    *spoken, rest = seen
    assert rest.is_neutral and not any(each.is_neutral for each in spoken[1:])
    indices = [round(each.seconds * 30) for each in spoken]
    assert indices == sorted(set(indices))
    for each, index in zip(spoken, indices, strict=True):
        assert each.at >= said_at + PLAYOUT_S + index / 30
        weights = frames[index].weights
        assert weights is not None and each.values[JAW] == weights[ARKIT_NAMES.index("jawOpen")]
    assert rest.at >= said_at + PLAYOUT_S + len(frames) / 30


def test_a_line_on_a_live_link_subject() -> None:
    with UdpReceiver() as receiver, showing(receiver.url("Hero")) as server, connect_client(server.address) as client:
        said_at, frames = speak(client, 1.0)
        assert server._playout is not None
        seen = receiver.wait_for_rest("Hero")
        assert receiver.names() == {"Hero"}
        assert len(seen) == len(frames) + 1 - server._playout.n_skipped
        check_line(seen, said_at, frames)
        assert max(each.values[JAW] for each in seen) > 0.05
        n_seen = len(receiver.seen)
        client.say(m.Close(session=1))
        client.wait(m.Closed)
    assert len(receiver.seen) == n_seen  # no second rest


def test_two_sessions_are_two_subjects_and_a_character_has_the_name_of_its_picture(tmp_path: Path, photo: Path) -> None:
    shutil.copy(photo, tmp_path / "Anna.png")
    with (
        UdpReceiver() as receiver,
        showing(receiver.url(), folders=Folders(portraits=tmp_path)) as server,
        connect_client(server.address) as first,
        connect_client(server.address) as second,
        connect_client(server.address) as third,
    ):
        lines = {}
        wanted = ((first, "Face", None), (second, "Face 2", None), (third, "Anna", "Anna.png"))
        threads = [
            threading.Thread(target=lambda t=t, c=c, n=n: lines.update({n: speak(t, 1.5, c)})) for t, n, c in wanted
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in ("Face", "Face 2", "Anna"):
            receiver.wait_for_rest(name)
        assert receiver.names() == {"Face", "Face 2", "Anna"}
        check_line(receiver.of("Anna"), *lines["Anna"])
        for name in ("Face", "Face 2"):
            *spoken, rest = receiver.of(name)
            assert rest.is_neutral and len(spoken) > 5
            assert all(before.seconds < after.seconds for before, after in pairwise(spoken))


def test_a_server_that_stops_leaves_no_face_frozen() -> None:
    with UdpReceiver() as receiver:
        with showing(receiver.url("Hero")) as server, connect_client(server.address) as client:
            session = client.open(playout_ms=100)
            client.say(m.Idle(session=session, stream=1))
            wait_for(lambda: len(receiver.seen) > 3)
        seen = receiver.wait_for_rest("Hero")
        assert seen[-1].is_neutral and receiver.n_rests("Hero") == 1


def test_a_client_that_vanishes_leaves_no_face_frozen() -> None:
    with UdpReceiver() as receiver, showing(receiver.url("Hero")) as server:
        with connect_client(server.address) as client:
            session = client.open(playout_ms=100, lease_ms=1_000)
            client.say(m.Idle(session=session, stream=1))
            wait_for(lambda: len(receiver.seen) > 3)
        assert receiver.wait_for_rest("Hero")[-1].is_neutral


def test_a_line_heard_by_a_vmc_receiver() -> None:
    servers = pytest.importorskip("pythonosc.osc_server", reason="needs python-osc (extra 'test')")
    dispatcher = pytest.importorskip("pythonosc.dispatcher", reason="needs python-osc (extra 'test')").Dispatcher()
    jaws: list[float] = []
    n_applied = [0]

    def value(address: str, name: str, weight: float) -> None:
        if name == "JawOpen":
            jaws.append(weight)

    def apply(address: str) -> None:
        n_applied[0] += 1

    dispatcher.map("/VMC/Ext/Blend/Val", value)
    dispatcher.map("/VMC/Ext/Blend/Apply", apply)
    with servers.BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"vmc://127.0.0.1:{receiver.server_address[1]}"
        with showing(url) as server, connect_client(server.address) as client:
            _, frames = speak(client, 0.7)
            playout, n_wanted = server._playout, len(frames) + 1
            assert playout is not None
            wait_for(lambda: n_applied[0] + playout.n_skipped == n_wanted)
        receiver.shutdown()
        thread.join()
    known = [frame.weights[ARKIT_NAMES.index("jawOpen")] for frame in frames.values() if frame.weights is not None]
    assert jaws[-1] == 0.0 and {np.float32(jaw) for jaw in jaws[:-1]} <= set(known)


def test_a_line_in_a_browser() -> None:
    port = free_port()
    with (
        showing(f"ws://127.0.0.1:{port}") as server,
        connect_client(server.address) as client,
        connect(f"ws://127.0.0.1:{port}/", subprotocols=["space.json.v1"]) as page,  # type: ignore[list-item]
    ):
        _, frames = speak(client, 0.7)
        seen: list[dict[str, Any]] = []
        while len(seen) < 2 or any(seen[-1]["weights"].values()):
            seen.append(json.loads(page.recv(timeout=PATIENCE_S)))
            page.send("next")
    *spoken, rest = seen
    assert {each["name"] for each in seen} == {"Face"}
    assert [each["index"] for each in spoken] == sorted({each["index"] for each in spoken})
    for each in spoken:
        weights = frames[each["index"]].weights
        assert weights is not None
        assert list(each["weights"].values()) == pytest.approx(weights.tolist(), abs=1e-5)
    assert rest["speech"] == 0


# Addresses that are none


@pytest.mark.parametrize("url", ["foo://x", "llf://127.0.0.1:0/x"])
@pytest.mark.parametrize("command", [("serve",), ("relay", "tcp://127.0.0.1:9"), ("live", "--say", "hello")])
def test_an_address_that_is_none_is_one_sentence_and_a_wrong_call(
    call: Call, command: tuple[str, ...], url: str
) -> None:
    bind = () if command[0] == "live" else ("--bind", f"tcp://127.0.0.1:{free_port()}")
    done = call(*command, *bind, "--to", url)
    assert done.code == 2 and url in done.complaint


def test_a_server_that_cannot_start_keeps_no_port() -> None:
    port, web = free_port(), free_port()
    for _ in range(2):
        with pytest.raises(SinkError):
            Server(load_bundle(), Settings(f"tcp://127.0.0.1:{port}", sinks=(f"ws://127.0.0.1:{web}", "foo://x")))
    with Server(load_bundle(), Settings(f"tcp://127.0.0.1:{port}", sinks=(f"ws://127.0.0.1:{web}",))):
        pass


def test_a_server_says_where_its_viewer_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "space_runtime"), serving(sinks=("ws://127.0.0.1:0",)):
        pass
    records = [vars(record) for record in caplog.records]
    (page,) = [record["fields"]["page"] for record in records if record.get("event") == "viewer"]
    assert page.startswith("http://127.0.0.1:")
