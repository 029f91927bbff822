"""CURVE at the server's end, held to libzmq's client: who has no listed key, or cheats, hears nothing."""

from __future__ import annotations

import pytest
import zmq
from nacl.bindings import crypto_box, crypto_box_keypair
from zmq.utils import z85

from space_runtime.server.transport.client import Rates
from space_runtime.server.transport.curve import Curve
from space_runtime.server.transport.errors import BreachError
from space_runtime.server.transport.listener import Listener
from space_runtime.server.transport.zmtp import Overrun

SECONDS = 5.0


class Echo:
    """Sends back what it hears. keys, routes: of those who spoke. patience: messages after which it hears no more."""

    def __init__(self) -> None:
        self.keys: set[bytes] = set()
        self.routes: set[bytes] = set()
        self.n_heard, self.patience = 0, 1_000_000
        self.listener: Listener | None = None

    def receive(self, route: bytes, parts: list[bytes], now: float, key: bytes) -> bool:
        self.keys.add(key)
        self.routes.add(route)
        self.n_heard += 1
        assert self.listener
        self.listener.send(route, parts)
        return self.n_heard < self.patience

    def overran(self, route: bytes, kind: Overrun, size: int, now: float, key: bytes) -> bool:
        return False

    def part_bytes(self, route: bytes) -> int:
        return 1 << 20

    def is_needed(self, route: bytes) -> bool:
        return False

    def weight(self, route: bytes) -> int:
        return 1

    def too_fast(self, route: bytes, now: float) -> None:
        raise AssertionError

    def lost(self, route: bytes, now: float) -> None:
        pass


@pytest.fixture
def server_keys() -> tuple[bytes, bytes]:
    public, secret = zmq.curve_keypair()
    return z85.decode(public), z85.decode(secret)


def exchange(
    server: tuple[bytes, bytes], believed: bytes, own: tuple[bytes, bytes], listed: bytes
) -> tuple[Echo, list[list[bytes]]]:
    """Let a client of libzmq with ``own`` keys, which believes in a server's key, send three messages."""
    echo = Echo()
    public, secret = server
    listener = Listener(
        "tcp://127.0.0.1:*", lambda: Curve(secret, public, listed.__eq__), echo, Rates(1 << 20, 1 << 20, 8)
    )
    echo.listener = listener
    heard: list[list[bytes]] = []
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.curve_publickey, dealer.curve_secretkey = own
        dealer.curve_serverkey = believed
        dealer.connect(listener.address)
        for parts in SENT:
            dealer.send_multipart(parts)
        for turn in range(60):
            listener.serve(listener.wait(0.01), turn * 0.01)
            while dealer.poll(0):
                heard.append(dealer.recv_multipart())
    listener.close()
    return echo, heard


SENT = [[b"one"], [b"", b"two", bytes(70_000)], [b"three"] * 64]


def test_a_listed_key_speaks_and_is_heard(server_keys: tuple[bytes, bytes]) -> None:
    own = zmq.curve_keypair()
    echo, heard = exchange(server_keys, z85.encode(server_keys[0]), own, own[0])
    assert heard == SENT and echo.keys == {own[0]}


def test_other_keys_are_not_heard(server_keys: tuple[bytes, bytes]) -> None:
    own, other = zmq.curve_keypair(), zmq.curve_keypair()
    right = z85.encode(server_keys[0])
    for believed, pair in ((right, own), (other[0], other), (right, (other[0], own[1]))):
        echo, heard = exchange(server_keys, believed, pair, other[0])
        assert not heard and not echo.keys


def test_nothing_but_the_handshake_is_taken(server_keys: tuple[bytes, bytes]) -> None:
    public, secret = server_keys

    def fresh() -> Curve:
        return Curve(secret, public, lambda key: True)

    for wrong in (b"", b"\x05HELLO", bytes(200), b"\x05HELLO\x01\x00" + bytes(192), b"\x08INITIATE" + bytes(300)):
        with pytest.raises(BreachError):
            fresh().answer(wrong)
    with pytest.raises(BreachError):
        greeted(fresh(), public).answer(b"\x08INITIATE" + bytes(300))
    with pytest.raises(BreachError):
        greeted(fresh(), public).answer(hello(public, 2))
    with pytest.raises(BreachError):
        fresh().opened(0, b"\x07MESSAGE" + bytes(100))


def hello(server: bytes, nonce: int) -> bytes:
    own_public, own_secret = crypto_box_keypair()
    short = nonce.to_bytes(8, "big")
    signature = crypto_box(bytes(64), b"CurveZMQHELLO---" + short, server, own_secret)
    return b"\x05HELLO\x01\x00" + bytes(72) + own_public + short + signature


def greeted(curve: Curve, server: bytes) -> Curve:
    assert curve.answer(hello(server, 1)).startswith(b"\x07WELCOME")
    return curve
