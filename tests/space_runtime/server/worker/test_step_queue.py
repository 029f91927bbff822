"""The order in which streams are stepped: by arrival, no more at once than a batch takes; nobody is passed over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine_bridge.protocol import messages as m
from space_runtime.server.worker import step_queue
from space_runtime.timebase import HOP, SAMPLE_RATE
from tests.support.inline_server import InlineServer
from tests.support.quick_batch import quick


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


def test_what_a_batch_does_not_take_comes_next_in_the_order_of_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_queue, "MAX_BATCH", 2)
    server = InlineServer()
    client = server.client()
    sessions = [client.open() for _ in range(5)]
    for session in sessions:
        client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    arrived = [sessions[place] for place in (3, 0, 4, 1, 2)]
    client.send_all(*(m.Audio(session=each, stream=1, first_sample=0, pcm=bytes(2 * HOP)) for each in arrived))

    def heard() -> list[int]:
        streams = {each: server.state_of(each).stream for each in arrived}
        return [each for each, stream in streams.items() if stream and stream.batch.n_steps(stream.row)]

    for n_stepped in (2, 4, 5):
        server.run(1)
        assert heard() == arrived[:n_stepped]


def test_no_stream_that_follows_the_clock_waits_for_another_one() -> None:
    """Whenever all work is done, nothing is due: each is stepped when its own time has come."""
    server = InlineServer()
    client = server.client()
    for wait_s in (0.0, 0.003, 0.007, 0.012):
        server.wait(wait_s, 0.001)
        client.say(m.Idle(session=client.open(), stream=1))
    for _ in range(60):
        server.wait(0.003, 0.003)
        assert server.worker.queue.next_due() > server.now
