"""The seam of all adapters: addresses, one face for one character, rest, and errors that stay where they happen."""

from __future__ import annotations

import math
import socket
import sys
from dataclasses import replace

import numpy as np
import pytest

from engine_bridge.adapters import SinkError, open_sink
from engine_bridge.adapters.live_link_face import NAMES, decode
from engine_bridge.adapters.sink import SpeakerLock
from engine_bridge.protocol.messages import Frame, Texture
from tests.support.adapter_frames import RATE, frame, weights
from tests.support.udp_receiver import port_of, udp_socket

TALKING = frame(weights(jawOpen=0.5), [0.1, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4], sample=3_200)


def jaw(data: bytes) -> float:
    values = decode(data).values
    assert values is not None
    return float(values[NAMES.index("JawOpen")])


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("llf://127.0.0.1", "127.0.0.1:11111"),
        ("llf:///Face", "127.0.0.1:11111"),
        ("llf://localhost:11112/Face%20One", "localhost:11112"),
        ("LLF://127.0.0.1:11111/Face", "127.0.0.1:11111"),
        ("vmc://127.0.0.1", "127.0.0.1:39539"),
        ("vmc://127.0.0.1:39540/?preset=vrm1", "127.0.0.1:39540"),
    ],
)
def test_addresses_that_are_understood(url: str, where: str) -> None:
    sink = open_sink(url)
    sink.texture(
        "Anna", Texture(session=1, stream=1, index=0, sample=0.0, format="jpeg", width=1, height=1, pixels=b"")
    )
    sink.send("Anna", frame(), RATE)
    assert where in sink.counts.reason
    sink.close()


@pytest.mark.parametrize(
    ("url", "about"),
    [
        ("", "begins with one of llf://, vmc://, ws://"),
        ("127.0.0.1:11111", "begins with"),
        ("osc://127.0.0.1", "begins with"),
        ("llf://127.0.0.1:99999/Face", "is no address"),
        ("llf://127.0.0.1:port", "is no address"),
        ("llf://[::1", "is no address"),
        ("llf://127.0.0.1:0/Face", "port 0"),
        ("llf://127.0.0.1/a/b", "path"),
        ("llf://127.0.0.1/a%0Ab", "path"),
        ("llf://127.0.0.1/Face?fps=30", "unknown option 'fps'"),
        ("llf://me@127.0.0.1/Face", "user name"),
        ("llf://127.0.0.1/Face#1", "fragment"),
        ("llf://no-such-name.invalid/Face", "no address of a machine"),
        ("vmc://127.0.0.1/Face", "ends with a path"),
        ("vmc://127.0.0.1?preset=vrm2", "there are arkit, vrm0, vrm1"),
        ("vmc://127.0.0.1?presets=vrm1", "it knows preset"),
        ("ws://127.0.0.1/Face", "ends with a path"),
    ],
)
def test_every_other_address_is_refused_in_one_sentence(url: str, about: str) -> None:
    with pytest.raises(SinkError) as refused:
        open_sink(url, allow_insecure=True)
    assert about in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["ws://0.0.0.0:0", "ws://[::]:0", "vmc://224.0.0.1", "llf://192.0.2.1/Face", "vmc://2130706433", "ws://a.example"],
)
def test_other_machines_only_when_really_meant(url: str) -> None:
    with pytest.raises(SinkError, match="--insecure"):
        open_sink(url)


def test_an_address_that_cannot_be_had_is_one_sentence() -> None:
    with pytest.raises(SinkError, match="cannot listen"):
        open_sink("ws://203.0.113.1:8765", allow_insecure=True)


def bad(**changes: object) -> Frame:
    return replace(TALKING, **changes)  # type: ignore[arg-type]  # wrong on purpose


BAD_FRAMES = [
    bad(weights=np.full(52, np.nan, np.float32)),
    bad(weights=np.zeros(51, np.float32)),
    bad(head=np.full(6, np.inf, np.float32)),
    bad(eyes=np.array([0, 0, 0, math.nan], np.float32)),
    bad(eyes=np.zeros(3, np.float32)),
    bad(sample=math.nan),
    bad(sample=math.inf),
    bad(sample=-1.0),
]


@pytest.mark.parametrize("shown", BAD_FRAMES)
@pytest.mark.parametrize("url", ["llf://127.0.0.1:{}/Face", "vmc://127.0.0.1:{}?preset=vrm0", "ws://127.0.0.1:0"])
def test_bad_frames_never_leave_and_are_counted(url: str, shown: Frame) -> None:
    with udp_socket() as opened:
        sink = open_sink(url.format(port_of(opened)))
        sink.send("Anna", shown, RATE)
        sink.send("Anna", TALKING, 0.0)
        sink.send("Anna", TALKING, math.nan)
        sink.rest("Anna")
        assert (sink.counts.sent, sink.counts.unsent) == (0, 3)
        assert sink.counts.reason
        opened.setblocking(False)
        with pytest.raises(BlockingIOError):
            opened.recv(2048)
        sink.close()


@pytest.mark.parametrize("url", ["llf://127.0.0.1:{}/Face", "vmc://127.0.0.1:{}", "ws://127.0.0.1:0"])
def test_a_closed_sink_counts_and_raises_nothing(url: str) -> None:
    with udp_socket() as opened:
        sink = open_sink(url.format(port_of(opened)))
    sink.close()
    sink.close()
    sink.send("Anna", TALKING, RATE)
    sink.rest("Anna")
    assert (sink.counts.sent, sink.counts.unsent) == (0, 1)


def test_a_port_without_listener_is_noticed_and_a_late_listener_is_served() -> None:
    with udp_socket() as taken:
        port = port_of(taken)
    sink = open_sink(f"llf://127.0.0.1:{port}/Face")
    for _ in range(3):
        sink.send("Anna", TALKING, RATE)
    if sys.platform == "linux":  # not every system says so
        assert sink.counts.reason == f"nothing listens on 127.0.0.1:{port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", port))
        opened.settimeout(5)
        sink.send("Anna", TALKING, RATE)
        assert jaw(opened.recv(2048)) == 0.5
    sink.close()


@pytest.mark.parametrize("url", ["llf://127.0.0.1:{}/Face", "vmc://127.0.0.1:{}"])
def test_a_frame_that_nobody_heard_is_counted_once_however_many_packets_it_has(url: str) -> None:
    with udp_socket() as taken:
        port = port_of(taken)
    sink = open_sink(url.format(port))
    for _ in range(20):
        sink.send("Anna", TALKING, RATE)
    assert sink.counts.sent + sink.counts.unsent == 20
    if sys.platform == "linux":  # not every system says so
        assert sink.counts.sent <= 1, "the first one may leave before the system knows"
    sink.close()


def test_rest_sends_the_neutral_face_once_a_moment_later() -> None:
    with udp_socket() as opened:
        sink = open_sink(f"llf://127.0.0.1:{port_of(opened)}/Face")
        sink.rest("Anna")
        sink.send("Anna", TALKING, RATE)
        sink.rest("Anna")
        sink.rest("Anna")
        first, last = (decode(opened.recv(2048)) for _ in range(2))
        assert sink.counts.sent == 2
        sink.close()
    assert first.values is not None and last.values is not None
    assert first.values.any() and not last.values.any()
    assert (first.frame, last.frame) == (12, 13)


def test_one_face_shows_one_character_until_it_rests() -> None:
    with udp_socket() as opened:
        sink = open_sink(f"llf://127.0.0.1:{port_of(opened)}/Face")
        sink.send("Anna", frame(weights(jawOpen=0.25)), RATE)
        sink.send("Bert", frame(weights(jawOpen=0.75)), RATE)
        sink.rest("Bert")
        assert sink.counts.unsent == 1
        assert "'Anna'" in sink.counts.reason
        sink.rest("Anna")
        sink.send("Bert", frame(weights(jawOpen=0.75)), RATE)
        assert [jaw(opened.recv(2048)) for _ in range(3)] == [0.25, 0.0, 0.75]
        sink.close()


def test_a_character_that_falls_silent_loses_the_word() -> None:
    now = 0.0
    floor = SpeakerLock(lambda: now)
    assert floor.admits("Anna")
    now = 0.9
    assert floor.admits("Anna") and not floor.admits("Bert")
    now = 1.95
    assert floor.admits("Bert") and not floor.admits("Anna")
    assert not floor.leave("Anna") and floor.leave("Bert")
    assert floor.admits("Anna")


@pytest.mark.parametrize("url", ["llf://127.0.0.1:{}", "vmc://127.0.0.1:{}", "ws://127.0.0.1:0"])
@pytest.mark.parametrize("name", ["", "\ud800", "x" * 300, "a\0b\nc"])
def test_names_that_a_format_cannot_carry_raise_nothing(url: str, name: str) -> None:
    with udp_socket() as opened:
        sink = open_sink(url.format(port_of(opened)))
        sink.send(name, TALKING, RATE)
        sink.rest(name)
        sink.close()
