"""The one thread that owns the server's sockets, and runs gateway and worker between them."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from zmq.utils import z85

from space_runtime.server import log_events
from space_runtime.server.allow_list import AllowList
from space_runtime.server.gateway import Gateway
from space_runtime.server.keys import Keys
from space_runtime.server.report_box import ReportBox
from space_runtime.server.transport.client import Rates
from space_runtime.server.transport.curve import Curve
from space_runtime.server.transport.listener import Listener
from space_runtime.server.transport.peer import Peer
from space_runtime.server.transport.zmtp import MAX_PARTS, Mechanism, Null
from space_runtime.server.worker.loop import WorkerLoop

POLL_S: Final = 0.05
LINGER_S: Final = 0.5
"""Time in which a server that stops sends what waits."""


class WakeSocket:
    """Wakes the socket thread from any other."""

    def __init__(self) -> None:
        self._wake_socket, self._waker = socket.socketpair()
        self._wake_socket.setblocking(False)
        self._waker.setblocking(False)
        self._is_awake = False

    def wake(self) -> None:
        """Wake the socket thread, from any thread."""
        if not self._is_awake:
            self._is_awake = True
            with suppress(OSError):  # full: it will wake up anyway
                self._waker.send(b"\0")

    def clear(self) -> None:
        """Forget that it was woken; what it was woken for has to be looked at after this."""
        with suppress(OSError):
            self._wake_socket.recv(4096)
        self._is_awake = False

    def fileno(self) -> int:
        """Return what a poller waits for."""
        return self._wake_socket.fileno()

    def close(self) -> None:
        """Close both ends."""
        self._wake_socket.close()
        self._waker.close()


class Sockets:
    """Moves messages between the connections, the gateway and the worker until told to stop.

    n_slow: messages that a peer did not take in time. turned_at: when the loop last turned, None before its first turn.
    when_idle: called with the time, again and again, while there are no sessions. Raises `UsageError` when the address
    cannot be bound.
    """

    def __init__(
        self,
        address: str,
        gateway: Gateway,
        worker: WorkerLoop,
        wake_socket: WakeSocket,
        reports: ReportBox,
        keys: Keys | None,
        when_idle: Callable[[float], None] | None = None,
    ) -> None:
        self._when_idle = when_idle
        self.n_slow = 0
        self.turned_at: float | None = None
        self._gateway = gateway
        self._worker = worker
        self._wake_socket = wake_socket
        self._reports = reports
        self._keys = keys
        self._allowed = AllowList(keys) if keys else None
        limits = gateway.limits
        rates = Rates(limits.message_bytes, limits.bytes_per_s, limits.connections)
        self._listener = Listener(address, self._mechanism, gateway, rates, worker.handle_commands)
        self._listener.poller.watch(wake_socket.fileno())
        self.address = self._listener.address
        self._stop = threading.Event()

    @property
    def admitted(self) -> frozenset[bytes]:
        """The public keys that come in now."""
        return self._allowed.admitted if self._allowed else frozenset()

    @property
    def n_cut(self) -> int:
        """Connections cut off because they went over a budget or broke the protocol."""
        return self._listener.n_cut

    def read_keys_again(self) -> None:
        """Look at the list of keys at once, from any thread."""
        if self._allowed:
            self._allowed.look_again()
            self._wake_socket.wake()

    def stop(self) -> None:
        """Ask the loop to end; sessions are told first."""
        self._stop.set()

    def run(self, grace_s: float = 1.0) -> None:
        """Serve until `stop`; then close every session, send what waits for at most ``grace_s``, and return."""
        while not self._stop.is_set():
            self._run_once(self._listener.wait(self._wait_s()))
        self._gateway.stop()
        end = time.monotonic() + grace_s
        while self._gateway.sessions and time.monotonic() < end:
            self._run_once(self._listener.wait(self._wait_s()))
        self._gateway.send_bye()
        self._flush(time.monotonic())
        self._listener.close(LINGER_S)

    def _mechanism(self) -> Mechanism:
        """Return the security of a new connection."""
        if self._keys is None:
            return Null()
        return Curve(z85.decode(self._keys.secret), z85.decode(self._keys.public), self._is_admitted)

    def _is_admitted(self, key: bytes) -> bool:
        return key in self.admitted

    def _run_once(self, ready: list[Peer | int]) -> None:
        now = self.turned_at = time.monotonic()
        if self._allowed and (removed := self._allowed.removed(now)):
            self._gateway.cut_off(removed, now)
            self._listener.cut_keys(removed, now)
        self._listener.serve(ready, now)
        if self._wake_socket.fileno() in ready:
            self._wake_socket.clear()
        self._run_worker()
        self._gateway.tick(now)
        self._flush(now)
        if self._when_idle and not self._gateway.sessions:
            self._when_idle(now)

    def _run_worker(self) -> None:
        answers = self._worker.run_once()
        for event in answers.events:
            log_events.write(event)
        for report in answers.reports:
            self._reports.put(report)
        self._gateway.deliver(answers.outgoing)

    def _wait_s(self) -> float:
        """Return for how long nothing needs to be done unless something comes."""
        if self._gateway.outbox:
            return 0.0
        wait_s = self._worker.due_at() - time.monotonic()
        return max(0.0, min(POLL_S, wait_s)) if math.isfinite(wait_s) else POLL_S * (wait_s > 0)

    def _flush(self, now: float) -> None:
        """Send what waits: one ZeroMQ message for all that a peer gets now. Close whom the gateway has given up."""
        outbox, self._gateway.outbox = self._gateway.outbox, []
        by_route: dict[bytes, list[bytes]] = {}
        for route, data in outbox:
            by_route.setdefault(route, []).append(data)
        for route, parts in by_route.items():
            for start in range(0, len(parts), MAX_PARTS):
                if not self._send(route, parts[start : start + MAX_PARTS], now):
                    break
        given_up, self._gateway.given_up = self._gateway.given_up, []
        for route in given_up:
            self._listener.cut(route, now)

    def _send(self, route: bytes, parts: list[bytes], now: float) -> bool:
        """Send a message; return whether the peer is there."""
        taken = self._listener.send(route, parts)
        if taken is None:
            self._gateway.lost(route, now)
            return False
        if not taken:
            self.n_slow += 1
            peer = self._gateway.connections.get(route)
            log_events.write(log_events.slow_peer(peer.client if peer else ""))
        return True
