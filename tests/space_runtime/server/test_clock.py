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
from tests.support.inline_server import BUNDLE, InlineClient, InlineServer
from tests.support.quick_batch import quick

LOOK_AHEAD_S = BUNDLE.look_ahead() / SAMPLE_RATE
QUIET = bytes(2 * SAMPLE_RATE)
"""A second of sound."""
EAGER_S = 0.52
"""Sound that may be animated before its time."""


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


def speaking(hall: InlineServer, playout_ms: int = 200, **opened: object) -> tuple[InlineClient, int]:
    """A session whose first stream has started."""
    guest = hall.guest()
    session = guest.open(playout_ms=playout_ms, **opened)
    guest.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    return guest, session


def talk(
    hall: InlineServer, guest: InlineClient, session: int, seconds: float, first_s: float = 0.0, chunk_s: float = 0.02
) -> None:
    """Push sound as a microphone does: each chunk when it is over."""
    n, began = round(chunk_s * SAMPLE_RATE), hall.now
    for chunk in range(round(seconds / chunk_s)):
        hall.wait(began + (chunk + 1) * chunk_s - hall.now)
        first = round(first_s * SAMPLE_RATE) + chunk * n
        guest.say(m.Audio(session=session, stream=1, first_sample=first, pcm=bytes(2 * n)))


def sound_file(seconds: float, rate: int = SAMPLE_RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(int(seconds * rate), np.float32), rate, format="WAV")
    return buffer.getvalue()


def gaps(frames: list[m.Frame]) -> int:
    """Sequence numbers that lack."""
    return sum(after.seq - before.seq - 1 for before, after in pairwise(frames)) + (frames[0].seq if frames else 0)


def test_a_frame_leaves_as_soon_as_its_look_ahead_is_in() -> None:
    hall = InlineServer()
    guest, session = speaking(hall)
    talk(hall, guest, session, 1.0)
    first_chunk = 1_000.02
    for at, frame in zip(guest.when(m.Frame), guest.frames(), strict=True):
        complete = first_chunk - 0.02 + frame.sample / SAMPLE_RATE + LOOK_AHEAD_S
        assert -1e-6 <= at - complete <= 0.0201
    assert len(guest.frames()) == int((1.0 - LOOK_AHEAD_S) * 30) + 1


def test_sound_in_advance_is_animated_along_the_clock_and_never_before_it_is_due() -> None:
    hall = InlineServer()
    guest = hall.guest()
    session = guest.open(playout_ms=100)
    guest.say(m.Speak(session=session, stream=1, sound=sound_file(3.0)))
    began = hall.now
    hall.wait(3.0)
    frames, times = guest.frames(), guest.when(m.Frame)
    assert [frame.index for frame in frames] == list(range(90))
    for at, frame in zip(times, frames, strict=True):
        due = began + frame.sample / SAMPLE_RATE
        assert at <= due + 0.0301  # a hop and a step of the clock
        assert at >= due - 1e-6 or frame.sample / SAMPLE_RATE > 3.0 - EAGER_S - LOOK_AHEAD_S
    assert guest.last(m.Finished).dropped == 0


def test_a_clip_comes_at_once_and_waits_only_for_credit() -> None:
    hall = InlineServer()
    guest = hall.guest()
    session = guest.open(until=10)
    guest.say(m.Speak(session=session, stream=1, sound=sound_file(10.0), pace="clip"))
    hall.run()
    assert [frame.seq for frame in guest.frames()] == list(range(10))
    assert len(hall.state_of(session).waiting) <= 4
    hall.wait(5.0, 0.1)
    for until in (5, 10, 11, 150, 1_000):
        guest.say(m.Credit(session=session, until=until))
        assert len(guest.frames()) == max(10, min(until, 300))
    finished = guest.last(m.Finished)
    assert (finished.frames, finished.dropped, finished.sample) == (300, 0, 160_000.0)


def test_credit_is_absolute_and_saying_it_again_changes_nothing() -> None:
    hall = InlineServer()
    guest, session = speaking(hall, until=5)
    talk(hall, guest, session, 1.0)
    assert len(guest.frames()) == 5
    for until, n in ((7, 7), (7, 7), (3, 7), (0, 7), (12, 12)):
        guest.say(m.Credit(session=session, until=until))
        assert len(guest.frames()) == n
    assert gaps(guest.frames()) == 0


def test_without_credit_the_oldest_frames_beyond_the_queue_are_dropped_and_counted() -> None:
    hall = InlineServer(Limits(queue_frames=20))
    guest, session = speaking(hall, until=5)
    talk(hall, guest, session, 2.0)
    guest.say(m.End(session=session, stream=1, n_samples=2 * SAMPLE_RATE))
    assert not guest.take(m.Finished)
    guest.say(m.Credit(session=session, until=1_000))
    frames, finished = guest.frames(), guest.last(m.Finished)
    assert [frame.seq for frame in frames] == [*range(5), *range(40, 60)]
    assert (finished.frames, finished.dropped) == (25, 35) and guest.heard[-1] is finished


def test_frames_of_a_line_before_do_not_count_for_the_next_one() -> None:
    hall = InlineServer()
    guest, session = speaking(hall, until=0)
    guest.say(m.Audio(session=session, stream=1, first_sample=0, pcm=QUIET))
    guest.say(m.End(session=session, stream=1, n_samples=SAMPLE_RATE))
    hall.wait(1.0)
    guest.say(m.Start(session=session, stream=2, rate=SAMPLE_RATE, format="s16"))
    guest.say(m.Credit(session=session, until=1_000))
    guest.say(m.Audio(session=session, stream=2, first_sample=0, pcm=QUIET[:8_000]))
    guest.say(m.End(session=session, stream=2, n_samples=4_000))
    hall.wait(1.0)
    assert [(done.stream, done.frames, done.dropped) for done in guest.take(m.Finished)] == [(1, 30, 0), (2, 8, 0)]
    assert len(guest.frames(1)) == 30 and len(guest.frames(2)) == 8 and gaps(guest.frames()) == 0


@pytest.mark.parametrize("how", ["replaced", "closed"])
def test_every_stream_is_finished_though_nobody_gave_credit(how: str) -> None:
    hall = InlineServer()
    guest, session = speaking(hall, until=0)
    for stream in (1, 2, 3):
        if stream > 1:
            guest.say(m.Start(session=session, stream=stream, rate=SAMPLE_RATE, format="s16"))
        guest.say(m.Audio(session=session, stream=stream, first_sample=0, pcm=QUIET[:16_000]))
        if stream == 1:
            guest.say(m.End(session=session, stream=1, n_samples=8_000))
    if how == "replaced":
        guest.say(m.Idle(session=session, stream=4), m.Credit(session=session, until=1 << 20))
    guest.say(m.Close(session=session))
    wanted = [1, 2, 3] + [4] * (how == "replaced")
    assert [done.stream for done in guest.take(m.Finished)] == wanted
    for done in guest.take(m.Finished):
        assert done.frames == len(guest.frames(done.stream))
    assert isinstance(guest.heard[-1], m.Closed)


def test_errors_do_not_pile_up_behind_frames_without_credit() -> None:
    hall = InlineServer()
    guest, session = speaking(hall, until=0)
    guest.say(m.Audio(session=session, stream=1, first_sample=0, pcm=QUIET))
    assert hall.state_of(session).waiting
    for _ in range(200):
        guest.say(m.Idle(session=session, stream=0))
        hall.wait(0.01)
    assert len(guest.take(m.Error)) == 200
    assert all(seq >= 0 for seq, _ in hall.state_of(session).waiting)


def test_a_worker_that_stalls_drops_what_is_late_counts_it_and_is_back_within_half_a_second() -> None:
    hall = InlineServer()
    guest, session = speaking(hall, playout_ms=200)
    talk(hall, guest, session, 1.0)
    n_before, port = len(guest.frames()), hall.port
    port.stalled = True
    talk(hall, guest, session, 2.0, 1.0)
    assert len(guest.frames()) == n_before
    port.stalled, hall.step_cost_s = False, 0.003
    talk(hall, guest, session, 1.0, 3.0)
    frames, times = guest.frames()[n_before:], guest.when(m.Frame)[n_before:]
    waits = [at - 1_000 - frame.sample / SAMPLE_RATE for at, frame in zip(times, frames, strict=True)]
    back = next(n for n, frame in enumerate(frames) if frame.sample / SAMPLE_RATE >= 3.5 - LOOK_AHEAD_S)
    assert max(waits[back:]) <= LOOK_AHEAD_S + 0.02 + 0.02 and max(waits) <= 0.5
    assert frames[0].sample / SAMPLE_RATE >= 3.0 - LOOK_AHEAD_S - 0.2 - 0.02
    assert frames[0].sample / SAMPLE_RATE <= 3.0 - LOOK_AHEAD_S + 0.5
    assert [frame.index for frame in frames] == list(range(frames[0].index, frames[0].index + len(frames)))
    guest.say(m.End(session=session, stream=1, n_samples=4 * SAMPLE_RATE))
    finished = guest.last(m.Finished)
    assert finished.dropped == gaps(guest.frames()) > 40
    assert finished.frames + finished.dropped == 120


def test_a_worker_that_stalls_tells_nothing_wrong_about_the_sound() -> None:
    hall = InlineServer()
    guest, session = speaking(hall, playout_ms=400)
    hall.port.stalled = True
    talk(hall, guest, session, 0.3)
    hall.port.stalled = False
    hall.run()
    talk(hall, guest, session, 0.5, 0.3)
    guest.say(m.End(session=session, stream=1, n_samples=round(0.8 * SAMPLE_RATE)))
    assert guest.last(m.Finished).dropped == 0 and len(guest.frames()) == 24 and not guest.take(m.Underrun)


@pytest.mark.parametrize("chunk_s", [0.02, 0.1])
def test_sound_that_stalls_gives_one_underrun_and_costs_no_frame(chunk_s: float) -> None:
    hall = InlineServer()
    guest, session = speaking(hall, playout_ms=300)
    talk(hall, guest, session, 1.0, chunk_s=chunk_s)
    hall.wait(2.0)
    assert not guest.take(m.Underrun)
    talk(hall, guest, session, 1.0, 1.0, chunk_s)
    guest.say(m.End(session=session, stream=1, n_samples=2 * SAMPLE_RATE))
    (underrun,) = guest.take(m.Underrun)
    assert underrun.sample == SAMPLE_RATE
    expected_ms = 1_000 * (2.0 - 0.3 + LOOK_AHEAD_S)
    assert underrun.late_ms == pytest.approx(expected_ms, abs=25)
    finished = guest.last(m.Finished)
    assert (finished.frames, finished.dropped, gaps(guest.frames())) == (60, 0, 0)


def test_an_end_that_comes_late_costs_no_frame() -> None:
    hall = InlineServer()
    guest, session = speaking(hall, playout_ms=100)
    talk(hall, guest, session, 0.5)
    hall.wait(2.0)
    guest.say(m.End(session=session, stream=1, n_samples=8_000))
    finished = guest.last(m.Finished)
    assert (finished.frames, finished.dropped) == (15, 0)


def test_sound_in_time_never_underruns_at_the_playout_delay_that_the_protocol_advises() -> None:
    hall = InlineServer()
    guest, session = speaking(hall, playout_ms=round(1_000 * (LOOK_AHEAD_S + 0.02 + 2 / 30)) + 5)
    talk(hall, guest, session, 2.0)
    assert not guest.take(m.Underrun) and gaps(guest.frames()) == 0


def test_a_lease_runs_out_only_in_silence() -> None:
    hall = InlineServer()
    guest, session = speaking(hall, lease_ms=2_000)
    for _ in range(5):
        hall.wait(1.5, 0.25)
        guest.say(m.Ping(nonce=7))
    assert not guest.take(m.Closed) and guest.last(m.Pong).nonce == 7
    hall.wait(2.6, 0.25)
    assert guest.last(m.Closed).reason == "lease_expired" and guest.last(m.Finished).session == session
    assert not hall.gateway.sessions and not len(hall.worker.sessions)


@pytest.mark.parametrize("minutes", [5])
def test_nothing_drifts(minutes: int) -> None:
    hall = InlineServer()
    guest = hall.guest()
    session = guest.open(fps=(30_000, 1_001), playout_ms=200, outputs=("head",))
    guest.say(m.Start(session=session, stream=1, rate=44_100, format="s16"))
    pcm, began = bytes(2 * 44_100), hall.now
    for second in range(60 * minutes):
        guest.say(m.Audio(session=session, stream=1, first_sample=second * 44_100, pcm=pcm))
        hall.wait(1.0, 0.1)
    guest.say(m.End(session=session, stream=1, n_samples=60 * minutes * 44_100))
    hall.wait(1.0, 0.1)
    assert drift(guest, 44_100, Fraction(30_000, 1_001), began) <= LOOK_AHEAD_S + 0.02 + 1 / 29.97 + 0.1
    assert guest.last(m.Finished).frames == -(-60 * minutes * 30_000 // 1_001)
    assert guest.last(m.Finished).dropped == 0


def drift(guest: InlineClient, rate: int, fps: Fraction, began: float) -> float:
    """Check that every frame lies exactly on the grid; return by how much a frame came later than its time."""
    worst = 0.0
    for index, (at, frame) in enumerate(zip(guest.when(m.Frame), guest.frames(), strict=True)):
        assert (frame.index, frame.sample) == (index, float(index * rate / fps))
        worst = max(worst, at - began - frame.sample / rate)
    return worst


def test_a_long_file_keeps_the_pace_of_the_clock() -> None:
    hall = InlineServer()
    guest = hall.guest()
    session = guest.open(fps=(30_000, 1_001), playout_ms=100, outputs=("eyes",))
    guest.say(m.Speak(session=session, stream=1, sound=sound_file(120.0, 8_000)))
    began = hall.now
    hall.wait(121.0, 0.05)
    assert drift(guest, 8_000, Fraction(30_000, 1_001), began) <= 0.071
    early = [began + f.sample / 8_000 - at for at, f in zip(guest.when(m.Frame), guest.frames(), strict=True)]
    assert max(early[: -round(30 * (EAGER_S + LOOK_AHEAD_S)) - 1]) <= 1e-6
    assert guest.last(m.Finished).dropped == 0
