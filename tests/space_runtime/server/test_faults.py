"""Faults at the wire: whatever a peer does, others get every frame, and memory comes back."""

from __future__ import annotations

import gc
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgpack
import numpy as np
import pytest
import zmq
import zmq.auth

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.wire import encode
from space_runtime.server.keys import make_keys
from space_runtime.server.limits import Limits
from space_runtime.server.server import Server, Settings
from space_runtime.server.worker.worker import Worker
from tests.support.quick_batch import quick
from tests.support.real_server import child_environment, serving_process
from tests.support.session_frames import BUNDLE
from tests.support.sounds import silence
from tests.support.waiting import PATIENCE_S, wait_for
from tests.support.wire_client import CHUNK, RATE, BackgroundClient, WireClient, connect_client

MIB = 1 << 20
TOLERANCE = 48 * MIB
"""Memory that may stay in use, in bytes: the pools of ZeroMQ and the allocator, and pytest itself."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server without faces, so that these tests do not depend on speed; short leases."""
    limits = Limits(lease_ms=1_000, sessions=50)
    with quick(), Server(BUNDLE, Settings("tcp://127.0.0.1:*", limits)) as running:
        with BackgroundClient(running.address):
            pass
        yield running


@pytest.fixture(autouse=True)
def _unharmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Around every test of the shared server: somebody talks and misses nothing; in the end nothing is left."""
    if "server" not in request.fixturenames:
        yield
        return
    server: Server = request.getfixturevalue("server")
    before = resident()
    with BackgroundClient(server.address):
        yield
    wait_for(lambda: not server.gateway.sessions, "the end of all sessions")
    worker = worker_of(server)
    assert server.worker.alive
    wait_for(lambda: worker.is_idle, "an idle worker")
    assert server.gateway.table.is_empty and len(server.gateway.connections) <= server.gateway.limits.connections
    gc.collect()
    grown = resident() - before
    print(f"memory: {grown / MIB:+.1f} MiB")
    assert grown < TOLERANCE


def worker_of(server: Server) -> Worker:
    """The worker of a server that is ready."""
    assert server.worker.worker
    return server.worker.worker


def resident() -> int:
    """Bytes of this process's memory; 0 where that cannot be read."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0


def host_port(address: str) -> tuple[str, int]:
    host, port = address.removeprefix("tcp://").split(":")
    return host, int(port)


CHILD = """
import sys
from tests.support.sounds import silence
from tests.support.wire_client import connect_client

client = connect_client(sys.argv[1])
session = client.open(lease_ms=1_000)
client.start(session)
client.push(session, 1, silence(8_000))
print("streaming", flush=True)
while True:
    client.listen(100)
"""


def test_a_client_that_is_killed_in_mid_line_leaves_nothing(server: Server, tmp_path: Path) -> None:
    words = [sys.executable, "-c", CHILD, server.address]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=tmp_path, env=child_environment()) as child:
        assert child.stdout
        assert child.stdout.readline() == b"streaming\n"
        wait_for(lambda: len(server.gateway.sessions) == 2, "the child's session")
        child.kill()
    wait_for(lambda: len(server.gateway.sessions) == 1, "the end of its lease")


def test_a_reader_that_never_reads_costs_little_memory(server: Server) -> None:
    with connect_client(server.address) as slow:
        session = slow.open(outputs=("weights", "head", "eyes", "landmarks"), fps=(240, 1))
        before, worker = resident(), worker_of(server)
        for stream in range(1, 13):
            slow.start(session, stream, "clip")
            slow.push(session, stream, silence(10 * RATE))
            slow.say(m.End(session=session, stream=stream, n_samples=10 * RATE))
            wait_for(partial(alive_until_finished, slow, server, stream), f"line {stream}")
        assert worker.delivery.n_sent >= 12 * 2_400 and server.sockets.n_slow
        assert resident() - before < 100 * MIB


def alive_until_finished(client: WireClient, server: Server, stream: int) -> bool:
    """Keep a client's lease, however slow the machine is; return what `last_finished` does."""
    client.say(m.Ping(nonce=1))
    return last_finished(server, stream)


def last_finished(server: Server, stream: int) -> bool:
    """Return whether some session has come to the end of this stream or beyond."""
    states = list(worker_of(server).sessions)
    return any(state.last_stream >= stream and state.stream is None for state in states)


def test_a_burst_is_slowed_down_and_the_rest_of_it_dropped(server: Server) -> None:
    with connect_client(server.address) as burst:
        session = burst.open()
        burst.start(session)
        for n in range(20_000):
            burst.push(session, 1, silence(1), n)
        assert burst.expect(m.Error).code == "too_fast"
        burst.say(m.Close(session=session))


def test_wrong_sizes_versions_and_shapes_are_answered(server: Server) -> None:
    with connect_client(server.address, greet=False) as client:
        client.say(m.Hello(versions=(99,), client="later"))
        assert client.expect(m.Error).code == "unsupported_version"
        client.send(bytes(70_000))
        assert client.expect(m.Error, 2).code == "too_large"
        client.send(*[b""] * 65)
        assert client.expect(m.Error, 3).code == "bad_message"
        client.say(m.Hello(versions=(1,), client="now"))
        client.expect(m.Welcome)
        client.send(bytes(17 * MIB))  # the transport's own limit: it hangs up
    with connect_client(server.address) as client:
        assert client.open()


BOMBS = {
    "deep arrays": b"\x91" * 60_000,
    "deep maps": b"\x81\xa1a" * 20_000,
    "a map of four billion": b"\xdf\xff\xff\xff\xff",
    "an array of four billion": b"\x81\xa4type\xdd\xff\xff\xff\xff",
    "a text of four GiB": b"\x81\xa4type\xdb\xff\xff\xff\xff",
    "bytes of four GiB": b"\x81\xa4type\xc6\xff\xff\xff\xff",
    "an extension": b"\x81\xa4type" + msgpack.packb(msgpack.ExtType(1, b"x" * 40)),
    "the same key twice": b"\x82\xa4type\xa4ping\xa4type\xa4ping",
    "many keys": msgpack.packb({f"k{n}": n for n in range(5_000)}),
    "wide nesting": msgpack.packb({"type": "ping", "nonce": 1, "x": [[[[0] * 250] * 200]] * 2}),
    "a huge number": msgpack.packb({"type": "ping", "nonce": 2**64 - 1}),
}


def test_messages_that_would_explode_do_not(server: Server) -> None:
    with connect_client(server.address) as client:
        for n, bomb in enumerate(BOMBS.values(), 1):
            client.send(bomb)
            assert client.expect(m.Error, n).code == "bad_message"


def test_ten_thousand_mutated_messages_harm_nobody(server: Server) -> None:
    rng = random.Random(7)
    seeds = [
        encode(message)
        for message in (
            m.Hello(versions=(1,), client="x"),
            m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=100, until=9, lease_ms=1_000),
            m.Start(session=1, stream=1, rate=16_000, format="s16", emotion={"happy": 0.5}),
            m.Audio(session=1, stream=1, first_sample=0, pcm=bytes(64)),
            m.Set(session=1, stream=1, at_sample=5, mouth=1.0),
            m.Resume(request=1, token=bytes(16)),
            m.Motion(session=1, stream=1, at_sample=5, rows=np.zeros(128, np.float32)),
            m.Interrupt(session=1, stream=1, at_sample=1, fade_ms=1),
        )
    ]
    for _ in range(200):
        with connect_client(server.address) as client:
            for _ in range(50):
                client.send(mutated(rng, rng.choice(seeds)))
            client.expect(m.Error)


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Flip, cut, double or insert some bytes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed))
        way = rng.randrange(4)
        if way == 0:
            changed[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            del changed[max(1, at) :]
        elif way == 2:
            changed[at:at] = changed[: rng.randrange(len(changed)) + 1]
        else:
            changed[at] = rng.choice([0xC1, 0xC7, 0xD9, 0xDB, 0xDF, 0xFF, 0x00])
    return bytes(changed)


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
READY = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER" + b"\x08Identity" + bytes(4)


def dial(server: Server) -> socket.socket:
    """A TCP connection that has shaken hands as a DEALER."""
    peer = socket.create_connection(host_port(server.address), timeout=PATIENCE_S)
    peer.sendall(GREETING + b"\x04" + bytes([len(READY)]) + READY)
    got = b""
    while len(got) < 64 + 2:
        got += peer.recv(4_096)
    return peer


def test_a_frame_of_a_gibibyte_is_hung_up_on(server: Server) -> None:
    before = resident()
    with dial(server) as peer:
        peer.sendall(b"\x02" + struct.pack(">Q", 1 << 30) + bytes(1_000))
        assert hung_up(peer)
    assert resident() - before < TOLERANCE


def hung_up(peer: socket.socket) -> bool:
    """Wait until the other side has closed."""
    try:
        while peer.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


def test_half_a_greeting_is_not_waited_for_for_ever(server: Server) -> None:
    peers = [socket.create_connection(host_port(server.address), timeout=PATIENCE_S) for _ in range(60)]
    for n, peer in enumerate(peers):
        peer.sendall(GREETING[: n % 64])
    with connect_client(server.address) as client:
        assert client.open()
    assert all(hung_up(peer) for peer in peers)
    for peer in peers:
        peer.close()


def test_connections_by_the_hundred_a_second_lock_nobody_out(server: Server) -> None:
    refused_before = server.gateway.counters.refused
    began, n = time.monotonic(), 0
    while time.monotonic() < began + 3.0:
        with connect_client(server.address, greet=False) as client:
            client.say(m.Hello(versions=(1,), client="flood"))
            n += 1
    with connect_client(server.address) as client:
        assert client.open()
    print(f"{n} connections in 3 s")
    assert server.gateway.counters.refused == refused_before


def test_peers_that_choose_one_identity_are_not_heard_and_harm_nobody(server: Server) -> None:
    with (
        connect_client(server.address, identity=b"twin", greet=False) as first,
        connect_client(server.address, identity=b"twin", greet=False) as second,
        connect_client(server.address) as other,
    ):
        session = other.open()
        for twin in (first, second):
            twin.say(m.Hello(versions=(1,), client="twin"), m.Close(session=session))
        assert other.speak(session, 1, silence(8_000)).frames == 15
        for twin in (first, second):
            twin.listen(500)
        assert {error.code for twin in (first, second) for error in twin.take(m.Error)} == {"bad_message"}
        assert not first.take(m.Welcome) and not second.take(m.Welcome)


def test_a_real_stall_of_a_worker_costs_frames_only_while_it_lasts(server: Server) -> None:
    with connect_client(server.address) as client:
        session = client.open(playout_ms=100)
        worker = worker_of(server)
        client.say(m.Idle(session=session, stream=1))
        client.expect(m.Frame, 5)
        real = worker.step

        def stalled(now: float) -> bool:
            time.sleep(1.0)
            worker.step = real  # type: ignore[method-assign]
            return real(now)

        worker.step = stalled  # type: ignore[method-assign]
        while worker.step != real:
            client.say(m.Ping(nonce=1))
            client.listen(20)
        n = len(client.take(m.Frame))
        client.expect(m.Frame, n + 10)
        client.say(m.Ping(nonce=2))
        client.say(m.Interrupt(session=session, stream=1, at_sample=0, fade_ms=0))
        finished = client.expect(m.Finished)
        frames = client.take(m.Frame)
        assert finished.dropped == frames[-1].seq + 1 - len(frames)


# Servers in processes of their own


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_in_mid_line_tells_everybody_and_ends_with_0(tmp_path: Path, name: str) -> None:
    if sys.platform == "win32":
        pytest.skip("only on Linux and macOS")
    with (
        serving_process(tmp_path / "log") as (process, address),
        connect_client(address) as one,
        connect_client(address) as two,
    ):
        sessions = [one.open(), one.open(), two.open()]
        for client, session in zip((one, one, two), sessions, strict=True):
            client.start(session)
            client.push(session, 1, silence(RATE))
        one.expect(m.Frame)
        asked = time.monotonic()
        process.send_signal(getattr(signal, name))
        for client, n in ((one, 2), (two, 1)):
            client.expect(m.Bye)
            assert [type(message) for message in client.heard if not isinstance(message, m.Frame | m.Started)][
                -2 * n - 1 :
            ].count(m.Closed) == n
            assert {done.reason for done in client.take(m.Closed)} == {"stopping"}
            assert len(client.take(m.Finished)) == n and isinstance(client.heard[-1], m.Bye)
        assert process.wait(PATIENCE_S) == 0
        print(f"stopped within {time.monotonic() - asked:.2f} s")
        assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_server_that_was_killed_and_came_back_takes_the_line_up(tmp_path: Path) -> None:
    with serving_process(tmp_path / "first") as (process, address):
        client = connect_client(address)
        session = client.open()
        client.start(session)
        client.push(session, 1, silence(RATE))
        client.expect(m.Frame, 5)
        process.kill()
        process.wait()
    with serving_process(tmp_path / "second", "--bind", address):
        while not client.take(m.Error):
            client.push(session, 1, silence(CHUNK), RATE)
            client.listen(20)
        assert client.take(m.Error)[0].code == "not_greeted"
        client.greet()
        n = len(client.take(m.Error))
        client.say(m.Resume(request=1, token=client.tokens[session]))
        assert client.expect(m.Error, n + 1).code == "bad_token"
        session, n_frames = client.open(), len(client.take(m.Frame))
        client.say(m.Start(session=session, stream=2, rate=RATE, format="s16", first_sample=8_000))
        client.push(session, 2, silence(8_000), 8_000)
        client.say(m.End(session=session, stream=2, n_samples=RATE))
        assert client.expect(m.Finished).frames == 15
        assert client.take(m.Frame)[n_frames].index == 15
    client.close()


def test_a_port_that_is_taken_is_one_sentence(server: Server) -> None:
    command = [sys.executable, "-m", "space_runtime", "serve", "--http", "0", "--bind", server.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "cannot be bound" in done.stderr


# Keys


def curve_keys(folder: Path, name: str) -> tuple[bytes, bytes, bytes]:
    public, secret = zmq.auth.load_certificate(folder / f"{name}.key_secret")
    server_key, _ = zmq.auth.load_certificate(folder / "server.key")
    assert secret
    return public, secret, server_key


def test_only_listed_keys_are_heard(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    for name in ("server", "anna", "eve"):
        make_keys(keys, name)
    listed = tmp_path / "clients"
    listed.mkdir()
    (listed / "anna.key").write_bytes((keys / "anna.key").read_bytes())
    options = ("--key", str(keys / "server.key_secret"), "--clients", str(listed))
    with serving_process(tmp_path / "log", *options) as (_, address):
        stranger = connect_client(address, greet=False)
        eve = connect_client(address, keys=curve_keys(keys, "eve"), greet=False)
        for client in (stranger, eve):
            client.say(m.Hello(versions=(1,), client="stranger"))
        with connect_client(address, keys=curve_keys(keys, "anna")) as anna:
            assert anna.speak(anna.open(), 1, silence(8_000)).frames == 15
        for client in (stranger, eve):
            client.listen(200)
            assert not client.heard
            client.close()
    assert zmq.zmq_version_info() >= (4, 3, 2)
