"""The player's server with real clients: lines, late comers, who may send sound, and slow or rude pages."""

from __future__ import annotations

import json
import struct
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from engine_bridge.adapters import SinkError, open_player, open_sink
from engine_bridge.adapters.page_client import MAX_WAITING_BYTES
from engine_bridge.adapters.page_requests import MAX_MESSAGE_BYTES, PageMicrophone, Replay, SoundFile
from engine_bridge.adapters.web_player import MAX_REQUESTS, PLAYER, WebPlayer
from engine_bridge.adapters.websocket import JSON
from engine_bridge.protocol.messages import Texture
from tests.support.adapter_frames import RATE
from tests.support.waiting import wait_for
from tests.support.web_clients import talking


@pytest.fixture
def player() -> Generator[WebPlayer, None, None]:
    opened = open_player("ws://127.0.0.1:0", "Anna")
    yield opened
    opened.close()


@contextmanager
def viewing(player: WebPlayer, origin: str | None = None) -> Generator[ClientConnection, None, None]:
    page = None if origin is None else Origin(origin)
    with connect(f"ws://127.0.0.1:{player.port}/", subprotocols=[PLAYER], origin=page, max_size=None) as connected:
        yield connected


def next_text(connected: ClientConnection) -> dict[str, object]:
    message = connected.recv(timeout=5)
    assert isinstance(message, str), message[:16]
    found: dict[str, object] = json.loads(message)
    return found


def next_bytes(connected: ClientConnection) -> tuple[int, int, float, bytes]:
    message = connected.recv(timeout=5)
    assert isinstance(message, bytes)
    kind, line, at = struct.unpack_from("<IId", message)
    return kind, line, at, message[16:]


def greeted(connected: ClientConnection) -> tuple[dict[str, object], dict[str, object]]:
    return next_text(connected), next_text(connected)


def texture() -> Texture:
    return Texture(session=7, stream=1, index=3, sample=RATE / 2, format="jpeg", width=4, height=2, pixels=b"jpeg")


def test_a_line_comes_in_order_with_its_sound(player: WebPlayer) -> None:
    with viewing(player) as connected:
        hello, begin = greeted(connected)
        assert (hello["type"], hello["name"], hello["uploads"]) == ("hello", "Anna", True)
        assert (begin["type"], begin["line"], begin["rate"]) == ("begin", 0, 0)
        player.begin("hello.wav", 16_000, True, 0.25)
        player.sound(320, np.array([0.5, -0.25], np.float32))
        player.send("Anna", talking(3), RATE)
        player.texture("Anna", texture())
        player.end(1.5)
        player.rest("Anna")
        player.over(cut=False)
        expected = {"type": "begin", "line": 1, "title": "hello.wav", "rate": 16_000, "audible": True, "delay": 0.25}
        assert next_text(connected) == expected
        assert next_bytes(connected) == (1, 1, 320.0, np.array([0.5, -0.25], "<f4").tobytes())
        frame = next_text(connected)
        assert (frame["type"], frame["stream"], frame["seconds"]) == ("frame", 1, 0.15)
        assert next_bytes(connected) == (2, 1, 0.5, b"jpeg")
        assert next_text(connected) == {"type": "end", "line": 1, "seconds": 1.5}
        assert next_text(connected)["seconds"] == pytest.approx(0.15 + 1 / 60, abs=1e-6)
        assert next_text(connected) == {
            "type": "over",
            "line": 1,
            "seconds": pytest.approx(0.15 + 1 / 60),
            "cut": False,
        }


def test_a_page_switches_the_camera_and_asks_for_nothing_else_by_it(player: WebPlayer) -> None:
    asked: list[str] = []
    with viewing(player) as connected:
        assert greeted(connected)[0]["camera"] is False
    player.on_camera = lambda: asked.append("camera")
    with viewing(player) as connected:
        assert greeted(connected)[0]["camera"] is True
        connected.send('{"type":"camera"}')
        wait_for(lambda: asked)
    assert asked == ["camera"] and player.requests.empty()


def test_who_comes_late_hears_what_is_still_to_be_heard(player: WebPlayer) -> None:
    second = np.zeros(16_000, np.float32)
    player.begin("long.wav", 16_000, True, 0.25)
    for n in range(10):
        player.sound(n * 16_000, second)
    with viewing(player) as connected:
        assert greeted(connected)[1]["title"] == "long.wav"
        firsts = [next_bytes(connected)[2] / 16_000 for _ in range(4)]
        assert firsts == [6.0, 7.0, 8.0, 9.0]


def test_a_line_waits_for_a_page_that_is_ready_or_a_program(player: WebPlayer) -> None:
    assert not player.is_awaited
    with viewing(player) as connected:
        wait_for(lambda: player.n_pages == 1)
        assert not player.is_awaited
        connected.send('{"type":"ready"}')
        wait_for(lambda: player.is_awaited)
    wait_for(lambda: not player.is_awaited)
    with connect(f"ws://127.0.0.1:{player.port}/", subprotocols=[JSON]) as program:
        wait_for(lambda: player.is_awaited)
        player.send("Anna", talking(3), RATE)
        assert next_text(program)["index"] == 3
    assert player.counts.sent == 1


def test_files_and_microphones_come_up(player: WebPlayer) -> None:
    with viewing(player) as connected:
        connected.send(json.dumps({"type": "file", "title": "a.wav", "bytes": 300_000}))
        connected.send(bytes(MAX_MESSAGE_BYTES - 1))
        connected.send(bytes(300_000 - MAX_MESSAGE_BYTES + 1))
        file = player.requests.get(timeout=5)
        assert isinstance(file, SoundFile) and len(file.content) == 300_000
        connected.send(json.dumps({"type": "microphone", "rate": 48_000}))
        heard = player.requests.get(timeout=5)
        assert isinstance(heard, PageMicrophone)
        connected.send(np.arange(480, dtype="<i2").tobytes())
    assert [block.tolist() for block in heard.blocks()] == [list(range(480))], "the page's leaving ends it"


def test_requests_beyond_what_may_wait_are_dropped(player: WebPlayer) -> None:
    with viewing(player) as connected:
        greeted(connected)
        for _ in range(3 * MAX_REQUESTS):
            connected.send('{"type":"replay"}')
        notes = [next_text(connected)["type"] for _ in range(2 * MAX_REQUESTS)]
    assert set(notes) == {"note"}
    assert player.requests.qsize() == MAX_REQUESTS and player.requests.get() == Replay()


def test_one_file_waits_at_most(player: WebPlayer) -> None:
    with viewing(player) as connected:
        greeted(connected)
        for n in range(3):
            connected.send(json.dumps({"type": "file", "title": f"{n}.wav", "bytes": 1}))
            connected.send(b"x")
        notes = [next_text(connected) for _ in range(2)]
    assert [note["type"] for note in notes] == ["note", "note"]
    first = player.requests.get(timeout=5)
    assert isinstance(first, SoundFile) and first.title == "0.wav" and player.requests.empty()


FILE = '{"type":"file","title":"a.wav","bytes":3}'


def test_a_page_of_another_port_may_look_but_sends_no_sound(player: WebPlayer) -> None:
    with viewing(player, "http://localhost:3000") as connected:
        assert greeted(connected)[0]["uploads"] is False
        connected.send(FILE)
        with pytest.raises(ConnectionClosed) as closed:
            connected.recv(timeout=5)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
    with viewing(player, f"http://127.0.0.1:{player.port}") as own:
        assert greeted(own)[0]["uploads"] is True


def test_a_site_that_is_named_may_speak_and_another_one_may_not_even_look() -> None:
    player = open_player("ws://127.0.0.1:0?origin=https://show.test&speaker=https://game.test", "Anna")
    try:
        for origin, may_speak in (("https://game.test", True), ("https://show.test", False)):
            with viewing(player, origin) as connected:
                assert greeted(connected)[0]["uploads"] is may_speak
        with pytest.raises(InvalidStatus), viewing(player, "https://other.test"):
            pass
    finally:
        player.close()


def test_a_site_without_a_name_may_not_be_the_one_that_speaks() -> None:
    with pytest.raises(SinkError, match="name the one that may speak"):
        open_player("ws://127.0.0.1:0?speaker=null", "Anna")
    with pytest.raises(SinkError, match="unknown option 'speaker'"):
        open_sink("ws://127.0.0.1:0?speaker=https://game.test")


def test_where_other_machines_can_come_in_nobody_sends_sound() -> None:
    player = open_player("ws://0.0.0.0:0", "Anna", allow_insecure=True)
    try:
        assert player.page == f"http://127.0.0.1:{player.port}/"
        for origin in (None, f"http://127.0.0.1:{player.port}"):
            with viewing(player, origin) as connected:
                assert greeted(connected)[0]["uploads"] is False
    finally:
        player.close()


@pytest.mark.parametrize(
    "said",
    [
        "next",
        "{",
        '{"type":"fly"}',
        json.dumps({"type": "\U0001f600" * 99}, ensure_ascii=False),
        '{"type":"\\ud800"}',
        b"bytes",
        "x" * (MAX_MESSAGE_BYTES + 1),
    ],
    ids=["word", "broken", "unknown", "wide", "surrogate", "bytes", "long"],
)
def test_a_page_that_makes_no_sense_is_sent_away_and_the_others_stay(player: WebPlayer, said: str | bytes) -> None:
    with viewing(player) as good, viewing(player) as odd:
        greeted(good)
        odd.send(said)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                odd.recv(timeout=5)
        assert closed.value.rcvd is not None and closed.value.rcvd.code in (1008, 1009)
        player.note("still here")
        assert next_text(good) == {"type": "note", "text": "still here"}


def test_a_page_that_reads_nothing_is_sent_away(player: WebPlayer) -> None:
    player.begin("x", 16_000, True, 0.25)
    with viewing(player) as connected:
        wait_for(lambda: player.n_pages == 1)
        piece = np.zeros(1 << 18, np.float32)
        for n in range(MAX_WAITING_BYTES // piece.nbytes + 40):  # the client and the system keep some
            player.sound(n, piece)
        wait_for(lambda: player.n_pages == 0)
        with pytest.raises(ConnectionClosed):
            while True:
                connected.recv(timeout=5)


def test_the_player_is_closed_and_says_so() -> None:
    player = open_player("ws://127.0.0.1:0", "Anna")
    player.close()
    player.close()
    player.send("Anna", talking(3), RATE)
    assert "closed" in player.counts.reason or player.counts.unsent
