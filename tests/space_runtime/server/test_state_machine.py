"""The server as a state machine: clients do what they like in any order, and harm at most themselves."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import ExitStack

import numpy as np
import soundfile
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import encode
from space_runtime.server.limits import Limits
from space_runtime.timebase import SAMPLE_RATE
from tests.support.inline_server import InlineServer
from tests.support.quick_batch import QuickBatch, quick
from tests.support.wire_client import WireClient

LIMITS = Limits(
    sessions=4, audio_ms=2_000, clip_ms=2_000, queue_frames=16, lease_ms=3_000, playout_ms=1_000, connections=6
)
MS = SAMPLE_RATE // 1_000


def wav(seconds: float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(int(seconds * 22_050), np.float32), 22_050, format="WAV")
    return buffer.getvalue()


ROW = np.zeros(64, np.float32)
FILES = (wav(0.3), wav(1.5), wav(2.5), wav(0.3)[:200], b"no sound", b"")

QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking a run of this length takes minutes; add `Phase.shrink` to understand a failure."""

sessions = st.integers(1, 6)
streams = st.integers(0, 8)
samples = st.integers(0, 2_500).map(lambda ms: ms * MS) | st.integers(0, 2**63 - 1)
paces = st.sampled_from([None, "live", "clip", "never"])

said_about_streams = st.one_of(
    st.builds(
        m.Start,
        session=sessions,
        stream=streams,
        rate=st.sampled_from([16_000, 16_000, 44_100, 8_000, 0]),
        format=st.sampled_from(["s16", "f32", "s16", "u8"]),
        channels=st.sampled_from([None, 1, 2, 9]),
        first_sample=st.none() | samples,
        pace=paces,
    ),
    st.builds(m.Speak, session=sessions, stream=streams, sound=st.integers(0, 5).map(FILES.__getitem__), pace=paces),
    st.builds(m.Speak, session=sessions, stream=streams, asset=st.text(max_size=8)),
    st.builds(m.Idle, session=sessions, stream=streams),
    st.builds(
        m.Audio,
        session=sessions,
        stream=streams,
        first_sample=samples,
        pcm=st.integers(0, 600).map(lambda ms: bytes(2 * MS * ms)) | st.binary(max_size=64),
    ),
    st.builds(
        m.Set,
        session=sessions,
        stream=streams,
        at_sample=samples,
        fade_ms=st.none() | st.integers(0, 500),
        mouth=st.none() | st.floats(0, 2, width=32),
        brows=st.none() | st.floats(0, 2, width=32),
        saccades=st.none() | st.floats(0, 2, width=32),
    ),
    st.builds(m.End, session=sessions, stream=streams, n_samples=samples),
    st.builds(m.Motion, session=sessions, stream=streams, at_sample=samples, rows=st.just(ROW)),
    st.builds(m.Interrupt, session=sessions, stream=streams, at_sample=samples, fade_ms=st.integers(0, 500)),
    st.builds(m.Credit, session=sessions, until=st.integers(0, 200)),
    st.builds(m.Close, session=sessions),
)
openings = st.builds(
    m.Open,
    request=st.just(1),
    outputs=st.sampled_from([("weights",), ("head", "eyes"), (), ("wings",)]),
    fps=st.sampled_from([(30, 1), (30_000, 1_001), (240, 1), (1, 0)]),
    playout_ms=st.sampled_from([0, 100, 1_000, 5_000]),
    until=st.sampled_from([0, 10, 10_000]),
    lease_ms=st.sampled_from([None, 1_000, 3_000]),
)


class Server(RuleBasedStateMachine):
    """A server whose clients break every rule."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.began: Counter[tuple[int, int]] = Counter()
        self.over: Counter[tuple[int, int]] = Counter()
        self.stack.enter_context(quick())
        self.server = InlineServer(LIMITS)
        self.tokens: dict[int, bytes] = {}
        self.owners: dict[int, set[bytes]] = {}
        self.lost: set[int] = set()
        self.seq: dict[int, int] = {}
        self.told: Counter[tuple[int, int]] = Counter()
        self.closed: Counter[int] = Counter()
        self.told_again: set[int] = set()
        self.n_read = 0

    def client(self, number: int) -> WireClient:
        return list(self.server.clients.values())[number % len(self.server.clients)]

    # What happens

    @initialize(credit=st.sampled_from([0, 5, 10_000]), lease_ms=st.sampled_from([1_000, None]))
    def begin(self, credit: int, lease_ms: int | None) -> None:
        for _ in range(2):
            client = self.server.client()
            client.open(until=credit, playout_ms=500, lease_ms=lease_ms)
        self.what_is_said_is_true()

    @rule(greet=st.booleans())
    def arrive(self, greet: bool) -> None:
        client = self.server.client(greet=False)
        if greet:
            client.say(m.Hello(versions=(1,), client="x"))

    @precondition(lambda self: self.server.clients)
    @rule(who=st.integers(0, 9), opening=openings)
    def open(self, who: int, opening: m.Open) -> None:
        self.client(who).say(opening)

    @precondition(lambda self: self.server.clients)
    @rule(who=st.integers(0, 9), message=said_about_streams)
    def say(self, who: int, message: Message) -> None:
        client = self.client(who)
        connection = self.server.gateway.connections.get(client.route)
        muted = connection and connection.muted_until > self.server.now
        session = self.server.gateway.sessions.get(getattr(message, "session", 0))
        stranger = session is None or session.route != client.route
        client.say(message)
        if stranger and not muted:
            assert client.last(m.Error).code in ("unknown_session", "not_greeted", "too_fast", "too_large"), (
                client.heard[-4:]
            )
            assert client.heard_at[-1] == self.server.now or self.server.gateway.counters.too_fast

    @precondition(lambda self: self.server.gateway.sessions)
    @rule(which=st.integers(0, 9), ms=st.integers(0, 1_000), ends=st.booleans(), later=st.floats(0, 0.8))
    def speak(self, which: int, ms: int, ends: bool, later: float) -> None:
        """An owner says a line."""
        session, client, stream = self._owned(which)
        if client is None:
            return
        client.say(
            m.Start(session=session, stream=stream + 1, rate=16_000, format="s16"),
            m.Audio(session=session, stream=stream + 1, first_sample=0, pcm=bytes(2 * MS * ms)),
        )
        if ends:
            client.say(m.End(session=session, stream=stream + 1, n_samples=MS * ms))
        self.server.wait(later, 0.05)

    def _owned(self, which: int) -> tuple[int, WireClient | None, int]:
        """A session, its owner if there is one, and its latest stream."""
        numbers = sorted(self.server.gateway.sessions)
        session = self.server.gateway.sessions[numbers[which % len(numbers)]]
        state = self.server.worker.sessions.by_number.get(session.number)
        return session.number, self.server.clients.get(session.route or b""), max(0, state.last_stream) if state else 0

    @precondition(lambda self: self.server.gateway.sessions)
    @rule(which=st.integers(0, 9), message=said_about_streams, fresh=st.booleans(), later=st.floats(0, 0.5))
    def own(self, which: int, message: Message, fresh: bool, later: float) -> None:
        """An owner speaks about its own session, and mostly about its current stream."""
        session, client, stream = self._owned(which)
        if client is None:
            return
        fields = {name: getattr(message, name) for name in message.__dataclass_fields__}
        about = {"session": session} | ({"stream": stream + fresh} if "stream" in fields else {})
        client.say(type(message)(**{**fields, **about}))
        self.server.wait(later, 0.05)

    @precondition(lambda self: self.server.clients and self.tokens)
    @rule(who=st.integers(0, 9), session=st.integers(1, 6), right=st.booleans())
    def resume(self, who: int, session: int, right: bool) -> None:
        client, token = self.client(who), self.tokens.get(session, b"?" * 16)
        if right and session in self.owners:
            self.owners[session].add(client.route)
        client.say(m.Resume(request=2, token=token if right else token[::-1]))

    @precondition(lambda self: self.server.clients)
    @rule(who=st.integers(0, 9))
    def vanish(self, who: int) -> None:
        client = self.client(who)
        self.lost |= {n for n, session in self.server.gateway.sessions.items() if session.route == client.route}
        self.server.lose(client)

    @precondition(lambda self: self.server.clients)
    @rule(who=st.integers(0, 9), junk=st.binary(max_size=40), message=said_about_streams, at=st.integers(0, 10_000))
    def garble(self, who: int, junk: bytes, message: Message, at: int) -> None:
        data = bytearray(encode(message))
        data[at % len(data)] ^= 1 << at % 8
        client = self.client(who)
        client.send(junk, bytes(data), encode(message)[: at % len(data)])
        self.server.run()

    @rule(stalled=st.booleans(), held=st.booleans())
    def stall(self, stalled: bool, held: bool) -> None:
        self.server.port.stalled, self.server.executor.held = stalled, held
        self.server.run()

    @rule(seconds=st.floats(0.01, 2.0))
    def wait(self, seconds: float) -> None:
        self.server.wait(seconds, 0.05)

    # What always holds

    @invariant()
    def limits_hold(self) -> None:
        server = self.server
        assert len(server.gateway.sessions) <= LIMITS.sessions
        assert len(server.gateway.connections) <= LIMITS.connections + LIMITS.sessions
        for state in server.worker.sessions:
            assert len(state.waiting) <= 2 * LIMITS.queue_frames
            audio = state.stream.audio if state.stream else None
            assert audio is None or audio.buffered <= (LIMITS.audio_ms + 50) * MS
            assert state.stream is None or len(state.stream.track.changes) <= 65

    @invariant()
    def rows_are_of_open_sessions_alone(self) -> None:
        """Whatever was closed, its row is free or another session's."""
        sessions = self.server.worker.sessions
        assert sessions.by_row == {state.row: state for state in sessions}

    @invariant()
    def what_is_said_is_true(self) -> None:
        said = self.server.sent
        for route, message in said[self.n_read :]:
            if isinstance(message, m.Opened):
                self.tokens[message.session] = bytes(message.token)
                self.owners[message.session] = {route}
            session, stream = getattr(message, "session", None), getattr(message, "stream", None)
            if session is None or isinstance(message, m.Error):
                continue
            assert route in self.owners[session]
            about = session, -1 if stream is None else stream
            assert not self.closed[session]
            if isinstance(message, m.Resumed):
                self.told_again.add(session)  # the last word of a stream that is over is said once more
                continue
            if isinstance(message, m.Finished) and self.told[about] and session in self.told_again:
                self.told_again.remove(session)
                continue
            assert not self.told[about]
            if isinstance(message, m.Frame):
                assert message.seq > self.seq.get(session, -1)
                self.seq[session] = message.seq
            elif isinstance(message, m.Finished):
                self.told[session, message.stream] += 1
            elif isinstance(message, m.Closed):
                self.closed[session] += 1
        self.n_read = len(said)

    def teardown(self) -> None:
        try:
            self._go_home()
        finally:
            self.stack.close()

    def _go_home(self) -> None:
        """Let everybody fall silent; in the end nothing is left, and everybody has been told everything."""
        server = self.server
        server.port.stalled = server.executor.held = False
        for _ in range(3):
            server.run()
        server.wait(LIMITS.lease_ms / 1e3 + 0.6, 0.1)
        server.wait(125.0, 5.0)
        self.what_is_said_is_true()
        gateway, worker = server.gateway, server.worker
        assert gateway.table.is_empty and not (gateway.connections or gateway.outbox)
        assert worker.is_idle
        assert isinstance(worker._batch, QuickBatch) and not worker._batch.rows
        for event in server.events:
            if event.name in ("stream_started", "stream_finished"):
                streams = self.began if event.name == "stream_started" else self.over
                streams[int(event.fields["session"]), int(event.fields["stream"])] += 1
        assert self.began == self.over and set(self.began.values()) <= {1}
        for (session, stream), n in self.began.items():
            assert self.told[session, stream] == n or session in self.lost
        assert all(self.closed[session] == 1 or session in self.lost for session in self.owners)


Server.TestCase.settings = settings(max_examples=40, stateful_step_count=40, phases=QUICKLY)
TestServer = Server.TestCase
