"""ZMTP as a server reads it: any cutting of the bytes gives the same messages, and nothing too much is kept."""

from __future__ import annotations

import random
import struct

import pytest

from space_runtime.server.transport.errors import BreachError
from space_runtime.server.transport.frames import COMMAND, MORE, frame
from space_runtime.server.transport.zmtp import MAX_EXCESS_PARTS, MAX_PARTS, Null, Overrun, Zmtp, greeting_of

READY = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
SHAKEN = greeting_of(b"NULL") + frame(COMMAND, READY)
MESSAGE_BYTES = 100_000
PART_BYTES = 10_000


class Heard:
    """Notes what it is told. patience: overruns after which it gives up."""

    def __init__(self, patience: int = 1_000) -> None:
        self.messages: list[list[bytes]] = []
        self.overruns: list[tuple[Overrun, int]] = []
        self.patience = patience
        self.chose_name: bool | None = None

    def introduce(self, key: bytes, chose_name: bool) -> None:
        self.chose_name = chose_name

    def part_bytes(self) -> int:
        return PART_BYTES

    def message(self, parts: list[bytes]) -> bool:
        self.messages.append(parts)
        return True

    def overrun(self, kind: Overrun, size: int) -> bool:
        self.overruns.append((kind, size))
        return len(self.overruns) < self.patience


def connection(heard: Heard, shaken: bool = True) -> Zmtp:
    zmtp = Zmtp(Null(), heard, MESSAGE_BYTES)
    if shaken:
        zmtp.feed(SHAKEN)
        assert zmtp.is_ready
    return zmtp


def message(*parts: bytes) -> bytes:
    return b"".join(frame(MORE if n < len(parts) - 1 else 0, part) for n, part in enumerate(parts))


def test_any_cutting_of_the_bytes_gives_the_same_messages() -> None:
    rng = random.Random(1)
    sent = [[rng.randbytes(rng.choice([0, 1, 255, 256, 5_000])) for _ in range(rng.randint(1, 5))] for _ in range(40)]
    data = SHAKEN + b"".join(message(*parts) for parts in sent)
    for longest in (1, 7, 300, 10_000, len(data)):
        heard, at = Heard(), 0
        zmtp = connection(heard, shaken=False)
        while at < len(data):
            n = rng.randint(1, longest)
            zmtp.feed(data[at : at + n])
            at += n
        assert heard.messages == sent and not zmtp.held and zmtp.n_messages == len(sent)


def test_messages_are_written_as_they_are_read() -> None:
    heard = Heard()
    zmtp = connection(heard)
    parts = [b"", b"x" * 300, b"y"]
    zmtp.feed(zmtp.encoded(parts))
    assert heard.messages == [parts]


def test_a_ping_is_answered_with_its_context() -> None:
    zmtp = connection(Heard())
    zmtp.answers.clear()
    zmtp.feed(frame(COMMAND, b"\x04PING\x00\x0a" + b"context"))
    zmtp.feed(zmtp.ping())
    assert bytes(zmtp.answers) == frame(COMMAND, b"\x04PONGcontext") + frame(COMMAND, b"\x04PONG")


@pytest.mark.parametrize("size", [0, 1, 9_000])
def test_a_message_without_an_end_is_told_dropped_and_ended(size: int) -> None:
    heard = Heard()
    zmtp = connection(heard)
    with pytest.raises(BreachError):
        for _ in range(MAX_PARTS + MAX_EXCESS_PARTS + 1):
            zmtp.feed(frame(MORE, bytes(size)))
            assert zmtp.held <= 2 * MESSAGE_BYTES
    assert len(heard.overruns) == 1 and not heard.messages


def test_a_message_of_too_many_parts_is_passed_over_and_the_next_one_heard() -> None:
    heard = Heard()
    zmtp = connection(heard)
    zmtp.feed(message(*[b"x"] * (MAX_PARTS + 1)) + message(b"next"))
    assert heard.overruns == [(Overrun.PARTS, MAX_PARTS + 1)] and heard.messages == [[b"next"]]


def test_a_part_that_is_too_long_is_never_kept() -> None:
    heard = Heard()
    zmtp = connection(heard)
    data = message(b"a", bytes(PART_BYTES + 1), b"b") + message(b"next")
    for at in range(0, len(data), 1_000):
        zmtp.feed(data[at : at + 1_000])
        assert zmtp.held <= 1_000
    assert [kind for kind, _ in heard.overruns] == [Overrun.BYTES] and heard.messages == [[b"next"]]


@pytest.mark.parametrize("size", [MESSAGE_BYTES * 2, 1 << 30, (1 << 64) - 1])
def test_a_part_beyond_any_message_ends_the_connection_at_its_head(size: int) -> None:
    heard = Heard()
    with pytest.raises(BreachError):
        connection(heard).feed(b"\x02" + struct.pack(">Q", size) + b"x")
    assert heard.overruns == [(Overrun.BYTES, size)]


def test_a_receiver_that_has_had_enough_ends_the_connection() -> None:
    zmtp = connection(Heard(patience=1))
    with pytest.raises(BreachError):
        zmtp.feed(message(*[b""] * 65))


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" + bytes(8) + b"\x7e",
        greeting_of(b"PLAIN"),
        greeting_of(b"CURVE"),
        b"\xff" + bytes(8) + b"\x7f\x01",
        greeting_of(b"NULL") + frame(0, b"early"),
        greeting_of(b"NULL") + frame(COMMAND, b"\x05HELLO"),
        greeting_of(b"NULL") + frame(COMMAND, READY[:-1]),
        greeting_of(b"NULL") + frame(COMMAND, READY + b"\xff"),
        greeting_of(b"NULL") + frame(COMMAND, READY.replace(b"DEALER", b"SUBBER")),
        greeting_of(b"NULL") + b"\x06" + struct.pack(">Q", 1 << 20),
        SHAKEN + b"\x80\x00",
        SHAKEN + b"\x06" + struct.pack(">Q", 1 << 20),
    ],
)
def test_what_is_no_connection_ends(data: bytes) -> None:
    for cut in (len(data), 1):
        zmtp = connection(Heard(), shaken=False)
        with pytest.raises(BreachError):
            for at in range(0, len(data), cut):
                zmtp.feed(data[at : at + cut])


def test_a_name_of_the_peers_choice_is_told() -> None:
    heard = Heard()
    zmtp = connection(heard, shaken=False)
    zmtp.feed(greeting_of(b"NULL") + frame(COMMAND, READY + b"\x08Identity" + struct.pack(">I", 3) + b"bob"))
    assert heard.chose_name


def test_mutated_bytes_give_messages_or_an_end() -> None:
    rng = random.Random(5)
    data = SHAKEN + message(b"a", b"b" * 300) * 5
    for _ in range(3_000):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        zmtp = connection(Heard(), shaken=False)
        try:
            zmtp.feed(bytes(changed))
        except BreachError:
            continue
        assert zmtp.held <= len(changed)
