"""Laws of a live stream's time: pace, drops, recovery, underruns, credit, drift. No faces are drawn here."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from engine_bridge.protocol import messages as m
from space_runtime.server.limits import Limits
from space_runtime.timebase import SAMPLE_RATE
from tests.support.inline_server import InlineServer
from tests.support.quick_batch import quick
from tests.support.session_frames import BUNDLE
from tests.support.wire_client import WireClient

LOOK_AHEAD_S = BUNDLE.look_ahead() / SAMPLE_RATE
QUIET = bytes(2 * SAMPLE_RATE)
"""A second of sound."""
EAGER_S = 0.52
"""Sound that may be animated before its time."""


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


def speaking(server: InlineServer, playout_ms: int = 200, **opened: object) -> tuple[WireClient, int]:
    """A session whose first stream has started."""
    client = server.client()
    session = client.open(playout_ms=playout_ms, **opened)
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    return client, session


def talk(
    server: InlineServer, client: WireClient, session: int, seconds: float, first_s: float = 0.0, chunk_s: float = 0.02
) -> None:
    """Push sound as a microphone does: each chunk when it is over."""
    n, began = round(chunk_s * SAMPLE_RATE), server.now
    for chunk in range(round(seconds / chunk_s)):
        server.wait(began + (chunk + 1) * chunk_s - server.now)
        first = round(first_s * SAMPLE_RATE) + chunk * n
        client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=bytes(2 * n)))


def sound_file(seconds: float, rate: int = SAMPLE_RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(int(seconds * rate), np.float32), rate, format="WAV")
    return buffer.getvalue()


def gaps(frames: list[m.Frame]) -> int:
    """Sequence numbers that lack."""
    return sum(after.seq - before.seq - 1 for before, after in pairwise(frames)) + (frames[0].seq if frames else 0)


def test_a_frame_leaves_as_soon_as_its_look_ahead_is_in() -> None:
    server = InlineServer()
    client, session = speaking(server)
    talk(server, client, session, 1.0)
    first_chunk = 1_000.02
    for at, frame in zip(client.when(m.Frame), client.frames(), strict=True):
        complete = first_chunk - 0.02 + frame.sample / SAMPLE_RATE + LOOK_AHEAD_S
        assert -1e-6 <= at - complete <= 0.0201
    assert len(client.frames()) == int((1.0 - LOOK_AHEAD_S) * 30) + 1


def test_sound_in_advance_is_animated_along_the_clock_and_never_before_it_is_due() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open(playout_ms=100)
    client.say(m.Speak(session=session, stream=1, sound=sound_file(3.0)))
    began = server.now
    server.wait(3.0)
    frames, times = client.frames(), client.when(m.Frame)
    assert [frame.index for frame in frames] == list(range(90))
    for at, frame in zip(times, frames, strict=True):
        due = began + frame.sample / SAMPLE_RATE
        assert at <= due + 0.0301  # a hop and a step of the clock
        assert at >= due - 1e-6 or frame.sample / SAMPLE_RATE > 3.0 - EAGER_S - LOOK_AHEAD_S
    assert client.last(m.Finished).dropped == 0


def test_a_clip_comes_at_once_and_waits_only_for_credit() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open(until=10)
    client.say(m.Speak(session=session, stream=1, sound=sound_file(10.0), pace="clip"))
    server.run()
    assert [frame.seq for frame in client.frames()] == list(range(10))
    assert len(server.state_of(session).waiting) <= 4
    server.wait(5.0, 0.1)
    for until in (5, 10, 11, 150, 1_000):
        client.say(m.Credit(session=session, until=until))
        assert len(client.frames()) == max(10, min(until, 300))
    finished = client.last(m.Finished)
    assert (finished.frames, finished.dropped, finished.sample) == (300, 0, 160_000.0)


def test_credit_is_absolute_and_saying_it_again_changes_nothing() -> None:
    server = InlineServer()
    client, session = speaking(server, until=5)
    talk(server, client, session, 1.0)
    assert len(client.frames()) == 5
    for until, n in ((7, 7), (7, 7), (3, 7), (0, 7), (12, 12)):
        client.say(m.Credit(session=session, until=until))
        assert len(client.frames()) == n
    assert gaps(client.frames()) == 0


def test_without_credit_the_oldest_frames_beyond_the_queue_are_dropped_and_counted() -> None:
    server = InlineServer(Limits(queue_frames=20))
    client, session = speaking(server, until=5)
    talk(server, client, session, 2.0)
    client.say(m.End(session=session, stream=1, n_samples=2 * SAMPLE_RATE))
    assert not client.take(m.Finished)
    client.say(m.Credit(session=session, until=1_000))
    frames, finished = client.frames(), client.last(m.Finished)
    assert [frame.seq for frame in frames] == [*range(5), *range(40, 60)]
    assert (finished.frames, finished.dropped) == (25, 35) and client.heard[-1] is finished


def test_frames_of_a_line_before_do_not_count_for_the_next_one() -> None:
    server = InlineServer()
    client, session = speaking(server, until=0)
    client.say(m.Audio(session=session, stream=1, first_sample=0, pcm=QUIET))
    client.say(m.End(session=session, stream=1, n_samples=SAMPLE_RATE))
    server.wait(1.0)
    client.say(m.Start(session=session, stream=2, rate=SAMPLE_RATE, format="s16"))
    client.say(m.Credit(session=session, until=1_000))
    client.say(m.Audio(session=session, stream=2, first_sample=0, pcm=QUIET[:8_000]))
    client.say(m.End(session=session, stream=2, n_samples=4_000))
    server.wait(1.0)
    assert [(done.stream, done.frames, done.dropped) for done in client.take(m.Finished)] == [(1, 30, 0), (2, 8, 0)]
    assert len(client.frames(1)) == 30 and len(client.frames(2)) == 8 and gaps(client.frames()) == 0


def test_frames_that_one_stream_lacks_are_not_counted_for_the_next_one() -> None:
    server = InlineServer(Limits(queue_frames=5))
    client, session = speaking(server, until=0)
    client.say(m.Audio(session=session, stream=1, first_sample=0, pcm=QUIET))
    server.wait(1.0)
    client.say(m.End(session=session, stream=1, n_samples=SAMPLE_RATE), m.Credit(session=session, until=1_000))
    client.say(m.Start(session=session, stream=2, rate=SAMPLE_RATE, format="s16"))
    client.say(m.Audio(session=session, stream=2, first_sample=0, pcm=QUIET[:8_000]))
    client.say(m.End(session=session, stream=2, n_samples=4_000))
    server.wait(2.0)
    first, second = client.take(m.Finished)
    assert first.dropped > 10 and (second.frames, second.dropped) == (8, 0)


@pytest.mark.parametrize("how", ["replaced", "closed"])
def test_every_stream_is_finished_though_nobody_gave_credit(how: str) -> None:
    server = InlineServer()
    client, session = speaking(server, until=0)
    for stream in (1, 2, 3):
        if stream > 1:
            client.say(m.Start(session=session, stream=stream, rate=SAMPLE_RATE, format="s16"))
        client.say(m.Audio(session=session, stream=stream, first_sample=0, pcm=QUIET[:16_000]))
        if stream == 1:
            client.say(m.End(session=session, stream=1, n_samples=8_000))
    if how == "replaced":
        client.say(m.Idle(session=session, stream=4), m.Credit(session=session, until=1 << 20))
    client.say(m.Close(session=session))
    wanted = [1, 2, 3] + [4] * (how == "replaced")
    assert [done.stream for done in client.take(m.Finished)] == wanted
    for done in client.take(m.Finished):
        assert done.frames == len(client.frames(done.stream))
    assert isinstance(client.heard[-1], m.Closed)


def test_errors_do_not_pile_up_behind_frames_without_credit() -> None:
    server = InlineServer()
    client, session = speaking(server, until=0)
    client.say(m.Audio(session=session, stream=1, first_sample=0, pcm=QUIET))
    assert server.state_of(session).waiting
    for _ in range(200):
        client.say(m.Idle(session=session, stream=0))
        server.wait(0.01)
    assert len(client.take(m.Error)) == 200
    assert all(seq >= 0 for seq, _ in server.state_of(session).waiting)


def test_a_worker_that_stalls_drops_what_is_late_counts_it_and_is_back_within_half_a_second() -> None:
    server = InlineServer()
    client, session = speaking(server, playout_ms=200)
    talk(server, client, session, 1.0)
    n_before, port = len(client.frames()), server.port
    port.stalled = True
    talk(server, client, session, 2.0, 1.0)
    assert len(client.frames()) == n_before
    port.stalled, server.step_cost_s = False, 0.003
    talk(server, client, session, 1.0, 3.0)
    frames, times = client.frames()[n_before:], client.when(m.Frame)[n_before:]
    waits = [at - 1_000 - frame.sample / SAMPLE_RATE for at, frame in zip(times, frames, strict=True)]
    back = next(n for n, frame in enumerate(frames) if frame.sample / SAMPLE_RATE >= 3.5 - LOOK_AHEAD_S)
    assert max(waits[back:]) <= LOOK_AHEAD_S + 0.02 + 0.02 and max(waits) <= 0.5
    assert frames[0].sample / SAMPLE_RATE >= 3.0 - LOOK_AHEAD_S - 0.2 - 0.02
    assert frames[0].sample / SAMPLE_RATE <= 3.0 - LOOK_AHEAD_S + 0.5
    assert [frame.index for frame in frames] == list(range(frames[0].index, frames[0].index + len(frames)))
    client.say(m.End(session=session, stream=1, n_samples=4 * SAMPLE_RATE))
    finished = client.last(m.Finished)
    assert finished.dropped == gaps(client.frames()) > 40
    assert finished.frames + finished.dropped == 120


def test_a_worker_that_stalls_tells_nothing_wrong_about_the_sound() -> None:
    server = InlineServer()
    client, session = speaking(server, playout_ms=400)
    server.port.stalled = True
    talk(server, client, session, 0.3)
    server.port.stalled = False
    server.run()
    talk(server, client, session, 0.5, 0.3)
    client.say(m.End(session=session, stream=1, n_samples=round(0.8 * SAMPLE_RATE)))
    assert client.last(m.Finished).dropped == 0 and len(client.frames()) == 24 and not client.take(m.Underrun)


@pytest.mark.parametrize("chunk_s", [0.02, 0.1])
def test_sound_that_stalls_gives_one_underrun_and_costs_no_frame(chunk_s: float) -> None:
    server = InlineServer()
    client, session = speaking(server, playout_ms=300)
    talk(server, client, session, 1.0, chunk_s=chunk_s)
    server.wait(2.0)
    assert not client.take(m.Underrun)
    talk(server, client, session, 1.0, 1.0, chunk_s)
    client.say(m.End(session=session, stream=1, n_samples=2 * SAMPLE_RATE))
    (underrun,) = client.take(m.Underrun)
    assert underrun.sample == SAMPLE_RATE
    expected_ms = 1_000 * (2.0 - 0.3 + LOOK_AHEAD_S)
    assert underrun.late_ms == pytest.approx(expected_ms, abs=25)
    finished = client.last(m.Finished)
    assert (finished.frames, finished.dropped, gaps(client.frames())) == (60, 0, 0)


def test_what_lies_behind_a_missing_chunk_is_animated_though_nothing_more_comes() -> None:
    """Time alone makes the gap silence and moves the stream on."""
    server = InlineServer()
    client, session = speaking(server)
    for first, end in ((0, 4_800), (5_600, 11_200)):
        client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=bytes(2 * (end - first))))
    for heard in (4_800, 11_200):
        assert len(client.frames()) == (heard - BUNDLE.look_ahead()) * 30 // SAMPLE_RATE + 1
        server.wait(2.0)


def test_an_end_that_comes_late_costs_no_frame() -> None:
    server = InlineServer()
    client, session = speaking(server, playout_ms=100)
    talk(server, client, session, 0.5)
    server.wait(2.0)
    client.say(m.End(session=session, stream=1, n_samples=8_000))
    finished = client.last(m.Finished)
    assert (finished.frames, finished.dropped) == (15, 0)


def test_sound_in_time_never_underruns_at_the_playout_delay_that_the_protocol_advises() -> None:
    server = InlineServer()
    client, session = speaking(server, playout_ms=round(1_000 * (LOOK_AHEAD_S + 0.02 + 2 / 30)) + 5)
    talk(server, client, session, 2.0)
    assert not client.take(m.Underrun) and gaps(client.frames()) == 0


def test_a_lease_runs_out_only_in_silence() -> None:
    server = InlineServer()
    client, session = speaking(server, lease_ms=2_000)
    for _ in range(5):
        server.wait(1.5, 0.25)
        client.say(m.Ping(nonce=7))
    assert not client.take(m.Closed) and client.last(m.Pong).nonce == 7
    server.wait(2.6, 0.25)
    assert client.last(m.Closed).reason == "lease_expired" and client.last(m.Finished).session == session
    assert not server.gateway.sessions and not len(server.worker.sessions)


@pytest.mark.parametrize("minutes", [5])
def test_nothing_drifts(minutes: int) -> None:
    server = InlineServer()
    client = server.client()
    session = client.open(fps=(30_000, 1_001), playout_ms=200, outputs=("head",))
    client.say(m.Start(session=session, stream=1, rate=44_100, format="s16"))
    pcm, began = bytes(2 * 44_100), server.now
    for second in range(60 * minutes):
        client.say(m.Audio(session=session, stream=1, first_sample=second * 44_100, pcm=pcm))
        server.wait(1.0, 0.1)
    client.say(m.End(session=session, stream=1, n_samples=60 * minutes * 44_100))
    server.wait(1.0, 0.1)
    assert drift(client, 44_100, Fraction(30_000, 1_001), began) <= LOOK_AHEAD_S + 0.02 + 1 / 29.97 + 0.1
    assert client.last(m.Finished).frames == -(-60 * minutes * 30_000 // 1_001)
    assert client.last(m.Finished).dropped == 0


def drift(client: WireClient, rate: int, fps: Fraction, began: float) -> float:
    """Check that every frame lies exactly on the grid; return by how much a frame came later than its time."""
    worst = 0.0
    for index, (at, frame) in enumerate(zip(client.when(m.Frame), client.frames(), strict=True)):
        assert (frame.index, frame.sample) == (index, float(index * rate / fps))
        worst = max(worst, at - began - frame.sample / rate)
    return worst


def test_a_long_file_keeps_the_pace_of_the_clock() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open(fps=(30_000, 1_001), playout_ms=100, outputs=("eyes",))
    client.say(m.Speak(session=session, stream=1, sound=sound_file(120.0, 8_000)))
    began = server.now
    server.wait(121.0, 0.05)
    assert drift(client, 8_000, Fraction(30_000, 1_001), began) <= 0.071
    early = [began + f.sample / 8_000 - at for at, f in zip(client.when(m.Frame), client.frames(), strict=True)]
    assert max(early[: -round(30 * (EAGER_S + LOOK_AHEAD_S)) - 1]) <= 1e-6
    assert client.last(m.Finished).dropped == 0
