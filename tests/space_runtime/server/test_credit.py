"""Credit as PROTOCOL.md says it: frames with ``seq < until`` and not one more; a smaller ``until`` is ignored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine_bridge.protocol import messages as m
from space_runtime.timebase import SAMPLE_RATE
from tests.support.inline_server import InlineServer
from tests.support.quick_batch import quick
from tests.support.wire_client import WireClient

SECOND = bytes(2 * SAMPLE_RATE)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


def speaking(until: int) -> tuple[InlineServer, WireClient, int]:
    server = InlineServer()
    client = server.client()
    session = client.open(until=until, playout_ms=500)
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16", pace="clip"))
    return server, client, session


def push(client: WireClient, session: int, first_s: float, seconds: float) -> None:
    first, n = round(first_s * SAMPLE_RATE), round(seconds * SAMPLE_RATE)
    client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=bytes(2 * n)))


def seqs(client: WireClient) -> list[int]:
    return [frame.seq for frame in client.frames()]


def test_a_smaller_until_is_ignored() -> None:
    """Credit that was given counts for frames that are not made yet, whatever smaller number comes after it."""
    _, client, session = speaking(until=20)
    push(client, session, 0.0, 0.4)
    n_before = len(client.frames())
    assert 0 < n_before < 12
    for smaller in (n_before, 3, 0):
        client.say(m.Credit(session=session, until=smaller))
    push(client, session, 0.4, 1.6)
    assert seqs(client) == list(range(20))
    client.say(m.Credit(session=session, until=19), m.Credit(session=session, until=22))
    assert seqs(client) == list(range(22))


@pytest.mark.parametrize("until", [0, 1, 2, 7])
def test_frames_below_until_come_and_the_one_at_it_waits(until: int) -> None:
    """At once, where credit is there before the frames."""
    _, client, session = speaking(until)
    for hop in range(50):
        push(client, session, 0.02 * hop, 0.02)
    assert seqs(client) == list(range(until))


def test_each_frame_that_waits_needs_its_own_credit() -> None:
    _, client, session = speaking(until=0)
    push(client, session, 0.0, 1.0)
    for until in (0, 1, 2, 3, 9, 10):
        client.say(m.Credit(session=session, until=until))
        assert seqs(client) == list(range(until))


def test_a_session_counts_from_0_though_another_one_had_its_row() -> None:
    server, client, first = speaking(until=1_000)
    push(client, first, 0.0, 1.0)
    row, n_before = server.state_of(first).row, len(client.frames())
    client.say(m.Close(session=first))
    second = client.open(until=3, playout_ms=500)
    assert server.state_of(second).row == row and n_before > 3
    client.say(m.Start(session=second, stream=1, rate=SAMPLE_RATE, format="s16", pace="clip"))
    push(client, second, 0.0, 1.0)
    assert [frame.seq for frame in client.frames(session=second)] == [0, 1, 2]
