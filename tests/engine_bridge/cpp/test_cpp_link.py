"""The C++ client's bare connection against real ZeroMQ sockets and hostile peers."""

from __future__ import annotations

import random
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import pytest
import zmq

from tests.engine_bridge.cpp import cpp_program
from tests.engine_bridge.cpp.cpp_program import Driven, driven
from tests.support.ports import free_port
from tests.support.waiting import wait_for

NULL: Final = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48)
READY: Final = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER"


@contextmanager
def connecting(port: int, part_bytes: int = 4 << 20, handshake: float = 1.0) -> Iterator[Driven]:
    """A connection that is dialled again at once."""
    with driven("link", f"tcp://127.0.0.1:{port}", str(part_bytes), str(handshake), "0.001") as one:
        yield one


@contextmanager
def router(**options: int) -> Iterator[tuple[zmq.Socket[bytes], int]]:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as served:
        served.setsockopt(zmq.LINGER, 0)
        served.setsockopt(zmq.RCVTIMEO, 10_000)
        for name, value in options.items():
            served.setsockopt(getattr(zmq, name), value)
        yield served, served.bind_to_random_port("tcp://127.0.0.1")


@contextmanager
def listener() -> Iterator[tuple[socket.socket, int]]:
    with closing(socket.create_server(("127.0.0.1", 0))) as served:
        served.settimeout(10)
        yield served, served.getsockname()[1]


def accepted(served: socket.socket) -> socket.socket:
    peer, _ = served.accept()
    peer.settimeout(10)
    return peer


def down(one: Driven) -> tuple[int, str]:
    """Bytes that were allocated when the connection was lost, and why it was."""
    while True:
        word, _, rest = one.line().partition(" ")
        if word == "down":
            allocated, why = rest.split(" ", 1)
            return int(allocated), why


def test_messages_of_every_shape_come_and_go() -> None:
    rng = random.Random(1)
    shapes = [[b""], [b"x"], [b"", b"", b"end"], [rng.randbytes(rng.randint(0, 600)) for _ in range(64)]]
    shapes += [[rng.randbytes(1 << 20)], [rng.randbytes(254 + k) for k in range(4)], [rng.randbytes(70_000)] * 3]
    with router() as (served, port), connecting(port) as one:
        peer, hello = served.recv_multipart()
        assert (hello, one.line()) == (b"here", "up")
        for parts in shapes:
            served.send_multipart([peer, *parts])
            assert [served.recv_multipart()[1] for _ in parts] == parts
        served.send_multipart([peer, b"quit"])


def test_more_than_64_parts_are_refused() -> None:
    with router() as (served, port), connecting(port) as one:
        peer, _ = served.recv_multipart()
        served.send_multipart([peer, *[b""] * 65])
        assert "64 parts" in down(one)[1]


def test_a_server_that_pings_is_answered() -> None:
    options = {"HEARTBEAT_IVL": 30, "HEARTBEAT_TIMEOUT": 100, "HEARTBEAT_TTL": 300}
    with router(**options) as (served, port), connecting(port) as one:
        peer, _ = served.recv_multipart()
        time.sleep(0.5)  # five times what a peer may take to answer
        served.send_multipart([peer, b"still there"])
        assert served.recv_multipart() == [peer, b"still there"]
        served.send_multipart([peer, b"quit"])
        assert one.line() == "up"


def test_connects_again_as_often_as_needed() -> None:
    port = free_port()
    with connecting(port):
        for _ in range(3):
            with zmq.Context() as context, context.socket(zmq.ROUTER) as again:
                again.setsockopt(zmq.LINGER, 0)
                again.setsockopt(zmq.RCVTIMEO, 10_000)
                bind(again, port)
                assert again.recv_multipart()[1] == b"here"


def bind(served: zmq.Socket[bytes], port: int) -> None:
    """Bind to a port that another socket has just left."""

    def bound() -> bool:
        try:
            served.bind(f"tcp://127.0.0.1:{port}")
        except zmq.ZMQError:
            return False
        return True

    wait_for(bound)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak ZMTP"),
        (b"\x01\x00", "does not speak ZMTP"),
        (b"\xff" + bytes(8) + b"\x7e", "does not speak ZMTP"),
        (b"\xff" + bytes(8) + b"\x7f\x01\x00", "speaks ZMTP 1, not 3"),
        (NULL.replace(b"NULL", b"CURV"), "requires CURV: go through a relay"),
        (NULL + b"\x04\x0d\x05ERROR\x06go off", "refuses: go off"),
        (NULL + READY.replace(b"ROUTER", b"DEALER"), "DEALER, not ROUTER"),
        (NULL + b"\x04\x06\x05READY", "nothing, not ROUTER"),
        (NULL + b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x10\x06ROUTER", "broken property"),
        (NULL + b"\x04\x07\x05READY\x7f", "broken property"),
        (NULL + b"\x00\x01x", "before the handshake"),
        (NULL + b"\x06" + (2_000).to_bytes(8, "big"), "more than the limit"),
        (NULL + b"\x04\x05\x04PING", "instead of READY"),
        (NULL + READY + b"\x02" + (1 << 40).to_bytes(8, "big"), "more than the limit"),
        (NULL + READY + b"\x02" + (1 << 63).to_bytes(8, "big"), "more than the limit"),
        (NULL + READY + b"\x08\x00", "reserved flags"),
        (NULL + READY + b"\x05\x05\x04PING", "a command in parts"),
        (NULL + READY + b"\x04\x06\x04PING\x00", "a PING of the wrong size"),
        (NULL + READY + b"\x04\x01\x09", "without a name"),
        (NULL + READY + b"\x01\x00" * 65, "64 parts"),
        (NULL + READY + b"\x00\x09trunc", "closed by the server"),
        (NULL[:40], "closed by the server"),
        (b"", "does it require CURVE?"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_peer_is_left_with_a_sentence_that_says_why(said: bytes, why: str) -> None:
    with listener() as (served, port), connecting(port) as one, accepted(served) as peer:
        peer.sendall(said)
        peer.shutdown(socket.SHUT_WR)
        allocated, reason = down(one)
        assert why in reason
        assert allocated < 100_000


def test_what_is_claimed_is_not_allocated() -> None:
    with listener() as (served, port), connecting(port, part_bytes=64 << 20) as one:
        with accepted(served) as peer:
            peer.sendall(NULL + READY + b"\x02" + (60 << 20).to_bytes(8, "big") + bytes(1000))
            assert one.line() == "up"
        allocated, _ = down(one)
        assert allocated < 100_000


def test_a_dripped_handshake_ends_at_its_limit() -> None:
    with listener() as (served, port), connecting(port, handshake=0.3) as one, accepted(served) as peer:
        before = time.monotonic()
        for byte in NULL:
            try:
                peer.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.02)
        assert "does not finish the handshake" in down(one)[1]
        assert time.monotonic() - before < 1.28


def test_a_peer_that_accepts_and_says_nothing() -> None:
    with listener() as (served, port), connecting(port, handshake=0.2) as one, accepted(served):
        assert "does not finish the handshake" in down(one)[1]


def test_a_socket_of_another_type_and_one_with_curve() -> None:
    for kind, secret, why in ((zmq.PUB, False, "PUB, not ROUTER"), (zmq.ROUTER, True, "CURVE")):
        with zmq.Context() as context, context.socket(kind) as served:
            served.setsockopt(zmq.LINGER, 0)
            if secret:
                served.setsockopt(zmq.CURVE_SERVER, 1)
                served.setsockopt(zmq.CURVE_SECRETKEY, zmq.curve_keypair()[1])
            with connecting(served.bind_to_random_port("tcp://127.0.0.1")) as one:
                assert why in down(one)[1]


def test_mutated_handshakes_harm_nothing() -> None:
    rng = random.Random(2)
    whole = NULL + READY + b"\x01\x02hi\x00\x05there\x04\x09\x04PING\x00\x1exy"
    with listener() as (served, port), connecting(port) as one:
        for _ in range(300):
            said = bytearray(whole)
            for _ in range(rng.randint(1, 6)):
                said[rng.randrange(len(said))] = rng.randrange(256)
            with accepted(served) as peer:
                peer.sendall(said)
                peer.shutdown(socket.SHUT_WR)
                down(one)
        with accepted(served) as peer:
            peer.sendall(whole)
            while one.line() != "up":
                pass


def test_dispose_and_dialling_are_bounded() -> None:
    """The rest of the laws that need no peer are in C++."""
    out = cpp_program.run([cpp_program.program(), "laws"])
    assert out.endswith("0 failures\n"), out


def test_the_interface_in_c() -> None:
    assert cpp_program.run([cpp_program.program(), "c", "tcp://127.0.0.1:1"]) == "0 failures\n"


def test_it_compiles_for_windows_too() -> None:
    """The half of net.cpp for Winsock; it has not been run."""
    compiler = "x86_64-w64-mingw32-g++-posix"
    if not shutil.which(compiler):
        pytest.skip("needs g++-mingw-w64-x86-64-posix")
    words = ["-std=c++17", "-fsyntax-only", *cpp_program.WARNINGS, "-I", str(cpp_program.ROOT)]
    cpp_program.run([compiler, *words, cpp_program.joined("space")])
