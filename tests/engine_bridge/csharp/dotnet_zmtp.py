"""The C# ZMTP client against real ZeroMQ sockets. ``row_NN``: the situations every client of ours must survive."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest
import zmq

from tests.engine_bridge.csharp.dotnet import byte_array
from tests.engine_bridge.csharp.dotnet_loaded import Probe, System, Transport, allocated, collections
from tests.engine_bridge.csharp.dotnet_peers import (
    Connection,
    TcpPeer,
    connection,
    read_frame,
    receive,
    send,
    shake,
    until_closed,
    zmq_socket,
)
from tests.support.ports import free_port
from tests.support.waiting import eventually, shortest

DISPOSE_S: Final = 0.1
"""Within which a connection ends, by its description."""


def test_row_01_connect_before_the_server_exists() -> None:
    port = free_port()
    with connection("Dealer", port) as client:
        assert not client.IsConnected
        assert eventually(lambda: "nobody listens" in client.LastError)
        with zmq_socket(zmq.ROUTER, port):
            assert eventually(lambda: client.IsConnected)


def test_row_02_several_parts_and_empty_ones_both_ways() -> None:
    parts = [b"", b"one", b"", bytes(range(256)) * 300, b""]
    with zmq_socket(zmq.ROUTER) as (server, port), connection("Dealer", port) as client:
        assert send(client, *parts)
        who, *came = server.recv_multipart()
        assert came == parts
        server.send_multipart([who, *parts])
        assert receive(client) == parts


def test_row_03_a_message_waits_for_the_server_to_come_back() -> None:
    with connection("Dealer", port := free_port()) as client:
        with zmq_socket(zmq.ROUTER, port):
            assert eventually(lambda: client.IsConnected)
        assert eventually(lambda: not client.IsConnected)
        assert send(client, b"kept")
        with zmq_socket(zmq.ROUTER, port) as (server, _):
            assert server.recv_multipart()[1:] == [b"kept"]
            assert client.Counters.Reconnects >= 1


def test_a_message_bound_to_a_link_is_dropped_with_it() -> None:
    with connection("Dealer", port := free_port()) as client:
        with zmq_socket(zmq.ROUTER, port):
            assert eventually(lambda: client.IsConnected)
            epoch = client.Epoch
        assert eventually(lambda: not client.IsConnected)
        assert client.Send(System.ArraySegment[System.Byte](byte_array(b"old")), epoch)
        assert client.Send(System.ArraySegment[System.Byte](byte_array(b"any")), 0)
        with zmq_socket(zmq.ROUTER, port) as (server, _):
            assert server.recv_multipart()[1:] == [b"any"]
            assert client.Counters.Dropped == 1


def test_row_04_subscriptions_come_and_go() -> None:
    with zmq_socket(zmq.XPUB) as (server, port), connection("Sub", port) as client:
        client.Subscribe(byte_array(b"a"))
        assert server.recv() == b"\x01a"
        client.Subscribe(byte_array(b"b"))
        assert server.recv() == b"\x01b"
        for topic in (b"a1", b"c1", b"b1"):
            server.send(topic)
        assert [receive(client), receive(client)] == [[b"a1"], [b"b1"]]
        client.Unsubscribe(byte_array(b"a"))
        assert server.recv() == b"\x00a"
        for topic in (b"a2", b"b2"):
            server.send(topic)
        assert receive(client) == [b"b2"]


def test_row_05_subscriptions_are_sent_again_after_a_reconnect() -> None:
    port = free_port()
    with connection("Sub", port) as client:
        client.Subscribe(byte_array(b"x"))
        for _ in range(2):
            with zmq_socket(zmq.XPUB, port) as (server, _):
                assert server.recv() == b"\x01x"
                server.send(b"x!")
                assert receive(client) == [b"x!"]


def test_row_06_conflate_keeps_the_newest() -> None:
    with zmq_socket(zmq.XPUB) as (server, port), connection("Sub", port, Conflate=True) as client:
        client.Subscribe(byte_array(b""))
        server.recv()
        for i in range(500):
            server.send(struct.pack("<I", i))
        assert eventually(lambda: client.Counters.MessagesIn == 500)
        assert receive(client) == [struct.pack("<I", 499)]
        assert receive(client, 50) is None
        assert client.Counters.Dropped == 499


def test_a_slow_subscriber_loses_the_oldest_and_counts() -> None:
    with zmq_socket(zmq.XPUB, sndhwm=0) as (server, port), connection("Sub", port, ReceiveLimit=10) as client:
        client.Subscribe(byte_array(b""))
        server.recv()
        for i in range(100):
            server.send(struct.pack("<I", i))
        assert eventually(lambda: client.Counters.MessagesIn == 100)
        assert client.Waiting == 10
        assert receive(client) == [struct.pack("<I", 90)]
        assert client.Counters.Dropped == 90


def test_row_07_a_server_that_pings_often() -> None:
    options = {"heartbeat_ivl": 100, "heartbeat_timeout": 300, "heartbeat_ttl": 300}
    with zmq_socket(zmq.ROUTER, **options) as (_, port), connection("Dealer", port, HeartbeatMs=100) as client:
        assert eventually(lambda: client.Counters.PingsIn >= 10)
        assert eventually(lambda: client.Counters.PongsIn >= 5)
        assert client.Epoch == 1


def test_row_15_no_identity_is_sent() -> None:
    with zmq_socket(zmq.ROUTER) as (server, port), connection("Dealer", port) as one, connection("Dealer", port) as two:
        send(one, b"1")
        send(two, b"2")
        ids = [server.recv_multipart()[0] for _ in range(2)]
        assert len(set(ids)) == 2
        assert all(len(each) == 5 and each[0] == 0 for each in ids)


def anything(_: Connection) -> bool:
    return True


def seconds_to_dispose(
    port: int | str, ready: Callable[[Connection], object] = anything, after_s: float = 0.0, **options: object
) -> float:
    """Return how long a connection takes to end at a moment of its life; see `shortest`."""

    def once() -> float:
        with connection("Dealer", port, **options) as client:
            assert eventually(lambda: ready(client))
            time.sleep(after_s)
            began = time.perf_counter()
            client.Dispose()
            took_s = time.perf_counter() - began
            assert not client.IsConnected
            return took_s

    return shortest(once, DISPOSE_S)


def test_row_16_dispose_while_connected_and_while_reconnecting() -> None:
    with zmq_socket(zmq.ROUTER) as (_, port):
        connected = seconds_to_dispose(port, lambda client: client.IsConnected)
    reconnecting = seconds_to_dispose(free_port(), lambda client: client.LastError)
    print(f"MEASURED dispose: connected {connected * 1000:.1f} ms, reconnecting {reconnecting * 1000:.1f} ms")
    assert max(connected, reconnecting) < DISPOSE_S


@pytest.fixture
def swallowing() -> object:
    """A port whose connections hang: its queue of waiting connections is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(8):
        each = socket.socket()
        each.setblocking(False)
        each.connect_ex(listener.getsockname())
        waiting.append(each)
    yield listener.getsockname()[1]
    for each in (*waiting, listener):
        each.close()


def test_row_17_dispose_while_dialling(swallowing: int) -> None:
    times = [seconds_to_dispose(swallowing, after_s=wait_s) for wait_s in (0.0, 0.05, 0.2)]
    print(f"MEASURED dispose while dialling: {', '.join(f'{1000 * took_s:.1f}' for took_s in times)} ms")
    assert max(times) < DISPOSE_S


def test_dialling_ends(swallowing: int) -> None:
    with connection("Dealer", swallowing, ConnectTimeoutMs=200) as client:
        assert eventually(lambda: "no answer within 200 ms" in client.LastError)


def test_dispose_while_the_name_is_looked_up_or_wrong() -> None:
    assert seconds_to_dispose("tcp://no-such-host.invalid:5570", AllowRemote=True) < DISPOSE_S


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_row_22_ipv6_and_names(host: str) -> None:
    context = zmq.Context()
    server = context.socket(zmq.ROUTER)
    server.linger = 0
    server.ipv6 = host == "[::1]"
    try:
        port = server.bind_to_random_port("tcp://[::1]" if server.ipv6 else "tcp://127.0.0.1")
        with connection("Dealer", f"tcp://{host}:{port}") as client:
            assert eventually(lambda: client.IsConnected)
    finally:
        server.close()
        context.term()


@pytest.mark.parametrize(
    "address",
    ["", "127.0.0.1:1", "tcp://127.0.0.1", "tcp://:5570", "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536", "tcp://::1:5570",
     "tcp://[127]:5570x", "udp://127.0.0.1:1", "tcp://192.0.2.1:5570", "tcp://[2001:db8::1]:5570"],
)  # fmt: skip
def test_addresses_that_are_none_or_remote_are_refused(address: str) -> None:
    with pytest.raises(Exception) as caught, connection("Dealer", address):
        pass
    assert type(caught.value).__name__ == "ArgumentException"


def test_row_14_a_curve_server_is_named_and_not_hammered() -> None:
    context = zmq.Context()
    server = context.socket(zmq.ROUTER)
    server.linger = 0
    server.curve_publickey, server.curve_secretkey = zmq.curve_keypair()
    server.curve_server = True
    log: list[str] = []
    try:
        port = server.bind_to_random_port("tcp://127.0.0.1")
        with connection("Dealer", port, Log=log.append) as client:
            assert eventually(lambda: client.Counters.Reconnects >= 2)
            assert "CURVE" in client.LastError
            assert len(log) == 1, "the same trouble is told once"
            assert client.Counters.Reconnects < 5
    finally:
        server.close()
        context.term()


def test_row_25_a_hundred_connections_leave_nothing() -> None:
    def n_open() -> tuple[int, int]:

        sockets = sum(
            path.is_symlink() and "socket" in str(path.readlink()) for path in Path("/proc/self/fd").iterdir()
        )
        return len(list(Path("/proc/self/task").iterdir())), sockets

    with zmq_socket(zmq.ROUTER) as (_, port):
        with connection("Dealer", port) as client:
            assert eventually(lambda: client.IsConnected)
        before = n_open()
        for i in range(100):
            with connection("Dealer", port) as client:
                if i % 2:
                    assert eventually(partial(getattr, client, "IsConnected"))
        assert eventually(lambda: n_open()[0] <= before[0] + 3 and n_open()[1] <= before[1] + 4)


def test_a_message_half_sent_when_the_link_broke_comes_whole() -> None:
    bodies: list[bytes] = []
    body = bytes(range(256)) * 40_000  # 10 MB: more than the system's buffers take

    def serve(peer: socket.socket) -> None:
        shake(peer)
        if not bodies:
            bodies.append(peer.recv(100_000))  # a piece, then gone
            return
        bodies.append(read_frame(peer)[1])
        until_closed(peer)

    with TcpPeer(serve) as server, connection("Dealer", server.port) as client:
        assert send(client, body)
        assert eventually(lambda: len(bodies) == 2)
        assert bodies[1] == body


def test_row_24_an_error_on_an_old_link_does_not_end_the_new_one() -> None:
    """Each link is an object of its own: ending one twice, or late, touches no other."""

    def serve(peer: socket.socket) -> None:
        shake(peer)
        if server.n_accepted == 1:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset: sending fails
            return
        until_closed(peer)

    with TcpPeer(serve) as server, connection("Dealer", server.port) as client:
        while client.Epoch < 2:  # the writer is busy on the first link while it is reset
            send(client, bytes(100_000))
        stays = client.Epoch
        assert not eventually(lambda: client.Epoch != stays, 0.5)


def test_textures_of_a_megabyte_sixty_times_a_second_make_no_garbage() -> None:
    size, n = 1 << 20, 180

    def publish(server: zmq.Socket[bytes]) -> None:
        due = time.perf_counter()
        for i in range(40 + n):
            server.send(struct.pack("<I", i) + body, copy=False)
            due += 1 / 60
            time.sleep(max(0.0, due - time.perf_counter()))

    body = bytes(size - 4)
    with zmq_socket(zmq.XPUB, sndhwm=0) as (server, port), connection("Sub", port) as client:
        client.Subscribe(byte_array(b""))
        server.recv()
        publisher = threading.Thread(target=publish, args=(server,))
        publisher.start()
        assert Probe.Drain(client, 40, 3000)[0] == 40
        bytes_before, collections_before = allocated(), collections()
        came, gaps, _, _ = Probe.Drain(client, n, 3000)
        n_buffers, rest = divmod(allocated() - bytes_before, size)
        collected = collections() - collections_before
        publisher.join()
        print(
            f"MEASURED 1 MB at 60 Hz: {came:.0f} of {n}, {gaps:.0f} gaps, {rest / n:.0f} B a frame, gen-2 {collected}"
        )
        assert (came, gaps) == (n, 0)
        assert collected <= 1, "without a pool it is one for about seventeen frames"
        assert n_buffers <= 4, "the pool may grow when the machine is busy, but not with every frame"
        assert rest / n < 200
        assert client.Pool.Outstanding <= 2


@pytest.mark.parametrize(("size", "n"), [(250, 40_000), (1 << 20, 300)])
def test_a_flood_arrives_in_order(size: int, n: int) -> None:
    def flood(server: zmq.Socket[bytes]) -> None:
        for i in range(n):
            server.send_multipart([who, struct.pack("<I", i) + bytes(size - 4)], copy=size < 1000)

    with zmq_socket(zmq.ROUTER, sndhwm=0) as (server, port), connection("Dealer", port) as client:
        send(client, b"here")
        who, _ = server.recv_multipart()
        sender = threading.Thread(target=flood, args=(server,))
        sender.start()
        came, gaps, n_bytes, ms = Probe.Drain(client, n, 5000)
        sender.join()
        print(f"MEASURED flood of {size} B: {came / ms * 1000:.0f} messages/s, {n_bytes / ms / 1000:.0f} MB/s")
        assert (came, gaps) == (n, 0)


def test_round_trips() -> None:
    with zmq_socket(zmq.ROUTER) as (server, port), connection("Dealer", port) as client:
        times = []
        for _ in range(300):
            began = time.perf_counter()
            send(client, b"x" * 100)
            server.send_multipart(server.recv_multipart())
            assert receive(client) == [b"x" * 100]
            times.append((time.perf_counter() - began) * 1e6)
        print(f"MEASURED round trip of 100 B, Python included: median {sorted(times)[150]:.0f} µs")


def test_a_full_queue_says_so() -> None:
    with connection("Dealer", free_port(), SendLimit=3) as client:
        assert [send(client, b"x") for _ in range(4)] == [True, True, True, False]


def test_a_sub_cannot_send_and_a_dealer_not_subscribe() -> None:
    sub = Transport.ZmtpConnection(Transport.ZmtpSocketType.Sub, None)
    dealer = Transport.ZmtpConnection(Transport.ZmtpSocketType.Dealer, None)
    with pytest.raises(Exception, match="cannot send"):
        send(sub, b"x")
    with pytest.raises(Exception, match="only a SUB"):
        dealer.Subscribe(byte_array(b"x"))
    sub.Dispose()
    dealer.Dispose()
