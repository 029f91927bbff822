"""A server that lies and floods, in a process of its own, for the clients of every language.

``python -m tests.support.hostile_server`` prints its port, and then behaves as each line that it reads says: a name of
`hostile_behaviours.BEHAVIOURS`, whose ``honest`` is a `FakeServer`. With each it begins anew, as a crash would look.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import zmq

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import decode, encode
from tests.support.fake_server import FakeServer
from tests.support.hostile_behaviours import BEHAVIOURS, Behaviour, Place
from tests.support.ports import bind_again
from tests.support.real_server import child_environment

MAX_IN_A_ROW: Final = 50
MOST_CREDIT: Final = 1 << 20
FIRST_SESSION: Final = 7


class HostileServer:
    """One ROUTER socket, which hears, alters and floods."""

    def __init__(self) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._next: queue.SimpleQueue[Behaviour] = queue.SimpleQueue()
        self._floods: dict[bytes, Iterator[list[bytes]]] = {}
        self._behaviour, self._fake = BEHAVIOURS["honest"], FakeServer(FIRST_SESSION, texture_side=16)
        self._unsent: dict[bytes, list[bytes]] = {}
        self._router = self._bound(0)
        self.port = int(self._router.getsockopt_string(zmq.LAST_ENDPOINT).rsplit(":", 1)[1])

    def become(self, behaviour: Behaviour) -> None:
        """Ask for another behaviour, from any thread."""
        self._next.put(behaviour)

    def run(self) -> None:
        """Serve for ever; says on the standard output when it has become what it was asked to be."""
        while True:
            if not self._next.empty():
                self._begin(self._next.get())
            if self._router.poll(0 if self._floods and self._behaviour.is_endless else 20):
                self._hear(*self._router.recv_multipart())
            for route in list(self._floods):
                self._flood(route)

    def _begin(self, behaviour: Behaviour) -> None:
        self._router.close()  # ends all connections
        self._router = self._bound(self.port)
        self._behaviour, self._fake, self._floods = behaviour, FakeServer(FIRST_SESSION, texture_side=16), {}
        self._unsent.clear()
        print(behaviour.name, flush=True)

    def _bound(self, port: int) -> zmq.Socket[bytes]:
        router = self._context.socket(zmq.ROUTER)
        router.linger = 0
        router.sndhwm = 200
        router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        if port:
            bind_again(router, port)
        else:
            router.bind("tcp://127.0.0.1:*")
        return router

    def _hear(self, route: bytes, *parts: bytes) -> None:
        heard = [part for part in parts if not _is_endless(decode(part))]
        for to, part in self._fake.hear(route, heard):
            for data in self._altered(decode(part), part):
                self._send(to, [data])
        for session in self._fake.sessions.values():
            if session.route == route and session.begun and self._behaviour.flood and route not in self._floods:
                place = Place(session.number, session.begun.stream)
                self._floods[route] = self._behaviour.flood(place)

    def _altered(self, message: Message, part: bytes) -> list[bytes]:
        change = self._behaviour.answers.get(type(message))
        if change is None:
            return [part]
        return [each if isinstance(each, bytes) else encode(each) for each in change(message)]

    def _flood(self, route: bytes) -> None:
        for _ in range(MAX_IN_A_ROW):
            parts = self._unsent.pop(route, None) or next(self._floods[route], None)
            if parts is None:
                return
            if not self._send(route, parts):
                self._unsent[route] = parts
                return

    def _send(self, route: bytes, parts: list[bytes]) -> bool:
        try:
            self._router.send_multipart([route, *parts], zmq.NOBLOCK)
        except zmq.Again:
            return False
        except zmq.ZMQError:
            self._floods[route] = iter(())  # it has gone
            return False
        return True


def _is_endless(message: Message) -> bool:
    """Return whether a credit would have the honest part make frames for ever."""
    return isinstance(message, m.Credit) and message.until > MOST_CREDIT


@dataclass(frozen=True, slots=True)
class Served:
    """A hostile server's process."""

    port: int
    process: subprocess.Popen[str]

    @property
    def address(self) -> str:
        """The address for clients."""
        return f"tcp://127.0.0.1:{self.port}"

    def become(self, name: str) -> None:
        """Let it begin anew with this behaviour."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == f"{name}\n"


@contextmanager
def hostile() -> Iterator[Served]:
    """A process that is hostile as soon as it is told how."""
    words = [sys.executable, "-m", "tests.support.hostile_server"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=child_environment()) as process:
        try:
            assert process.stdout
            yield Served(int(process.stdout.readline()), process)
        finally:
            process.kill()


def main() -> None:
    """Serve until the standard input ends."""
    server = HostileServer()
    print(server.port, flush=True)

    def listen() -> None:
        for line in sys.stdin:
            server.become(BEHAVIOURS[line.rstrip()])
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    server.run()


if __name__ == "__main__":
    main()
