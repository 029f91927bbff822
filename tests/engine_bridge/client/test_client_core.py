"""The laws of the client without sockets: what it says, when, and that nothing is lost on the way to another server."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engine_bridge.client.controls import Controls
from engine_bridge.client.core import ClientCore, Link
from engine_bridge.client.jitter import State
from engine_bridge.client.session_core import SessionCore
from engine_bridge.client.stream import Change
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError, RefusedError, WireError
from engine_bridge.protocol.messages import Pace
from engine_bridge.protocol.wire import decode, encode
from tests.support.fake_server import FakeServer, frame

RATE = 16_000
OPEN = m.Open(request=0, outputs=("weights",), fps=(25, 1), playout_ms=300, until=256)


class Table:
    """A client and a stand-in at one table; time passes when told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.server = FakeServer()
        self.core = ClientCore("test", "tcp://nowhere:1", random.Random(0))
        self.n_connections = 0
        self.cut = True

    def connect(self) -> None:
        self.n_connections += 1
        self.cut = False
        self.core.dialled(self.now)
        self.core.connected(self.now)
        self.talk()

    def lose(self) -> None:
        self.cut = True
        self.core.lost(self.now, "cut")

    def talk(self) -> None:
        """Carry messages until nobody has anything to say."""
        while parts := self.core.drain(self.now):
            if self.cut:
                continue
            for _, part in self.server.hear(self.route, parts):
                self.core.receive([part], self.now)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 20)):
            self.now += 0.05
            self.core.tick(self.now)
            if self.core.wants_dial(self.now) and not self.cut:
                self.connect()
            self.talk()

    def come_back(self) -> None:
        """The network is there again."""
        self.cut = False
        self.pass_time(5)
        assert self.core.link is Link.UP

    @property
    def route(self) -> bytes:
        return b"route%d" % self.n_connections

    def say(self, message: m.Message) -> None:
        """The server says something."""
        self.core.receive([encode(message)], self.now)
        self.talk()

    def open(self) -> SessionCore:
        session = self.core.open(OPEN)
        self.talk()
        assert session.is_open
        return session

    def start(self, session: SessionCore, pace: Pace = Pace.LIVE, controls: Controls | None = None) -> None:
        opening = m.Start(session=0, stream=0, rate=RATE, format="f32", pace=pace)
        session.start(opening, controls or Controls())
        self.talk()

    def push(self, session: SessionCore, seconds: float) -> None:
        session.push(np.zeros(round(seconds * RATE), np.float32), self.now)
        self.talk()

    def ask(self, session: SessionCore, seconds: float) -> float:
        """The number of the frame that is shown at a playback time."""
        pose = session.evaluate(seconds * RATE, self.now, 1.0)
        self.talk()
        return float(pose.blendshapes[0]) * 1_000

    def heard(self, kind: type[m.Message]) -> list[m.Message]:
        return [message for message in self.server.heard if isinstance(message, kind)]


@pytest.fixture
def table() -> Table:
    table = Table()
    table.connect()
    return table


def test_hello_is_the_first_word() -> None:
    table = Table()
    session = table.core.open(OPEN)
    table.connect()
    assert [type(message) for message in table.server.heard[:2]] == [m.Hello, m.Open]
    assert session.is_open and table.core.welcome is not None


def test_pushed_sound_comes_back_as_frames(table: Table) -> None:
    session = table.open()
    table.start(session)
    table.push(session, 1.0)
    assert table.ask(session, 0.5) == pytest.approx(12.5, abs=1e-3)
    session.end(table.now)
    table.talk()
    finished = session.result()
    assert finished and (finished.reason, finished.sample) == ("end", RATE)
    assert session.log.counters.lost == 0


def test_sound_goes_no_further_ahead_than_the_server_takes(table: Table) -> None:
    session = table.open()
    table.start(session, Pace.CLIP)
    table.push(session, 60.0)
    session.end(table.now)
    table.talk()
    sent = [message for message in table.heard(m.Audio) if isinstance(message, m.Audio)]
    ahead = max(message.first_sample + len(message.pcm) // 4 for message in sent)
    assert ahead < 60 * RATE  # credit has run out
    n = 0
    while session.result() is None or session.receiver.has_clip:
        taken = session.next_frame()
        if taken:
            assert taken.index == n
            n += 1
        table.talk()
    assert n == 60 * 25


def test_credit_never_allows_more_than_there_is_room_for(table: Table) -> None:
    session = table.open()
    session.speak(None, "line.wav", Pace.LIVE, Controls())
    table.talk()
    session.idle(Controls())
    table.talk()
    seat = next(iter(table.server.seats.values()))
    for k in range(200):
        table.ask(session, k / 25)
        table.pass_time(0.05)
        assert seat.until - seat.seq <= 256
        assert len(session.receiver.buffer) <= 256
    assert seat.seq > 0


def test_a_lost_connection_goes_on_where_it_was(table: Table) -> None:
    session = table.open()
    table.start(session)
    table.push(session, 0.5)
    table.ask(session, 0.2)
    table.lose()
    table.push(session, 0.5)
    assert not session.is_open
    table.come_back()
    assert session.is_open and session.log.counters.resumed == 1 and session.log.counters.taken_up == 0
    assert table.ask(session, 0.8) == pytest.approx(20.0, abs=1e-3)
    session.end(table.now)
    table.talk()
    finished = session.result()
    assert finished and finished.reason == "end"


def test_a_line_that_ended_meanwhile_is_finished(table: Table) -> None:
    session = table.open()
    table.start(session)
    table.push(session, 0.5)
    session.end(table.now)
    parts = table.core.drain(table.now)
    table.server.hear(table.route, parts)  # its answers get lost
    table.lose()
    table.come_back()
    finished = session.result()
    assert finished and finished.sample == RATE / 2


def test_a_restarted_server_takes_the_line_up_ahead_of_playback(table: Table) -> None:
    session = table.open()
    table.start(session, controls=Controls(mouth_strength=0.5, seed=7, saccade_strength=0.0))
    table.push(session, 2.0)
    session.set(Change(table.now, 8_000, 100, Controls(mouth_strength=0.75, brow_strength=2.0)))
    session.set(Change(table.now, 60_000, 100, Controls(mouth_strength=1.0)))
    table.ask(session, 1.0)
    table.lose()
    table.server = FakeServer(first_session=77)
    table.come_back()
    start = table.heard(m.Start)[0]
    assert isinstance(start, m.Start)
    # 300 ms playout − 100 ms look-ahead = 200 ms ahead of the position
    assert (start.stream, start.first_sample, start.mouth, start.seed) == (1, round(1.2 * RATE), 0.75, 7)
    assert (start.brows, start.saccades) == (2.0, 0.0)
    assert [message.at_sample for message in table.heard(m.Set) if isinstance(message, m.Set)] == [60_000]
    table.push(session, 1.0)
    assert table.ask(session, 1.9) == pytest.approx(47.5, abs=1e-3)
    assert session.log.counters.taken_up == 1


def test_a_clip_that_is_taken_up_has_every_frame_once(table: Table) -> None:
    session = table.open()
    table.start(session, Pace.CLIP)
    table.push(session, 2.0)
    indices = [taken.index for _ in range(10) if (taken := session.next_frame())]
    table.lose()
    table.server = FakeServer(first_session=9)
    table.come_back()
    session.end(table.now)
    table.talk()
    while taken := session.next_frame():
        indices.append(taken.index)
    assert indices == list(range(50))


def test_a_clip_whose_frames_were_lost_on_the_way_has_every_frame_once(table: Table) -> None:
    session = table.open()
    table.start(session, Pace.CLIP)
    table.push(session, 1.0)
    session.push(np.zeros(RATE, np.float32), table.now)
    table.server.hear(table.route, table.core.drain(table.now))  # its answers get lost
    table.lose()
    session.end(table.now)
    table.come_back()
    indices = [taken.index for _ in range(60) if (taken := session.next_frame())]
    assert indices == list(range(50))
    assert session.log.counters.taken_up == 1 and session.result()


def test_a_file_that_is_taken_up_is_asked_for_at_once(table: Table) -> None:
    session = table.open()
    session.speak(b"RIFF", None, Pace.LIVE, Controls())
    table.talk()
    table.ask(session, 0.4)
    table.lose()
    table.server = FakeServer()
    table.come_back()
    speak = table.heard(m.Speak)[0]
    assert isinstance(speak, m.Speak) and speak.pace == Pace.CLIP
    assert table.ask(session, 0.6) == pytest.approx(15.0, abs=1e-3)


def test_an_idle_face_that_is_taken_up_keeps_its_clock(table: Table) -> None:
    session = table.open()
    session.idle(Controls())
    table.talk()
    table.ask(session, 1.0)
    table.lose()
    table.server = FakeServer()
    table.come_back()
    assert table.ask(session, 2.0) == pytest.approx(50.0 - 30.0, abs=1e-3)  # frame 0 of the new server is the 30th
    session.interrupt(3 * RATE, 200)
    table.talk()
    interrupt = table.heard(m.Interrupt)[0]
    assert isinstance(interrupt, m.Interrupt) and interrupt.at_sample == 3 * RATE - 30 * 640


def test_not_greeted_begins_again(table: Table) -> None:
    session = table.open()
    table.server.greeted.clear()
    table.start(session)
    table.pass_time(0.1)
    table.push(session, 0.5)
    assert session.is_open and session.log.counters.resumed == 1
    assert table.ask(session, 0.2) == pytest.approx(5.0, abs=1e-3)


def test_a_session_that_the_server_has_closed_is_opened_anew(table: Table) -> None:
    session = table.open()
    table.start(session)
    table.push(session, 1.0)
    table.ask(session, 0.1)
    number = session.replay.session
    assert number is not None
    del table.server.seats[number]
    table.say(m.Closed(session=number, reason="lease_expired"))
    assert not session.is_open
    table.pass_time(1.0)
    assert session.is_open and session.log.counters.taken_up == 1
    assert any(isinstance(event, m.Closed) for event in session.log.take())


def test_a_ping_after_a_second_of_silence_and_the_end_after_four(table: Table) -> None:
    table.pass_time(3)
    assert 2 <= len(table.heard(m.Ping)) <= 3
    assert table.core.link is Link.UP
    table.server.mute = True
    table.pass_time(6)
    assert table.core.counters.lost >= 1


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


def test_a_refused_session_says_why(table: Table) -> None:
    table.server.refuse = m.Error(code="busy", message="the machine has no time left; wait")
    session = table.core.open(OPEN)
    table.talk()
    assert isinstance(session.failure, RefusedError)
    assert (session.failure.code, str(session.failure)) == ("busy", "the machine has no time left; wait")
    with pytest.raises(RefusedError):
        session.idle(Controls())


def test_later_refusals_are_a_reason_to_wait(table: Table) -> None:
    session = table.open()
    table.lose()
    table.server = FakeServer()
    table.server.refuse = m.Error(code="busy", message="not now")
    table.come_back()
    assert session.failure is None and not session.is_open
    table.server.refuse = None
    table.pass_time(5)
    assert session.is_open


def test_another_version_ends_everything(table: Table) -> None:
    session = table.open()
    table.say(m.Error(code="unsupported_version", message="update the client"))
    with pytest.raises(RefusedError, match="update"):
        session.idle(Controls())
    with pytest.raises(RefusedError, match="update"):
        table.core.open(OPEN)
    table.pass_time(10)
    assert table.core.link is Link.USELESS


def test_a_session_that_nobody_waits_for_any_more_is_closed_when_it_opens(table: Table) -> None:
    session = table.core.open(OPEN)
    table.core.drop(session)
    table.talk()
    assert not table.server.seats


def test_a_chunk_that_was_not_taken_is_pushed_again(table: Table) -> None:
    session = table.open()
    table.start(session)
    table.push(session, 0.5)
    seat = next(iter(table.server.seats.values()))
    seat.heard = round(0.42 * RATE)  # the server has dropped the rest
    assert session.replay.session
    table.say(m.Error(code="too_much_sound", message="slower", session=session.replay.session, stream=1))
    table.pass_time(0.5)
    table.push(session, 0.5)
    assert seat.heard == RATE


def test_a_failed_line_raises_its_error(table: Table) -> None:
    session = table.open()
    session.speak(b"noise", None, Pace.LIVE, Controls())
    parts = table.core.drain(table.now)
    assert len(parts) == 1
    number = session.replay.session or 0
    table.say(m.Error(code="bad_sound", message="no sound in it", session=number, stream=1))
    table.say(m.Finished(session=number, stream=1, reason="failed", sample=0.0, frames=0, dropped=0))
    with pytest.raises(RefusedError, match="no sound in it"):
        session.result()


def test_another_line_replaces_the_one_before(table: Table) -> None:
    session = table.open()
    table.start(session)
    table.push(session, 1.0)
    assert table.ask(session, 0.5) > 0
    table.start(session)
    assert session.evaluate(0.0, table.now, 0.01).state is State.RELEASING
    assert session.result() is None
    reasons = [event.reason for event in session.log.take() if isinstance(event, m.Finished)]
    assert reasons == ["replaced"]


def test_strangers_and_noise_are_counted(table: Table) -> None:
    table.core.receive([b"", b"\xc1", b"\x81\xa4type\xa5dance", encode(m.Close(session=1))], table.now)
    table.say(frame(999, 1, 0, 0, 0.0))
    counters = table.core.counters
    assert (counters.bad, counters.unknown, counters.stray) == (2, 1, 2)
    assert table.core.link is Link.UP


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
def test_misuse_is_one_sentence_and_changes_nothing(table: Table, misuse: object) -> None:
    session = table.open()
    session.idle(Controls())
    table.talk()
    n_heard = len(table.server.heard)
    assert callable(misuse)
    with pytest.raises(BridgeError) as raised:
        misuse(session)
    assert "\n" not in str(raised.value)
    table.talk()
    assert len(table.server.heard) == n_heard


@pytest.mark.parametrize("shape", [(10, 2), (2, 3, 4)])
def test_samples_of_another_shape_or_kind_are_refused(table: Table, shape: tuple[int, ...]) -> None:
    session = table.open()
    table.start(session)
    with pytest.raises(BridgeError, match="shape"):
        session.push(np.zeros(shape, np.float32), 0.0)
    with pytest.raises(BridgeError, match="float64"):
        session.push(np.zeros(4), 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("sample_format", ["f32", "s16"])
def test_both_kinds_of_samples_travel_in_both_formats(table: Table, sample_format: str) -> None:
    session = table.open()
    session.start(m.Start(session=0, stream=0, rate=RATE, format=sample_format), Controls())
    session.push(np.array([0.0, 0.5, -1.0, 2.0], np.float32), 0.0)
    session.push(np.array([0, 16_384, -32_768], np.int16), 0.0)
    table.talk()
    pcm = b"".join(bytes(message.pcm) for message in table.heard(m.Audio) if isinstance(message, m.Audio))
    if sample_format == "s16":
        assert np.frombuffer(pcm, "<i2").tolist() == [0, 16_384, -32_767, 32_767, 0, 16_384, -32_768]
    else:
        assert np.frombuffer(pcm, "<f4").tolist() == [0.0, 0.5, -1.0, 2.0, 0.0, 0.5, -1.0]


def test_everything_that_is_said_is_canonical(table: Table) -> None:
    session = table.open()
    table.start(
        session,
        controls=Controls(
            gaze_rad=(0.1, 0.2), look_at=(), emotion={"happy": 1.0}, head_mode="keep", blinks_per_minute=3
        ),
    )
    session.set(Change(0.0, 100, 5, Controls(gaze_rad=())))
    for part in table.core.drain(table.now):
        assert encode(decode(part)) == part
    with pytest.raises(WireError):
        table.core.open(m.Open(request=0, outputs=("x" * 10,), fps=(-1, 1), playout_ms=0, until=0))
