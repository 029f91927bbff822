"""A client's core and a fake server without sockets, under a clock that tests turn."""

from __future__ import annotations

import random

import numpy as np

from engine_bridge.client.controls import Controls
from engine_bridge.client.core import ClientCore, Link
from engine_bridge.client.session_core import SessionCore
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Pace
from engine_bridge.protocol.wire import encode
from tests.support.fake_server import FakeServer

RATE = 16_000
OPEN = m.Open(request=0, outputs=("weights",), fps=(25, 1), playout_ms=300, until=256)


class LinkedClient:
    """A client's core and a fake server, linked without sockets; time passes when told."""

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
        """Let the network work again."""
        self.cut = False
        self.pass_time(5)
        assert self.core.link is Link.UP

    @property
    def route(self) -> bytes:
        return b"route%d" % self.n_connections

    def say(self, message: m.Message) -> None:
        """Let the server send a message."""
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
        """Return the number of the frame that is shown at a playback time."""
        pose = session.evaluate(seconds * RATE, self.now, 1.0)
        self.talk()
        return float(pose.blendshapes[0]) * 1_000

    def heard(self, kind: type[m.Message]) -> list[m.Message]:
        return [message for message in self.server.heard if isinstance(message, kind)]
