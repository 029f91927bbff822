"""The laws of the client without sockets: what it says, when, and that nothing is lost on the way to another server."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from engine_bridge.client.controls import Controls
from engine_bridge.client.core import ClientCore, Link
from engine_bridge.client.jitter import State
from engine_bridge.client.stream import Change
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError, RefusedError, WireError
from engine_bridge.protocol.messages import Pace
from engine_bridge.protocol.wire import decode, encode
from tests.support.fake_server import FakeServer, frame
from tests.support.linked_client import OPEN, LinkedClient

RATE = 16_000


@pytest.fixture
def linked() -> LinkedClient:
    linked = LinkedClient()
    linked.connect()
    return linked


def test_hello_is_the_first_word() -> None:
    linked = LinkedClient()
    session = linked.core.open(OPEN)
    linked.connect()
    assert [type(message) for message in linked.server.heard[:2]] == [m.Hello, m.Open]
    assert session.is_open and linked.core.welcome is not None


def test_pushed_sound_comes_back_as_frames(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    linked.push(session, 1.0)
    assert linked.ask(session, 0.5) == pytest.approx(12.5, abs=1e-3)
    session.end(linked.now)
    linked.talk()
    finished = session.result()
    assert finished and (finished.reason, finished.sample) == ("end", RATE)
    assert session.log.counters.lost == 0


def test_the_time_since_the_last_question_is_measured_unless_it_is_said() -> None:
    """Blends go on by the client's clock: as if the caller had told the seconds that have passed."""
    measured, told = LinkedClient(), LinkedClient()
    sessions = []
    for linked in (measured, told):
        linked.connect()
        sessions.append(linked.open())
        linked.start(sessions[-1])
        linked.push(sessions[-1], 1.0)
    shown = []
    for question in range(8):
        position, now = 2_000.0 + 250 * question, 100 + question / 64
        one = sessions[0].evaluate(position, now, None)
        other = sessions[1].evaluate(position, now, 1 / 64 if question else 0.0)
        assert np.array_equal(one.blendshapes, other.blendshapes) and one.state is other.state
        shown.append(float(one.blendshapes[0]))
    assert shown[0] == 0 < shown[1] < shown[-1]


def test_sound_goes_no_further_ahead_than_the_server_takes(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session, Pace.CLIP)
    linked.push(session, 60.0)
    session.end(linked.now)
    linked.talk()
    sent = [message for message in linked.heard(m.Audio) if isinstance(message, m.Audio)]
    ahead = max(message.first_sample + len(message.pcm) // 4 for message in sent)
    assert ahead < 60 * RATE  # credit has run out
    n = 0
    while session.result() is None or session.receiver.has_clip:
        taken = session.next_frame()
        if taken:
            assert taken.index == n
            n += 1
        linked.talk()
    assert n == 60 * 25


def test_credit_never_allows_more_than_there_is_room_for(linked: LinkedClient) -> None:
    session = linked.open()
    session.speak(None, "line.wav", Pace.LIVE, Controls())
    linked.talk()
    session.idle(Controls())
    linked.talk()
    held = next(iter(linked.server.sessions.values()))
    for k in range(200):
        linked.ask(session, k / 25)
        linked.pass_time(0.05)
        assert held.until - held.seq <= 256
        assert len(session.receiver.buffer) <= 256
    assert held.seq > 0


def test_a_lost_connection_goes_on_where_it_was(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    linked.push(session, 0.5)
    linked.ask(session, 0.2)
    linked.lose()
    linked.push(session, 0.5)
    assert not session.is_open
    linked.come_back()
    assert session.is_open and session.log.counters.resumed == 1 and session.log.counters.taken_up == 0
    assert linked.ask(session, 0.8) == pytest.approx(20.0, abs=1e-3)
    session.end(linked.now)
    linked.talk()
    finished = session.result()
    assert finished and finished.reason == "end"


def test_a_line_that_ended_meanwhile_is_finished(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    linked.push(session, 0.5)
    session.end(linked.now)
    parts = linked.core.drain(linked.now)
    linked.server.hear(linked.route, parts)  # its answers get lost
    linked.lose()
    linked.come_back()
    finished = session.result()
    assert finished and finished.sample == RATE / 2


def test_a_restarted_server_takes_the_line_up_ahead_of_playback(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session, controls=Controls(mouth_strength=0.5, seed=7, saccade_strength=0.0))
    linked.push(session, 2.0)
    session.set(Change(linked.now, 8_000, 100, Controls(mouth_strength=0.75, brow_strength=2.0)))
    session.set(Change(linked.now, 60_000, 100, Controls(mouth_strength=1.0)))
    linked.ask(session, 1.0)
    linked.lose()
    linked.server = FakeServer(first_session=77)
    linked.come_back()
    start = linked.heard(m.Start)[0]
    assert isinstance(start, m.Start)
    # 300 ms playout − 100 ms look-ahead = 200 ms ahead of the position
    assert (start.stream, start.first_sample, start.mouth, start.seed) == (1, round(1.2 * RATE), 0.75, 7)
    assert (start.brows, start.saccades) == (2.0, 0.0)
    assert [message.at_sample for message in linked.heard(m.Set) if isinstance(message, m.Set)] == [60_000]
    linked.push(session, 1.0)
    assert linked.ask(session, 1.9) == pytest.approx(47.5, abs=1e-3)
    assert session.log.counters.taken_up == 1


def test_a_clip_that_is_taken_up_has_every_frame_once(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session, Pace.CLIP)
    linked.push(session, 2.0)
    indices = [taken.index for _ in range(10) if (taken := session.next_frame())]
    linked.lose()
    linked.server = FakeServer(first_session=9)
    linked.come_back()
    session.end(linked.now)
    linked.talk()
    while taken := session.next_frame():
        indices.append(taken.index)
    assert indices == list(range(50))


def test_a_clip_whose_frames_were_lost_on_the_way_has_every_frame_once(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session, Pace.CLIP)
    linked.push(session, 1.0)
    session.push(np.zeros(RATE, np.float32), linked.now)
    linked.server.hear(linked.route, linked.core.drain(linked.now))  # its answers get lost
    linked.lose()
    session.end(linked.now)
    linked.come_back()
    indices = [taken.index for _ in range(60) if (taken := session.next_frame())]
    assert indices == list(range(50))
    assert session.log.counters.taken_up == 1 and session.result()


def test_a_file_that_is_taken_up_is_asked_for_at_once(linked: LinkedClient) -> None:
    session = linked.open()
    session.speak(b"RIFF", None, Pace.LIVE, Controls())
    linked.talk()
    linked.ask(session, 0.4)
    linked.lose()
    linked.server = FakeServer()
    linked.come_back()
    speak = linked.heard(m.Speak)[0]
    assert isinstance(speak, m.Speak) and speak.pace == Pace.CLIP
    assert linked.ask(session, 0.6) == pytest.approx(15.0, abs=1e-3)


def test_an_idle_face_that_is_taken_up_keeps_its_clock(linked: LinkedClient) -> None:
    session = linked.open()
    session.idle(Controls())
    linked.talk()
    linked.ask(session, 1.0)
    linked.lose()
    linked.server = FakeServer()
    linked.come_back()
    assert linked.ask(session, 2.0) == pytest.approx(50.0 - 30.0, abs=1e-3)  # frame 0 of the new server is the 30th
    session.interrupt(3 * RATE, 200)
    linked.talk()
    interrupt = linked.heard(m.Interrupt)[0]
    assert isinstance(interrupt, m.Interrupt) and interrupt.at_sample == 3 * RATE - 30 * 640


def test_not_greeted_begins_again(linked: LinkedClient) -> None:
    session = linked.open()
    linked.server.greeted.clear()
    linked.start(session)
    linked.pass_time(0.1)
    linked.push(session, 0.5)
    assert session.is_open and session.log.counters.resumed == 1
    assert linked.ask(session, 0.2) == pytest.approx(5.0, abs=1e-3)


def test_a_session_that_the_server_has_closed_is_opened_anew(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    linked.push(session, 1.0)
    linked.ask(session, 0.1)
    number = session.replay.session
    assert number is not None
    del linked.server.sessions[number]
    linked.say(m.Closed(session=number, reason="lease_expired"))
    assert not session.is_open
    linked.pass_time(1.0)
    assert session.is_open and session.log.counters.taken_up == 1
    assert any(isinstance(event, m.Closed) for event in session.log.take())


def test_a_ping_after_a_second_of_silence_and_the_end_after_four(linked: LinkedClient) -> None:
    linked.pass_time(3)
    assert 2 <= len(linked.heard(m.Ping)) <= 3
    assert linked.core.link is Link.UP
    linked.server.mute = True
    linked.pass_time(6)
    assert linked.core.counters.lost >= 1


def test_pauses_double_up_to_three_seconds_and_a_quarter() -> None:
    core = ClientCore("test", "tcp://nowhere:1", random.Random(0))
    now, pauses = 0.0, []
    for _ in range(10):
        core.dialled(now)
        core.lost(now, "refused")
        pauses.append(core.wake_at(now) - now)
        assert not core.wants_dial(now)
        now += 10
        assert core.wants_dial(now)
    for pause, least in zip(pauses, [0.1, 0.2, 0.4, 0.8, 1.6, 3, 3, 3, 3, 3], strict=True):
        assert least <= pause <= 1.25 * least


def test_a_refused_session_says_why(linked: LinkedClient) -> None:
    linked.server.refuse = m.Error(code="busy", message="the machine has no time left; wait")
    session = linked.core.open(OPEN)
    linked.talk()
    assert isinstance(session.failure, RefusedError)
    assert (session.failure.code, str(session.failure)) == ("busy", "the machine has no time left; wait")
    with pytest.raises(RefusedError):
        session.idle(Controls())


def test_later_refusals_are_a_reason_to_wait(linked: LinkedClient) -> None:
    session = linked.open()
    linked.lose()
    linked.server = FakeServer()
    linked.server.refuse = m.Error(code="busy", message="not now")
    linked.come_back()
    assert session.failure is None and not session.is_open
    linked.server.refuse = None
    linked.pass_time(5)
    assert session.is_open


def test_another_version_ends_everything(linked: LinkedClient) -> None:
    session = linked.open()
    linked.say(m.Error(code="unsupported_version", message="update the client"))
    with pytest.raises(RefusedError, match="update"):
        session.idle(Controls())
    with pytest.raises(RefusedError, match="update"):
        linked.core.open(OPEN)
    linked.pass_time(10)
    assert linked.core.link is Link.USELESS


def test_a_session_that_nobody_waits_for_any_more_is_closed_when_it_opens(linked: LinkedClient) -> None:
    session = linked.core.open(OPEN)
    linked.core.drop(session)
    linked.talk()
    assert not linked.server.sessions


def test_a_chunk_that_was_not_taken_is_pushed_again(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    linked.push(session, 0.5)
    held = next(iter(linked.server.sessions.values()))
    held.next_sample = round(0.42 * RATE)  # the server has dropped the rest
    assert session.replay.session
    linked.say(m.Error(code="too_much_sound", message="slower", session=session.replay.session, stream=1))
    linked.pass_time(0.5)
    linked.push(session, 0.5)
    assert held.next_sample == RATE


def test_a_failed_line_raises_its_error(linked: LinkedClient) -> None:
    session = linked.open()
    session.speak(b"noise", None, Pace.LIVE, Controls())
    parts = linked.core.drain(linked.now)
    assert len(parts) == 1
    number = session.replay.session or 0
    linked.say(m.Error(code="bad_sound", message="no sound in it", session=number, stream=1))
    linked.say(m.Finished(session=number, stream=1, reason="failed", sample=0.0, frames=0, dropped=0))
    with pytest.raises(RefusedError, match="no sound in it"):
        session.result()


def test_another_line_replaces_the_one_before(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    linked.push(session, 1.0)
    assert linked.ask(session, 0.5) > 0
    linked.start(session)
    assert session.evaluate(0.0, linked.now, 0.01).state is State.RELEASING
    assert session.result() is None
    reasons = [event.reason for event in session.log.take() if isinstance(event, m.Finished)]
    assert reasons == ["replaced"]


def test_strangers_and_noise_are_counted(linked: LinkedClient) -> None:
    linked.core.receive([b"", b"\xc1", b"\x81\xa4type\xa5dance", encode(m.Close(session=1))], linked.now)
    linked.say(frame(999, 1, 0, 0, 0.0))
    counters = linked.core.counters
    assert (counters.bad, counters.unknown, counters.stray) == (2, 1, 2)
    assert linked.core.link is Link.UP


def test_a_notice_about_the_sound_is_an_event(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    number = session.replay.session
    assert number is not None
    notice = m.Notice(session=number, stream=1, message="no speech is heard in it")
    linked.say(notice)
    assert notice.message in [event.message for event in session.log.take() if isinstance(event, m.Notice)]


def test_what_comes_for_a_session_that_is_over_is_nobodys(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    linked.push(session, 0.2)
    number, n_frames = session.replay.session, session.log.counters.frames
    assert number is not None and n_frames > 0
    del linked.server.sessions[number]
    linked.say(m.Closed(session=number, reason="lease_expired"))
    linked.say(frame(number, 1, n_frames, n_frames, n_frames * 640.0))
    assert (session.log.counters.frames, linked.core.counters.stray) == (n_frames, 1)


def test_a_second_answer_to_one_request_is_nobodys(linked: LinkedClient) -> None:
    session = linked.open()
    assert session.opened is not None
    number = session.replay.session
    linked.say(replace(session.opened, request=session.opening.request, session=99))
    assert session.replay.session == number and linked.core.counters.stray == 1
    linked.start(session)
    linked.push(session, 1.0)
    assert linked.ask(session, 0.5) == pytest.approx(12.5, abs=1e-3)


@pytest.mark.parametrize(
    "misuse",
    [
        lambda s: s.push(np.zeros(10, np.float32), 0.0),
        lambda s: s.end(0.0),
        lambda s: s.speak(None, None, Pace.LIVE, Controls()),
        lambda s: s.speak(b"x", "y", Pace.LIVE, Controls()),
        lambda s: s.speak("/no/such/file.wav", None, Pace.LIVE, Controls()),
        lambda s: s.speak(bytes(2 << 20), None, Pace.LIVE, Controls()),
        lambda s: s.next_frame(),
        lambda s: s.set(Change(0.0, 0, 0, Controls(seed=1))),
        lambda s: s.set(Change(0.0, -1, 0, Controls(mouth_strength=1.0))),
        lambda s: s.interrupt(0, -1),
        lambda s: s.idle(Controls(mouth_strength=float("nan"))),
        lambda s: s.idle(Controls(emotion={"happy": "very"})),  # type: ignore[dict-item]
    ],
)
def test_misuse_is_one_sentence_and_changes_nothing(linked: LinkedClient, misuse: object) -> None:
    session = linked.open()
    session.idle(Controls())
    linked.talk()
    n_heard = len(linked.server.heard)
    assert callable(misuse)
    with pytest.raises(BridgeError) as raised:
        misuse(session)
    assert "\n" not in str(raised.value)
    linked.talk()
    assert len(linked.server.heard) == n_heard


@pytest.mark.parametrize("shape", [(10, 2), (2, 3, 4)])
def test_samples_of_another_shape_or_kind_are_refused(linked: LinkedClient, shape: tuple[int, ...]) -> None:
    session = linked.open()
    linked.start(session)
    with pytest.raises(BridgeError, match="shape"):
        session.push(np.zeros(shape, np.float32), 0.0)
    with pytest.raises(BridgeError, match="float64"):
        session.push(np.zeros(4), 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("sample_format", ["f32", "s16"])
def test_both_kinds_of_samples_travel_in_both_formats(linked: LinkedClient, sample_format: str) -> None:
    session = linked.open()
    session.start(m.Start(session=0, stream=0, rate=RATE, format=sample_format), Controls())
    session.push(np.array([0.0, 0.5, -1.0, 2.0], np.float32), 0.0)
    session.push(np.array([0, 16_384, -32_768], np.int16), 0.0)
    linked.talk()
    pcm = b"".join(bytes(message.pcm) for message in linked.heard(m.Audio) if isinstance(message, m.Audio))
    if sample_format == "s16":
        assert np.frombuffer(pcm, "<i2").tolist() == [0, 16_384, -32_767, 32_767, 0, 16_384, -32_768]
    else:
        assert np.frombuffer(pcm, "<f4").tolist() == [0.0, 0.5, -1.0, 2.0, 0.0, 0.5, -1.0]


def test_everything_that_is_said_is_canonical(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(
        session,
        controls=Controls(
            gaze_rad=(0.1, 0.2), look_at=(), emotion={"happy": 1.0}, head_mode="keep", blinks_per_minute=3
        ),
    )
    session.set(Change(0.0, 100, 5, Controls(gaze_rad=())))
    for part in linked.core.drain(linked.now):
        assert encode(decode(part)) == part
    with pytest.raises(WireError):
        linked.core.open(m.Open(request=0, outputs=("x" * 10,), fps=(-1, 1), playout_ms=0, until=0))


def test_a_server_that_says_why_is_not_suspected_to_be_missing() -> None:
    core = ClientCore("test", "tcp://nowhere:1", random.Random(0))
    core.dialled(0.0)
    core.lost(0.0, "nobody answers")
    assert str(core.unreachable(1)).endswith("is 'space-runtime serve' running there, and does it expect CURVE?")
    core.dialled(1.0)
    core.connected(1.0)
    core.take([m.Bye(reason="the key is not on the list; is it there?")], 1.0)
    assert str(core.unreachable(1)).endswith(
        "within 1 s (the server said good-bye: the key is not on the list; is it there?)"
    )
