"""Whatever user, network and server do, in whatever order: a client never fails, and lines come to their end."""

from __future__ import annotations

import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine_bridge.client.controls import Controls
from engine_bridge.client.session_core import SessionCore
from engine_bridge.client.stream import Change
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Pace
from tests.engine_bridge.client.test_client_core import OPEN, Table
from tests.support.fake_server import FakeServer


class ClientMachine(RuleBasedStateMachine):
    """One session between an impatient user, a bad network and a server that forgets."""

    session: SessionCore

    def __init__(self) -> None:
        super().__init__()
        self.table = Table()
        self.n_servers = 1
        self.indices: list[int] = []

    @initialize()
    def open(self) -> None:
        self.session = self.table.core.open(OPEN)
        self.table.connect()

    @property
    def pushing(self) -> bool:
        line = self.session.stream
        return line is not None and line.sound is not None and line.n_samples is None

    @rule(pace=st.sampled_from(Pace))
    def start(self, pace: Pace) -> None:
        self.table.start(self.session, pace)
        self.indices = []

    @rule()
    def idle(self) -> None:
        self.session.idle(Controls(mouth_strength=1.0))
        self.table.talk()

    @rule()
    def speak(self) -> None:
        self.session.speak(b"RIFF", None, Pace.LIVE, Controls())
        self.table.talk()

    @precondition(lambda self: self.pushing)
    @rule(n=st.integers(0, 40_000), hears=st.booleans())
    def push(self, n: int, hears: bool) -> None:
        self.session.push(np.zeros(n, np.float32), self.table.now)
        if hears:
            self.table.talk()

    @precondition(lambda self: self.pushing)
    @rule()
    def end(self) -> None:
        self.session.end(self.table.now)
        self.table.talk()

    @precondition(lambda self: self.session.stream is not None)
    @rule(at=st.integers(0, 100_000))
    def change(self, at: int) -> None:
        self.session.set(Change(self.table.now, at, 100, Controls(mouth_strength=0.5)))
        self.table.talk()

    @precondition(lambda self: self.session.stream is not None)
    @rule()
    def interrupt(self) -> None:
        self.session.interrupt(None, 100)
        self.table.talk()

    @rule(seconds=st.floats(0, 5))
    def ask(self, seconds: float) -> None:
        if self.session.stream is None or not self.session.stream.is_clip:
            self.table.ask(self.session, seconds)

    @precondition(lambda self: self.session.stream is not None and self.session.stream.is_clip)
    @rule(n=st.integers(1, 60))
    def take_frames(self, n: int) -> None:
        self.indices += [frame.index for _ in range(n) if (frame := self.session.next_frame())]
        self.table.talk()
        assert self.indices == list(range(len(self.indices)))

    @rule()
    def lose_the_connection(self) -> None:
        self.table.lose()

    @rule()
    def lose_what_the_server_says(self) -> None:
        if not self.table.cut:
            self.table.server.hear(self.table.route, self.table.core.drain(self.table.now))
        self.table.lose()

    @rule()
    def restart_the_server(self) -> None:
        self.table.lose()
        self.n_servers += 1
        self.table.server = FakeServer(first_session=100 * self.n_servers)

    @rule()
    def forget_the_greeting(self) -> None:
        self.table.server.greeted.clear()

    @rule(seconds=st.floats(0, 6))
    def wait(self, seconds: float) -> None:
        self.table.pass_time(seconds)

    @rule()
    def come_back(self) -> None:
        self.table.come_back()

    @rule(data=st.binary(max_size=30))
    def hear_noise(self, data: bytes) -> None:
        self.table.core.receive([data], self.table.now)

    @invariant()
    def room_is_never_exceeded(self) -> None:
        for seat in self.table.server.seats.values():
            assert seat.until - seat.seq <= 256

    def teardown(self) -> None:
        """With a server at last, what was begun and ended comes to its end."""
        if not hasattr(self, "session"):
            return
        self.table.come_back()
        self.table.pass_time(2)
        assert self.session.is_open
        if self.pushing:
            self.end()
        elif self.session.stream and isinstance(self.session.stream.opening, m.Idle):
            self.interrupt()
        for k in range(200):
            if self.session.stream is None or self.session.stream.finished:
                break
            self.table.pass_time(0.2)
            if self.session.stream.is_clip:
                self.take_frames(60)
            else:
                self.table.ask(self.session, 0.2 * k)
        assert self.session.stream is None or self.session.stream.finished


TestClientMachine = ClientMachine.TestCase
TestClientMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None, phases=[Phase.generate])
