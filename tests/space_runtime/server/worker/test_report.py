"""A worker's report on itself agrees with what its clients have seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine_bridge.protocol import messages as m
from space_runtime.server.answers import WorkerReport
from space_runtime.server.commands import ReportStatus
from space_runtime.server.limits import Limits
from space_runtime.timebase import HOP, SAMPLE_RATE
from tests.support.inline_server import InlineServer
from tests.support.quick_batch import quick


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


def report_of(server: InlineServer) -> WorkerReport:
    server.port.post(ReportStatus(7))
    server.run()
    return server.reports[-1]


def test_frames_sent_are_those_that_came_and_frames_dropped_those_that_lack() -> None:
    """Late frames and those that found no room without credit alike."""
    server = InlineServer(Limits(queue_frames=5))
    client = server.client()
    late, unread = client.open(playout_ms=200), client.open(playout_ms=10_000, until=3)
    server.port.stalled = True
    for session in (late, unread):
        client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
        client.say(m.Audio(session=session, stream=1, first_sample=0, pcm=bytes(2 * SAMPLE_RATE)))
        client.say(m.End(session=session, stream=1, n_samples=SAMPLE_RATE))
    server.wait(0.8)
    server.port.stalled = False
    server.wait(1.0)
    assert 0 < len(client.frames(session=late)) < 30 and len(client.frames(session=unread)) == 3
    report = report_of(server)
    assert report.frames_sent == len(client.frames())
    assert report.frames_dropped == 60 - len(client.frames()) - 5
    assert report.frames_dropped == sum(session.frames_dropped for session in report.sessions)


def test_streams_hops_batches_and_refusals_are_those_that_there_were() -> None:
    """Two streams side by side, each heard two hops at a time."""
    server = InlineServer()
    client = server.client()
    *speaking, silent = (client.open() for _ in range(3))
    for session in speaking:
        client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    for first in range(0, 12 * HOP, 2 * HOP):
        client.say(*(m.Audio(session=each, stream=1, first_sample=first, pcm=bytes(4 * HOP)) for each in speaking))
    client.say(m.Set(session=silent, stream=1, at_sample=0))
    report = report_of(server)
    assert report.request == 7
    assert {session.number for session in report.sessions} == {*speaking, silent}
    assert (report.streams, report.hops, report.batches) == (2, 24, 6)
    assert report.refused == len(client.take(m.Error)) == 1
