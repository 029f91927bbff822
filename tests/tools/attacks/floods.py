"""Attacks by bytes and parts, on the budgets of the transport. Each runs until ``end``, again after every cut-off."""

from __future__ import annotations

import os
import random
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress

import msgpack

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.wire import encode
from tests.tools.attacks.raw_peer import GREETING, MORE, READY, TIMEOUT_S, RawPeer, frame, host_port

PING = frame(encode(m.Ping(nonce=1)))
AGAIN_S = 0.005
"""Pause before an attacker that was cut off comes again."""


def again_and_again(address: str, end: float, attack: Callable[[RawPeer, float], None], greet: bool) -> None:
    """Attack on new connections, one after the other."""
    while time.monotonic() < end:
        with suppress(OSError), RawPeer(address, greet) as peer:
            attack(peer, end)
        time.sleep(AGAIN_S)


def send_for_ever(data: bytes) -> Callable[[RawPeer, float], None]:
    """Return an attack that sends the same bytes again and again, reading what comes."""

    def attack(peer: RawPeer, end: float) -> None:
        while time.monotonic() < end:
            peer.send(data)
            peer.drain()

    return attack


def endless_big_parts_before_hello(address: str, end: float) -> None:
    """A message without an end, in parts of 60 KB, before `hello`."""
    again_and_again(address, end, send_for_ever(frame(bytes(60_000), MORE)), greet=False)


def endless_empty_parts_before_hello(address: str, end: float) -> None:
    """A message without an end, in empty parts, before `hello`."""
    again_and_again(address, end, send_for_ever(frame(b"", MORE) * 10_000), greet=False)


def endless_big_parts(address: str, end: float) -> None:
    """A message without an end, in parts of 1 MB."""
    again_and_again(address, end, send_for_ever(frame(bytes(1 << 20), MORE)), greet=True)


def endless_empty_parts(address: str, end: float) -> None:
    """A message without an end, in empty parts."""
    again_and_again(address, end, send_for_ever(frame(b"", MORE) * 10_000), greet=True)


def slow_messages_without_end(address: str, end: float) -> None:
    """Forty connections that each hold most of a long message and send the rest drop by drop."""
    peers = [RawPeer(address) for _ in range(40)]
    for peer in peers:
        with suppress(OSError):
            peer.send(b"\x02" + struct.pack(">Q", 16 << 20) + bytes(12 << 20))
    while time.monotonic() < end:
        for peer in peers:
            with suppress(OSError):
                peer.send(b"x")
        time.sleep(0.1)


def junk_in_64_parts(address: str, end: float) -> None:
    """Messages of 64 parts of junk, as fast as they go."""
    junk = b"".join(frame(b"\xc1junk", MORE if n < 63 else 0) for n in range(64))
    again_and_again(address, end, send_for_ever(junk * 50), greet=True)


def junk_in_64_parts_before_hello(address: str, end: float) -> None:
    """The same before `hello`."""
    junk = b"".join(frame(b"\xc1junk", MORE if n < 63 else 0) for n in range(64))
    again_and_again(address, end, send_for_ever(junk * 50), greet=False)


def pings(address: str, end: float) -> None:
    """Pings, as fast as they go."""
    again_and_again(address, end, send_for_ever(PING * 1_000), greet=True)


def early_messages(address: str, end: float) -> None:
    """Messages for sessions, before `hello`."""
    said = frame(encode(m.Audio(session=1, stream=1, first_sample=0, pcm=bytes(640))))
    again_and_again(address, end, send_for_ever(said * 200), greet=False)


def large_messages(address: str, end: float) -> None:
    """Valid messages of 15 MB that mean nothing."""
    data = frame(msgpack.packb({"type": "ping", "nonce": 1, "x": bytes(15 << 20)}))
    again_and_again(address, end, send_for_ever(data), greet=True)


def large_junk(address: str, end: float) -> None:
    """Junk of 15 MB."""
    again_and_again(address, end, send_for_ever(frame(b"\xc1" + bytes(15 << 20))), greet=True)


def too_large_parts(address: str, end: float) -> None:
    """Parts of a gibibyte."""
    again_and_again(address, end, send_for_ever(b"\x02" + struct.pack(">Q", 1 << 30) + bytes(1 << 20)), greet=True)


def bombs(address: str, end: float) -> None:
    """Messages that nest and count much in few bytes."""
    found = [b"\x91" * 60_000, b"\x81\xa1a" * 20_000, b"\xdf\xff\xff\xff\xff", b"\x81\xa4type\xdd\xff\xff\xff\xff"]
    many = b"".join(map(frame, found))
    again_and_again(address, end, send_for_ever(many), greet=True)


def mutated_messages(address: str, end: float) -> None:
    """Messages with changed bytes."""
    rng = random.Random(3)
    seeds = [
        encode(m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=100, until=9)),
        encode(m.Start(session=1, stream=1, rate=16_000, format="s16", emotion={"happy": 0.5})),
        encode(m.Set(session=1, stream=1, at_sample=5, mouth=1.0)),
    ]

    def attack(peer: RawPeer, end: float) -> None:
        while time.monotonic() < end:
            data = bytearray(rng.choice(seeds))
            data[rng.randrange(len(data))] = rng.randrange(256)
            peer.send(frame(bytes(data)))
            peer.drain()

    again_and_again(address, end, attack, greet=True)


def garbage_connections(address: str, end: float) -> None:
    """Connections that say garbage, as many as go."""
    rng = random.Random(4)
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(host_port(address), timeout=TIMEOUT_S) as wire:
            wire.sendall(rng.randbytes(64))


def half_open_connections(address: str, end: float) -> None:
    """Four hundred connections that never finish their greeting, and new ones for those that are closed."""
    peers: list[socket.socket] = []
    while time.monotonic() < end:
        if len(peers) >= 400:
            peers.pop(0).close()
        with suppress(OSError):
            peers.append(socket.create_connection(host_port(address), timeout=TIMEOUT_S))
            peers[-1].sendall(GREETING[: len(peers) % 64])
        time.sleep(0.002)


def slow_handshakes(address: str, end: float) -> None:
    """Two hundred handshakes at a byte at a time."""
    data = GREETING + b"\x04" + bytes([len(READY)]) + READY
    peers = [socket.create_connection(host_port(address), timeout=TIMEOUT_S) for _ in range(200)]
    at = 0
    while time.monotonic() < end:
        for peer in peers:
            with suppress(OSError):
                peer.sendall(data[at % len(data) :][:1])
        at += 1
        time.sleep(0.05)


def connections_that_hang_up(address: str, end: float) -> None:
    """Connections that say hello and leave, as many as go."""
    while time.monotonic() < end:
        with suppress(OSError), RawPeer(address):
            pass


def pings_of_the_transport(address: str, end: float) -> None:
    """Heartbeats of ZMTP itself, whose answers nobody reads."""
    ping = b"\x04\x17\x04PING\x00\x00" + os.urandom(16)

    def attack(peer: RawPeer, end: float) -> None:
        while time.monotonic() < end:
            peer.send(ping * 1_000)

    again_and_again(address, end, attack, greet=True)
