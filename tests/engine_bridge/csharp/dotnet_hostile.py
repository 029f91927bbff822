"""The C# ZMTP client against servers that are no servers, or mean it harm. ``row_NN``: see ``dotnet_zmtp.py``."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Callable

import pytest

from tests.engine_bridge.csharp.dotnet_loaded import allocated
from tests.engine_bridge.csharp.dotnet_peers import (
    GREETING,
    TcpPeer,
    command,
    connection,
    frame,
    read_exact,
    read_frame,
    ready,
    receive,
    send,
    shake,
    until_closed,
)
from tests.support.waiting import eventually, wait_for

Serve = Callable[[socket.socket], None]


def complaint(serve: Serve, **options: int) -> str:
    """Return the log of a client about a server."""
    with TcpPeer(serve) as server, connection("Dealer", server.port, **options) as client:
        assert eventually(lambda: client.LastError)
        return str(client.LastError)


def says(*data: bytes) -> Serve:
    """A server that says something and waits."""

    def serve(peer: socket.socket) -> None:
        for each in data:
            peer.sendall(each)
        until_closed(peer)

    return serve


def after_handshake(*data: bytes, then_closes: bool = False) -> Serve:
    """A server that behaves until hands are shaken."""

    def serve(peer: socket.socket) -> None:
        shake(peer)
        for each in data:
            peer.sendall(each)
        if not then_closes:
            until_closed(peer)

    return serve


def test_row_08_a_peer_that_falls_silent_is_dropped() -> None:
    began = time.monotonic()
    with (
        TcpPeer(after_handshake()) as server,
        connection("Dealer", server.port, HeartbeatTimeoutMs=400, HeartbeatMs=100) as client,
    ):
        assert eventually(lambda: "silent for 400 ms" in client.LastError)
        assert time.monotonic() - began > 0.4
        assert eventually(lambda: client.Epoch > 1)


def test_row_09_an_http_server() -> None:
    assert "ZMTP" in complaint(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"))


def test_row_10_a_server_that_accepts_and_says_nothing() -> None:
    assert "handshake took longer than 300 ms" in complaint(says(), HandshakeTimeoutMs=300)


NULL_20 = b"NULL".ljust(20, b"\0")
REFUSALS = {
    "an old peer": (says(GREETING[:10] + b"\x01"), "ZMTP 1"),
    "ZMTP 2": (says(GREETING[:10] + b"\x02\x00" + bytes(52)), "ZMTP 2"),
    "CURVE": (says(GREETING.replace(NULL_20, b"CURVE".ljust(20, b"\0"))), "CURVE"),
    "PLAIN": (says(GREETING.replace(NULL_20, b"PLAIN".ljust(20, b"\0"))), "PLAIN"),
    "wrong socket type": (says(GREETING, ready(b"PUB")), "PUB"),
    "no socket type": (says(GREETING, command(b"READY")), "does not fit"),
    "ERROR": (says(GREETING, command(b"ERROR", b"\x07go away")), "go away"),
    "ERROR without a reason": (says(GREETING, command(b"ERROR", b"\xff")), "no reason"),
    "a message instead of READY": (says(GREETING, frame(b"hello")), "instead of READY"),
    "another command": (says(GREETING, command(b"HELLO")), "HELLO"),
    "nameless command": (says(GREETING, frame(b"", 4)), "without a name"),
    "name past its end": (says(GREETING, frame(b"\x09REA", 4)), "without a name"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_row_11_peers_that_do_not_fit_are_refused_by_name(name: str) -> None:
    serve, expected = REFUSALS[name]
    assert expected in complaint(serve)


BAD_FRAMES = {
    "2^40 bytes": (b"\x02" + struct.pack(">Q", 1 << 40), "1099511627776"),
    "negative length": (b"\x02" + struct.pack(">q", -1), "18446744073709551615"),
    "reserved flags": (b"\x08\x01x", "reserved flags"),
    "a long command": (b"\x06" + struct.pack(">Q", 1 << 20), "1048576"),
    "a command with more to follow": (b"\x05\x05\x04PONG", "more follows"),
    "ERROR later on": (command(b"ERROR", b"\x04stop"), "stop"),
    "a PING that is too short": (command(b"PING", b"\x00"), "PING"),
    "a PING that is too long": (command(b"PING", bytes(19)), "PING"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_row_12_frames_that_are_none_end_the_link(name: str) -> None:
    data, expected = BAD_FRAMES[name]
    assert expected in complaint(after_handshake(data))


def test_row_12_a_frame_that_is_cut_off_ends_the_link() -> None:
    assert "closed by the peer" in complaint(after_handshake(b"\x00\x09abc", then_closes=True))


GOOD = GREETING + ready() + command(b"PING", b"\x00\x0ahi") + frame(b"part", 1) + frame(bytes(300)) + command(b"PONG")
READY_AT = len(GREETING)


def mutated(rng: random.Random, first: int) -> bytes:
    """A good conversation with up to six other bytes from ``first`` on, cut at its end by up to a half."""
    data = bytearray(GOOD)
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(first, len(data))] = rng.randrange(256)
    return bytes(data[: rng.randint(len(data) // 2, len(data))])


def is_no_zmtp(data: bytes) -> bool:
    """True where no client may go on: another signature, an old version, or a first frame of this size but no READY."""
    head, size, *name = data[READY_AT : READY_AT + 8]
    no_ready = size == GOOD[READY_AT + 1] and bytes(name) != b"\x05READY"
    return data[0] != 0xFF or not data[9] & 1 or data[10] < 3 or head != 4 or no_ready


@pytest.mark.parametrize("first", [0, READY_AT])
def test_row_13_mutated_conversations_leave_the_client_alive(first: int) -> None:
    rng = random.Random(13)
    conversations = [mutated(rng, first) for _ in range(1000)]
    unread = iter(conversations)

    def serve(peer: socket.socket) -> None:
        data = next(unread, None)
        if data is None:
            shake(peer)
            peer.sendall(frame(b"alive"))
        else:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)  # closed with bytes unread, TCP would take back what the client has not read
        until_closed(peer)

    with (
        TcpPeer(serve) as server,
        connection("Dealer", server.port, ReconnectMinMs=1, ReconnectMaxMs=1, HandshakeTimeoutMs=60_000) as client,
    ):
        wait_for(lambda: server.n_accepted > len(conversations) and client.IsConnected, "the good conversation")
        while receive(client) != [b"alive"]:
            pass
        n_wrong = sum(map(is_no_zmtp, conversations))
        n_cut_only = sum(GOOD.startswith(data) for data in conversations)
        print(f"MEASURED refused: {n_wrong} ≤ {client.Counters.Refused} ≤ {len(conversations) - n_cut_only}")
        assert 20 < n_wrong <= client.Counters.Refused <= len(conversations) - n_cut_only
        assert client.Pool.Outstanding <= 1


def drip(data: bytes, through: threading.Event) -> Serve:
    """A server that says a byte every tenth of a second; through: set when the last one is out."""

    def serve(peer: socket.socket) -> None:
        for i in range(len(data)):
            peer.sendall(data[i : i + 1])
            time.sleep(0.1)
        through.set()

    return serve


def test_row_18_a_dripping_handshake_ends_at_its_limit() -> None:
    began, through = time.monotonic(), threading.Event()
    assert "handshake took longer" in complaint(drip(GREETING, through), HandshakeTimeoutMs=500)
    assert time.monotonic() - began > 0.5 and not through.is_set()


def test_a_dripping_message_is_no_life() -> None:
    through = threading.Event()

    def serve(peer: socket.socket) -> None:
        shake(peer)
        peer.sendall(b"\x00\xff")
        drip(bytes(255), through)(peer)

    assert "silent" in complaint(serve, HeartbeatTimeoutMs=500)
    assert not through.is_set()


def test_row_19_what_a_header_claims_is_not_allocated() -> None:
    claims = b"\x02" + struct.pack(">Q", 60_000_000)
    with TcpPeer(after_handshake(claims)) as server, connection("Dealer", server.port) as client:
        assert eventually(lambda: client.IsConnected)
        before = allocated()
        assert not eventually(lambda: allocated() - before > 1_000_000, 0.5)
        print(f"MEASURED allocated for a claim of 60 MB: {(allocated() - before) / 1000:.0f} kB")


def test_row_20_endless_empty_parts_end_at_the_limit() -> None:
    def serve(peer: socket.socket) -> None:
        shake(peer)
        while True:
            peer.sendall(b"\x01\x00" * 5000)

    before = allocated()
    assert "more than 64 parts" in complaint(serve)
    assert allocated() - before < 5_000_000


def test_row_21_a_property_past_its_end_is_a_protocol_error() -> None:
    for data in (
        b"\x0bSocket-Type\x00\x00\x01\x00ROUTER",
        b"\x0bSocket",
        b"\xff",
        b"\x01a\xff\xff\xff\xff",
        b"\x01a\x00",
    ):
        assert "property runs past its end" in complaint(says(GREETING, command(b"READY", data)))


def test_row_23_pings_are_answered_while_the_queue_is_full() -> None:
    answered: list[bytes] = []

    def serve(peer: socket.socket) -> None:
        shake(peer)
        peer.sendall(frame(b"x") * 15 + command(b"PING", b"\x00\x0anow"))
        while not answered:
            flags, body = read_frame(peer)
            if flags & 4 and body.startswith(b"\x04PONG"):
                answered.append(body[5:])
        until_closed(peer)

    with TcpPeer(serve) as server, connection("Dealer", server.port, ReceiveLimit=10) as client:
        assert eventually(lambda: answered)
        assert answered == [b"now"]
        assert client.Waiting == 15


def test_row_23_a_client_that_reads_nothing_still_shows_life_and_loses_nothing() -> None:
    n = 400
    seen: list[float] = []

    def serve(peer: socket.socket) -> None:
        shake(peer)
        peer.sendall(b"".join(frame(struct.pack("<I", i)) for i in range(n)))
        while True:
            flags, body = read_frame(peer)
            if flags & 4 and body.startswith(b"\x04PING"):
                seen.append(time.monotonic())
                peer.sendall(command(b"PONG", body[7:]))

    with (
        TcpPeer(serve) as server,
        connection("Dealer", server.port, ReceiveLimit=10, HeartbeatMs=50, HeartbeatTimeoutMs=300) as client,
    ):
        assert eventually(lambda: len(seen) >= 12)
        assert client.Waiting == 20
        assert [receive(client) for _ in range(n)] == [[struct.pack("<I", i)] for i in range(n)]
        assert client.Epoch == 1


def test_row_26_a_message_too_large_in_parts_is_refused_and_counted() -> None:
    parts = frame(bytes(400), 1) * 3
    with (
        TcpPeer(after_handshake(frame(bytes(400), 1) + frame(bytes(400)), parts)) as server,
        connection("Dealer", server.port, MaxMessageBytes=1000) as client,
    ):
        assert eventually(lambda: client.Counters.Refused == 1)
        assert "at most 200 are allowed" in client.LastError
        assert receive(client) == [bytes(400), bytes(400)]


def test_many_pings_do_not_fill_the_memory() -> None:
    def serve(peer: socket.socket) -> None:
        shake(peer)
        for _ in range(50):
            peer.sendall(command(b"PING", b"\x00\x0a" + bytes(16)) * 1000)
        until_closed(peer)

    with TcpPeer(serve) as server, connection("Dealer", server.port) as client:
        assert eventually(lambda: client.Counters.PingsIn == 50_000)
        assert client.IsConnected


def test_a_peer_that_takes_nothing_is_dropped() -> None:
    def serve(peer: socket.socket) -> None:
        shake(peer)
        while True:
            time.sleep(0.05)
            peer.sendall(command(b"PONG"))

    with TcpPeer(serve) as server, connection("Dealer", server.port, SendTimeoutMs=300) as client:
        assert send(client, bytes(30_000_000))
        assert eventually(lambda: "took nothing for 300 ms" in client.LastError)


def test_a_client_of_zmtp_3_0_subscribes_by_message() -> None:
    heard: list[tuple[int, bytes]] = []

    def serve(peer: socket.socket) -> None:
        peer.sendall(GREETING[:11] + b"\x00" + GREETING[12:])
        read_exact(peer, 64)
        read_frame(peer)
        peer.sendall(ready(b"XPUB"))
        heard.append(read_frame(peer))
        until_closed(peer)

    with TcpPeer(serve) as server, connection("Sub", server.port) as client:
        from tests.engine_bridge.csharp.dotnet import byte_array

        client.Subscribe(byte_array(b"ab"))
        assert eventually(lambda: heard)
        assert heard == [(0, b"\x01ab")]
