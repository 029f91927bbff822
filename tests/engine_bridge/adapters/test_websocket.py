"""The WebSocket server with real clients: what they get, and that slow ones get the newest."""

from __future__ import annotations

import socket
from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from engine_bridge.adapters import open_player, open_sink
from engine_bridge.adapters.web_player import PLAYER
from engine_bridge.adapters.websocket import JSON, MAX_TEXTURE_BYTES, MAX_WAITING, MSGPACK, WebSocket
from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.messages import Texture
from engine_bridge.protocol.wire import decode, encode
from tests.support.adapter_frames import RATE, frame
from tests.support.waiting import wait_for
from tests.support.web_clients import client, document, talking

JPEG = b"\xff\xd8\xff\xe0 no real picture, passed through as it is \xff\xd9"


@pytest.fixture
def sink() -> Generator[WebSocket, None, None]:
    opened = open_sink("ws://127.0.0.1:0")
    assert isinstance(opened, WebSocket)
    yield opened
    opened.close()


def texture(pixels: bytes = JPEG, kind: str = "jpeg") -> Texture:
    return Texture(session=7, stream=1, index=3, sample=2400.0, format=kind, width=4, height=2, pixels=pixels)


def test_json_has_everything_by_its_name(sink: WebSocket) -> None:
    with client(sink) as connected:
        sink.send("Änna 顔", talking(3, 0.25), RATE)
        assert document(connected) == {
            "type": "frame",
            "name": "Änna 顔",
            "session": 7,
            "stream": 1,
            "seq": 3,
            "index": 3,
            "seconds": 0.15,
            "speech": 0.5,
            "weights": {name: 0.25 if name == "jawOpen" else 0.0 for name in ARKIT_NAMES},
            "head": {"yaw": 0.1, "pitch": 0.2, "roll": 0.3, "x": 0.01, "y": 0.02, "z": 0.03},
            "eyes": {"left": {"yaw": 0.4, "pitch": 0.5}, "right": {"yaw": 0.6, "pitch": 0.7}},
        }


def test_a_name_that_is_no_text_harms_nobody(sink: WebSocket) -> None:
    with client(sink) as connected:
        sink.send("\ud800", talking(0), RATE)
        assert document(connected)["name"] == "\ud800"


def test_landmarks_come_along_and_absent_parts_are_left_out(sink: WebSocket) -> None:
    with client(sink) as connected:
        sink.send("Anna", replace(frame(), landmarks=np.linspace(-1, 1, 234, dtype=np.float32)), RATE)
        found = document(connected)
        assert not {"weights", "head", "eyes"} & set(found)
        landmarks = found["landmarks"]
        assert isinstance(landmarks, list) and len(landmarks) == 234 and landmarks[0] == -1


def test_msgpack_is_the_wires_own_bytes(sink: WebSocket) -> None:
    with client(sink, MSGPACK) as connected:
        sink.send("Anna", talking(3), RATE)
        sink.texture("Anna", texture())
        assert connected.recv(timeout=5) == encode(talking(3))
        connected.send("next")
        data = connected.recv(timeout=5)
        assert data == encode(texture())
        assert isinstance(data, bytes) and isinstance(decode(data), Texture)


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_a_texture_is_announced_and_passed_through(sink: WebSocket, kind: str) -> None:
    with client(sink) as connected:
        sink.texture("Anna", texture(kind=kind))
        assert document(connected) == {
            "type": "texture",
            "name": "Anna",
            "session": 7,
            "stream": 1,
            "index": 3,
            "format": kind,
            "width": 4,
            "height": 2,
        }
        assert connected.recv(timeout=5) == JPEG


def test_pictures_that_a_browser_cannot_take_are_counted(sink: WebSocket) -> None:
    with client(sink) as connected:
        sink.texture("Anna", texture(bytes(24), "rgb"))
        assert "jpeg and webp" in sink.counts.reason
        sink.texture("Anna", texture(bytes(MAX_TEXTURE_BYTES + 1)))
        assert str(MAX_TEXTURE_BYTES) in sink.counts.reason
        assert (sink.counts.sent, sink.counts.unsent) == (0, 2)
        with pytest.raises(TimeoutError):
            connected.recv(timeout=0.05)


def test_a_client_that_does_not_answer_gets_the_newest_later(sink: WebSocket) -> None:
    with client(sink) as slow, client(sink) as quick:
        for index in range(50):
            sink.send("Anna", talking(index), RATE)
            assert document(quick)["index"] == index
            quick.send("next")
        assert document(slow)["index"] == 0
        with pytest.raises(TimeoutError):
            slow.recv(timeout=0.05)
        slow.send("next")
        assert document(slow)["index"] == 49
        assert sink.counts.skipped == 48


def test_an_update_holds_the_newest_of_every_character(sink: WebSocket) -> None:
    with client(sink) as connected:
        sink.send("Anna", talking(0), RATE)
        assert document(connected)["index"] == 0
        for index in range(1, 4):
            sink.send("Anna", talking(index), RATE)
            sink.send("Bert", talking(10 + index), RATE)
            sink.texture("Bert", texture(bytes([index])))
        connected.send("next")
        seen = [document(connected) for _ in range(3)]
        assert connected.recv(timeout=5) == b"\x03"
        assert {(each["type"], each["name"], each["index"]) for each in seen} == {
            ("frame", "Anna", 3),
            ("frame", "Bert", 13),
            ("texture", "Bert", 3),
        }
        sink.send("Anna", talking(4), RATE)
        for _ in range(3):
            connected.send("next")
        with pytest.raises(TimeoutError):
            connected.recv(timeout=0.05)
        connected.send("next")
        assert document(connected)["index"] == 4


def test_what_waits_for_a_client_is_limited(sink: WebSocket) -> None:
    with client(sink) as connected:
        sink.send("first", talking(0), RATE)
        assert document(connected)["name"] == "first"
        for n in range(MAX_WAITING + 10):
            sink.send(f"{n}", talking(n), RATE)
        connected.send("next")
        assert [document(connected)["name"] for _ in range(MAX_WAITING)] == [
            f"{n}" for n in range(10, MAX_WAITING + 10)
        ]
        assert sink.counts.skipped == 10


def test_a_client_may_ask_for_one_character(sink: WebSocket) -> None:
    with client(sink, query="?name=Bert%20B") as connected:
        sink.send("Anna", talking(0), RATE)
        sink.send("Bert B", talking(1), RATE)
        assert document(connected)["name"] == "Bert B"


def test_rest_is_a_neutral_frame_a_moment_later(sink: WebSocket) -> None:
    with client(sink) as connected:
        sink.send("Anna", talking(3), RATE)
        assert document(connected)["index"] == 3
        connected.send("next")
        sink.rest("Anna")
        sink.rest("Anna")
        found = document(connected)
        assert (found["index"], found["seconds"], found["speech"]) == (4, 0.166667, 0.0)
        assert found["weights"] == dict.fromkeys(ARKIT_NAMES, 0.0)
        assert found["head"] == dict.fromkeys(("yaw", "pitch", "roll", "x", "y", "z"), 0.0)


@pytest.mark.parametrize(
    ("said", "code"), [(["hello"], 1008), ([b"next"], 1008), (["next", "next"], 1008), (["n" * 17], 1009)]
)
def test_who_says_something_else_is_dropped_and_the_others_stay(
    sink: WebSocket, said: list[str | bytes], code: int
) -> None:
    with client(sink) as good:
        with connect(f"ws://127.0.0.1:{sink.port}/", subprotocols=[JSON]) as odd:
            wait_for(lambda: sink.n_clients == 2)
            sink.send("Anna", talking(0), RATE)
            assert document(odd)["index"] == document(good)["index"] == 0
            for word in said:
                odd.send(word)
            with pytest.raises(ConnectionClosed) as closed:
                odd.recv(timeout=5)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == code
        wait_for(lambda: sink.n_clients == 1)
        good.send("next")
        sink.send("Anna", talking(1), RATE)
        assert document(good)["index"] == 1


def test_a_client_that_vanishes_harms_nobody(sink: WebSocket, caplog: pytest.LogCaptureFixture) -> None:
    with client(sink) as good, connect(f"ws://127.0.0.1:{sink.port}/", subprotocols=[JSON]) as gone:
        wait_for(lambda: sink.n_clients == 2)
        gone.socket.shutdown(socket.SHUT_RDWR)
        for index in range(20):
            sink.send("Anna", talking(index), RATE)
            assert document(good)["index"] == index
            good.send("next")
        wait_for(lambda: sink.n_clients == 1)
    sink.close()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("protocol", [JSON, PLAYER])
def test_neither_a_client_that_vanishes_nor_the_end_is_an_error_in_the_log(
    caplog: pytest.LogCaptureFixture, protocol: Subprotocol
) -> None:
    player = open_player("ws://127.0.0.1:0", "Anna")
    with caplog.at_level("WARNING"):
        with connect(f"ws://127.0.0.1:{player.port}/", subprotocols=[protocol]) as gone:
            wait_for(lambda: player.n_pages == 1)
            gone.socket.shutdown(socket.SHUT_RDWR)
            wait_for(lambda: player.n_pages == 0)
        with connect(f"ws://127.0.0.1:{player.port}/", subprotocols=[protocol]):
            wait_for(lambda: player.n_pages == 1)
            player.send("Anna", talking(0), RATE)
            player.close()
    assert caplog.records == []
