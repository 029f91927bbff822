"""A listener over real sockets: what a key has on all its connections, who is ended first, who is read first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
import zmq
from zmq.utils import z85

from space_runtime.server.transport.bucket import Bucket
from space_runtime.server.transport.client import Rates
from space_runtime.server.transport.curve import Curve
from space_runtime.server.transport.frames import COMMAND, FrameReader
from space_runtime.server.transport.listener import Listener
from space_runtime.server.transport.peer import MAX_UNSENT
from space_runtime.server.transport.zmtp import Null, greeting_of
from tests.space_runtime.server.transport.test_curve import Echo
from tests.tools.attacks.raw_peer import RawPeer, frame

RATES = Rates(message_bytes=1 << 20, bytes_per_s=1 << 20, connections=4)


@pytest.fixture
def echo() -> Iterator[Echo]:
    """A server that answers what it hears, in this thread."""
    echo = Echo()
    echo.listener = Listener("tcp://127.0.0.1:*", Null, echo, RATES)
    yield echo
    echo.listener.close()


def turn(echo: Echo, seconds: float, since: float = 0.0) -> None:
    """Serve for so long; ``since`` is added to the clock."""
    assert echo.listener
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        echo.listener.serve(echo.listener.wait(0.01), time.monotonic() + since)


def test_a_bucket_owes_time_for_what_goes_beyond_it() -> None:
    bucket = Bucket(10.0, 0.0)
    assert bucket.spend(10.0, 5.0, 0.0) == 0.0 and bucket.spend(5.0, 5.0, 0.0) == 1.0
    assert bucket.spend(0.0, 5.0, 3.0) == 0.0 and bucket.spend(20.0, 5.0, 100.0) == 2.0


def test_silent_connections_give_way_to_new_ones(echo: Echo) -> None:
    assert echo.listener
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(RawPeer(echo.listener.address, greet=False))
        turn(echo, 0.2)
        turn(echo, 0.05, since=2.0)  # they are known for a while
        with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
            dealer.linger = 0
            dealer.connect(echo.listener.address)
            dealer.send(b"new")
            turn(echo, 0.3, since=2.0)
            assert dealer.poll(0) and dealer.recv() == b"new"


def test_a_key_has_half_of_all_connections(echo: Echo) -> None:
    public, secret = map(z85.decode, zmq.curve_keypair())
    keyed = Echo()
    keyed.listener = Listener("tcp://127.0.0.1:*", lambda: Curve(secret, public, lambda key: True), keyed, RATES)
    own, other = zmq.curve_keypair(), zmq.curve_keypair()
    with zmq.Context() as context, ExitStack() as stack:
        dealers = []
        for pair in (own, own, own, other):
            dealers.append(stack.enter_context(context.socket(zmq.DEALER)))
            dealers[-1].linger = 0
            dealers[-1].curve_publickey, dealers[-1].curve_secretkey = pair
            dealers[-1].curve_serverkey = z85.encode(public)
            dealers[-1].connect(keyed.listener.address)
            turn(keyed, 0.2)
        for dealer in dealers:
            dealer.send(b"hello")
        turn(keyed, 0.2)
        assert keyed.listener.n_cut >= 1 and dealers[3].poll(0)
        assert sum(bool(dealer.poll(0)) for dealer in dealers[:3]) == 2
    keyed.listener.close()


def test_a_peer_that_asks_for_life_while_too_much_waits_for_it_gets_whole_messages(echo: Echo) -> None:
    assert echo.listener
    big, ping = bytes(1 << 20), frame(b"\x04PING\x00\x00", COMMAND)
    with RawPeer(echo.listener.address, greet=False) as peer:
        peer.send(frame(b"hello"))
        turn(echo, 0.1)
        (route,) = echo.routes
        while echo.listener.send(route, [big]):
            turn(echo, 0.02)
        peer.send(ping)
        turn(echo, 0.1)
        data = received(echo, peer, MAX_UNSENT)
        echo.listener.send(route, [b"after"])
        heard = bodies(data + received(echo, peer, 1))
    assert heard[-1] == b"after" and set(map(len, heard[2:-1])) == {len(big)}


def test_a_peer_that_is_heard_no_further_is_told_and_cut_off(echo: Echo) -> None:
    echo.patience = 1
    assert echo.listener
    with RawPeer(echo.listener.address, greet=False) as peer:
        peer.send(frame(b"heard") + frame(b"not heard") + frame(bytes(200))[:100])
        assert bodies(received(echo, peer, 100))[1:] == [b"heard"]
        with suppress(OSError):
            peer.send(frame(b"later"))
        turn(echo, 0.3)
        assert echo.n_heard == 1 and echo.listener.n_cut == 1 and peer.hung_up_within(0.5)


def received(echo: Echo, peer: RawPeer, at_least: int) -> bytes:
    """Return the bytes that come, until nothing more comes for a while."""
    data = bytearray()
    peer.wire.settimeout(0.01)
    end = time.monotonic() + 0.2
    while time.monotonic() < end or len(data) < at_least:
        turn(echo, 0.005)
        with suppress(TimeoutError):
            if not (some := peer.wire.recv(1 << 20)):
                break
            data += some
            end = time.monotonic() + 0.2
    return bytes(data)


def bodies(data: bytes) -> list[bytes]:
    """Return the bodies of the frames after a greeting."""
    reader = FrameReader(lambda flags, size: True)
    return [body or b"" for _, body in reader.feed(data[len(greeting_of(Null.name)) :])]


def test_what_is_sent_beyond_the_rate_is_read_later_and_told(echo: Echo) -> None:
    told: list[float] = []
    echo.too_fast = lambda route, now: told.append(now)  # type: ignore[method-assign]
    assert echo.listener
    with RawPeer(echo.listener.address, greet=False) as peer:
        peer.wire.setblocking(False)
        data = rest = frame(bytes(60_000)) * 10
        end = time.monotonic() + 1.0
        n_sent = 0
        while time.monotonic() < end:
            try:
                n = peer.wire.send(rest)
                n_sent, rest = n_sent + n, rest[n:] or data
            except BlockingIOError:
                turn(echo, 0.005)
            peer.wire.setblocking(False)
            with suppress(BlockingIOError):
                peer.wire.recv(1 << 20)
    assert told and n_sent < 24 << 20


def test_what_waits_for_all_slow_peers_together_is_bounded(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert echo.listener
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(RawPeer(echo.listener.address, greet=False))
        turn(echo, 0.2)
        peers = list(echo.listener._peers.values())
        for _ in range(4):  # the system takes some megabytes before anything waits here
            turn(echo, 0.05)
            for peer in peers[:3] * 20:  # nothing waits for the fourth
                echo.listener.send(peer.hearing.route, [bytes(1 << 18)])
        n_unsent = sum(len(peer.unsent) for peer in peers)
        monkeypatch.setattr("space_runtime.server.transport.idleness.MAX_UNSENT_IN_ALL", n_unsent // 2)
        turn(echo, 0.5)
        left = list(echo.listener._peers.values())
        assert sum(len(peer.unsent) for peer in left) <= n_unsent // 2
        assert peers[3] in left and 0 < echo.listener.n_cut < 4
