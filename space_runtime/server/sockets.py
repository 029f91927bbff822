"""The one thread that owns the server's sockets, and runs gateway and worker between them."""

from __future__ import annotations

import math
import socket
import threading
import time
from contextlib import suppress
from typing import Final

import zmq

from space_runtime.errors import UsageError
from space_runtime.server import log_events
from space_runtime.server.allow_list import AllowList, Links
from space_runtime.server.gateway import MAX_PARTS, Gateway
from space_runtime.server.keys import Keys, zap_reply
from space_runtime.server.report_box import ReportBox
from space_runtime.server.worker.loop import WorkerLoop

ZAP_ADDRESS: Final = "inproc://zeromq.zap.01"
MAX_RECEIVED: Final = 500
"""Messages taken in a row before others have their turn."""
MAX_INBOX: Final = 20_000
"""Commands that may wait for a worker; beyond it the socket is left alone and TCP slows the senders down."""
POLL_MS: Final = 50
SEND_MARK: Final = 512
"""ZeroMQ messages that may wait for a slow peer."""


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
    """Moves messages between the ROUTER socket, the gateway and the worker until told to stop.

    n_slow: ZeroMQ messages that a peer did not take in time. turned_at: when the loop last turned, None before its
    first turn. Raises `UsageError` when the address cannot be bound.
    """

    def __init__(
        self,
        address: str,
        gateway: Gateway,
        worker: WorkerLoop,
        wake_socket: WakeSocket,
        reports: ReportBox,
        keys: Keys | None,
    ) -> None:
        self.n_slow = 0
        self.turned_at: float | None = None
        self._gateway = gateway
        self._worker = worker
        self._wake_socket = wake_socket
        self._reports = reports
        self._keys = keys
        self._allowed = AllowList(keys) if keys else None
        self._links = Links()
        self._context = zmq.Context()
        self._zap = self._context.socket(zmq.REP)
        self._zap.linger = 0
        if keys:
            self._zap.bind(ZAP_ADDRESS)
        self._router = self._open(address)
        self.address = self._router.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        self._stop = threading.Event()

    @property
    def admitted(self) -> frozenset[bytes]:
        """The public keys that come in now."""
        return self._allowed.admitted if self._allowed else frozenset()

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
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._zap, zmq.POLLIN)
        poller.register(self._wake_socket.fileno(), zmq.POLLIN)
        while not self._stop.is_set():
            self._run_once(dict(poller.poll(self._poll_timeout_ms())))
        self._gateway.stop()
        end = time.monotonic() + grace_s
        while self._gateway.sessions and time.monotonic() < end:
            self._run_once(dict(poller.poll(self._poll_timeout_ms())))
        self._gateway.send_bye()
        self._flush(time.monotonic())
        self._router.close(linger=500)
        self._zap.close(linger=0)
        self._context.term()

    def _open(self, address: str) -> zmq.Socket[bytes]:
        router = self._context.socket(zmq.ROUTER)
        options = {
            zmq.ROUTER_MANDATORY: 1,
            zmq.SNDHWM: SEND_MARK,
            zmq.RCVHWM: SEND_MARK,
            zmq.MAXMSGSIZE: self._gateway.limits.message_bytes,
            zmq.HEARTBEAT_IVL: 2_000,
            zmq.HEARTBEAT_TIMEOUT: 6_000,
            zmq.HEARTBEAT_TTL: 8_000,
            zmq.HANDSHAKE_IVL: 5_000,
            zmq.BACKLOG: 1_024,
            zmq.LINGER: 0,
            zmq.IPV6: int("[" in address),
        }
        for option, value in options.items():
            router.setsockopt(option, value)
        if self._keys:
            router.curve_server = True
            router.curve_secretkey, router.curve_publickey = self._keys.secret, self._keys.public
        try:
            router.bind(address)
        except zmq.ZMQError as error:
            router.close()
            self._zap.close()
            self._context.term()
            raise UsageError(
                f"{address} cannot be bound ({error.strerror}); choose another --bind, or stop what uses it"
            ) from None
        return router

    def _run_once(self, events: dict[object, int]) -> None:
        now = self.turned_at = time.monotonic()
        if self._allowed and (removed := self._allowed.removed(now)):
            self._gateway.cut_off(removed, now)
            self._links.cut(removed)
        if self._zap in events:
            self._admit()
        if self._router in events and self._worker.n_waiting < MAX_INBOX:
            self._receive(now)
        if self._wake_socket.fileno() in events:
            self._wake_socket.clear()
        self._run_worker()
        self._gateway.tick(now)
        self._flush(now)

    def _run_worker(self) -> None:
        answers = self._worker.run_once()
        for event in answers.events:
            log_events.write(event)
        for report in answers.reports:
            self._reports.put(report)
        self._gateway.deliver(answers.outgoing)

    def _poll_timeout_ms(self) -> int:
        """Return for how long nothing needs to be done unless something comes."""
        if self._gateway.outbox:
            return 0
        wait_s = self._worker.due_at() - time.monotonic()
        return max(0, min(POLL_MS, math.ceil(wait_s * 1e3))) if math.isfinite(wait_s) else POLL_MS * (wait_s > 0)

    def _admit(self) -> None:
        self._zap.send_multipart(zap_reply(self._zap.recv_multipart(), self.admitted))

    def _receive(self, now: float) -> None:
        router, take = self._router, self._take if self._allowed else self._take_from_anybody
        try:
            for _ in range(MAX_RECEIVED):
                route = router.recv(zmq.NOBLOCK, copy=False)
                take(route, router.recv_multipart(zmq.NOBLOCK), now)
        except zmq.Again:
            pass

    def _take_from_anybody(self, route: zmq.Frame, parts: list[bytes], now: float) -> None:
        self._gateway.receive(route.bytes, parts, now)

    def _take(self, route: zmq.Frame, parts: list[bytes], now: float) -> None:
        """Hand on what a client with a key said, and cut it off if the key went after its handshake."""
        key = self._links.key_of(route)
        if key in self.admitted:
            self._gateway.receive(route.bytes, parts, now, key)
        else:
            self._links.cut(frozenset([key]))

    def _flush(self, now: float) -> None:
        """Send what waits: one ZeroMQ message for all that a peer gets now."""
        outbox, self._gateway.outbox = self._gateway.outbox, []
        by_route: dict[bytes, list[bytes]] = {}
        for route, data in outbox:
            by_route.setdefault(route, []).append(data)
        for route, parts in by_route.items():
            for start in range(0, len(parts), MAX_PARTS):
                if not self._send(route, parts[start : start + MAX_PARTS], now):
                    break

    def _send(self, route: bytes, parts: list[bytes], now: float) -> bool:
        try:
            self._router.send_multipart([route, *parts], zmq.NOBLOCK)
        except zmq.Again:
            self.n_slow += 1
            peer = self._gateway.connections.get(route)
            log_events.write(log_events.slow_peer(peer.client if peer else ""))
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            self._gateway.lost(route, now)
            return False
        return True
